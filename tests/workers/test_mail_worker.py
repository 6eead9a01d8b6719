"""The whole way with RQ's own processes: checkout, queue, worker, mail; and the schedule."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from mailbox import Maildir
from pathlib import Path

import pytest
from burst import burst
from mailservers import MailServer, Running
from rq import Queue
from rq.registry import FailedJobRegistry, ScheduledJobRegistry
from shops import Clock, Shop
from systems import eventually, free_ports

from storefront import clock
from storefront.models import Mail
from storefront.orders import SWEEP_AFTER_MS


@pytest.fixture
def selling(tmp_path: Path, store_url: str, queue: Queue) -> Iterator[Shop]:
    """A shop with a queue. Its clock is the real one, by which the worker goes too."""
    made = Shop(f"sqlite:///{tmp_path}/selling.db", store_url, Clock(clock.now_ms()))
    yield made
    made.close()


def work(shop: Shop, **env: str) -> str:
    """A worker for the shop's jobs; what it said."""
    return burst(shop.redis_url, SHOP_DATABASE_URL=shop.url, **env)


def told_of(said: str, event: str) -> list[dict[str, str]]:
    """The lines of an event."""
    return [json.loads(line) for line in said.splitlines() if f'"event":"{event}"' in line]


def test_a_checkout_becomes_a_mail(selling: Shop, smtp: Running, mail_server: MailServer) -> None:
    """And the order's page says that it was sent."""
    page = selling.buy().headers["Location"]
    selling.buy()
    said = work(selling, SHOP_SMTP_URL=smtp.url, SHOP_URL="https://shop.example")
    assert len(mail_server.taken) == 2
    assert f"https://shop.example{page}".encode() in b"".join(
        mail_server.taken[0].replace(b"=\r\n", b"").split()
    )
    assert "We sent a mail to" in selling.client.get(page).text
    assert "ada@example.org" not in said


def test_in_development_mails_go_into_a_folder(selling: Shop, tmp_path: Path) -> None:
    """No server is needed."""
    selling.buy()
    work(selling, SHOP_OUTBOX=str(tmp_path / "outbox"))
    assert [mail["Subject"] for mail in Maildir(tmp_path / "outbox")] == [
        "Your order 1001 at Stillwater Goods"
    ]


def test_a_mail_that_was_not_taken_is_scheduled_for_another_try(
    selling: Shop, smtp: Running, mail_server: MailServer, queue: Queue
) -> None:
    """By RQ, ten seconds later; the order is owed."""
    mail_server.replies["mail"] = "421 too busy"
    selling.buy()
    said = work(selling, SHOP_SMTP_URL=smtp.url)
    (line,) = told_of(said, "not_taken")
    assert line["level"] == "warning"
    assert line["message"] == (
        "order 1001: its mail was not taken: 421 too busy; the next try comes in 10s"
    )
    assert "Traceback" not in said
    assert selling.order().mail is Mail.OWED
    scheduled = ScheduledJobRegistry(queue=queue)
    (job_id,) = scheduled.get_job_ids()
    job = queue.fetch_job(job_id)
    assert job is not None and job.retries_left == 2
    # Its time has come.
    queue.enqueue_job(job)
    scheduled.remove(job)
    mail_server.replies.clear()
    work(selling, SHOP_SMTP_URL=smtp.url)
    assert selling.order().mail is Mail.SENT
    assert len(mail_server.taken) == 1


def test_only_what_nobody_expected_leaves_a_traceback(selling: Shop, queue: Queue) -> None:
    """Of a server that is away the last try leaves a line, too: RQ keeps the job as failed, the
    sweep has the order's next try, and the line says when.
    """
    selling.buy()
    (job,) = queue.jobs
    job.retries_left = 0
    job.save()
    queue.enqueue("builtins.int", "no number")
    said = work(selling, SHOP_SMTP_URL=f"smtp://127.0.0.1:{free_ports(1)[0]}")
    (line,) = told_of(said, "not_taken")
    assert line["level"] == "error"
    assert line["message"] == (
        "order 1001: its mail was not taken: the mail server cannot be reached: "
        "Connection refused; the next try comes in 2m or a minute later"
    )
    assert selling.order().mail is Mail.OWED
    assert job.id in FailedJobRegistry(queue=queue)
    assert said.count("Traceback") == 1
    assert "ValueError: invalid literal" in said


def test_a_job_that_is_in_the_queue_twice_sends_once(
    selling: Shop, smtp: Running, mail_server: MailServer, queue: Queue
) -> None:
    """The checkout's and the sweep's."""
    selling.buy()
    for _ in range(3):
        queue.enqueue("workers.confirmation.send", 1)
    work(selling, SHOP_SMTP_URL=smtp.url)
    assert len(mail_server.taken) == 1
    assert len(FailedJobRegistry(queue=queue)) == 0


def test_the_schedule_brings_a_round_that_finds_what_was_never_enqueued(
    selling: Shop, smtp: Running, mail_server: MailServer, queue: Queue, tmp_path: Path
) -> None:
    """RQ's cron starts one at once; the worker does it, and then what it has put into the queue."""
    selling.clock.now_ms -= SWEEP_AFTER_MS
    selling.sell()
    env = {**os.environ, "RQ_REDIS_URL": selling.redis_url, "REDIS_URL": selling.redis_url}
    words = ("-m", "rq.cli", "cron", "workers.schedule")
    with (tmp_path / "cron.log").open("w") as log:
        cron = subprocess.Popen([sys.executable, *words], env=env, stdout=log, stderr=log)
    try:
        eventually(lambda: len(queue) == 1, "a round is in the queue")
    finally:
        cron.terminate()
        cron.wait(60)
    work(selling, SHOP_SMTP_URL=smtp.url)
    assert len(mail_server.taken) == 1
    assert selling.order().mail is Mail.SENT


def test_production_without_a_mail_server_keeps_every_order_owed(
    selling: Shop, queue: Queue
) -> None:
    """The worker's log says what to set, in a line for each; nothing is called a fault of ours."""
    selling.buy()
    selling.buy()
    said = work(selling, SHOP_OUTBOX="", SHOP_SMTP_URL="")
    lines = told_of(said, "mail_nowhere")
    assert len(lines) == 2
    for told in lines:
        assert "set SHOP_SMTP_URL" in told["message"]
        assert (told["level"], "traceback" in told) == ("error", False)
    assert "Traceback" not in said
    assert selling.order().mail is Mail.OWED
    assert len(FailedJobRegistry(queue=queue)) == len(ScheduledJobRegistry(queue=queue)) == 0
