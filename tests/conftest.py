"""Fixtures that more than one folder of tests uses: a real store, private to the run."""

import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from waitingroom.run.embedded import EmbeddedStore

_ROOM_NUMBERS = count(1)


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
def room_id() -> str:
    """A room name that no other test of this run uses."""
    return f"room-{next(_ROOM_NUMBERS)}"


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
