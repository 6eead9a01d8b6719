"""A console over the run's store, a room, and a program with a key of each role."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from callers import KEYS, SHOP_KEY, Caller, console, keys_of
from systems import eventually, free_ports

from waitingroom.config import load_config
from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.run.child import spawn
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.run.parts import parts
from waitingroom.store.client import Store

Callers = dict[Role, Caller]


@pytest.fixture(scope="session")
def url(embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console that runs: gunicorn, its own process."""
    folder: Path = tmp_path_factory.mktemp("console")
    (port,) = free_ports(1)
    wanted = {"REDIS_URL": embedded.url, "WAITINGROOM_CONSOLE_PORT": str(port)}
    wanted |= {"WAITINGROOM_DATA": str(folder), "WAITINGROOM_SHOP_KEY": SHOP_KEY}
    wanted |= {"WAITINGROOM_SECRET_KEYS": KEYS[0].hex()}
    (folder / "log").mkdir()
    made = parts(load_config(wanted), dict(os.environ))
    console = next(part for part in made if part.name == "console")
    process = spawn(console.argv, log=console.log, env=console.env)
    try:
        eventually(console.ready, "the console", 30)
        yield f"http://127.0.0.1:{port}"
        assert "Traceback" not in console.log.read_text("utf-8")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """The run's store."""
    made = Store.connect(store_url)
    yield made
    made.close()


@pytest.fixture
def callers(store: Store, store_url: str, room_id: str) -> Iterator[Callers]:
    """A program with a key of each role, of this test only."""
    client, keys = console(store_url), keys_of(store, room_id)
    yield {role: Caller(client, key) for role, key in keys.items()}
    left = {one.name for one in store.keys.all()}
    for name in left.intersection(key.partition(".")[0] for key in keys.values()):
        store.keys.revoke(name, actor="test")


@pytest.fixture
def room(store: Store, room_id: str) -> str:
    """An open room at 60 a minute, ten in line."""
    store.create(room_id, Settings(rate_per_min=60), actor="test")
    store.open(room_id, actor="test")
    store.join(room_id, 10)
    return room_id
