"""What a shopper without JavaScript is shown: the values that ``pages`` renders for one person."""

from dataclasses import dataclass
from enum import StrEnum

from waitingroom.eta import Shop, wait_range
from waitingroom.model import Phase, Snapshot

SHORTEST_REFRESH_S = 5
LONGEST_REFRESH_S = 60
REFRESHES_A_WAIT = 10
"""How often a page asks again while its shopper waits, within the two bounds above."""


class WaitState(StrEnum):
    """Where the holder of a ticket stands; the values name the templates' words."""

    EARLY = "early"
    DRAWING = "drawing"
    WAITING = "waiting"
    CALLED = "called"
    DOOR = "door"
    FULL = "full"
    PAUSED = "paused"
    DRAINING = "draining"
    CLOSED = "closed"


HELD = (WaitState.WAITING, WaitState.PAUSED, WaitState.DRAINING)
"""Where a line may stand still, and go on any moment."""


class Notice(StrEnum):
    """What a page says instead of a place. Most values are the wire's own codes."""

    NOT_YET = "not_yet"
    NO_JOINS = "no_joins"
    TOO_MANY = "too_many"
    DRAINING = "draining"
    CLOSED = "closed"
    SOLD_OUT = "sold_out"
    LAPSED = "lapsed"
    SPENT = "spent"
    LEFT = "left"
    OLD_EPOCH = "old_epoch"
    BOUNCED = "bounced"
    COOKIES = "cookies"
    NO_SUCH_ROOM = "no_such_room"
    REFUSED = "refused"
    STORE_DOWN = "store_down"

    @property
    def offers_a_new_place(self) -> bool:
        """Whether the place is gone, and a new one can be had."""
        gone = (Notice.LAPSED, Notice.SPENT, Notice.LEFT, Notice.OLD_EPOCH, Notice.COOKIES)
        return self in gone

    @property
    def asking_again_helps(self) -> bool:
        """Whether the same request may go well later."""
        return self in (
            Notice.NOT_YET,
            Notice.NO_JOINS,
            Notice.TOO_MANY,
            Notice.STORE_DOWN,
            Notice.REFUSED,
        )


@dataclass(frozen=True, slots=True)
class WaitView:
    """One shopper's place at one moment.

    ``number``: None before the draw. ``ahead``: people before this one. ``range_s``: the estimate,
    low and high, None where there is none. ``refresh_s``: when the page asks again by itself, 0 for
    never. ``retry_s``: when to knock again, at the door. ``claim_s``: for how long whoever turns
    away from there keeps the place, 0 elsewhere; ``extended``: whether that was put off. ``to``:
    where the shopper wants to go, as they gave it. ``still``: the shopper asked the page not to
    refresh itself. ``code``: what the shopper tells support.
    """

    snapshot: Snapshot
    state: WaitState
    number: int | None = None
    ahead: int = 0
    range_s: tuple[int, int] | None = None
    refresh_s: int = 0
    retry_s: int = 0
    claim_s: int = 0
    extended: bool = False
    to: str = ""
    still: bool = False
    code: str = ""


def wait_view(
    snapshot: Snapshot,
    number: int | None,
    *,
    velocity_per_min: int | None = None,
    shop: Shop | None = None,
    door: WaitState | None = None,
    retry_s: int = 0,
    claim_s: int = 0,
    extended: bool = False,
    to: str = "",
    still: bool = False,
    code: str = "",
) -> WaitView:
    """What the room's ``snapshot`` means for the holder of ``number``.

    ``velocity_per_min``: None where the line moves at its rate; ``shop``: what a capacity makes of
    it. ``door``: DOOR or FULL where the shopper has just knocked and shall do so again in
    ``retry_s``, at the latest in ``claim_s``, which may be ``extended``.
    """
    state = _state_of(snapshot, number, door)
    ahead = max(0, number - snapshot.serving - 1) if number else 0
    range_s = None
    if state is WaitState.WAITING:
        rate = snapshot.rate_per_min
        velocity = rate if velocity_per_min is None else velocity_per_min
        range_s = wait_range(ahead, velocity_per_min=velocity, rate_per_min=rate, shop=shop)
    refresh_s = (
        0 if still else _refresh_s(snapshot, state, ahead if number else None, range_s, retry_s)
    )
    if state not in (WaitState.DOOR, WaitState.FULL):
        claim_s, extended = 0, False
    return WaitView(
        *(snapshot, state, number, ahead, range_s, refresh_s),
        *(retry_s, claim_s, extended, to, still, code),
    )


def _state_of(snapshot: Snapshot, number: int | None, door: WaitState | None) -> WaitState:
    """The same rule as ``state`` in the page's script."""
    if snapshot.phase is Phase.SCHEDULED:
        return WaitState.EARLY
    if snapshot.phase is not Phase.OPEN:
        return WaitState(snapshot.phase.value)
    if number is None:
        return WaitState.DRAWING
    return WaitState.WAITING if number > snapshot.serving else door or WaitState.CALLED


def _refresh_s(
    snapshot: Snapshot,
    state: WaitState,
    ahead: int | None,
    range_s: tuple[int, int] | None,
    retry_s: int,
) -> int:
    """A tenth of what is left to wait, within bounds; at the door the appointment, to the second.

    Never where only a button helps: a page that goes away under the hand helps nobody.
    """
    if state in (WaitState.DOOR, WaitState.FULL):
        return retry_s
    if state in (WaitState.CALLED, WaitState.CLOSED):
        return 0
    left_s = LONGEST_REFRESH_S * REFRESHES_A_WAIT
    if state is WaitState.EARLY and snapshot.opens_at_ms:
        left_s = (snapshot.opens_at_ms - snapshot.now_ms) // 1000
    elif state is WaitState.DRAWING:
        left_s = 0
    elif range_s:
        left_s = range_s[0]
    elif state in HELD and ahead is not None:
        left_s = ahead  # a line that stands still may go on any moment, and then calls the first
    return min(max(left_s // REFRESHES_A_WAIT, SHORTEST_REFRESH_S), LONGEST_REFRESH_S)
