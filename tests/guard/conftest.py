"""Fixtures for the guard: shops behind it, and the room API's stand-in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from guarded import PATIENCE_S, Clock, Shop, StandInApi, serving
from systems import free_ports

from waitingroom.guard import redeem, reporter


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
    return free_ports(1)[0]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that answers is never given up for what else the machine does: nobody waits for the
    reporter's thread.
    """
    for limit in ("CALL_TIMEOUT_S", "LAST_CALL_TIMEOUT_S"):
        monkeypatch.setattr(reporter, limit, PATIENCE_S)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where somebody waits, in tests of what is answered and not of how soon."""
    monkeypatch.setattr(redeem, "ANSWER_WITHIN_S", PATIENCE_S)
    monkeypatch.setattr(reporter.Reporter.close, "__defaults__", (PATIENCE_S,))
