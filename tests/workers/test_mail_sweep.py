"""The round that finds what fell by the wayside."""

import logging

import pytest
from rq import Queue
from shops import EMAIL, Shop

from storefront.confirmations import Confirmations
from storefront.models import Mail
from storefront.orders import SWEEP_AFTER_MS
from workers import progress, sweep
from workers.environment import WorkersConfig


def go_round(shop: Shop, url: str, smtp_url: str = "smtp://post.example") -> str:
    """One round now."""
    confirmations = Confirmations(url, now_ms=shop.clock)
    config = WorkersConfig.of({"SHOP_SMTP_URL": smtp_url})
    return sweep.round_of(shop.database, confirmations, config, shop.clock.now_ms)


def test_an_order_that_was_never_enqueued_is_found_after_a_minute(
    shop: Shop, store_url: str, queue: Queue
) -> None:
    """And put off then, so that a slow queue does not get it every minute."""
    order_id = shop.sell()
    assert go_round(shop, store_url).startswith("0 enqueued")
    shop.clock.now_ms += SWEEP_AFTER_MS
    assert go_round(shop, store_url).startswith("1 enqueued")
    assert go_round(shop, store_url).startswith("0 enqueued")
    assert [job.args for job in queue.jobs] == [(order_id,)]
    shop.clock.now_ms += progress.LOOK_AGAIN_MS
    assert go_round(shop, store_url).startswith("1 enqueued")


def test_a_queue_that_is_away_puts_nothing_off(shop: Shop, store_url: str, queue: Queue) -> None:
    """The next round tries the same orders."""
    for _ in range(3):
        shop.sell()
    shop.clock.now_ms += SWEEP_AFTER_MS
    assert go_round(shop, "unix:///nowhere.sock").startswith("0 enqueued")
    assert go_round(shop, store_url).startswith("3 enqueued")
    assert [job.args for job in queue.jobs] == [(1,), (2,), (3,)]


def test_what_a_dead_job_had_claimed_is_sent_again(
    shop: Shop, store_url: str, queue: Queue
) -> None:
    """Its mail's end had not gone out: nobody has it. A job that may still live is left alone."""
    order_id = shop.sell()
    shop.set_mail(order_id, Mail.SENDING, mail_changed_at_ms=shop.clock.now_ms)
    shop.clock.now_ms += progress.STALE_MS - 1
    assert go_round(shop, store_url) == "0 enqueued, 0 revived, 0 unclear"
    shop.clock.now_ms += 1
    assert go_round(shop, store_url) == "1 enqueued, 1 revived, 0 unclear"
    assert len(queue) == 1


def test_what_died_while_the_server_answered_is_reported_and_not_sent_again(
    shop: Shop, store_url: str, queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    """By the order's number, without the address."""
    order_id = shop.sell()
    shop.set_mail(order_id, Mail.HANDING, mail_changed_at_ms=shop.clock.now_ms)
    shop.clock.now_ms += progress.STALE_MS
    with caplog.at_level(logging.ERROR):
        assert go_round(shop, store_url) == "0 enqueued, 0 revived, 1 unclear"
    assert "order 1001" in caplog.text
    assert EMAIL not in caplog.text
    assert shop.order().mail is Mail.UNCLEAR
    assert go_round(shop, store_url) == "0 enqueued, 0 revived, 0 unclear"
    assert len(queue) == 0


def test_a_round_takes_no_more_than_a_round_can(
    shop: Shop, store_url: str, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest comes with the next, the longest due first."""
    monkeypatch.setattr(sweep, "MOST_AT_ONCE", 2)
    for _ in range(3):
        shop.sell()
    shop.clock.now_ms += SWEEP_AFTER_MS
    assert go_round(shop, store_url).startswith("2 enqueued")
    assert go_round(shop, store_url).startswith("1 enqueued")


@pytest.mark.parametrize("nowhere", ["", "post.example:587"])
def test_without_a_mail_server_one_line_a_round_says_what_to_set(
    shop: Shop, store_url: str, queue: Queue, nowhere: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is queued or put off: the first round that has somewhere to send it takes all."""
    go_round(shop, store_url, nowhere)
    assert not caplog.records
    for _ in range(3):
        shop.sell()
    shop.clock.now_ms += SWEEP_AFTER_MS
    for _ in range(2):
        caplog.clear()
        assert go_round(shop, store_url, nowhere) == "0 enqueued, 0 revived, 0 unclear"
        (line,) = caplog.records
        assert line.getMessage().startswith("confirmations that wait: 3; ")
        assert "SHOP_SMTP_URL" in line.getMessage()
        assert (line.__dict__["event"], line.exc_info) == ("mail_nowhere", None)
    assert go_round(shop, store_url).startswith("3 enqueued")


def test_the_pauses_grow_and_end_at_an_hour() -> None:
    """2 minutes after the first attempt, then doubled."""
    assert [progress.pause_ms(attempt) // 60_000 for attempt in (1, 2, 3, 5, 6, 50)] == [
        2, 4, 8, 32, 60, 60,
    ]  # fmt: skip
