"""What is foretold, and what is said where nothing can be. (How it is kept: tests/store.)."""

from dataclasses import replace
from typing import Any

import pytest

from waitingroom.flow import Known
from waitingroom.history import Sample
from waitingroom.model import Counters, DrawMethod, Phase, Snapshot
from waitingroom.plan import PlanStep
from waitingroom.ramps import ramp
from waitingroom.whatif import Hold, Stock, forecast, what_if

T0 = 1_800_000_000_000
MINUTE = 60_000
KNOWN = Known(1.0, 180_000, (0.0, 0.0, 0.0, 0.0))
INSIDE = Known(1.0, 180_000, (50.0, 50.0, 50.0, 50.0))


def room(**facts: Any) -> Snapshot:
    """An open room, 60 a minute, 600 in line, nobody inside."""
    made: dict[str, Any] = dict.fromkeys(Snapshot.__dataclass_fields__, 0)
    made |= {"room": "spring", "phase": Phase.OPEN, "now_ms": T0, "opened_at_ms": T0, "tail": 600}
    made |= {"rate_per_min": 60, "session_ms": 900_000, "call_timeout_ms": 10_000, "drawn": 0}
    made |= {
        "draw": DrawMethod.FIFO,
        "counters": Counters(),
        "commitment": "",
        "seed": None,
        "stock": None,
    }
    return Snapshot(**made | facts)


def waits(told: Any) -> tuple[int | None, ...]:
    return told.front_s, told.middle_s, told.end_s


def test_a_line_moves_at_its_rate() -> None:
    """Sixty, three hundred and six hundred of them, one a second."""
    told = forecast(room(), KNOWN)
    assert waits(told) == (60, 300, 600)
    assert told.last_in_at_ms == T0 + 600_000
    assert (told.hold, told.shut_out, told.capacity_in_s) == (None, 0, None)
    assert told.stock_ends_at_ms is None


def test_a_change_is_shown_beside_what_would_be_without_it() -> None:
    """Twice the rate, half the wait; and as many numbers an entry as were seen."""
    told = what_if(room(), replace(KNOWN, numbers_per_entry=2.0), changes={"rate_per_min": 120})
    assert waits(told.before) == (30, 150, 300)
    assert waits(told.after) == (15, 75, 150)


def test_the_plan_that_is_there_is_followed_before_and_after() -> None:
    """It goes on where a knob is turned now; a new plan takes its place."""
    steps = [PlanStep(T0 + 5 * MINUTE, "rate_per_min", 30)]
    told = what_if(room(), KNOWN, steps, changes={"rate_per_min": 100})
    assert waits(told.before) == (60, 300, 900)
    assert waits(told.after) == (36, 180, 500)
    told = what_if(room(), KNOWN, steps, planned=[PlanStep(T0 + MINUTE, "rate_per_min", 540)])
    assert waits(told.before) == (60, 300, 900)
    assert waits(told.after) == (60, 87, 120)


def test_a_ramp_is_followed_step_by_step() -> None:
    """As many as go in under the mean of both rates, less half a step."""
    steps = ramp("rate_per_min", 60, 180, begins_ms=T0, over_ms=5 * MINUTE)
    assert forecast(room(), KNOWN, steps).end_s == pytest.approx(305, abs=1)


@pytest.mark.parametrize(
    ("facts", "hold"),
    [
        ({"phase": Phase.CLOSED, "closed_at_ms": T0}, Hold.CLOSED),
        ({"phase": Phase.DRAINING}, Hold.DRAINING),
        ({"phase": Phase.EARLY, "opened_at_ms": 0}, Hold.NO_OPENING),
        ({"rate_per_min": 0}, Hold.RATE),
        ({"tail": 0}, Hold.NOBODY),
    ],
)
def test_where_nobody_goes_in_no_time_is_told_but_why(facts: dict[str, Any], hold: Hold) -> None:
    """Not a time that looks like one."""
    told = forecast(room(**facts), KNOWN)
    assert (told.hold, *waits(told), told.last_in_at_ms) == (hold, None, None, None, None)


def test_what_waits_for_somebody_is_told_as_such_and_counts_from_then() -> None:
    """A pause has no known end; a rate of 0 has one in a plan; an opening has a time."""
    told = forecast(room(phase=Phase.PAUSED), KNOWN)
    assert (told.hold, *waits(told)) == (Hold.PAUSED, 60, 300, 600)
    told = forecast(room(rate_per_min=0), KNOWN, [PlanStep(T0 + MINUTE, "rate_per_min", 60)])
    assert (told.hold, *waits(told)) == (None, 120, 360, 660)
    early = room(phase=Phase.EARLY, opened_at_ms=0, opens_at_ms=T0 + MINUTE)
    assert waits(forecast(early, KNOWN)) == (120, 360, 660)


def test_who_is_not_called_before_the_closing_time_is_counted() -> None:
    """And has no time told, at any phase before."""
    told = forecast(room(closes_at_ms=T0 + 5 * MINUTE), KNOWN)
    assert (*waits(told), told.last_in_at_ms, told.shut_out) == (60, 300, None, None, 300)
    assert told.hold is None
    told = forecast(room(closes_at_ms=T0 + 5 * MINUTE, rate_per_min=0), KNOWN)
    assert (told.hold, told.shut_out) == (Hold.RATE, 600)
    assert forecast(room(phase=Phase.CLOSED, closed_at_ms=T0), KNOWN).shut_out == 600
    assert forecast(room(closes_at_ms=T0 + 11 * MINUTE), KNOWN).shut_out == 0


def test_a_full_shop_lets_in_as_many_as_leave_it() -> None:
    """200 inside for three minutes each: 66 or 67 a minute, whatever the rate."""
    full = room(rate_per_min=600, capacity=200, leases=200)
    assert forecast(full, INSIDE).end_s == pytest.approx(600 / 200 * 180, rel=0.02)
    empty = room(rate_per_min=600, capacity=200)
    assert forecast(empty, KNOWN).front_s == 6


def test_a_lowered_capacity_tells_how_long_it_takes_and_who_waits_for_it() -> None:
    """Nobody goes in until it is reached; raised, it is there at once."""
    full = room(rate_per_min=600, capacity=200, leases=200)
    told = what_if(full, INSIDE, changes={"capacity": 100})
    assert told.before.capacity_in_s == 0
    assert told.after.capacity_in_s == pytest.approx(100, rel=0.15)
    assert told.after.front_s is not None
    assert told.after.front_s > told.after.capacity_in_s
    assert what_if(full, INSIDE, changes={"capacity": 0}).after.capacity_in_s is None
    planned = [PlanStep(T0 + 10 * MINUTE, "capacity", 100)]
    later = what_if(full, INSIDE, planned=planned).after.capacity_in_s
    assert later == pytest.approx(700, rel=0.05)


def test_a_long_plan_of_a_shop_with_a_capacity_is_followed_to_its_end() -> None:
    """However far apart its steps are: what has settled is not followed moment by moment."""
    day_min = 24 * 60
    steps = [PlanStep(T0 + day * day_min * MINUTE, "capacity", 100 + day) for day in range(100)]
    told = forecast(room(capacity=200, leases=200, tail=10_000_000), INSIDE, steps)
    called = sum(day_min * min(60.0, (100 + day) / 3) for day in range(99))
    assert told.end_s is not None
    assert told.end_s / 60 == pytest.approx(99 * day_min + (10_000_000 - called) / 60, rel=0.01)
    assert told.capacity_in_s == 99 * day_min * 60


def test_before_anybody_came_everybody_is_taken_to() -> None:
    """A burst of open calls says nothing of no-shows; silence does."""
    called = room(serving=1_000, tail=2_000, open_calls=1_000)
    assert Known.of(called).numbers_per_entry == 1
    silent = room(serving=1_000, tail=2_000, counters=Counters(called=1_000, entered=500))
    assert Known.of(silent).numbers_per_entry == pytest.approx(2, rel=0.01)


def test_a_stay_is_a_session_until_somebody_was_seen_to_leave() -> None:
    """Then what was seen: 100 inside, and one in and one out every second."""
    assert Known.of(room()).stay_ms == 900_000
    seen = room(now_ms=T0 + 600_000, leases=100, counters=Counters(entered=700))
    samples = [Sample.of(room(now_ms=T0, leases=100, counters=Counters(entered=100)))]
    for at_s in range(5, 600, 5):
        counters = Counters(entered=100 + at_s)
        now = room(now_ms=T0 + 1000 * at_s, leases=100, counters=counters)
        samples.append(Sample.of(now))
    known = Known.of(seen, samples)
    assert known.stay_ms == pytest.approx(100_000, rel=0.03)
    assert sum(known.stages) == pytest.approx(100)
    other_epoch = [replace(one, epoch=7) for one in samples]
    assert Known.of(seen, other_epoch).stay_ms == 900_000


def sold(*levels: int, entered: int = 10) -> list[Sample]:
    """A minute between two, in which so many came in."""
    return [
        replace(
            Sample.of(room(now_ms=T0 - MINUTE * (len(levels) - nth))),
            stock=left,
            entered=entered * nth,
        )
        for nth, left in enumerate(levels)
    ]


@pytest.mark.parametrize(
    ("levels", "entered", "wanted"),
    [
        ((100, 95, 90, 85), 10, 0.5),
        ((100, 95, 200, 195), 10, 10 / 30),  # a delivery is no sale
        ((-1, -1, 90, 85, 80), 10, 0.5),  # told since three minutes
        ((100, 95), 10, None),  # too few came in
        ((100, 100, 100, 100), 10, None),  # nothing went
        ((-1, -1, -1, -1), 10, None),
        ((), 10, None),
        ((900, *(100,) * 11, 90), 10, 10 / 90),  # the great sale was more than ten minutes ago
    ],
)
def test_how_much_goes_for_each_who_comes_in(
    levels: tuple[int, ...], entered: int, wanted: float | None
) -> None:
    samples = sold(*levels, entered=entered)
    last = samples[-1] if samples else Sample.of(room())
    now = room(stock=max(0, last.stock), counters=Counters(entered=last.entered))
    assert Known.of(now, samples).sold_per_entry == pytest.approx(wanted)


def test_when_the_stock_ends() -> None:
    """One a second goes in, and every other one buys a piece: forty are left after eighty."""
    known = replace(KNOWN, sold_per_entry=0.5)
    told = forecast(room(stock=40), known)
    assert (told.stock, told.left, told.stock_ends_at_ms) == (Stock.ENDS, 40, T0 + 80_000)
    twice = what_if(room(stock=40), known, changes={"rate_per_min": 120})
    assert twice.after.stock_ends_at_ms == T0 + 40_000
    half_come = forecast(room(stock=40), replace(known, numbers_per_entry=2.0))
    assert half_come.stock_ends_at_ms == T0 + 80_000


@pytest.mark.parametrize(
    ("facts", "per_entry", "wanted"),
    [
        ({"stock": None}, 0.5, Stock.NOT_REPORTED),
        ({"stock": 40}, None, Stock.UNCLEAR),
        ({"stock": 0}, 0.5, Stock.GONE),
        ({"stock": 301}, 0.5, Stock.LASTS),
        ({"stock": 300}, 0.5, Stock.ENDS),
        ({"stock": 40, "closes_at_ms": T0 + 79_000}, 0.5, Stock.LASTS),
    ],
)
def test_what_is_said_where_the_stock_does_not_end(
    facts: dict[str, Any], per_entry: float | None, wanted: Stock
) -> None:
    told = forecast(room(**facts), replace(KNOWN, sold_per_entry=per_entry))
    assert told.stock is wanted
    assert (told.stock_ends_at_ms is None) is (wanted is not Stock.ENDS)


def test_nobody_goes_in_while_nothing_is_left() -> None:
    told = forecast(room(stock=0), KNOWN)
    assert told.hold is Hold.SOLD_OUT
    assert waits(told) == (None, None, None)
