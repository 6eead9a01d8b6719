"""A console over the run's store, a room, and a program with a key of each role."""

from collections.abc import Iterator

import pytest
from callers import KEYS, SHOP_KEY, Caller, console, keys_of
from sale import sale

from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store

Callers = dict[Role, Caller]


@pytest.fixture(scope="package")
def url(embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console that runs: gunicorn, its own process."""
    keys = {"WAITINGROOM_SECRET_KEYS": KEYS[0].hex(), "WAITINGROOM_SHOP_KEY": SHOP_KEY}
    folder = tmp_path_factory.mktemp("console")
    with sale(embedded.url, folder, "spring", wanted=("console",), **keys) as running:
        yield running.console.origin


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """The run's store."""
    made = Store.connect(store_url, timeout_s=10)
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
