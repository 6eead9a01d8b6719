"""Racers: many threads, each with its own connection, and a limit that holds to the last one."""

import threading
from collections import Counter

import pytest
from real import T0

from waitingroom.outcomes import EntryCode
from waitingroom.store.client import Store

RACERS = 16
LONGEST_S = 60
"""For all of them to be there: one that fails before the start must not leave the others there."""


def race(store_url, run):
    """``run(store, racer)`` in every thread, all let go at once; answers what they returned."""
    answers, faults, start = [], [], threading.Barrier(RACERS, timeout=LONGEST_S)

    def racer(index: int) -> None:
        store = Store.connect(store_url, timeout_s=30)
        try:
            store.ping()
            start.wait()
            answers.append(run(store, index))
        except Exception as fault:
            faults.append(fault)
        finally:
            store.close()

    threads = [threading.Thread(target=racer, args=(index,)) for index in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    return answers


@pytest.mark.parametrize("limit", ["burst", "capacity"])
def test_of_many_racers_exactly_as_many_enter_as_may(make_room, store_url, limit):
    """M1 and M2 to the last place: everybody called knocks at the same moment, k get in."""
    room = (
        make_room(rate_per_min=600, burst=7) if limit == "burst" else make_room(rate_per_min=6000)
    )
    room.crowd(T0, 160)
    room.run_until(T0, T0 + 20_000) if limit == "burst" else room.run_until(T0, T0 + 2000)
    if limit == "capacity":
        room.set(T0 + 2000, {"capacity": 7})
    now_ms = room.written().now_ms

    def knock(store, racer):
        arrivals = range(racer + 1, 161, RACERS)
        return [store.enter(room.name, 1, a, a, now_ms=now_ms).code for a in arrivals]

    codes = Counter(code for codes in race(store_url, knock) for code in codes)
    assert codes[EntryCode.ENTERED] == 7
    assert codes[EntryCode.DOOR] + codes[EntryCode.FULL] == 153
    assert room.written().counters.entered == 7


def test_racers_with_the_same_ticket_get_one_lease(make_room, store_url):
    """M2: one of them enters, all others are told the same lease again."""
    room = make_room(rate_per_min=6000)
    room.crowd(T0, 1)
    room.status(T0)
    answers = race(store_url, lambda store, _: store.enter(room.name, 1, 1, 1, now_ms=T0))
    assert Counter(answer.code for answer in answers) == {
        EntryCode.ENTERED: 1,
        EntryCode.AGAIN: RACERS - 1,
    }
    assert room.written().leases == 1


def test_racers_who_ask_for_time_with_the_same_ticket_get_it_once(make_room, store_url):
    """All are told the same deadline: a claim grace more, and not one for each of them."""
    room = make_room(call_timeout_ms=1000, claim_grace_ms=5000)
    room.crowd(T0, 1)
    room.status(T0)
    answers = race(store_url, lambda store, _: store.extend(room.name, 1, 1, 1, now_ms=T0))
    assert Counter((answer.code, answer.claim_by_ms - T0) for answer in answers) == {
        (EntryCode.EXTENDED, 10_500): RACERS
    }


def test_numbers_are_unique_whoever_joins_at_the_same_time(make_room, store_url):
    """M2: no place twice, no hole, under concurrent batches of all sizes."""
    room = make_room()

    def join(store, racer):
        batches = (store.join(room.name, size, now_ms=T0).arrivals for size in range(1, 20))
        return [arrival for batch in batches for arrival in batch]

    given = [arrival for arrivals in race(store_url, join) for arrival in arrivals]
    assert sorted(given) == list(range(1, len(given) + 1))


def test_of_many_express_shoppers_exactly_a_burst_enters(make_room, store_url):
    """Nobody is told that nobody waits when somebody does; who is refused holds no place."""
    room = make_room(burst=5)
    room.status(T0)
    answers = race(store_url, lambda store, _: store.express(room.name, now_ms=T0))
    assert sum(answer.entry is not None for answer in answers) == 5
    assert room.written().tail == 5


def test_of_many_who_redeem_a_handover_one_may(make_room, store_url):
    """Single use, whoever is first."""
    room = make_room()
    answers = race(store_url, lambda store, _: store.redeem(room.name, 1, "once"))
    assert Counter(answers) == {True: 1, False: RACERS - 1}


def test_of_two_operators_on_the_same_version_one_wins(make_room, store_url):
    """Sixteen turn the same knob from the same page: one change, fifteen conflicts."""
    room = make_room()
    version = room.status(T0).version

    def turn(store, racer):
        try:
            store.set(room.name, {"capacity": racer + 1}, actor="me", version=version, now_ms=T0)
        except Exception as fault:
            return fault.code
        return "won"

    assert Counter(race(store_url, turn)) == {"won": 1, "version_conflict": RACERS - 1}
    assert room.written().version == version + 1


def test_of_many_who_take_a_change_back_one_does(make_room, store_url):
    """The others are told that it is done; nothing further back is undone."""
    room = make_room(capacity=1)
    room.set(T0, {"capacity": 2})
    room.set(T0, {"capacity": 3})

    def undo(store, _):
        try:
            store.undo(room.name, actor="me", now_ms=T0)
        except Exception as fault:
            return fault.code
        return "won"

    assert Counter(race(store_url, undo)) == {"won": 1, "cannot_undo": RACERS - 1}
    assert room.written().capacity == 2


def test_of_many_who_make_the_same_room_one_does(store_url, room_id):
    """And the others are told that it is there."""
    from waitingroom.model import Settings

    def make(store, racer):
        try:
            store.create(room_id, Settings(capacity=racer + 1), actor="me")
        except Exception as fault:
            return fault.code
        return "made"

    assert Counter(race(store_url, make)) == {"made": 1, "room_exists": RACERS - 1}
