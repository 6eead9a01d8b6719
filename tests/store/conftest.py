"""Rooms on the run's store whose clock the tests hold."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import planted
import pytest
import redis
from real import T0, RealRoom

from waitingroom.model import DrawMethod, Settings
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store

planted.plant(os.environ.get("PLANTED_FAULT", ""))


@pytest.fixture(scope="package")
def embedded() -> Iterator[EmbeddedStore]:
    """A server of this folder's own, which leaves the disk to the system.

    These tests write a hundred thousand times, and durability is shown elsewhere (tests/chaos).
    """
    with tempfile.TemporaryDirectory(prefix="wrs-") as folder:
        server = EmbeddedStore(Path(folder), binary=os.environ.get("WAITINGROOM_STORE_SERVER", ""))
        server.start()
        with redis.Redis.from_url(server.url) as client:
            client.config_set("appendfsync", "no")
        yield server
        server.stop()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """The client that everybody uses."""
    store = Store.connect(store_url, timeout_s=30)
    yield store
    store.close()


@pytest.fixture
def make_room(store: Store, room_id: str) -> Callable[..., RealRoom]:
    """Makes the room of the test: first come, first served, and open from T0 on unless said."""

    def make(**knobs) -> RealRoom:
        wanted = {"draw": DrawMethod.FIFO, "opens_at_ms": T0, "test_clock": True} | knobs
        return RealRoom(store, room_id, Settings(**wanted), T0)

    return make
