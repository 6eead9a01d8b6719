"""Confirmations go into RQ's queue; a queue that is away delays nobody and loses nothing."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from shops import Clock, Shop, be_patient
from systems import at_best

from storefront.confirmations import AWAY_MS, JOB, RETRIES_S, Confirmations
from storefront.models import Mail
from storefront.orders import SWEEP_AFTER_MS

HALF_A_SECOND = 0.5


@pytest.fixture
def queue(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """The run's own queue, emptied."""
    be_patient(monkeypatch)
    connection = Redis.from_url(store_url)
    made = Queue("default", connection=connection)
    made.empty()
    yield made
    made.empty()
    connection.close()


@pytest.fixture
def frozen_url() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_a_checkout_puts_its_confirmation_into_the_queue(
    sqlite_url: str, store_url: str, queue: Queue
) -> None:
    """By the job's name, with retries; the order stays owed until the job has claimed it."""
    shop = Shop(sqlite_url, store_url)
    assert shop.buy().status_code == 303
    (job,) = queue.jobs
    assert (job.func_name, job.args) == (JOB, (1,))
    assert job.retry_intervals == list(RETRIES_S)
    assert job.retries_left == len(RETRIES_S)
    order = shop.order()
    assert order.mail is Mail.OWED
    assert order.mail_due_at_ms == shop.clock.now_ms + SWEEP_AFTER_MS
    shop.close()


@pytest.mark.parametrize("away", ["nobody", "frozen"])
def test_a_queue_that_is_away_keeps_no_order_and_hardly_delays_it(
    sqlite_url: str, away: str, frozen_url: str
) -> None:
    """The order stands and says that its confirmation is owed; the sweep will find it."""
    shop = Shop(sqlite_url, frozen_url if away == "frozen" else "unix:///nowhere.sock")

    def is_sold_soon() -> bool:
        shop.clock.now_ms += AWAY_MS
        once = shop.once()
        before = time.monotonic()
        assert shop.buy(once=once).status_code == 303
        return time.monotonic() - before < HALF_A_SECOND

    at_best(is_sold_soon, "a checkout is hardly delayed")
    once = shop.once()
    shop.buy(once=once)
    assert shop.order().mail is Mail.OWED
    assert "is on its way" in shop.client.get(shop.buy(once=once).headers["Location"]).text
    shop.close()


def test_after_one_failure_the_queue_is_left_alone_for_a_while(frozen_url: str) -> None:
    """A rush of checkouts does not wait for it one by one; then it is asked again."""
    clock = Clock()
    confirmations = Confirmations(frozen_url, now_ms=clock)
    assert not confirmations.enqueue(1)

    def fails_within_s(orders: int) -> float:
        before = time.monotonic()
        assert not any(confirmations.enqueue(turn) for turn in range(orders))
        return time.monotonic() - before

    def is_asked_again() -> bool:
        clock.now_ms += AWAY_MS
        took_s = fails_within_s(1)
        assert took_s > 0.1
        return took_s < HALF_A_SECOND

    at_best(lambda: fails_within_s(1_000) < 0.1, "a rush does not wait")
    at_best(is_asked_again, "it is asked again, for half a second at most")


def test_a_queue_that_comes_back_is_used_again(
    store_url: str, queue: Queue, tmp_path: Path
) -> None:
    """Nothing has to be restarted."""
    clock = Clock()
    address = tmp_path / "queue.sock"
    confirmations = Confirmations(f"unix://{address}", now_ms=clock)
    assert not confirmations.enqueue(1)
    address.symlink_to(store_url.removeprefix("unix://"))
    clock.now_ms += AWAY_MS
    assert confirmations.enqueue(1)
    assert len(queue) == 1


def test_a_shop_without_a_queue_sells_all_the_same(shop: Shop) -> None:
    """``REDIS_URL`` is empty: the sweep does it all."""
    assert shop.buy().status_code == 303
    assert shop.order().mail is Mail.OWED
