"""What support sees of one place, and what came of a second chance. Pure."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from waitingroom.errors import WaitingRoomError

SHORTEST_WHY, LONGEST_WHY = 3, 200
"""Characters of the reason for a second chance."""


class PlaceState(StrEnum):
    """Where a place stands."""

    EARLY = "early"
    WAITING = "waiting"
    CALLED = "called"
    DOOR = "door"
    INSIDE = "inside"
    SPENT = "spent"
    LEFT = "left"
    LAPSED = "lapsed"


class Step(StrEnum):
    """What can have happened to a place."""

    JOINED = "joined"
    DRAWN = "drawn"
    CALLED = "called"
    LAPSED = "lapsed"
    SECOND_CHANCE = "second_chance"
    ENTERED = "entered"
    LEFT = "left"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Place:
    """One place at one moment. Times are 0 for what has not happened, or is not kept.

    ``number``: None before the draw; ``ahead``: people before it. ``joined_at_ms``,
    ``called_at_ms`` and ``lapsed_at_ms`` are true to a second in the first quarter of an hour of a
    running, later to a thousandth of the time since; the place cannot have come to it earlier.
    ``expires_at_ms`` is kept while the shopper is inside, ``entered_at_ms`` and
    ``ended_at_ms`` (the visit's end, or when they left) of the last 2,000 after that, too.
    ``chance_at_ms``: when it got a second chance. ``claim_by_ms``: until when who is called may
    come. ``chances_left``: how many the room may still give.
    """

    room: str
    code: str
    epoch: int
    arrival: int
    number: int | None
    state: PlaceState
    ahead: int
    now_ms: int
    joined_at_ms: int
    drawn_at_ms: int
    called_at_ms: int
    lapsed_at_ms: int
    entered_at_ms: int
    expires_at_ms: int
    ended_at_ms: int
    chance_at_ms: int
    claim_by_ms: int
    released: bool
    chances_left: int

    @property
    def may_have_a_second_chance(self) -> bool:
        """As far as is known here; the store looks again."""
        return self.state is PlaceState.LAPSED and not self.chance_at_ms and self.chances_left > 0

    def steps(self) -> list[tuple[Step, int]]:
        """What has happened, in order, and when; 0 where the time is not kept."""
        was_in = self.state in (PlaceState.INSIDE, PlaceState.SPENT)
        found = [(Step.JOINED, self.joined_at_ms)]
        if self.drawn_at_ms:
            found.append((Step.DRAWN, self.drawn_at_ms))
        if self.number is not None and self.state not in (PlaceState.EARLY, PlaceState.WAITING):
            found += [(Step.CALLED, self.called_at_ms)] if self.called_at_ms else []
        if self.lapsed_at_ms and (self.state is PlaceState.LAPSED or self.chance_at_ms):
            found.append((Step.LAPSED, self.lapsed_at_ms))
        if self.chance_at_ms:
            found.append((Step.SECOND_CHANCE, self.chance_at_ms))
        if was_in:
            found.append((Step.ENTERED, self.entered_at_ms))
        if self.state is PlaceState.SPENT:
            found.append((Step.RELEASED if self.released else Step.EXPIRED, self.ended_at_ms))
        if self.state is PlaceState.LEFT:
            found.append((Step.LEFT, self.ended_at_ms))
        return found


class ChanceCode(StrEnum):
    """What came of asking for a second chance. ``CALLED``: it was given."""

    CALLED = "called"
    HAD_ONE = "had_one"
    USED_UP = "used_up"
    CLOSED = "closed"
    OLD_EPOCH = "old_epoch"
    NOT_CALLED = "not_called"
    NOT_LAPSED = "not_lapsed"
    INSIDE = "inside"
    SPENT = "spent"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Chance:
    """The answer. ``at_ms``: until when the place may be come with, behind ``CALLED``; when the one
    it had was given, behind ``HAD_ONE``; else 0.
    """

    code: ChanceCode
    at_ms: int


class NoSecondChance(WaitingRoomError):
    """The place may not be called once more; the text says why."""

    code = "no_second_chance"

    def __init__(self, chance: Chance) -> None:
        super().__init__(f"nothing was done: {REFUSED[chance.code]}")


REFUSED = {
    ChanceCode.HAD_ONE: "this place has had its second chance, and there is one for each",
    ChanceCode.USED_UP: "this running of the room has given all the second chances that it may",
    ChanceCode.CLOSED: "the sale is over: nobody goes in any more",
    ChanceCode.OLD_EPOCH: "the line was started afresh meanwhile; this place no longer counts",
    ChanceCode.NOT_CALLED: "this place was not called yet, and nobody is moved ahead",
    ChanceCode.NOT_LAPSED: "this place is called already: they may go in now",
    ChanceCode.INSIDE: "they are in the shop",
    ChanceCode.SPENT: "this place was used for a visit; another one takes a new place",
    ChanceCode.LEFT: "they have given this place up",
}
"""Why none was given, as a sentence."""


def told(place: Place) -> dict[str, Any]:
    """A place as a document; its times are None where they have not happened, or are not kept."""
    found = {
        name: (value or None) if name.endswith("_at_ms") else value
        for name, value in asdict(place).items()
    }
    steps = [{"step": step, "at_ms": at_ms or None} for step, at_ms in place.steps()]
    return found | {"may_have_a_second_chance": place.may_have_a_second_chance, "steps": steps}
