"""The two clocks: what jumps, idle hours and pauses may do to a room, and what they may not."""

import struct

import pytest
from real import T0

from waitingroom.model import Phase
from waitingroom.outcomes import EntryCode
from waitingroom.store.keys import FIELDS, FORMAT

HOUR = 3_600_000
MINUTE = 60_000
UNIT = 60_000


def test_an_idle_hour_calls_no_more_than_a_burst(make_room):
    """Nobody looked for an hour, then a crowd comes: it is called at the rate, from a burst on."""
    room = make_room(rate_per_min=60, burst=2)
    room.status(T0)
    room.crowd(T0 + HOUR, 5000)
    assert room.status(T0 + HOUR).serving == 2
    assert room.run_until(T0 + HOUR, T0 + HOUR + 3000).counters.called == 5


def test_a_quiet_hour_that_gates_looked_at_banks_no_more_than_a_burst(make_room):
    """M1: credit and door are full after two seconds, and stay at that."""
    room = make_room(rate_per_min=60, burst=2)
    quiet = room.run_until(T0, T0 + HOUR, every_ms=10_000)
    assert (quiet.credit, quiet.door) == (2 * UNIT, 2 * UNIT)
    room.crowd(T0 + HOUR, 5000)
    assert room.status(T0 + HOUR).serving == 2
    codes = [room.knock(T0 + HOUR, arrival).code for arrival in (1, 2, 3)]
    assert codes == [EntryCode.ENTERED, EntryCode.ENTERED, EntryCode.NOT_CALLED]


def test_a_line_that_nobody_looked_at_for_an_hour_is_not_called_all_at_once(make_room):
    """A store that was away, or gates that slept: two seconds of meter time, whatever passed."""
    room = make_room(rate_per_min=600, burst=20)
    room.crowd(T0, 5000)
    assert room.status(T0).serving == 20
    assert room.status(T0 + HOUR).serving == 40


def test_while_no_gate_is_there_nobody_is_called_and_no_turn_runs_out_whoever_else_looks(make_room):
    """Keeper, Prometheus, an open console: nobody could come. Then it goes on where it was."""
    room = make_room(rate_per_min=60, burst=2, call_timeout_ms=5000, claim_grace_ms=MINUTE)
    room.gate_looks(T0)
    room.crowd(T0, 500)
    for now_ms in range(T0, T0 + 10_000, 500):
        room.gate_looks(now_ms)
    stood = room.run_until(T0 + 10_000, T0 + 15_000)
    away = room.run_until(T0 + 15_000, T0 + 10 * MINUTE, every_ms=1000)
    assert (away.serving, away.counters, away.lapsed) == (stood.serving, stood.counters, 0)
    assert room.knock(T0 + 10 * MINUTE, 1).code is EntryCode.ENTERED
    back = [room.gate_looks(T0 + 10 * MINUTE + ms).serving for ms in range(0, 4000, 500)]
    assert away.serving <= back[0] < back[-1] <= away.serving + 20


def test_a_gate_that_looks_is_known_to_be_there_though_others_always_write_before_it(make_room):
    """A console that looks once a second, a moment earlier than each time that the gate would."""
    room = make_room(rate_per_min=60, burst=2)
    room.gate_looks(T0)
    room.crowd(T0, 500)
    for now_ms in range(T0 + 1000, T0 + MINUTE, 1000):
        room.status(now_ms)
        room.gate_looks(now_ms + 1)
    assert room.gate_looks(T0 + MINUTE).serving >= 55


def test_a_clock_jump_times_out_and_lapses_nobody(make_room):
    """Ages are counted by the meter clock: whoever was called a moment ago still is."""
    room = make_room(rate_per_min=60, burst=2, call_timeout_ms=5000, claim_grace_ms=10_000)
    room.crowd(T0, 50)
    room.status(T0)
    jumped = room.status(T0 + HOUR)
    assert (jumped.counters.no_show, jumped.lapsed, jumped.open_calls) == (0, 0, 4)
    assert room.knock(T0 + HOUR, 1).code is EntryCode.ENTERED


def test_a_small_step_back_is_waited_out(make_room):
    """Up to five seconds: no time passes until the clock has caught up, and no time is doubled."""
    room = make_room(rate_per_min=60, burst=1, call_timeout_ms=MINUTE)
    room.crowd(T0, 50)
    room.run_until(T0, T0 + 10_000)
    before = room.written()
    assert room.status(T0 + 5000).now_ms == T0 + 10_000
    assert room.run_until(T0 + 5000, T0 + 10_000).credit == before.credit
    assert room.run_until(T0 + 10_000, T0 + 12_000).meter_ms == before.meter_ms + 2000


def test_after_a_great_step_back_the_line_goes_on_at_once(make_room):
    """More than five seconds: the room takes the clock as it is now, and calls at its rate.

    (With a clock that only waited, half an hour back froze calling for half an hour.)
    """
    room = make_room(rate_per_min=60, burst=1, call_timeout_ms=MINUTE)
    room.crowd(T0, 100)
    before = room.run_until(T0, T0 + 5000)
    back = room.status(T0 - HOUR)
    assert (back.now_ms, back.serving) == (T0 - HOUR, before.serving)
    later = room.run_until(T0 - HOUR, T0 - HOUR + 10_000)
    assert later.meter_ms == before.meter_ms + 10_000
    assert later.serving >= before.serving + 10


@pytest.mark.parametrize("step_ms", [5000, 5001])
def test_the_border_between_waiting_and_taking_is_five_seconds(make_room, step_ms):
    """Exactly five seconds are still waited out."""
    room = make_room()
    room.crowd(T0 + MINUTE, 1)
    held = step_ms <= 5000
    now_ms = room.status(T0 + MINUTE - step_ms).now_ms
    assert now_ms == (T0 + MINUTE if held else T0 + MINUTE - step_ms)


def test_leases_go_by_the_wall_clock(make_room):
    """A session is real time: a paused, slow or jumping sale does not make it longer."""
    room = make_room(session_ms=MINUTE)
    room.crowd(T0, 1)
    room.knock(T0, 1)
    room.act(T0, "pause")
    assert room.status(T0 + MINUTE - 1).leases == 1
    expired = room.status(T0 + MINUTE)
    assert (expired.leases, expired.counters.expired) == (0, 1)


@pytest.mark.parametrize("how", ["pause", "rate", "drain"])
def test_while_the_room_stands_still_so_does_the_meter(make_room, how):
    """No credit, no age: after a quarter of an hour everything is as it was."""
    room = make_room(rate_per_min=60, burst=1, call_timeout_ms=2000)
    room.crowd(T0, 50)
    room.status(T0)
    stopped = room.set(T0, {"rate_per_min": 0}) if how == "rate" else room.act(T0, how)
    later = room.run_until(T0, T0 + 15 * MINUTE, every_ms=10_000)
    assert (later.meter_ms, later.open_calls) == (stopped.meter_ms, 1)
    assert later.credit <= stopped.credit


def test_the_room_opens_with_a_full_burst_whenever_that_is_seen(make_room):
    """Nobody looked at the opening itself: the first look is the opening, at its own time."""
    room = make_room(rate_per_min=60, burst=5, opens_at_ms=T0 + MINUTE)
    room.crowd(T0, 50)
    opened = room.status(T0 + HOUR)
    assert (opened.phase, opened.opened_at_ms, opened.serving) == (Phase.OPEN, T0 + HOUR, 5)


def test_nobody_is_timed_out_before_their_page_could_read_the_seed(make_room):
    """Pages read it at a random moment of a window; ``call_timeout`` begins when that is over."""
    begin_ms = T0 + MINUTE
    room = make_room(burst=1, draw="shuffle", call_timeout_ms=1000, opens_at_ms=begin_ms)
    room.crowd(T0, 20_000)
    opened = room.status(begin_ms)
    assert (opened.spread_ms, opened.read_by_ms - opened.meter_ms) == (10_000, 10_000)
    assert room.run_until(begin_ms, begin_ms + 11_000).counters.no_show == 0
    assert room.run_until(begin_ms + 11_000, begin_ms + 12_000).counters.no_show > 0


def test_a_draw_before_the_opening_gives_the_pages_their_time_before_it(make_room):
    """``draw_at_ms`` a while earlier: at the opening everybody has read the seed long ago."""
    room = make_room(draw="shuffle", draw_at_ms=T0 + 1000, opens_at_ms=T0 + 21_000)
    room.crowd(T0, 20_000)
    assert room.status(T0 + 1000).drawn == 20_000
    opened = room.status(T0 + 21_000)
    assert opened.read_by_ms == opened.meter_ms


def test_silent_people_never_hold_more_than_so_many_open_calls(make_room):
    """At most burst + 4 × rate × call_timeout, also where refunds would pay for more."""
    room = make_room(rate_per_min=600, burst=20, call_timeout_ms=1000)
    room.crowd(T0, 50_000)
    most = max(room.status(T0 + ms).open_calls for ms in range(0, 60_000, 500))
    assert most <= 20 + 4 * 600 * 1000 // UNIT


def test_the_share_of_no_shows_is_a_recent_one(make_room):
    """Of the last two hundred or so: a quarter of an hour ago says nothing about now."""
    room = make_room(rate_per_min=6000, burst=100, capacity=100)
    room.crowd(T0, 2000)
    for now_ms in range(T0, T0 + 10_000, 500):
        serving = room.status(now_ms).serving
        inside = [f"1-{number}" for number in range(serving - 99, serving + 1) if number > 0]
        for lease in inside:
            room.knock(now_ms, int(lease[2:]))
        room.at(now_ms, "release", inside)
    numbers = dict(zip(FIELDS, struct.unpack(FORMAT, room.redis.get(room.keys.state)), strict=True))
    assert numbers["entered"] > 500
    assert numbers["came"] <= 300


def test_the_far_future_is_written_in_full(make_room):
    """Numbers leave Lua in plain digits: the year 2090 as well as large counts."""
    future_ms = 3_786_912_000_000
    room = make_room(rate_per_min=1_000_000, burst=1_000_000, opens_at_ms=future_ms)
    room.crowd(future_ms, 1_000)
    opened = room.status(future_ms)
    assert (opened.opened_at_ms, opened.credit) == (future_ms, (1_000_000 - 1000) * UNIT)
    entry = room.knock(future_ms, 1000)
    assert entry.expires_at_ms == future_ms + opened.session_ms
    assert opened.news[-1].at_ms == future_ms
    assert room.redis.hget(room.keys.entered, "1000") == b"3786912000000"


def test_large_arrivals_are_written_in_full(make_room):
    """A place of ten digits is read back as it was given, from every key."""
    arrival = 10**7 * 9
    room = make_room(rate_per_min=1_000_000, burst=1_000_000)
    room.join(T0, [None], (arrival, 1))
    assert room.written().tail == arrival + 1
    room.go(T0, arrival)
    assert room.redis.getbit(room.keys.left, arrival) == 1
