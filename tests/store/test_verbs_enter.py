"""enter: a called shopper trades the ticket for a lease, and the limit holds."""

import pytest
from real import T0

from waitingroom.model import DrawMethod
from waitingroom.outcomes import EntryCode, Standing

MINUTE = 60_000


def code_of(room, now_ms, arrival, epoch=1):
    return room.knock(now_ms, arrival, epoch).code


def test_who_is_called_enters(make_room):
    """The answer says when the lease began, expires, and ends for good, and counts entries."""
    room = make_room(session_ms=MINUTE, session_max_ms=3 * MINUTE)
    room.crowd(T0, 2)
    entry = room.knock(T0, 1)
    assert entry.code is EntryCode.ENTERED
    assert (entry.entered_at_ms, entry.expires_at_ms) == (T0, T0 + MINUTE)
    assert (entry.ends_at_ms, entry.count) == (T0 + 3 * MINUTE, 1)
    assert room.knock(T0, 2).count == 2


def test_who_knocks_twice_is_told_the_same_lease_again(make_room):
    """A reply that was lost on the way costs nothing: same lease, no second entry."""
    room = make_room()
    room.crowd(T0, 1)
    first, again = room.knock(T0, 1), room.knock(T0 + 5000, 1)
    assert again.code is EntryCode.AGAIN
    assert (again.entered_at_ms, again.expires_at_ms) == (T0, first.expires_at_ms)
    assert room.status(T0 + 5000).counters.entered == 1


def test_a_ticket_is_spent_when_its_lease_is_over(make_room):
    """M2: a ticket enters at most once, whether its lease expired or was given back."""
    room = make_room(session_ms=1000)
    room.crowd(T0, 2)
    room.knock(T0, 1)
    room.knock(T0, 2)
    room.at(T0, "release", ["1-2"])
    assert code_of(room, T0 + 999, 1) is EntryCode.AGAIN
    assert code_of(room, T0 + 1000, 1) is EntryCode.SPENT
    assert code_of(room, T0 + 1000, 2) is EntryCode.SPENT


def test_the_first_reason_of_many_is_told(make_room):
    """Epoch, same lease, spent, left, not called, lapsed, phase, capacity, door: in this order."""
    room = make_room(rate_per_min=60, burst=1, call_timeout_ms=1000, claim_grace_ms=2000)
    room.crowd(T0, 50)
    room.knock(T0, 1)
    room.run_until(T0, T0 + 4500)
    room.go(T0 + 4500, 3)
    room.set(T0 + 4500, {"capacity": 1})
    assert code_of(room, T0 + 4500, 4) is EntryCode.FULL
    room.act(T0 + 4500, "pause")
    assert code_of(room, T0 + 4500, 1, epoch=2) is EntryCode.OLD_EPOCH
    assert code_of(room, T0 + 4500, 1) is EntryCode.AGAIN
    room.at(T0 + 4500, "release", ["1-1"])
    assert code_of(room, T0 + 4500, 1) is EntryCode.SPENT
    assert code_of(room, T0 + 4500, 3) is EntryCode.LEFT
    assert code_of(room, T0 + 4500, 50) is EntryCode.NOT_CALLED
    assert code_of(room, T0 + 4500, 2) is EntryCode.LAPSED
    assert code_of(room, T0 + 4500, 4) is EntryCode.PAUSED
    room.act(T0 + 4500, "drain")
    assert code_of(room, T0 + 4500, 4) is EntryCode.DRAINING
    room.act(T0 + 4500, "close")
    assert code_of(room, T0 + 4500, 4) is EntryCode.CLOSED
    assert code_of(room, T0 + 4500, 2) is EntryCode.LAPSED


def test_who_is_not_called_is_told_how_many_are_ahead(make_room):
    """People ahead without oneself, and the time that the rate needs for them and oneself."""
    room = make_room(rate_per_min=60, burst=1)
    room.crowd(T0, 9)
    entry = room.knock(T0, 5)
    assert (entry.code, entry.ahead, entry.retry_after_ms) == (EntryCode.NOT_CALLED, 3, 4000)


@pytest.mark.parametrize("how", ["spent", "left", "lapsed"])
def test_who_cannot_come_in_any_more_is_not_told_to_wait(make_room, how):
    """``retry_after_ms`` is 0 where waiting does not help."""
    room = make_room(burst=1, call_timeout_ms=1000, claim_grace_ms=1000, session_ms=1000)
    room.crowd(T0, 1)
    if how == "spent":
        room.knock(T0, 1)
    if how == "left":
        room.go(T0, 1)
    room.run_until(T0, T0 + 3000)
    entry = room.knock(T0 + 3000, 1)
    assert (entry.code, entry.ahead, entry.retry_after_ms) == (how, 0, 0)


def test_before_the_draw_nobody_is_called(make_room):
    """A shuffled room has no numbers before its draw, so it can call none."""
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + 1000)
    room.crowd(T0, 1)
    entry = room.store.enter(room.name, 1, 1, None, now_ms=T0)
    assert entry.code is EntryCode.NOT_CALLED


def test_who_comes_late_but_within_the_grace_still_enters(make_room):
    """The place went to the next after ``call_timeout``; the meter then calls one fewer."""
    room = make_room(rate_per_min=60, burst=1, call_timeout_ms=2000, claim_grace_ms=10_000)
    room.crowd(T0, 50)
    late = room.run_until(T0, T0 + 5000)
    assert late.counters.no_show >= 1
    before = room.written()
    assert code_of(room, T0 + 5000, 1) is EntryCode.ENTERED
    after = room.written()
    assert after.counters.late == 1
    assert after.credit == before.credit - 60_000


def test_after_the_grace_the_place_is_gone(make_room):
    """``claim_grace`` after the call the place has lapsed, and ``lapsed`` tells everybody so."""
    room = make_room(burst=1, rate_per_min=60, call_timeout_ms=1000, claim_grace_ms=5000)
    room.crowd(T0, 1)
    assert room.run_until(T0, T0 + 5000).lapsed == 0
    assert room.status(T0 + 5500).lapsed == 1
    assert code_of(room, T0 + 5500, 1) is EntryCode.LAPSED


def test_who_was_called_and_finds_no_credit_stands_at_the_door(make_room):
    """They count as come, and get an appointment for when the door has earned their credit."""
    room = make_room(rate_per_min=60, burst=2, call_timeout_ms=1000)
    room.crowd(T0, 9)
    room.knock(T0, 1)
    room.run_until(T0, T0 + 1500)
    for arrival in (2, 3):
        room.knock(T0 + 1500, arrival)
    entry = room.knock(T0 + 1500, 4)
    assert (entry.code, entry.ahead) == (EntryCode.DOOR, 0)
    assert entry.retry_after_ms == 1000
    assert room.written().at_door == 1
    assert code_of(room, T0 + 2499, 4) is EntryCode.DOOR
    assert code_of(room, T0 + 2500, 4) is EntryCode.ENTERED


def at_a_busy_door(make_room, **knobs):
    """Numbers 3 and 4 stand at the door, the credits of 1 and 2 just used; 60 a minute."""
    room = make_room(rate_per_min=60, burst=4, call_timeout_ms=1000, **knobs)
    room.crowd(T0, 4)
    room.set(T0, {"burst": 2})
    for arrival in (1, 2, 3, 4):
        room.knock(T0, arrival)
    assert room.written().at_door == 2
    return room


def test_the_lowest_number_at_the_door_goes_in_first(make_room):
    """With one credit, who stands behind is asked to wait although they knocked first."""
    room = at_a_busy_door(make_room)
    entry = room.knock(T0 + 1000, 4)
    assert (entry.code, entry.ahead, entry.retry_after_ms) == (EntryCode.DOOR, 1, 1000)
    assert code_of(room, T0 + 1000, 3) is EntryCode.ENTERED
    assert code_of(room, T0 + 2000, 4) is EntryCode.ENTERED


def test_who_does_not_keep_the_appointment_gives_the_place_to_the_next(make_room):
    """Three seconds after the appointment they have gone: nobody waits for them any longer."""
    room = at_a_busy_door(make_room, claim_grace_ms=30_000)
    assert room.run_until(T0, T0 + 3500).at_door == 2
    assert room.run_until(T0 + 3500, T0 + 4000).at_door == 1
    gone = room.run_until(T0 + 4000, T0 + 5000)
    assert (gone.at_door, gone.counters.no_show) == (0, 2)
    assert code_of(room, T0 + 5000, 3) is EntryCode.ENTERED


def test_a_full_door_lets_in_whoever_is_there(make_room):
    """What it cannot keep would be lost: those ahead who are not here have no claim on it."""
    room = at_a_busy_door(make_room)
    room.crowd(T0, 1)
    for now_ms in (T0 + 1000, T0 + 2000):
        assert room.status(now_ms).at_door == 2
    assert room.knock(T0 + 2000, 5).code is EntryCode.ENTERED
    assert room.knock(T0 + 2000, 4).code is EntryCode.DOOR
    assert room.knock(T0 + 2000, 3).code is EntryCode.ENTERED


def test_who_goes_from_the_door_while_the_call_still_stands_is_called_as_before(make_room):
    """The call is open again: it times out, or is answered, once."""
    room = make_room(rate_per_min=60, burst=1, call_timeout_ms=20_000)
    room.crowd(T0, 9)
    room.knock(T0, 1)
    room.run_until(T0, T0 + 1000)
    room.set(T0 + 1000, {"rate_per_min": 0})
    assert code_of(room, T0 + 1000, 2) is EntryCode.DOOR
    assert room.written().open_calls == 0
    room.set(T0 + 1000, {"rate_per_min": 60})
    back = room.run_until(T0 + 1000, T0 + 14_000)
    assert (back.at_door, back.counters.no_show) == (0, 0)
    assert code_of(room, T0 + 14_000, 2) is EntryCode.ENTERED


def test_standing_at_the_door_keeps_the_place_from_lapsing(make_room):
    """Whoever is here and keeps appointments is not told that they came too late."""
    room = make_room(
        rate_per_min=60, burst=1, call_timeout_ms=1000, claim_grace_ms=2000, capacity=1
    )
    room.crowd(T0, 3)
    room.knock(T0, 1)
    room.set(T0, {"capacity": 2})
    room.run_until(T0, T0 + 1000)
    room.set(T0 + 1000, {"capacity": 1})
    for second in range(1, 12):
        assert code_of(room, T0 + second * 1000, 2) is EntryCode.FULL
    assert room.written().lapsed >= 2
    room.at(T0 + 12_000, "release", ["1-1"])
    assert code_of(room, T0 + 12_000, 2) is EntryCode.ENTERED


def test_a_full_shop_lets_nobody_in(make_room):
    """M2: no entry while leases ≥ capacity; who was called waits at the door for a place."""
    room = make_room(rate_per_min=600, capacity=2)
    room.crowd(T0, 5)
    assert [code_of(room, T0, arrival) for arrival in (1, 2)] == [EntryCode.ENTERED] * 2
    room.set(T0, {"capacity": 3})
    room.run_until(T0, T0 + 1000)
    room.set(T0 + 1000, {"capacity": 1})
    entry = room.knock(T0 + 1000, 3)
    assert (entry.code, entry.retry_after_ms) == (EntryCode.FULL, 2000)
    room.at(T0 + 1000, "release", ["1-1", "1-2"])
    assert code_of(room, T0 + 3000, 3) is EntryCode.ENTERED


def test_an_expired_lease_frees_its_place_at_that_moment(make_room):
    """Capacity is looked at after the leases that are over have been taken away."""
    room = make_room(rate_per_min=600, capacity=2, session_ms=2000)
    room.crowd(T0, 2)
    room.knock(T0, 1)
    room.set(T0, {"capacity": 1})
    assert code_of(room, T0 + 1999, 2) is EntryCode.FULL
    assert code_of(room, T0 + 2000, 2) is EntryCode.ENTERED


def test_a_rate_of_zero_holds_everybody(make_room):
    """Not even the burst that was earned before is let in; it is there again with the rate."""
    room = make_room(rate_per_min=600)
    room.crowd(T0, 9)
    room.status(T0)
    room.set(T0, {"rate_per_min": 0})
    entry = room.knock(T0, 1)
    assert (entry.code, entry.retry_after_ms) == (EntryCode.DOOR, 5000)
    room.set(T0, {"rate_per_min": 600})
    assert code_of(room, T0, 1) is EntryCode.ENTERED


def test_a_pause_stops_entries_at_once_and_costs_nobody_their_place(make_room):
    """M7; and fifteen minutes of pause count for nobody's time-out."""
    room = make_room(rate_per_min=60, burst=2, call_timeout_ms=2000, claim_grace_ms=4000)
    room.crowd(T0, 9)
    room.status(T0)
    room.act(T0, "pause", "lunch")
    assert code_of(room, T0, 1) is EntryCode.PAUSED
    room.run_until(T0, T0 + 15 * MINUTE, every_ms=5000)
    room.act(T0 + 15 * MINUTE, "resume")
    assert code_of(room, T0 + 15 * MINUTE, 1) is EntryCode.ENTERED
    assert room.written().counters.no_show == 0


def test_an_arrival_above_the_tail_raises_it(make_room):
    """M5: a promoted replica that is shown a signed ticket never gives that place again."""
    room = make_room(burst=1)
    room.crowd(T0, 1)
    room.knock(T0, 50)
    assert room.crowd(T0, 1) == (51,)
    assert room.store.standing(room.name, [(1, 50, 50)]) == (Standing.NOT_CALLED,)
