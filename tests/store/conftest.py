"""Rooms on the run's store whose clock the tests hold."""

from collections.abc import Callable, Iterator

import pytest
from real import T0, RealRoom

from waitingroom.model import DrawMethod, Settings
from waitingroom.store.client import Store


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
