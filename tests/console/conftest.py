"""A console over the run's store, with an operator of each role."""

from collections.abc import Iterator

import pytest
from desks import HASH, Desk

from waitingroom import clock
from waitingroom.model import Settings
from waitingroom.operators import Operator, Role
from waitingroom.store.client import Store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """The run's store."""
    made = Store.connect(store_url, timeout_s=10)
    yield made
    made.close()


@pytest.fixture
def people(store: Store, room_id: str) -> Iterator[dict[Role, str]]:
    """The name of an operator of each role, of this test only."""
    names = {role: f"{role}.{room_id}" for role in Role}
    for role, name in names.items():
        store.accounts.add(Operator(name, role, HASH, clock.now_ms()), actor="test")
    yield names
    left = {one.name for one in store.accounts.all()}
    for name in left.intersection(names.values()):
        store.accounts.remove(name, actor="test")


@pytest.fixture
def desk(store_url: str) -> Desk:
    """A browser before the console, not logged in."""
    return Desk(store_url)


@pytest.fixture
def room(store: Store, room_id: str) -> str:
    """An open room with five in line, that calls nobody."""
    store.create(room_id, Settings(rate_per_min=0, opens_at_ms=clock.now_ms()), actor="test")
    store.join(room_id, 5)
    store.status(room_id)
    return room_id


@pytest.fixture
def operator(desk: Desk, people: dict[Role, str]) -> Desk:
    """An operator's browser."""
    assert desk.log_in(people[Role.OPERATOR]).status_code == 303
    return desk


@pytest.fixture
def admin(store_url: str, people: dict[Role, str]) -> Desk:
    """An admin's browser."""
    made = Desk(store_url)
    assert made.log_in(people[Role.ADMIN]).status_code == 303
    return made
