"""What each verb answers: outcomes of a try, which are no faults. Frozen, times in milliseconds."""

from dataclasses import dataclass
from enum import StrEnum

from waitingroom.model import Phase, WhileNoSale


class JoinCode(StrEnum):
    """What a joiner is told."""

    JOINED = "joined"
    NOT_YET = "not_yet"
    CLOSED = "closed"
    SOLD_OUT = "sold_out"


@dataclass(frozen=True, slots=True)
class JoinBatch:
    """The answer to a group of joins. ``places``: one per joiner: an arrival, from 1; or, for one
    over the budget of their network, minus the milliseconds until they may ask again. Empty where
    nobody can join.
    """

    code: JoinCode
    epoch: int
    now_ms: int
    phase: Phase
    drawn: int | None
    fifo: bool
    places: tuple[int, ...]

    @property
    def arrivals(self) -> tuple[int | None, ...]:
        """None for those over the budget."""
        return tuple(place if place > 0 else None for place in self.places)

    @property
    def waits_ms(self) -> tuple[int, ...]:
        """0 for those with a place."""
        return tuple(max(0, -place) for place in self.places)


class EntryCode(StrEnum):
    """What a shopper who knocks is told. ``AGAIN``: the same lease, told once more. ``EXTENDED``:
    more time, for whoever asked for that instead."""

    ENTERED = "entered"
    AGAIN = "again"
    OLD_EPOCH = "old_epoch"
    SPENT = "spent"
    LEFT = "left"
    NOT_CALLED = "not_called"
    LAPSED = "lapsed"
    PAUSED = "paused"
    DRAINING = "draining"
    CLOSED = "closed"
    SOLD_OUT = "sold_out"
    FULL = "full"
    DOOR = "door"
    EXTENDED = "extended"


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer to a knock, or to a wish for more time.

    ``ahead``: numbers to be called before this one (or, at the door, people there).
    ``retry_after_ms``: when to knock again, 0 where waiting does not help. The times and ``count``
    (entries so far in this epoch) are 0 unless the shopper is in. ``claim_by_ms``: when the place
    of somebody who is called and waits lapses, if the room runs until then; else 0. ``extended``:
    whether more time was given to them, in 0 and 1.
    """

    code: EntryCode
    now_ms: int
    ahead: int = 0
    retry_after_ms: int = 0
    entered_at_ms: int = 0
    expires_at_ms: int = 0
    ends_at_ms: int = 0
    count: int = 0
    claim_by_ms: int = 0
    extended: int = 0

    @property
    def is_in(self) -> bool:
        """Whether there is a lease."""
        return self.code in (EntryCode.ENTERED, EntryCode.AGAIN)


@dataclass(frozen=True, slots=True)
class Express:
    """The answer to *in at once, or not at all*. ``entry`` is None where there is a line."""

    epoch: int
    arrival: int
    entry: Entry | None


class Standing(StrEnum):
    """Where a ticket stands."""

    INSIDE = "inside"
    SPENT = "spent"
    LEFT = "left"
    NOT_CALLED = "not_called"
    LAPSED = "lapsed"
    CALLED = "called"
    OLD_EPOCH = "old_epoch"


class LeaseCode(StrEnum):
    """What became of a lease."""

    ACTIVE = "active"
    RELEASED = "released"
    UNKNOWN = "unknown"
    OLD_EPOCH = "old_epoch"


@dataclass(frozen=True, slots=True)
class LeaseState:
    """One lease after a renewal or release; ``expires_at_ms`` is 0 unless it is active."""

    code: LeaseCode
    expires_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Leases:
    """The answer to the shop: where the room stands, and one state per lease asked for."""

    epoch: int
    staff_epoch: int
    phase: Phase
    now_ms: int
    states: tuple[LeaseState, ...]
    outside: WhileNoSale = WhileNoSale.SHOP


def lease_id(epoch: int, arrival: int) -> str:
    """The name of a shopper's lease: unique over all runnings of a room."""
    return f"{epoch}-{arrival}"
