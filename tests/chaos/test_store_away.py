"""A store that is not there when the gate starts, that comes back empty, or another than before."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from chaos_checks import all_hold
from chaos_gate import LoneGate, lone_gate
from chaos_system import ROOM, start
from systems import Folder

from waitingroom import clock
from waitingroom.model import DrawMethod, Settings
from waitingroom.run.child import kill, spawn
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store

FLUSHES = 20


@pytest.fixture
def store() -> Iterator[EmbeddedStore]:
    """A store of the test's own, not started yet."""
    binary = os.environ.get("WAITINGROOM_STORE_SERVER", "")
    with tempfile.TemporaryDirectory(prefix="wrt-") as folder:
        made = EmbeddedStore(Path(folder) / "store", binary=binary)
        yield made
        made.stop()


@pytest.fixture
def gate(store: EmbeddedStore, tmp_path: Path) -> Iterator[LoneGate]:
    """A gate over it, started while there is none."""
    with lone_gate(store.url, tmp_path) as gate:
        yield gate


def make_room(store: EmbeddedStore) -> None:
    """An open room, first come, first served."""
    client = Store.connect(store.url, timeout_s=10)
    client.create(ROOM, Settings(opens_at_ms=clock.now_ms(), draw=DrawMethod.FIFO), actor="test")
    client.close()


def join(gate: LoneGate, ticket: str = "") -> tuple[int, int, str]:
    """Join: status, arrival and ticket."""
    answer = gate.ask("POST", f"/{ROOM}/ticket", bearer=ticket)
    return answer.status, answer.value["arrival"], answer.value["ticket"]


def test_a_gate_without_a_store_says_so_and_goes_on_when_it_comes(
    gate: LoneGate, store: EmbeddedStore
) -> None:
    """The process is up, nothing is a 500, and nobody has to start anything again."""
    gate.says("/healthz", 200)
    gate.says("/readyz", 503, "store_down")
    for method, verb in (("GET", "status.json"), ("POST", "ticket"), ("POST", "pass")):
        answer = gate.ask(method, f"/{ROOM}/{verb}")
        assert (answer.status, answer.code) == (503, "store_down")
        assert answer.headers["retry-after"].isdigit()
    store.start()
    gate.says("/readyz", 200)
    gate.says(f"/{ROOM}/status.json", 404, "no_such_room")
    make_room(store)
    gate.says(f"/{ROOM}/status.json", 200)
    assert join(gate)[:2] == (201, 1)


def test_a_store_that_comes_back_empty_has_no_rooms_and_doubles_no_place(
    gate: LoneGate, store: EmbeddedStore
) -> None:
    """404, not 500; and where the room is made again, those who hold places keep them."""
    store.start()
    gate.says("/readyz", 200)
    make_room(store)
    gate.says(f"/{ROOM}/status.json", 200)
    held = [join(gate)[2] for _ in range(5)]
    store.kill()
    gate.says("/readyz", 503, "store_down")
    shutil.rmtree(store.data / "appendonlydir")
    store.start()
    gate.says("/readyz", 200)
    gate.says(f"/{ROOM}/status.json", 404, "no_such_room")
    assert gate.ask("POST", f"/{ROOM}/ticket", bearer=held[4]).code == "no_such_room"
    make_room(store)
    gate.says(f"/{ROOM}/status.json", 200)
    assert join(gate, held[4])[:2] == (200, 5)
    assert join(gate)[:2] == (201, 6)
    assert join(gate, held[0])[:2] == (200, 1)


def test_a_store_that_may_evict_is_refused_also_when_it_comes_later(
    gate: LoneGate, store: EmbeddedStore
) -> None:
    """Rather no sale than one that forgets places."""
    store.start()
    gate.says("/readyz", 200)
    make_room(store)
    gate.says(f"/{ROOM}/status.json", 200)
    store.stop()
    evicting = (*store.argv, "--maxmemory-policy", "allkeys-lru")
    process = spawn(evicting, log=store.log_path, cwd=store.data)
    try:
        gate.says("/readyz", 503, "store_unfit")
        assert gate.ask("GET", f"/{ROOM}/status.json").value["stale"] is True
        with redis.Redis.from_url(store.url) as client:
            client.config_set("maxmemory-policy", "noeviction")
        gate.says("/readyz", 200)
    finally:
        kill(process)


def test_a_server_that_loses_its_functions_gets_them_again_and_nobody_notices(
    folder: Folder,
) -> None:
    """Under load, again and again: no call fails for it, and none is carried out twice."""
    chaos = start(folder)
    with chaos.under_load("functions"), chaos.redis() as client:
        for _ in range(FLUSHES):
            chaos.ledger.await_more("join", 201, 1)
            chaos.ledger.await_more("knock", 200, 1)
            client.function_flush()
    all_hold(chaos)
    refused = [kind for kind in chaos.ledger.answers if kind[1] == 503]
    assert not refused, [line for line in chaos.run.lines if "store_refused" in line]
