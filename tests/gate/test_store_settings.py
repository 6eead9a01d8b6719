"""A store that may lose places by its own settings: refused, or warned of, also later."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from gates import Browser, LocalGate, gate_part, running
from rooms import make
from systems import Folder, working_folder

from waitingroom.run.child import spawn
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store

EVICTS = "the store may evict keys (maxmemory-policy is allkeys-lru, must be noeviction)"


@pytest.fixture
def own_store(
    tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedStore
) -> Iterator[EmbeddedStore]:
    """A server of the test's own."""
    server = EmbeddedStore(tmp_path_factory.mktemp("store"), binary=embedded.binary)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """An empty folder to run a system from."""
    made = working_folder(tmp_path)
    yield made
    made.clean()


def setting(server: EmbeddedStore, **settings: str) -> None:
    """Change a setting of a running server."""
    with redis.Redis.from_url(server.url) as client:
        for name, value in settings.items():
            client.config_set(name.replace("_", "-"), value)


def test_the_embedded_server_is_fit(store: Store) -> None:
    """As the product starts it: without a word of warning."""
    assert store.check_fitness() == ""


def test_a_gate_over_a_store_that_may_evict_does_not_start(
    own_store: EmbeddedStore, tmp_path: Path
) -> None:
    """It ends at once, and says why and what would do."""
    setting(own_store, maxmemory_policy="allkeys-lru")
    part, _ = gate_part(own_store.url, tmp_path / "gate.log")
    process = spawn(part.argv, log=part.log, env=part.env)
    try:
        assert process.wait(20) != 0
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert EVICTS in part.log.read_text("utf-8")


def test_a_system_over_a_store_that_may_evict_is_one_sentence(
    own_store: EmbeddedStore, folder: Folder
) -> None:
    """With the variable that names it; nothing is started."""
    setting(own_store, maxmemory_policy="allkeys-lru")
    refused = folder.do("up", REDIS_URL=own_store.url)
    assert refused.returncode == 1
    (said,) = refused.stderr.splitlines()
    assert said.endswith(f"REDIS_URL: {EVICTS}: places would be lost")


def test_a_system_over_a_store_that_is_not_durable_says_so_and_starts(
    own_store: EmbeddedStore, folder: Folder
) -> None:
    """In one line, before anything else; the gate's log has it too."""
    setting(own_store, appendonly="no")
    run = folder.up(REDIS_URL=own_store.url)
    run.says("REDIS_URL: the store keeps no append-only file: a crash of it loses places")
    log = (folder.path / ".waitingroom" / "log" / "gate.log").read_text("utf-8")
    assert "the store keeps no append-only file" in log


def test_a_gate_whose_store_comes_back_with_eviction_hands_nothing_out(
    own_store: EmbeddedStore, gate_over: Callable[..., LocalGate]
) -> None:
    """Somebody replaced the server behind the address: join and pass are 503 until it is mended."""
    local = gate_over(own_store.url)
    store = Store.connect(own_store.url, timeout_s=10)
    make(store, "sale")
    shopper = Browser(local, "sale")
    assert shopper.join().status == 201
    own_store.kill()
    local.refresh()
    own_store.start()
    setting(own_store, maxmemory_policy="allkeys-lru")
    local.refresh()
    for refused in (Browser(local, "sale").join(), shopper.enter(), local.ask("GET", "/readyz")):
        assert refused.status == 503
    assert local.ask("GET", "/sale/status.json").json["stale"]
    setting(own_store, maxmemory_policy="noeviction")
    local.refresh()
    assert shopper.enter().status == 200
    assert Browser(local, "sale").join().json["arrival"] == 2
    store.close()


def test_a_gate_over_a_store_that_is_fit_says_nothing(
    own_store: EmbeddedStore, tmp_path: Path
) -> None:
    """A quiet log is a good log."""
    with running(own_store.url, tmp_path) as gate:
        assert gate.ask("GET", "/readyz").status == 200
        assert gate.log() == ""
