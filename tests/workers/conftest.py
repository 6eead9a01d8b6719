"""A shop with orders, and servers that take its mail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mailservers import MailServer, Running
from redis import Redis
from rq import Queue
from rq.registry import FailedJobRegistry, ScheduledJobRegistry
from shops import Shop, be_patient
from systems import free_ports

from waitingroom.store.keys import ALARM_STANDINGS
from workers.environment import WorkersConfig


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop over a database file."""
    made = Shop(f"sqlite:///{tmp_path}/shop.db")
    yield made
    made.close()


@pytest.fixture
def queue(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """The run's own queue, without any jobs (and alarms that stand) before and after."""
    be_patient(monkeypatch)
    connection = Redis.from_url(store_url)
    made = Queue("default", connection=connection)
    _empty(made)
    yield made
    _empty(made)
    connection.delete(ALARM_STANDINGS)
    connection.close()


def _empty(queue: Queue) -> None:
    queue.delete(delete_jobs=True)
    for registry in (FailedJobRegistry(queue=queue), ScheduledJobRegistry(queue=queue)):
        for job_id in registry.get_job_ids():
            registry.remove(job_id, delete_job=True)


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
