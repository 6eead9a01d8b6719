"""A shop with orders, and servers that take its mail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mailservers import MailServer, Running
from redis import Redis
from rq import Queue
from shops import Shop
from systems import free_ports

from workers.environment import WorkersConfig


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop over a database file."""
    made = Shop(f"sqlite:///{tmp_path}/shop.db")
    yield made
    made.close()


@pytest.fixture
def queue(store_url: str) -> Iterator[Queue]:
    """The run's own queue, without any jobs before and after."""
    connection = Redis.from_url(store_url)
    made = Queue("default", connection=connection)
    made.delete(delete_jobs=True)
    yield made
    made.delete(delete_jobs=True)
    connection.close()


@pytest.fixture
def mail_server() -> MailServer:
    """What the server takes, and how it behaves."""
    return MailServer()


@pytest.fixture
def smtp(mail_server: MailServer) -> Iterator[Running]:
    """A running server."""
    server = Running(mail_server, port=free_ports(1)[0])
    server.start()
    yield server
    server.stop()


@pytest.fixture
def config(shop: Shop, smtp: Running) -> WorkersConfig:
    """The jobs' settings, with the server."""
    return WorkersConfig.of(
        {
            "SHOP_DATABASE_URL": shop.url,
            "SHOP_SMTP_URL": smtp.url,
            "SHOP_MAIL_FROM": "Still & Co <orders@shop.example>",
            "SHOP_URL": "https://shop.example",
        }
    )
