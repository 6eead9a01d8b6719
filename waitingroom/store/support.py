"""Support's verbs: what is known of the place behind a code, and its second chance."""

from collections.abc import Callable

from waitingroom.chances import MOST_SECOND_CHANCES
from waitingroom.codes import Codes, shaped
from waitingroom.draw import number_in
from waitingroom.errors import BadSetting, NoSuchPlace
from waitingroom.model import Actor, DrawMethod, Snapshot
from waitingroom.places import LONGEST_WHY, SHORTEST_WHY, Chance, ChanceCode, Place, PlaceState
from waitingroom.plain import is_line
from waitingroom.store.call import Call, Reply, call, clock, text, who

RUNNINGS_BACK = 5
"""Of a room, that a code is tried against, to say that it is of one of them."""
STATES = {"not_called": PlaceState.WAITING, "called": PlaceState.CALLED}


def place(room: str, epoch: int, arrival: int, number: int | None) -> Call:
    """What is known of a place. Only reads, and lets no time pass."""
    return call("place", room, epoch, arrival, number or 0)


def second_chance(
    found: Place, *, actor: Actor | str, now_ms: int | None = None
) -> Call:  # fmt: skip
    """Let a lapsed place be called once more. Twice, and by racers, it is one: ``HAD_ONE``.

    In a paused or draining room its time runs from when the room goes on; late, when the room is
    closed or was reset meanwhile, nothing changes.
    """
    number = found.number or 0
    where = (found.epoch, found.arrival, number, found.code)
    return call("second_chance", found.room, clock(now_ms), who(actor), *where)


def read_chance(reply: Reply) -> Chance:
    """A word and a time."""
    word, at_ms = reply
    return Chance(ChanceCode(text(word)), at_ms)


class Support:
    """Over one store. ``run``: its functions; ``status``: a room; ``statuses``: all of them."""

    def __init__(
        self,
        run: Callable[[Call], Reply],
        status: Callable[..., Snapshot],
        statuses: Callable[[], dict[str, Snapshot]],
    ) -> None:
        self._run = run
        self._status = status
        self._statuses = statuses

    def find(self, room: str, code: str, codes: Codes, *, now_ms: int | None = None) -> Place:
        """The place behind a code. Raises :class:`NoSuchPlace`, with a sentence that says why."""
        plain = shaped(code)
        if not plain:
            raise NoSuchPlace(
                f"“{code.strip()[:40]}” is not a code: it has eight letters and digits in two "
                "groups, like K7Q2-9MXD, and no U among them"
            )
        now = self._status(room, now_ms=now_ms)
        arrival = _arrival_in(now, plain, codes)
        if not arrival:
            raise NoSuchPlace(self._why(now, plain, codes))
        number = number_in(now, now.epoch, arrival)
        reply = self._run(place(room, now.epoch, arrival, number))
        if text(reply[0]) == "old_epoch":
            raise NoSuchPlace(_earlier(plain, now.epoch))
        return _read_place(now, plain, arrival, number, reply)

    def second_chance(
        self, room: str, code: str, codes: Codes, *, actor: Actor, now_ms: int | None = None
    ) -> tuple[Place, Chance]:
        """Give it where it may be given; the place as it then is. ``actor.why`` is the reason.

        Raises :class:`NoSuchPlace`; ``BadSetting`` for a reason that is none.
        """
        if not SHORTEST_WHY <= len(actor.why.strip()) <= LONGEST_WHY or not is_line(actor.why):
            raise BadSetting("why", f"say why, in {SHORTEST_WHY} to {LONGEST_WHY} characters")
        found = self.find(room, code, codes, now_ms=now_ms)
        chance = read_chance(self._run(second_chance(found, actor=actor, now_ms=now_ms)))
        return self.find(room, code, codes, now_ms=now_ms), chance

    def _why(self, now: Snapshot, plain: str, codes: Codes) -> str:
        """Whose code it is, if anybody's."""
        for epoch in range(now.epoch - 1, max(0, now.epoch - 1 - RUNNINGS_BACK), -1):
            if codes.arrivals(plain, now.room, epoch):
                return _earlier(plain, epoch)
        for name, other in self._statuses().items():
            if name != now.room and _arrival_in(other, plain, codes):
                return f"{plain} is a place in the room “{name}”, not in “{now.room}”"
        return (
            f"{plain} is no place in “{now.room}”: a letter or digit may have been misheard; "
            "ask for the code once more"
        )


def _earlier(plain: str, epoch: int) -> str:
    return (
        f"{plain} is of running {epoch} of this room; places from before it was started afresh "
        "no longer count"
    )


def _arrival_in(room: Snapshot, plain: str, codes: Codes) -> int:
    """The arrival that a code names in a room as it runs now, 0 for none that was given out."""
    found = codes.arrivals(plain, room.room, room.epoch)
    return next((arrival for arrival in found if arrival <= room.tail), 0)


def _read_place(
    now: Snapshot, plain: str, arrival: int, number: int | None, reply: Reply
) -> Place:  # fmt: skip
    word, joined, drawn, called, lapsed, *times, claim_by, at_door, released = reply
    entered, expires, ended, chance = times
    state = STATES.get(text(word)) or PlaceState(text(word))
    if state is PlaceState.WAITING and number is None:
        state = PlaceState.EARLY
    is_drawn = now.drawn is not None and arrival <= now.drawn
    return Place(
        room=now.room,
        code=plain,
        epoch=now.epoch,
        arrival=arrival,
        number=number,
        state=PlaceState.DOOR if state is PlaceState.CALLED and at_door else state,
        ahead=max(0, number - now.serving - 1) if number else 0,
        now_ms=now.now_ms,
        joined_at_ms=joined,
        drawn_at_ms=drawn if is_drawn and now.draw is DrawMethod.SHUFFLE else 0,
        called_at_ms=called,
        lapsed_at_ms=lapsed,
        entered_at_ms=entered,
        expires_at_ms=expires,
        ended_at_ms=ended,
        chance_at_ms=chance,
        claim_by_ms=claim_by,
        released=bool(released),
        chances_left=MOST_SECOND_CHANCES - now.counters.second_chances,
    )
