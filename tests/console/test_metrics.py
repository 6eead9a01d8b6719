"""``/metrics``: every room as the store has it, a gap while it is away, and nothing else there."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rooms import Room, make
from systems import eventually, free_ports

from waitingroom import clock
from waitingroom.config import KeeperConfig
from waitingroom.console import metrics
from waitingroom.console.metrics import GateCounts, RoomFigures
from waitingroom.errors import StoreDown
from waitingroom.model import Phase, ShopHealth, Snapshot
from waitingroom.store.client import Store

Told = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """What the keeper has."""
    made = Store.connect(store_url, timeout_s=10)
    yield made
    made.close()


@contextmanager
def served(store: Store, folder: Path, host: str = "127.0.0.1") -> Iterator[int]:
    """The metrics for as long as the test lives (its threads end with the process); the port."""
    (port,) = free_ports(1)
    metrics.serve(KeeperConfig("", "", 3, folder, host, port), store)
    yield port


def get(port: int, path: str = "/metrics", host: str = "127.0.0.1") -> tuple[int, str]:
    """Status and text."""
    connection = HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def told(text: str) -> Told:
    """Every sample by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(room: Room, found: Told) -> dict[str, float]:
    """What is told of a room, but its phase."""
    return {
        name.removeprefix("waitingroom_room_"): value
        for (name, labels), value in found.items()
        if labels == {("room", room.name)}
    }


def test_a_room_is_told_as_the_store_has_it(store: Store, room_id: str, tmp_path: Path) -> None:
    """Counted and measured: of five, two are in, one of whom has paid, and one has left."""
    room = make(store, room_id, rate_per_min=6, burst=2, capacity=50)
    numbers = store.join(room.name, 5).places
    for arrival in numbers[:2]:
        store.enter(room.name, 1, arrival, arrival)
    store.leave(room.name, 1, numbers[4], numbers[4])
    store.release(room.name, [f"1-{numbers[0]}"])
    store.shops.tell(room.name, ShopHealth(30, 2, clock.now_ms()))
    store.shops.tell(room.name, ShopHealth(10, 0, clock.now_ms()))
    with served(store, tmp_path) as port:
        status, text = get(port)
    assert status == 200
    found = told(text)
    snapshot = room.status()
    assert of(room, found) == {
        **{"waiting": snapshot.waiting, "open_calls": snapshot.open_calls, "at_door": 0},
        **{"inside": 1, "capacity": 50, "rate_per_second": 0.1},
        **{"joined_total": 5, "called_total": 2, "entered_total": 2, "late_total": 0},
        **{"no_shows_total": 0, "refused_total": 0, "left_total": 1},
        **{"released_total": 1, "expired_total": 0, "second_chances_total": 0},
        **{"shop_answers_total": 40, "shop_failures_total": 2},
        **{"told_total": 0, "told_kept_total": 0},
        **{"wait_seconds_count": 0, "wait_seconds_sum": 0},
    }
    phases = {
        phase: found["waitingroom_room_phase", frozenset({("room", room.name), ("phase", phase)})]
        for phase in Phase
    }
    assert phases == {phase: float(phase is Phase.OPEN) for phase in Phase}
    assert found["waitingroom_store_up", frozenset()] == 1
    assert found["waitingroom_gate_workers_configured", frozenset()] == 3


def test_stock_is_told_where_a_shop_reports_it(store: Store, room_id: str, tmp_path: Path) -> None:
    """Also when it is 0, and not when it is no longer reported."""
    room = make(store, room_id)
    with served(store, tmp_path) as port:
        store.stock(room.name, 0, actor="test")
        assert of(room, told(get(port)[1]))["stock"] == 0
        store.stock(room.name, None, actor="test")
        eventually(lambda: "stock" not in of(room, told(get(port)[1])), "it is told no more")


def test_nothing_but_the_metrics_is_there(store: Store, tmp_path: Path) -> None:
    """On IPv6 too; and a broken file of the gate's does not take the rooms away."""
    (tmp_path / "counter_0.db").write_bytes(b"xy")
    with served(store, tmp_path) as port:
        assert [get(port, path)[0] for path in ("/", "/metrics/x", "/healthz")] == [404] * 3
        assert "waitingroom_store_up 1.0" in get(port)[1]
    with served(store, tmp_path, "::1") as port:
        assert get(port, host="::1")[0] == 200


def test_while_the_store_is_away_that_is_told_and_no_room(tmp_path: Path) -> None:
    """Old figures would look like a sale that stands still."""
    away = Store.connect(f"unix://{tmp_path}/nobody.sock", timeout_s=0.2)
    with served(away, tmp_path) as port:
        status, text = get(port)
    assert status == 200
    assert "waitingroom_store_up 0.0" in text
    assert not [name for name, _ in told(text) if name.startswith("waitingroom_room_")]


def test_many_askers_at_once_cost_the_store_one_question(
    store: Store, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second later it is asked again, and what has changed is seen."""
    make(store, room_id)
    asked: list[int] = []
    now_ms = [0]
    monkeypatch.setattr(clock, "monotonic_ms", lambda: now_ms[0])

    def read() -> dict[str, Snapshot]:
        asked.append(now_ms[0])
        if now_ms[0] == 2_000:
            raise StoreDown("away")
        return store.statuses()

    figures = RoomFigures(read, store.waits.totals)
    figures_of: Callable[[], bool] = lambda: bool(list(figures.collect()))  # noqa: E731
    for now_ms[0] in (1_000, 1_999, 2_000, 2_999, 3_000):
        threads = [threading.Thread(target=figures_of) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert asked == [1_000, 2_000, 3_000]


def test_a_port_that_is_taken_leaves_the_history(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said; nothing is raised."""
    with served(store, tmp_path) as port:
        metrics.serve(KeeperConfig("", "", 3, tmp_path, "127.0.0.1", port), store)
    assert "no metrics" in caplog.text


def test_without_a_gates_counts_only_what_should_be_is_told(tmp_path: Path) -> None:
    """Before the gate has started, its folder may not be there."""
    (family,) = GateCounts(tmp_path / "nowhere", 2).collect()
    assert family.samples[0].value == 2
