"""Fixtures that more than one folder of tests uses: a real store, private to the run."""

import os
import signal
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.keys import ROOMS, SHOP_KEYS, SHOP_KEYS_USED, login_key

_ROOM_NUMBERS = count(1)

# How long an example takes is up to what else the machine does.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job is deaf to Ctrl-C, and so would be all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Folder(pytest.Package):
    """A folder of tests: what its fixtures of package scope have started ends with its last test,
    and not with the run. It needs no ``__init__.py``, by which ``workers`` would be ours twice.
    """

    def setup(self) -> None:
        """There is no module whose set-up could run."""


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector:
    """Each folder is one."""
    return Folder.from_parent(parent, path=path)


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedStore]:
    """A real server for the run; WAITINGROOM_STORE_SERVER names another program."""
    with tempfile.TemporaryDirectory(prefix="wrt-") as folder:
        server = EmbeddedStore(Path(folder), binary=os.environ.get("WAITINGROOM_STORE_SERVER", ""))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def store_url(embedded: EmbeddedStore) -> str:
    """Where the run's store listens."""
    return embedded.url


@pytest.fixture
def room_id(embedded: EmbeddedStore) -> Iterator[str]:
    """A room name that no other test of this run uses; names of more begin with it and a dash.

    Taken off the list of rooms in the end: every gate of the run reads them all, twice a second.
    """
    made = f"room-{next(_ROOM_NUMBERS)}"
    yield made
    with redis.Redis.from_url(embedded.url, decode_responses=True) as client:
        names = [name for name in client.smembers(ROOMS) if f"{name}-".startswith(f"{made}-")]
        if names:
            client.srem(ROOMS, *names)


@pytest.fixture
def no_counts(embedded: EmbeddedStore) -> None:
    """No test's failures to log in, and nothing that somebody made, count for another's."""
    with redis.Redis.from_url(embedded.url) as client:
        for key in client.scan_iter(login_key("*")):
            client.delete(key)


@pytest.fixture
def no_shop_keys(embedded: EmbeddedStore) -> Iterator[None]:
    """The test begins and ends without a shop's key."""
    with redis.Redis.from_url(embedded.url) as client:
        client.delete(SHOP_KEYS, SHOP_KEYS_USED)
        yield
        client.delete(SHOP_KEYS, SHOP_KEYS_USED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures that tests recorded (``record_property("figures: HEADING", line)``).

    Recorded, since what the processes of pytest-xdist print is lost.
    """
    tables: dict[str, list[str]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, line in report.user_properties:
                if name.startswith("figures: ") and line not in tables.setdefault(name, []):
                    tables[name].append(line)
    for name, lines in tables.items():
        terminalreporter.section("figures")
        terminalreporter.write_line(name.removeprefix("figures: "))
        for line in sorted(lines):
            terminalreporter.write_line(line)
