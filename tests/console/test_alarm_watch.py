"""A keeper's look at the alarms, over a real store: once each, through restarts, by two of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric
from redis import Redis
from rq import Queue
from systems import free_ports

from waitingroom.beats import FORGOTTEN_MS, Beat
from waitingroom.console import keeper
from waitingroom.console.keeper import Keeper
from waitingroom.console.notices import Post
from waitingroom.console.watch import Watch
from waitingroom.errors import StoreDown
from waitingroom.model import Settings
from waitingroom.standing import AlarmNotice, Case, firing
from waitingroom.store.client import Store
from waitingroom.store.keys import ALARM_STANDINGS, KEEPERS

MINUTE_MS = 60_000
HERE = "a:8003"


@pytest.fixture
def queue(store: Store) -> Iterator[Queue]:
    """The jobs that tell of alarms, and no alarm from before."""
    made = Queue("default", connection=store.client)
    for _ in range(2):
        made.delete(delete_jobs=True)
        store.client.delete(ALARM_STANDINGS, KEEPERS)
        if _ == 0:
            yield made


@dataclass
class Times:
    """Clocks of a keeper and of the store that a test sets. ``folder``: of the system's data."""

    folder: Path
    ms: int = 1_790_000_000_000

    def __call__(self) -> int:
        return self.ms


@dataclass
class System:
    """A keeper's watch whose store has the test's clock. ``workers``: of its gate that are up."""

    store: Store
    times: Times
    name: str = HERE
    workers: int = 2
    marker: Path = field(init=False)
    post: Post = field(init=False)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.marker = self.times.folder / self.name
        self.post = Post(self.store.client, mails=2, webhook=True)
        self.restart()

    def restart(self) -> None:
        """All that was in memory is gone."""
        words = (self.store, self.name, self.counts, self.post, self.marker)
        self.watch = Watch(*words, now_ms=self.times)

    def counts(self) -> Iterable[Metric]:
        """What Prometheus would be told of the gate."""
        yield GaugeMetricFamily("waitingroom_gate_workers_configured", "", value=2)
        yield GaugeMetricFamily("waitingroom_gate_workers", "", value=self.workers)
        yield GaugeMetricFamily("waitingroom_gate_clock_skew_seconds", "", value=0.25)

    def look(self, minutes: float = 0.0) -> list[str]:
        """Look after a while; the alarms that hold, of this system."""
        self.times.ms += round(minutes * MINUTE_MS)
        self.watch.look({}, {})
        return [case.name for case, _ in firing(self.store.alarms.kept())]


@pytest.fixture
def times(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Times:
    """The clock of keepers, and of their store."""
    made = Times(tmp_path)
    monkeypatch.setattr(store, "now_ms", made)
    return made


def jobs(queue: Queue) -> list[tuple[str, Any]]:
    """What is in the queue: which job, and of what."""
    found = [queue.fetch_job(job_id) for job_id in queue.job_ids]
    return [(job.func_name.rpartition(".")[2], job.args) for job in found if job]


def ends(queue: Queue) -> list[bool]:
    """Of each webhook in the queue, whether it tells of an end."""
    return [bool(args[0]["ended_ms"]) for name, args in jobs(queue) if name == "webhook"]


def test_an_alarm_goes_out_once_to_each_when_it_begins_and_once_when_it_ends(
    store: Store, queue: Queue, times: Times
) -> None:
    """Though a keeper looks every five seconds and is started anew again and again."""
    system = System(store, times, workers=1)
    for _ in range(40):
        system.look(1 / 12)
        system.restart()
    assert system.look() == ["WaitingRoomGateWorkerMissing"]
    assert [name for name, _ in jobs(queue)] == ["mail", "mail", "webhook"]
    assert [args[1] for name, args in jobs(queue) if name == "mail"] == [0, 1]
    system.workers = 2
    for _ in range(40):
        system.look(1 / 12)
        system.restart()
    assert system.look() == []
    assert ends(queue) == [False, True]
    assert len(queue) == 6


def test_of_two_keepers_that_see_the_same_one_tells(
    store: Store, queue: Queue, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the second writes between the first one's reading and its writing."""
    first, second = System(store, times, workers=1), System(store, times, workers=1)
    first.look()
    second.look(1)
    assert ends(queue) == [False]
    first.look()
    assert ends(queue) == [False]
    first.workers = second.workers = 2
    pipeline = store.client.pipeline
    raced: list[int] = []

    def between(*words: Any, **named: Any) -> Any:
        made = pipeline(*words, **named)
        if not raced:
            raced.append(1)
            watch = made.watch

            def watched(*keys: Any) -> Any:
                answer = watch(*keys)
                second.look(0)
                return answer

            made.watch = watched
        return made

    times.ms += 2 * MINUTE_MS
    monkeypatch.setattr(store.client, "pipeline", between)
    first.look()
    assert raced
    assert ends(queue) == [False, True]


def test_a_keeper_that_is_silent_is_missed_by_another_and_one_that_has_ended_is_not(
    store: Store, queue: Queue, times: Times
) -> None:
    """A system that is gone for a day is forgotten, and with it all its alarms."""
    here, there = System(store, times), System(store, times, "b:8003", workers=0)
    there.look()
    there.look(1)
    assert here.look() == ["WaitingRoomGateWorkerMissing"]
    here.look(0.5)
    assert sorted(here.look(1)) == ["WaitingRoomGateWorkerMissing", "WaitingRoomMetricsAway"]
    here.look(FORGOTTEN_MS / MINUTE_MS)
    assert here.look(2) == []
    there.look()
    there.watch.end()
    for _ in range(3):
        assert here.look(1) == []
    assert list(store.alarms.beats()) == [HERE]


def test_a_store_that_is_away_is_told_of_without_it_once(
    store: Store, queue: Queue, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After half a minute, though the keeper is started anew meanwhile; its end, by the queue."""
    told: list[AlarmNotice] = []
    monkeypatch.setattr(Post, "at_once", lambda _self, notice: told.append(notice))
    system = System(store, times)
    system.watch.lose()
    system.look(1 / 3)
    for _ in range(10):
        system.watch.lose()
        times.ms += 10_000
        if len(told) == 1:
            system.restart()
    began_ms = times.ms - 70_000
    case = Case("WaitingRoomStoreAway", HERE)
    assert told == [AlarmNotice(case, began_ms, 0, 0)]
    system.restart()
    system.look()
    system.look(1)
    assert ends(queue) == [True]
    (ended,) = (args[0] for name, args in jobs(queue) if name == "webhook")
    assert (ended["began_ms"], ended["ended_ms"]) == (began_ms, times.ms - MINUTE_MS)
    assert not system.marker.exists()


def test_rooms_are_judged_by_their_history(
    store: Store, queue: Queue, times: Times, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A keeper that has just started knows what was; a room that is gone ends its alarm."""
    monkeypatch.setattr(keeper, "gate_latency_us", lambda _url: 1)
    t0 = times.ms
    knobs = Settings(rate_per_min=60, capacity=0, opens_at_ms=t0, test_clock=True)
    store.create(room_id, knobs, actor="test", now_ms=t0)
    store.join(room_id, 500, now_ms=t0)
    rooms = {room_id: store.status(room_id, now_ms=t0)}
    monkeypatch.setattr(store, "statuses", lambda: rooms)
    system = System(store, times)
    for _ in range(20):
        Keeper(store, "", system.watch).sample()
        system.restart()
        times.ms += 15_000
        # Nobody moves it: the same room, later.
        rooms[room_id] = replace(rooms[room_id], now_ms=times.ms)
    (found,) = [one for one in firing(store.alarms.kept()) if one[0].subject == room_id]
    assert found[0] == Case("WaitingRoomStandsStill", room_id)
    assert found[1].value == rooms[room_id].waiting
    assert len(ends(queue)) == 1
    rooms.clear()
    times.ms += 2 * MINUTE_MS
    Keeper(store, "", system.watch).sample()
    assert ends(queue) == [False, True]


def test_a_keeper_tells_what_its_system_has(store: Store, queue: Queue, times: Times) -> None:
    """For readiness: workers, clocks, and whether anybody hears of alarms."""
    System(store, times).look()
    times.ms += 1
    assert store.alarms.beats() == {HERE: Beat(times.ms - 1, 0, 2, 2, 250, 2, webhook=True)}


def test_what_cannot_be_written_is_not_told_either(
    store: Store, queue: Queue, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that goes away in the middle: the next look does all of it."""
    system = System(store, times, workers=1)
    system.look()
    times.ms += MINUTE_MS
    (port,) = free_ports(1)
    away = Post(Redis(port=port), mails=1, webhook=False)
    broken = Watch(store, HERE, system.counts, away, system.marker, now_ms=times)
    monkeypatch.setattr(away, "_enqueue", lambda *_: (_ for _ in ()).throw(ConnectionError("gone")))
    with pytest.raises(StoreDown):
        broken.look({}, {})
    assert len(queue) == 0
    assert system.look() == ["WaitingRoomGateWorkerMissing"]
    assert ends(queue) == [False]
