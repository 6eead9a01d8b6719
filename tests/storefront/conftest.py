"""Shops: on SQLite always, on PostgreSQL too where a test asks for both."""

import os
from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
from shops import Shop

from storefront import database


@pytest.fixture(scope="package")
def postgres_server() -> Iterator[postgres.Postgres]:
    """The other database, where it is installed."""
    folder = postgres.programs()
    if folder is None:
        sentence = "no PostgreSQL: the shop is tested on SQLite only (apt-get install postgresql)"
        if os.environ.get("CI", "") not in ("", "0", "false"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    with postgres.running(folder) as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database file of the test's own."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 30)
    return f"sqlite:///{tmp_path}/shop.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database; the test runs on each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: postgres.Postgres = request.getfixturevalue("postgres_server")
    return server.url()


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Shop]:
    """A shop without a guard and without a queue."""
    made = Shop(sqlite_url)
    yield made
    made.close()


@pytest.fixture
def any_shop(database_url: str) -> Iterator[Shop]:
    """A shop on each kind of database."""
    made = Shop(database_url)
    yield made
    made.close()
