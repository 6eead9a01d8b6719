"""The history: kept while nobody looks, bounded, once a moment, and through a restart."""

import logging
from dataclasses import replace

import pytest

from waitingroom.console.keeper import Keeper, gate_latency_us, until_next_s
from waitingroom.history import Sample, per_min, rates
from waitingroom.model import Settings
from waitingroom.store.client import Store
from waitingroom.store.history import HOUR, SALE
from waitingroom.store.keys import SYSTEM, history_key

T0 = 1_790_000_000_000
NOBODY = "http://127.0.0.1:9"
SAMPLE = Sample(T0, 1, 60, 0, 10, 0, 0, 0, 0, 0, 0, 0)


def test_a_round_keeps_every_room_once_a_moment(
    store: Store, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two keepers at once do no harm."""
    names = [f"{room_id}-{number}" for number in range(3)]
    for name in names:
        store.create(name, Settings(opens_at_ms=0), actor="test")
    store.join(names[0], 7)
    look, at_ms = store.statuses, store.now_ms()
    # Without it one of the two might see the next moment.
    monkeypatch.setattr(
        store,
        "statuses",
        lambda: {name: replace(one, now_ms=at_ms) for name, one in look().items()},
    )
    keeper = Keeper(store, NOBODY)
    keeper.sample()
    keeper.sample()
    for name in names:
        (hour,), (sale,) = store.history.read(name, HOUR), store.history.read(name, SALE)
        assert hour == sale
        assert hour.gate_us == -1, "no gate answers there"
        assert hour.store_us > 0
    assert store.history.read(names[0], HOUR)[0].waiting == 7


def test_each_new_end_of_a_record_is_noted_once(
    store: Store, room_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In the words that `audit verify --against` reads; the system's own record too."""
    caplog.set_level(logging.INFO)
    store.create(room_id, Settings(opens_at_ms=0), actor="test")
    store.record.note("test", "", actor="test")
    keeper = Keeper(store, NOBODY)
    for _ in range(3):
        keeper.sample()
    store.act(room_id, "close", actor="test")
    keeper.sample()
    lines = [line.split() for line in caplog.messages if f" {room_id} " in line]
    heads = [(entry.seq, entry.hash) for entry in store.record.entries(room_id)]
    assert [(int(seq), digest) for _, _, seq, digest in lines] == heads
    assert any(line.startswith(f"record {SYSTEM} ") for line in caplog.messages)
    caplog.clear()
    store.record.note("test", "", actor="test")
    keeper.sample()
    (head,) = store.record.heads([SYSTEM]).values()
    assert caplog.messages == [f"record {SYSTEM} {head.seq} {head.hash}"]


def test_the_history_has_an_end(store: Store, room_id: str) -> None:
    """As many moments as the charts show; the oldest go."""
    for moment in range(HOUR.kept + 300):
        at_ms = T0 + moment * HOUR.every_ms
        store.history.add({room_id: replace(SAMPLE, at_ms=at_ms)})
    hour = store.history.read(room_id, HOUR)
    assert HOUR.kept <= len(hour) < HOUR.kept + 100, "a stream is cut by whole nodes"
    assert hour[-1].at_ms == at_ms
    assert len(store.history.read(room_id, SALE)) == 86, "85 minutes, begun in the middle of one"
    used = store._redis.memory_usage(history_key(room_id, HOUR.every_ms))
    assert used < 150 * HOUR.kept, "50 rooms: a few megabytes"
    store._redis.delete(*(history_key(room_id, grain.every_ms) for grain in (HOUR, SALE)))


def test_a_clock_that_is_set_back_disturbs_nothing(store: Store, room_id: str) -> None:
    """Until it has caught up, nothing is kept twice."""
    for at_ms in (T0, T0 + 5_000, T0 + 1_000, T0 + 9_999, T0 + 10_000):
        store.history.add({room_id: replace(SAMPLE, at_ms=at_ms)})
    found = [one.at_ms - T0 for one in store.history.read(room_id, HOUR)]
    assert found == [0, 5_000, 10_000]
    store._redis.delete(*(history_key(room_id, grain.every_ms) for grain in (HOUR, SALE)))


def test_a_rate_is_counted_within_one_running_of_a_room() -> None:
    """What was counted in another epoch says nothing."""
    moments = [(0, 1, 900), (30, 2, 0), (45, 2, 10), (90, 2, 70), (105, 2, 70)]
    samples = [
        replace(SAMPLE, at_ms=T0 + at_s * 1000, epoch=epoch, entered=entered)
        for at_s, epoch, entered in moments
    ]
    assert per_min(samples, "entered") == 60
    assert per_min(samples[:3], "entered") == 40
    assert per_min(samples[:2], "entered") is None
    assert per_min([], "entered") is None
    told = [(at_ms - T0, counted) for at_ms, counted in rates(samples, "entered")]
    assert told == [(45_000, 40), (90_000, 70), (105_000, 60)], "of the minute before, at most"


def test_a_round_is_due_in_the_middle_of_each_slot() -> None:
    """So that a clock that is off by a little asks for no moment twice."""
    assert [until_next_s(T0 + ms) for ms in (0, 2_499, 2_500, 4_999)] == [2.5, 0.001, 5, 2.501]


def test_a_gate_that_does_not_answer_has_no_latency() -> None:
    assert gate_latency_us(NOBODY) == -1
