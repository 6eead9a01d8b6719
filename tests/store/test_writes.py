"""What is written, and when: a look that changes nothing writes nothing."""

import pytest
from real import T0


def changes(room) -> int:
    return room.redis.info("persistence")["rdb_changes_since_last_save"]


def writes_of(room, action) -> int:
    before = changes(room)
    action()
    return changes(room) - before


def test_looks_within_a_second_write_nothing(make_room):
    """A room with a line is written at most once a second by those who look."""
    room = make_room(rate_per_min=1, burst=1, call_timeout_ms=600_000)
    room.crowd(T0, 5)
    room.knock(T0, 1)
    begin_ms = room.run_until(T0, T0 + 4500).now_ms
    looks = range(begin_ms + 50, begin_ms + 1000, 50)
    assert writes_of(room, lambda: [room.status(now_ms) for now_ms in looks]) == 0
    looks = range(begin_ms + 1000, begin_ms + 11_000, 100)
    assert writes_of(room, lambda: [room.status(now_ms) for now_ms in looks]) == 10


def test_an_idle_room_writes_nothing_for_hours(make_room):
    """Credit is full and nobody is called: time alone is not worth a write."""
    room = make_room()
    room.status(T0)
    looks = range(T0, T0 + 7_200_000, 30_000)
    assert writes_of(room, lambda: [room.status(now_ms) for now_ms in looks]) == 0


@pytest.mark.parametrize("phase", ["scheduled", "early", "paused", "rate 0", "draining", "closed"])
def test_a_room_that_stands_still_writes_nothing(make_room, phase):
    """However long, and however many look."""
    early = {"scheduled": T0 + 10**9, "early": 0}
    opens = {"opens_at_ms": T0 + 2 * 10**9} if phase in early else {}
    room = make_room(early_at_ms=early.get(phase, 0), **opens)
    room.crowd(T0, 50)
    room.status(T0)
    act = {"paused": "pause", "draining": "drain", "closed": "close"}.get(phase)
    if act:
        room.act(T0, act)
    if phase == "rate 0":
        room.set(T0, {"rate_per_min": 0})
    looks = range(T0, T0 + 600_000, 5000)
    assert writes_of(room, lambda: [room.status(now_ms) for now_ms in looks]) == 0


def test_time_that_was_not_written_is_not_lost(make_room):
    """Sixty looks in three seconds earn what six do."""
    room = make_room(rate_per_min=60, burst=1)
    room.crowd(T0, 50)
    room.status(T0)
    for now_ms in range(T0, T0 + 3000, 50):
        room.status(now_ms)
    assert room.status(T0 + 3000).serving == 4


def test_knocking_in_vain_writes_nothing(make_room):
    """Not called, spent, left, lapsed, old: refused without a write; a flood is no flood of log."""
    room = make_room(rate_per_min=60, burst=1, session_ms=1000)
    room.crowd(T0, 50)
    room.knock(T0, 1)
    room.go(T0, 40)
    room.run_until(T0, T0 + 2000)

    def knock_in_vain():
        for arrival in (1, 40, 50):
            room.knock(T0 + 2000, arrival)
        room.knock(T0 + 2000, 5, epoch=9)

    assert writes_of(room, knock_in_vain) == 0


def test_a_look_does_not_send_texts_that_are_known(make_room, store):
    """Gates that look twice a second are not told the news each time."""
    from waitingroom.store import state

    room = make_room()
    told = room.status(T0).told
    known = store.run(state.status(room.name, known=told, now_ms=T0))
    fresh = store.run(state.status(room.name, known=told - 1, now_ms=T0))
    assert (len(known), len(fresh)) == (2, 4)
