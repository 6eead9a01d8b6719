"""extend: a called shopper gets the claim grace once more, and nothing else changes for anybody."""

from dataclasses import replace

import pytest
from real import T0, RealRoom

from waitingroom.model import DrawMethod, Settings
from waitingroom.outcomes import EntryCode, Standing

SHORT = {"rate_per_min": 60, "burst": 1, "call_timeout_ms": 1000, "claim_grace_ms": 5000}
LAPSES_MS = 5500
"""When number 1 of such a room lapses, after its call at the opening: the grace and its slot."""


def standing_of(room, arrival):
    """Where a place stands by what is written."""
    (standing,) = room.standing([(1, arrival, arrival)])
    return standing


@pytest.fixture
def room(make_room):
    """One called, and one behind it."""
    made = make_room(**SHORT)
    made.crowd(T0, 2)
    made.status(T0)
    return made


def test_more_time_is_the_claim_grace_once_more(room):
    """Told as a moment of the wall clock, and kept to the millisecond."""
    answer = room.ask_for_time(T0, 1)
    assert (answer.code, answer.extended) == (EntryCode.EXTENDED, 1)
    assert answer.claim_by_ms == T0 + LAPSES_MS + 5000
    room.run_until(T0, T0 + LAPSES_MS + 4999)
    assert room.written().lapsed >= 1
    assert standing_of(room, 1) is Standing.CALLED
    assert room.knock(T0 + LAPSES_MS + 4999, 1).code is EntryCode.ENTERED


def test_without_it_the_place_would_have_lapsed(room):
    """The same room, nobody asks."""
    room.run_until(T0, T0 + LAPSES_MS)
    assert room.knock(T0 + LAPSES_MS, 1).code is EntryCode.LAPSED


def test_when_it_has_run_out_the_place_has_lapsed_for_good(room):
    """No third time: whoever asks again then is told so."""
    ends_ms = room.ask_for_time(T0, 1).claim_by_ms
    room.run_until(T0, ends_ms)
    assert room.ask_for_time(ends_ms, 1).code is EntryCode.LAPSED
    assert room.knock(ends_ms, 1).code is EntryCode.LAPSED
    assert room.redis.zcard(room.keys.extended) == 0


def test_asked_twice_it_is_the_same_time(room):
    """Early, or when the first deadline has passed: a reply that was lost costs nothing."""
    first = room.ask_for_time(T0, 1)
    for later_ms in (1, 2000, 4000, 6000, 8000, 10_000):
        again = room.ask_for_time(T0 + later_ms, 1)
        assert replace(again, now_ms=T0) == first


def test_it_changes_nothing_for_anybody_else(make_room, store):
    """No credit is held: calls, no-shows and what the door has are the same to the unit."""
    asked = make_room(**SHORT)
    knobs = Settings(**SHORT, draw=DrawMethod.FIFO, opens_at_ms=T0, test_clock=True)
    silent = RealRoom(store, f"{asked.name}-silent", knobs, T0)
    for room in (asked, silent):
        room.crowd(T0, 200)
    for now_ms in range(T0, T0 + 20_000, 500):
        seen = [facts(room.status(now_ms)) for room in (asked, silent)]
        assert seen[0] == seen[1]
        assert asked.ask_for_time(now_ms, asked.written().serving).extended
    assert asked.written().counters.no_show > 20


def facts(status):
    """What a turn that is held would change."""
    return status.serving, status.open_calls, status.credit, status.door, status.counters


def test_it_moves_nobody_ahead(make_room):
    """At the door the lowest number still goes in first, whoever has asked for time."""
    room = make_room(rate_per_min=60, burst=4, call_timeout_ms=1000)
    room.crowd(T0, 4)
    room.set(T0, {"burst": 2})
    room.ask_for_time(T0, 4)
    for arrival in (1, 2, 3, 4):
        room.knock(T0, arrival)
    assert room.knock(T0 + 1000, 4).code is EntryCode.DOOR
    assert room.knock(T0 + 1000, 3).code is EntryCode.ENTERED


def test_who_comes_in_the_time_given_is_late_like_any_other(room):
    """The credit went to the next when the call timed out; the meter calls one fewer."""
    room.ask_for_time(T0, 1)
    room.run_until(T0, T0 + 9000)
    before = room.written()
    assert before.lapsed >= 1
    room.knock(T0 + 9000, 1)
    after = room.written()
    assert after.counters.late == before.counters.late + 1
    assert after.credit == before.credit - 60_000


def test_a_pause_stops_this_clock_too(room):
    """A quarter of an hour of pause costs nothing, and it may be asked for meanwhile."""
    room.act(T0, "pause", "lunch")
    answer = room.ask_for_time(T0 + 60_000, 1)
    assert answer.claim_by_ms == T0 + 60_000 + LAPSES_MS + 5000
    room.run_until(T0 + 60_000, T0 + 900_000, every_ms=5000)
    resumed_ms = T0 + 900_000
    room.act(resumed_ms, "resume")
    room.run_until(resumed_ms, resumed_ms + LAPSES_MS + 4500)
    assert room.knock(resumed_ms + LAPSES_MS + 4500, 1).code is EntryCode.ENTERED


def test_it_runs_out_in_a_room_where_nothing_else_happens(make_room):
    """Full credit, nobody called or waiting: time must still be written, or it would never end."""
    room = make_room(**SHORT)
    room.crowd(T0, 1)
    ends_ms = room.ask_for_time(T0, 1).claim_by_ms
    room.run_until(T0, ends_ms - 500)
    assert standing_of(room, 1) is Standing.CALLED
    room.run_until(ends_ms - 500, ends_ms + 500)
    assert standing_of(room, 1) is Standing.LAPSED
    written = room.written().now_ms
    room.run_until(ends_ms + 500, ends_ms + 9000)
    assert room.written().now_ms == written, "an idle room writes nothing again"


def test_after_a_reset_it_is_forgotten(room):
    """The new epoch's number 1 has asked for nothing."""
    room.ask_for_time(T0, 1)
    room.reset(T0, T0 + 1000)
    room.crowd(T0 + 1000, 1)
    room.status(T0 + 1000)
    assert room.ask_for_time(T0 + 1000, 1).code is EntryCode.OLD_EPOCH
    room.run_until(T0 + 1000, T0 + 1000 + LAPSES_MS)
    assert room.knock(T0 + 1000 + LAPSES_MS, 1, epoch=2).code is EntryCode.LAPSED


def test_a_new_grace_counts_for_those_who_have_not_asked(room):
    """What was told stays; a deadline that the call itself gives may be later."""
    room.ask_for_time(T0, 1)
    room.set(T0, {"claim_grace_ms": 60_000})
    assert room.ask_for_time(T0, 1).claim_by_ms == T0 + 500 + 60_000


@pytest.mark.parametrize(
    ("story", "code"),
    [
        ("waits", EntryCode.NOT_CALLED),
        ("entered", EntryCode.SPENT),
        ("left", EntryCode.LEFT),
        ("lapsed", EntryCode.LAPSED),
        ("closed", EntryCode.CLOSED),
    ],
)
def test_who_is_not_called_or_has_no_place_gets_none(room, story, code):
    """The same reasons as at the door, in the same order; nothing is written down."""
    now_ms, arrival = T0, 2 if story == "waits" else 1
    if story == "entered":
        room.knock(T0, 1)
    elif story == "left":
        room.go(T0, 1)
    elif story == "closed":
        room.act(T0, "close")
    elif story == "lapsed":
        now_ms = T0 + LAPSES_MS
        room.run_until(T0, now_ms)
    answer = room.ask_for_time(now_ms, arrival)
    assert (answer.code, answer.claim_by_ms, answer.extended) == (code, 0, 0)
    assert (answer.retry_after_ms > 0) is (story == "waits")
    assert room.redis.zcard(room.keys.extended) == 0


def test_before_the_draw_nobody_is_called_who_could_ask(make_room):
    """A shuffled room has no numbers yet."""
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + 1000)
    room.crowd(T0, 1)
    answer = room.store.extend(room.name, 1, 1, None, now_ms=T0)
    assert answer.code is EntryCode.NOT_CALLED


def at_a_full_shop(make_room):
    """Number 2 was called, and has been standing before a full shop ever since."""
    room = make_room(**SHORT, capacity=1)
    room.crowd(T0, 3)
    room.knock(T0, 1)
    room.set(T0, {"capacity": 2})
    room.run_until(T0, T0 + 1000)
    room.set(T0 + 1000, {"capacity": 1})
    return room


def test_who_stands_at_the_door_is_told_the_deadline(make_room):
    """By the call first; then, as long as they stand there, by their next appointment."""
    room = at_a_full_shop(make_room)
    entry = room.knock(T0 + 1000, 2)
    assert (entry.code, entry.extended) == (EntryCode.FULL, 0)
    assert entry.claim_by_ms == T0 + 1000 + LAPSES_MS
    for now_ms in range(T0 + 2000, T0 + 9000, 1000):
        entry = room.knock(now_ms, 2)
    assert entry.claim_by_ms == entry.now_ms + entry.retry_after_ms + 3000


def test_who_has_stood_at_the_door_for_long_may_still_ask(make_room):
    """The call's own grace is over; they get one from now on, and may turn away meanwhile."""
    room = at_a_full_shop(make_room)
    for now_ms in range(T0 + 1000, T0 + 9000, 1000):
        room.knock(now_ms, 2)
    assert room.written().lapsed == 2
    asked = room.ask_for_time(T0 + 9000, 2)
    assert asked.claim_by_ms in (T0 + 14_000, asked.now_ms + 5000)
    room.run_until(T0 + 9000, T0 + 13_500)
    assert room.written().at_door == 0
    assert room.knock(T0 + 13_500, 2).code is EntryCode.FULL
