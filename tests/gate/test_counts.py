"""What the gate counts: exactly, over all workers, in a bounded number of labels and files."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from counted import Counts, value
from gates import Browser, LocalGate, RunningGate, running
from prometheus_client import REGISTRY
from rooms import Room
from systems import eventually, fill, small_file_system

from waitingroom.gate import app, counts
from waitingroom.gate.tally import Tally
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.run.gate_settings import FILE_BYTES, FOLDER, KINDS

Rooms = Callable[..., Room]
JOIN, STATUS = "POST /{room}/ticket", "GET /{room}/status.json"
EVERY_ROUTE = {*app.NAMES.values(), *app.PART_NAMES.values(), "none"} | {
    f"GET /{name}" for name in ("static", "healthz", "readyz")
}
PATIENCE_S = 15
EVERY_LABEL = """
import json, sys, types
from waitingroom.run import gate_settings
gate_settings.post_fork(None, types.SimpleNamespace(number=0))
from waitingroom.gate import counts
for route in json.loads(sys.argv[1]):
    counts.REQUEST_SECONDS.labels(route).observe(1)
    for status in range(1, 6):
        counts.REQUESTS.labels(route, f"{status}xx").inc()
for number in range(60):
    counts.REFUSED.labels(f"a_code_as_long_as_any_{number}").inc()
    counts.BAD_CREDENTIALS.labels("appointment", f"a_reason_as_long_as_any_{number}").inc()
"""
"""A worker that has seen everything, and more codes than there are."""


@pytest.fixture
def two_workers(embedded: EmbeddedStore, tmp_path: Path) -> Iterator[RunningGate]:
    """A gate of its own, to be hurt."""
    with running(embedded.url, tmp_path) as gate:
        yield gate


@pytest.fixture
def counted(two_workers: RunningGate) -> Counts:
    """What it counts."""
    return Counts(two_workers.part.log.parent / "metrics")


def here(name: str, **labels: str) -> float:
    """What this process's own gates have counted."""
    return value(REGISTRY.collect(), name, **labels)


def test_answers_are_counted_by_route_and_class_whatever_room_language_or_query(
    gate: LocalGate, make_room: Rooms
) -> None:
    """HEAD is GET's; what is nowhere is one route."""
    room = make_room()
    gate.refresh()
    asked = {
        ("GET", f"/{room.name}/en?to=/x"): ("GET /{room}/{lang}", "2xx"),
        ("GET", f"/{room.name}/hi"): ("GET /{room}/{lang}", "2xx"),
        ("HEAD", f"/{room.name}/de/words.json"): ("GET /{room}/{lang}/words.json", "2xx"),
        ("GET", f"/{room.name}"): ("GET /{room}", "3xx"),
        ("GET", "/nobody-knows/wait"): ("GET /{room}/wait", "4xx"),
        ("GET", f"/{room.name}/status.json"): (STATUS, "2xx"),
        ("GET", "/static/nothing.js"): ("GET /static", "4xx"),
        ("GET", "/healthz"): ("GET /healthz", "2xx"),
        ("PUT", f"/{room.name}/ticket"): ("none", "4xx"),
    }
    gate.app._tally.hand_on()
    before = {row: here("requests_total", route=row[0], status=row[1]) for row in asked.values()}
    for method, path in asked:
        gate.ask(method, path)
    gate.app._tally.hand_on()
    after = {row: here("requests_total", route=row[0], status=row[1]) for row in before}
    wanted = {row: list(asked.values()).count(row) for row in before}
    assert {row: after[row] - before[row] for row in before} == wanted


def test_times_are_told_by_route_in_the_buckets_that_they_fell_in() -> None:
    """The same as one observation each; and nothing is handed on twice."""
    tally, route = Tally(), "a route of this test"
    for milliseconds in (1, 4, 4, 30, 9_000):
        tally.note(route, 200, milliseconds * 1_000_000)
    tally.note(route, 409, 2_000_000)
    for _ in range(2):
        tally.hand_on()
    bounds = ("0.001", "0.0025", "0.005", "0.05", "5.0", "+Inf")
    told = [here("request_seconds_bucket", route=route, le=bound) for bound in bounds]
    assert told == [1, 2, 4, 5, 5, 6]
    assert here("request_seconds_count", route=route) == 6
    assert here("request_seconds_sum", route=route) == pytest.approx(9.041)
    assert here("requests_total", route=route, status="2xx") == 5
    assert here("requests_total", route=route, status="4xx") == 1


def test_random_paths_methods_and_codes_add_no_label(gate: LocalGate, make_room: Rooms) -> None:
    """An attack that never asks for the same thing twice costs the counts nothing."""
    room = make_room()
    for number in range(300):
        for path in (f"/r{number}/en", f"/{room.name}/x{number}", f"/{number}/../é", f"x{number}"):
            gate.ask("GET", path)
            gate.ask(f"M{number}", path)
        Browser(gate, room.name, {f"wr-ticket-{room.name}": f"forged{number}"}).enter()
    gate.app._tally.hand_on()
    told = [
        sample for metric in counts.ALL for family in metric.collect() for sample in family.samples
    ]
    routes = {sample.labels["route"] for sample in told if "route" in sample.labels}
    assert routes <= EVERY_ROUTE | {"a route of this test"}
    assert len({sample.labels["code"] for sample in told if "code" in sample.labels}) < 40
    assert "r7" not in json.dumps([sample.labels for sample in told])


def test_every_label_that_there_is_fits_into_the_files_as_they_are_made(tmp_path: Path) -> None:
    """A file that grew would be mapped anew, on a disk that may be full by then."""
    ended = subprocess.run(
        [sys.executable, "-c", EVERY_LABEL, json.dumps(sorted(EVERY_ROUTE))],
        env={"PATH": os.defpath, FOLDER: str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert sizes == {f"{kind}_0.db": FILE_BYTES for kind in KINDS}
    assert Counts(tmp_path).value("requests_total") == 5 * len(EVERY_ROUTE)


def test_what_two_workers_answered_is_one_sum(
    two_workers: RunningGate, counted: Counts, make_room: Rooms
) -> None:
    """To the last answer, and within a second."""
    room = make_room()
    with two_workers.one_connection_each() as connections:
        for connection in connections * 10:
            two_workers.ask_on(connection, "POST", f"/{room.name}/ticket", {"Content-Length": "0"})
            two_workers.ask_on(connection, "GET", f"/{room.name}/status.json")

    def all_are_counted() -> bool:
        # A worker hands on one figure after another.
        return all(
            counted.value(name, route=route) == wanted
            for name, route, wanted in (
                *(("requests_total", JOIN, 20), ("requests_total", STATUS, 20)),
                ("request_seconds_count", JOIN, 20),
            )
        )

    eventually(all_are_counted, "all are counted", PATIENCE_S)
    assert counted.value("requests_total", route=JOIN, status="2xx") == 20
    assert counted.value("request_seconds_count", route=STATUS) == 0
    assert counted.value("workers") == 2
    eventually(lambda: counted.value("store_seconds_count") > 2, "both look on", PATIENCE_S)


def test_workers_that_are_killed_again_and_again_leave_no_files_and_lower_no_count(
    two_workers: RunningGate, counted: Counts
) -> None:
    """Who takes a dead one's place counts on where it ended; who is up is told rightly."""
    eventually(lambda: counted.value("workers") == 2, "both are up", PATIENCE_S)
    files = sorted(file.name for file in counted.folder.iterdir())
    assert len(files) == 2 * len(KINDS)
    for round_ in range(4):
        for _ in range(5):
            two_workers.ask("GET", "/nowhere")
        wanted = 5 * (round_ + 1)
        eventually(
            lambda wanted=wanted: (
                counted.value("refused_total", code="no_such_room") == wanted
                and counted.value("requests_total", status="4xx") == wanted
            ),
            "counted, those of dead workers too",
            PATIENCE_S,
        )
        victim = two_workers.workers()[round_ % 2]
        victim.kill()
        victim.wait(PATIENCE_S)
        eventually(
            lambda: len(two_workers.workers()) == 2 and counted.value("workers") == 2,
            "another took its place",
            PATIENCE_S,
        )
    assert sorted(file.name for file in counted.folder.iterdir()) == files


def test_a_worker_that_is_gone_is_not_told_of_as_being_up(
    two_workers: RunningGate, counted: Counts
) -> None:
    """The alert for a missing worker lives on it; that for forged ones on a 0 before the first."""
    eventually(lambda: counted.value("workers") == 2, "both are up", PATIENCE_S)
    kinds = ["appointment", "handover", "pass", "ticket"]
    eventually(
        lambda: sorted(one["kind"] for one in counted.labels("bad_credentials_total")) == kinds,
        "each kind is told of",
        PATIENCE_S,
    )
    first = psutil.Process(two_workers.pid)
    first.send_signal(signal.SIGTTOU)  # gunicorn: one worker fewer
    eventually(lambda: counted.value("workers") == 1, "one is told of", PATIENCE_S)
    eventually(lambda: len(first.children()) == 1, "one is gone", PATIENCE_S)
    assert counted.value("workers") == 1


def test_a_gate_that_starts_again_begins_from_nothing(
    embedded: EmbeddedStore, tmp_path: Path
) -> None:
    """Files of workers that no longer are do not count for the new ones."""
    left = tmp_path / "metrics" / "gauge_livesum_7.db"
    left.parent.mkdir()
    with running(embedded.url, tmp_path) as gate:
        eventually(lambda: Counts(left.parent).value("workers") == 2, "both are up", PATIENCE_S)
        gate.ask("GET", "/nowhere")
        file = left.parent / "gauge_livesum_0.db"
        kept = file.read_bytes()
    left.write_bytes(kept)
    with running(embedded.url, tmp_path):
        eventually(lambda: Counts(left.parent).value("workers") == 2, "both are up", PATIENCE_S)
        assert Counts(left.parent).value("refused_total") == 0
        assert not left.exists()


@pytest.mark.parametrize("at_start", [False, True])
def test_a_full_disk_takes_no_worker(
    embedded: EmbeddedStore, tmp_path: Path, at_start: bool
) -> None:
    """Counts are written into memory that stands for the disk: a page without room would kill."""
    with small_file_system(tmp_path / "small") as disk:
        if at_start:
            (disk / "log").mkdir()
            fill(disk)
        log = tmp_path / "gate.log"
        with running(embedded.url, tmp_path, WAITINGROOM_DATA=str(disk)) as gate:
            if not at_start:
                # One of them answers already; the other may just have begun.
                counted = Counts(disk / "metrics")
                eventually(lambda: counted.value("workers") == 2, "both are up", PATIENCE_S)
                fill(disk)
            pids = {worker.pid for worker in gate.workers()}
            for number in range(200):
                assert gate.ask("GET", f"/r{number}/en").status == 404
                assert gate.ask("POST", f"/r{number}/ticket").status == 404
            with gate.one_connection_each() as connections:
                for connection in connections:
                    assert gate.ask_on(connection, "GET", "/healthz").status == 200
            assert {worker.pid for worker in gate.workers()} == pids
        assert "Traceback" not in log.read_text()
        assert ("counts are not in the metrics" in log.read_text()) == at_start
