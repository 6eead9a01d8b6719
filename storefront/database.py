"""The shop's database: SQLite unless another is named. Engine, sessions and the first set-up."""

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session, sessionmaker

from storefront.models import Base

BUSY_TIMEOUT_S = 5
"""How long a writer waits for another. SQLite takes one at a time, each for about a millisecond."""
_SETUP_LOCK = 0x73686F70
"""PostgreSQL: whoever sets up holds this advisory lock, so that two processes take turns."""


class Database:
    """Sessions on one database. Safe between threads; closed by :meth:`close`.

    ``reading()`` and ``writing()`` make sessions. A writing one takes SQLite's write lock when it
    begins: a transaction that reads first and writes later would be refused at once, without any
    waiting, when another has written in between.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(make_url(url))
        self.reading = sessionmaker(self._engine, expire_on_commit=False)
        immediate = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        self.writing = sessionmaker(immediate, expire_on_commit=False)

    def set_up(self) -> Session:
        """Make the tables that are missing, in a session that holds everybody else off.

        The caller commits and closes it.
        """
        session = self.writing()
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETUP_LOCK})
        Base.metadata.create_all(connection)
        return session

    def close(self) -> None:
        """Close every connection that is not in use; the next session opens new ones."""
        self._engine.dispose()


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(url, pool_pre_ping=True, pool_size=16, max_overflow=16)


def _sqlite(url: URL) -> Engine:
    """SQLite with write-ahead log: readers never wait, a commit is on disk when it returns."""
    engine = create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=16, max_overflow=16
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # Python's own begin comes too late (at the first write), so we say BEGIN ourselves.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine
