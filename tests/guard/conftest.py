"""Fixtures for the guard: shops behind it, and the room API's stand-in."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from guarded import Clock, Shop, StandInApi, serving


@pytest.fixture
def api() -> Iterator[StandInApi]:
    """A room API on a free port."""
    with serving(StandInApi()) as stand_in:
        yield stand_in


@pytest.fixture
def clock() -> Clock:
    """The wall clock of the shop."""
    return Clock()


@pytest.fixture(params=["wsgi", "asgi"])
def speaks(request: pytest.FixtureRequest) -> str:
    """Both guards keep all the rules."""
    return str(request.param)


@pytest.fixture
def shop(clock: Clock, speaks: str) -> Shop:
    """A shop whose guard is offline: no room API is named."""
    return Shop(clock, speaks)


@pytest.fixture
def open_shop(clock: Clock, speaks: str) -> Iterator[Callable[..., Shop]]:
    """Shops with other settings, closed at the end."""
    made: list[Shop] = []

    def build(**words: Any) -> Shop:
        made.append(Shop(clock, speaks, **words))
        return made[-1]

    yield build
    for each in made:
        each.guard.close()


@pytest.fixture
def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
