"""Rehearsals: a copy of a room with a simulated crowd in it. Pure: what one is, and its bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from waitingroom.errors import BadSetting, WaitingRoomError
from waitingroom.model import Settings

MOST_PEOPLE = 500
LONGEST_MIN = 30
SHORTEST_MIN = 2
MOST_AT_ONCE = 3
"""In a system: each is work for the gate of the real sale, too."""
EARLY_MS = 20_000
"""From its making until it opens; seven in ten of its people come within this time."""
KEPT_MS = 10_000
"""How long it stands there closed before it is cleaned up."""
MESSAGE = "This is a rehearsal with a simulated crowd. It is not the sale."


class NoRehearsal(WaitingRoomError):
    """There is none of this room."""

    code = "no_rehearsal"

    def __init__(self, room: str) -> None:
        super().__init__(f"there is no rehearsal of “{room}”")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """``room``: its own; ``of``: the one that it is a copy of. It closes at ``until_ms``."""

    room: str
    of: str
    people: int
    until_ms: int


def check(people: int, minutes: int) -> None:
    """Raise :class:`BadSetting` for more than a rehearsal may be."""
    if not 1 <= people <= MOST_PEOPLE:
        raise BadSetting("people", f"must be from 1 to {MOST_PEOPLE}, not {people}")
    if not SHORTEST_MIN <= minutes <= LONGEST_MIN:
        raise BadSetting("minutes", f"must be from {SHORTEST_MIN} to {LONGEST_MIN}, not {minutes}")


def id_of(room: str, mark: str) -> str:
    """The id of a rehearsal of ``room``; with ``mark`` it is never used twice, so that no ticket of
    one is good for the next.
    """
    return f"{room[: 40 - len('-rehearsal-') - len(mark)]}-rehearsal-{mark}"


def is_rehearsal(room: str) -> bool:
    """Whether a room is called like one."""
    return "-rehearsal-" in room


def settings_of(real: Settings, name: str, now_ms: int, until_ms: int) -> Settings:
    """The real room's knobs, but for what would send its crowd elsewhere or hold it back: no shop
    (nobody is sent to one), and no join budget, since all come from one address.
    """
    return replace(
        real,
        title=f"REHEARSAL: {name}"[:80],
        message=MESSAGE,
        origins=(),
        join_limit=0,
        joins=True,
        early_at_ms=now_ms,
        opens_at_ms=now_ms + EARLY_MS,
        draw_at_ms=0,
        closes_at_ms=until_ms,
        test_clock=False,
    )


def as_fields(one: Rehearsal) -> Mapping[str, str | int]:
    """As it is kept."""
    return {"of": one.of, "people": one.people, "until_ms": one.until_ms}
