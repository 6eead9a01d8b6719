"""What a turn of a knob would do to the people in line now. Pure; nothing here changes a room.

The formula and its limits are in ``docs/decisions/whatif.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, floor, inf

from waitingroom.flow import Flow, Known, Stretch, Turn
from waitingroom.model import Phase, Snapshot
from waitingroom.plan import PlanStep
from waitingroom.settings import Value


class Hold(StrEnum):
    """Why no times are told, or from when they count."""

    NOBODY = "nobody_waits"
    CLOSED = "closed"
    DRAINING = "draining"
    NO_OPENING = "no_opening_time"
    SOLD_OUT = "sold_out"
    RATE = "rate_0"
    PAUSED = "paused"
    """Times count as if the room went on now."""


SENTENCES = {
    Hold.NOBODY: "nobody is in line",
    Hold.CLOSED: "the room is closed: nobody goes in any more",
    Hold.DRAINING: "the room is draining: nobody is called until it is opened again",
    Hold.NO_OPENING: "the room has no opening time: nobody goes in before it is opened",
    Hold.SOLD_OUT: "nothing is left: nobody goes in until the shop has more",
    Hold.RATE: "the rate is 0: everybody is held until it is raised",
    Hold.PAUSED: "the room is paused: times are told as if it went on now",
}
STANDING = frozenset({Hold.CLOSED, Hold.DRAINING, Hold.NO_OPENING, Hold.SOLD_OUT})
"""Nobody goes in before an operator acts, or the shop has more."""


class Stock(StrEnum):
    """How long what is left lasts."""

    NOT_REPORTED = "not_reported"
    UNCLEAR = "cannot_tell_yet"
    """Too little was seen of how it goes."""
    ENDS = "ends"
    LASTS = "lasts"
    """Longer than those in line now go in, or until the room closes."""
    GONE = "gone"


IN_WORDS = {
    Stock.NOT_REPORTED: "not reported",
    Stock.UNCLEAR: "cannot tell yet",
    Stock.LASTS: "lasts for all in line now",
    Stock.GONE: "nothing is left",
}
"""What is said in place of the time at which it ends."""

PERSON = 1e-6
"""Nobody: what adding up shares of people is off by."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of those in line now, in whole seconds from now; None: not to be told, or never.

    ``front_s``, ``middle_s``, ``end_s``: until a tenth, half, and all of them are called.
    ``last_in_at_ms``: when that is. ``shut_out``: how many are not, when the room closes.
    ``capacity_in_s``: until no more are inside than the capacity allows, 0 where it is so; None
    without a capacity. ``numbers_per_entry``, ``stay_s``: what is assumed, see :class:`Known`.
    ``left``: the stock, None where it is not reported. ``stock_ends_at_ms``: when those in line now
    will have bought it, if ``stock`` is that it ends. ``sold_per_entry``: what is assumed of it.
    """

    hold: Hold | None
    waiting: int
    inside: int
    front_s: int | None
    middle_s: int | None
    end_s: int | None
    last_in_at_ms: int | None
    shut_out: int
    capacity_in_s: int | None
    numbers_per_entry: float
    stay_s: int
    left: int | None = None
    stock: Stock = Stock.NOT_REPORTED
    stock_ends_at_ms: int | None = None
    sold_per_entry: float | None = None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The same people without the change, and with it. ``version``: of the room that was looked at;
    whoever makes the change after all bases it on this.
    """

    version: int
    before: Forecast
    after: Forecast


def what_if(
    room: Snapshot,
    known: Known,
    steps: Sequence[PlanStep] = (),
    *,
    changes: Mapping[str, Value] | None = None,
    planned: Sequence[PlanStep] | None = None,
) -> WhatIf:
    """``steps``: the room's plan. ``changes``: knobs turned now. ``planned``: a plan in its place.

    Neither is checked here: see ``Store.what_if``.
    """
    turned = replace(room, **(changes or {}))  # type: ignore[arg-type]
    then = steps if planned is None else planned
    return WhatIf(room.version, forecast(room, known, steps), forecast(turned, known, then))


def forecast(room: Snapshot, known: Known, steps: Sequence[PlanStep] = ()) -> Forecast:
    """What becomes of those in line now, if from here on only the plan turns a knob."""
    hold = _hold(room)
    course = _course(room, known, steps, hold)
    closes_ms = _closes_ms(room)
    front_s, middle_s, end_s = (
        _called_s(course, number, closes_ms)
        for number in (-(-room.waiting // 10), -(-room.waiting // 2), room.waiting)
    )
    if hold is None and course[-1].pace == 0 and end_s is None:
        hold = Hold.RATE
    stock, stock_ends_s = _stock(room, known, course, closes_ms)
    return Forecast(
        hold=hold,
        waiting=room.waiting,
        inside=room.leases,
        front_s=front_s,
        middle_s=middle_s,
        end_s=end_s,
        last_in_at_ms=None if end_s is None else room.now_ms + 1000 * end_s,
        shut_out=0 if closes_ms == inf else _not_called(course, room.waiting, closes_ms),
        capacity_in_s=_capacity_in_s(course),
        numbers_per_entry=round(known.numbers_per_entry, 2),
        stay_s=round(known.stay_ms / 1000),
        left=room.stock,
        stock=stock,
        stock_ends_at_ms=None if stock_ends_s is None else room.now_ms + 1000 * stock_ends_s,
        sold_per_entry=known.sold_per_entry and round(known.sold_per_entry, 2),
    )


def _stock(
    room: Snapshot, known: Known, course: Sequence[Stretch], closes_ms: float
) -> tuple[Stock, int | None]:
    """How long the stock lasts, and in how many seconds it ends."""
    if room.stock is None:
        return Stock.NOT_REPORTED, None
    if not room.stock:
        return Stock.GONE, None
    if known.sold_per_entry is None:
        return Stock.UNCLEAR, None
    numbers = ceil(room.stock / known.sold_per_entry * known.numbers_per_entry)
    if numbers > room.waiting:
        return Stock.LASTS, None
    ends_s = _called_s(course, numbers, closes_ms)
    return (Stock.LASTS if ends_s is None else Stock.ENDS), ends_s


def _hold(room: Snapshot) -> Hold | None:
    if room.phase is Phase.CLOSED:
        return Hold.CLOSED
    if room.phase is Phase.DRAINING:
        return Hold.DRAINING
    if not room.opened_at_ms and not room.opens_at_ms:
        return Hold.NO_OPENING
    if room.sold_out:
        return Hold.SOLD_OUT
    if not room.waiting:
        return Hold.NOBODY
    return Hold.PAUSED if room.phase is Phase.PAUSED else None


def _closes_ms(room: Snapshot) -> float:
    """From now; infinite for never."""
    if room.closed_at_ms:
        return 0
    return max(0, room.closes_at_ms - room.now_ms) if room.closes_at_ms else inf


def _course(
    room: Snapshot, known: Known, steps: Sequence[PlanStep], hold: Hold | None
) -> list[Stretch]:
    turns = [
        Turn(max(0, step.at_ms - room.now_ms), step.field, step.value)
        for step in sorted(steps, key=lambda step: step.at_ms)
        if step.field in ("rate_per_min", "capacity")
    ]
    if not room.opened_at_ms and hold not in STANDING:
        turns.append(Turn(max(0, room.opens_at_ms - room.now_ms), "runs", 1))
        turns.sort(key=lambda turn: turn.at_ms)
    runs = int(bool(room.opened_at_ms) and hold not in STANDING)
    knobs = {"rate_per_min": room.rate_per_min, "capacity": room.capacity, "runs": runs}
    return list(Flow(known, knobs, turns).stretches())


def _called_s(course: Sequence[Stretch], number: int, closes_ms: float) -> int | None:
    """When the ``number``-th in line is called; None for nobody, or not before the closing time."""
    called = 0.0
    for stretch in course if number else ():
        more = stretch.numbers_by(stretch.ends_ms)
        if stretch.pace and called + more >= number:
            at_ms = stretch.begins_ms + (number - called) / stretch.pace
            return round(at_ms / 1000) if at_ms <= closes_ms else None
        called += more
    return None


def _not_called(course: Sequence[Stretch], waiting: int, closes_ms: float) -> int:
    called = sum(stretch.numbers_by(closes_ms) for stretch in course)
    return max(0, waiting - floor(called))


def _capacity_in_s(course: Sequence[Stretch]) -> int | None:
    """Counted once the capacity is what it stays at."""
    capacity = course[-1].capacity
    if not capacity:
        return None
    first = course[-1]
    for stretch in reversed(course):
        if stretch.capacity != capacity or stretch.inside > capacity + PERSON:
            break
        first = stretch
    return round(first.begins_ms / 1000)
