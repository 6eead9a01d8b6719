"""Every order is confirmed by mail: never twice, and again wherever that is certain to be right."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from threading import Barrier

import pytest
from mailservers import MailServer, Running
from shops import Shop

from storefront.confirmations import Confirmations
from storefront.models import Mail
from workers import progress, sweep
from workers.confirmation import TRYING_MS, ClaimLost, confirm, post_office
from workers.environment import NoPostOffice, WorkersConfig
from workers.post import NotTaken, SmtpServer, Unclear

NO_QUEUE = Confirmations("", now_ms=lambda: 0)
Commit = Callable[[], None]


@pytest.fixture
def order_id(shop: Shop) -> int:
    """An order whose confirmation is owed."""
    return shop.sell()


@pytest.fixture
def send(shop: Shop, config: WorkersConfig) -> Callable[[int], str]:
    """The job, with the real server."""
    office = post_office(config)
    return lambda order_id: confirm(order_id, shop.database, office, config, shop.clock)


class Office:
    """A post office that does what a test says between the steps."""

    def __init__(self, before: Commit = lambda: None, after: Commit = lambda: None) -> None:
        self.before, self.after = before, after
        self.taken = 0

    def take(self, message: EmailMessage, commit: Commit) -> None:
        """Take it."""
        self.before()
        commit()
        self.taken += 1
        self.after()


def test_an_order_is_confirmed_once_however_often_the_job_runs(
    shop: Shop, order_id: int, send: Callable[[int], str], mail_server: MailServer
) -> None:
    """Run again, it finds nothing to do."""
    assert send(order_id) == "sent"
    assert shop.order().mail is Mail.SENT
    assert send(order_id) == "nothing to do"
    assert send(4_711) == "nothing to do"
    assert len(mail_server.taken) == 1
    assert b"Message-ID: <order-1001." in mail_server.taken[0]


def test_of_many_jobs_at_once_one_sends(
    shop: Shop, order_id: int, send: Callable[[int], str], mail_server: MailServer
) -> None:
    """The claim is a race with one winner."""
    start = Barrier(8)

    def go(_turn: int) -> str:
        start.wait(30)
        return send(order_id)

    with ThreadPoolExecutor(8) as pool:
        ends = sorted(pool.map(go, range(8)))
    assert ends == ["nothing to do"] * 7 + ["sent"]
    assert len(mail_server.taken) == 1


def test_a_server_that_says_later_is_tried_again(
    shop: Shop, order_id: int, send: Callable[[int], str], mail_server: MailServer
) -> None:
    """The job fails, so RQ tries it again; the order is owed meanwhile, and due for the sweep."""
    mail_server.replies["rcpt"] = "451 greylisted"
    with pytest.raises(NotTaken):
        send(order_id)
    order = shop.order()
    assert (order.mail, order.mail_attempts) == (Mail.OWED, 1)
    assert order.mail_due_at_ms == shop.clock.now_ms + progress.pause_ms(1)
    mail_server.replies.clear()
    assert send(order_id) == "sent"
    assert len(mail_server.taken) == 1


def test_a_server_that_is_away_is_tried_again(
    shop: Shop, order_id: int, send: Callable[[int], str], smtp: Running, mail_server: MailServer
) -> None:
    """Nothing is lost while it is down."""
    smtp.stop()
    for _ in range(3):
        with pytest.raises(NotTaken):
            send(order_id)
    smtp.start()
    assert send(order_id) == "sent"
    assert len(mail_server.taken) == 1


def test_a_mail_that_nobody_takes_for_days_is_given_up(
    shop: Shop, order_id: int, send: Callable[[int], str], mail_server: MailServer
) -> None:
    """As mail servers themselves do; the order's page says it."""
    mail_server.replies["rcpt"] = "452 mailbox full"
    shop.clock.now_ms += TRYING_MS + 1
    assert send(order_id) == "refused"
    assert shop.order().mail is Mail.REFUSED


def test_an_address_that_is_refused_is_not_tried_again(
    shop: Shop,
    order_id: int,
    send: Callable[[int], str],
    mail_server: MailServer,
    config: WorkersConfig,
) -> None:
    """550 is an answer."""
    mail_server.replies["rcpt"] = "550 no such user"
    assert send(order_id) == "refused"
    assert send(order_id) == "nothing to do"
    shop.clock.now_ms += 10**9
    assert sweep.round_of(shop.database, NO_QUEUE, config, shop.clock.now_ms).startswith(
        "0 enqueued, 0 rev"
    )


def test_an_answer_that_is_lost_is_never_followed_by_a_second_mail(
    shop: Shop,
    order_id: int,
    send: Callable[[int], str],
    mail_server: MailServer,
    config: WorkersConfig,
) -> None:
    """The server has it, and we do not know. It stays unclear, for a person to see to."""
    mail_server.hang_up_at = "data"
    with pytest.raises(Unclear):
        send(order_id)
    mail_server.hang_up_at = ""
    assert shop.order().mail is Mail.UNCLEAR
    shop.clock.now_ms += 10**9
    sweep.round_of(shop.database, NO_QUEUE, config, shop.clock.now_ms)
    assert send(order_id) == "nothing to do"
    assert len(mail_server.taken) == 1


@pytest.mark.parametrize(
    ("office", "mail"),
    [
        (lambda stop: Office(before=stop), Mail.OWED),
        (lambda stop: Office(after=stop), Mail.UNCLEAR),
    ],
)
def test_a_time_limit_that_strikes_anywhere_is_told_by_what_had_gone_out(
    shop: Shop,
    order_id: int,
    config: WorkersConfig,
    office: Callable[[Commit], Office],
    mail: Mail,
) -> None:
    """RQ raises its time limit at any instruction: before the end nothing was taken."""

    class TimeIsUp(BaseException):
        """As RQ's."""

    def stop() -> None:
        raise TimeIsUp

    with pytest.raises(TimeIsUp):
        confirm(order_id, shop.database, office(stop), config, shop.clock)
    assert shop.order().mail is mail


def test_a_job_that_was_thought_dead_sends_nothing_once_another_has_the_order(
    shop: Shop, order_id: int, config: WorkersConfig
) -> None:
    """It slept for long between claim and end; meanwhile the order was sent by another."""
    other = Office()

    def meanwhile() -> None:
        shop.clock.now_ms += progress.STALE_MS
        assert progress.revive(shop.database, shop.clock.now_ms) == 1
        assert confirm(order_id, shop.database, other, config, shop.clock) == "sent"

    late = Office(before=meanwhile)
    with pytest.raises(ClaimLost):
        confirm(order_id, shop.database, late, config, shop.clock)
    assert (late.taken, other.taken) == (0, 1)
    assert shop.order().mail is Mail.SENT


def test_a_job_that_was_thought_dead_does_not_end_what_another_has_begun(
    shop: Shop, order_id: int, config: WorkersConfig
) -> None:
    """Nor does its failure set the order free while the other is at it."""

    def meanwhile() -> None:
        shop.clock.now_ms += progress.STALE_MS
        assert progress.revive(shop.database, shop.clock.now_ms) == 1
        assert progress.claim(shop.database, order_id, shop.clock.now_ms) == 2

    late = Office(before=meanwhile)
    with pytest.raises(ClaimLost):
        confirm(order_id, shop.database, late, config, shop.clock)
    assert late.taken == 0
    assert (shop.order().mail, shop.order().mail_attempts) == (Mail.SENDING, 2)


def test_without_a_post_office_the_order_waits(
    shop: Shop, order_id: int, config: WorkersConfig, tmp_path: Path
) -> None:
    """Production without a mail server, or with what is none: it says what to set."""
    nowhere = WorkersConfig.of({"SHOP_DATABASE_URL": shop.url})
    with pytest.raises(NoPostOffice, match="SHOP_SMTP_URL"):
        post_office(nowhere)
    with pytest.raises(NoPostOffice, match="SHOP_SMTP_URL"):
        post_office(WorkersConfig.of({"SHOP_SMTP_URL": "post.example:587"}))
    both = WorkersConfig.of({"SHOP_SMTP_URL": "smtp://h", "SHOP_OUTBOX": str(tmp_path)})
    assert isinstance(post_office(both), SmtpServer)
    assert shop.order(order_id).mail is Mail.OWED
