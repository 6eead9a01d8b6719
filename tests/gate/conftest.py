"""The gates that these tests ask, and the rooms behind them."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from gates import LocalGate, RunningGate, running
from raw import parsed_by
from rooms import Room, make

from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store


@pytest.fixture(scope="package")
def running_gate(
    embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGate]:
    """A gate with two workers, for this folder of tests; nothing it wrote is a stack trace."""
    with running(embedded.url, tmp_path_factory.mktemp("gate")) as gate:
        yield gate
        assert "Traceback" not in gate.log(), gate.log()


@pytest.fixture(scope="module", params=["fast", "python"])
def raw_gate(
    request: pytest.FixtureRequest,
    embedded: EmbeddedStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningGate]:
    """A gate of one worker, with either parser."""
    with parsed_by(request.param, embedded, tmp_path_factory.mktemp("raw")) as gate:
        yield gate


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """An event loop for the test."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def gate_over(runner: asyncio.Runner) -> Iterator[Callable[..., LocalGate]]:
    """Makes gates in this process, over any store and with any settings."""
    made: list[LocalGate] = []

    def one(store_url: str, **config: object) -> LocalGate:
        made.append(LocalGate.over(store_url, runner, **config))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture
def gate(store_url: str, gate_over: Callable[..., LocalGate]) -> LocalGate:
    """A gate in this process."""
    return gate_over(store_url)


@pytest.fixture
def other_gate(store_url: str, gate_over: Callable[..., LocalGate]) -> LocalGate:
    """A second worker of the same gate."""
    return gate_over(store_url)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """What operators use."""
    made = Store.connect(store_url, timeout_s=10)
    yield made
    made.close()


@pytest.fixture
def make_room(store: Store, room_id: str) -> Callable[..., Room]:
    """Makes the test's room, or one more: open, and 20 may enter at once, unless said."""
    count = 0

    def one(**knobs: object) -> Room:
        nonlocal count
        count += 1
        return make(store, room_id if count == 1 else f"{room_id}-{count}", **knobs)

    return one
