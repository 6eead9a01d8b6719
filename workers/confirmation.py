"""The job that confirms an order by mail: never twice, and not lost where that can be known.

An order's mail is claimed before anything is sent, and marked a second time right before the one
byte that cannot be taken back (:class:`storefront.models.Mail`). So:

- two jobs for one order, or a job run twice: one sends, the other finds nothing to do;
- a server that is away, or refuses for now: the mail is owed again, this job is tried again by RQ
  (10 s, 1 min, 5 min) and after that by the sweep, for five days. Each try leaves a line;
- nowhere to send mail to: a line in the log says what to set, and the mail stays owed. The sweep
  puts none of them into the queue until there is;
- a server that refuses for good: ``refused``; nobody tries again;
- the worker is killed before the mail's end went out: the sweep notices, and it is sent again;
- the answer to the mail's end is lost, or the worker is killed before it came: ``unclear``. The
  server has the mail or has it not, and we cannot ask. It is reported and **not** sent again: the
  shopper has seen the order's page, and a second mail looks like a second order. Its Message-ID is
  fixed, so a person can look it up in the server's log;
- the worker is killed, or the database away, after the server's yes and before that is written
  down: ``unclear`` too, though it was sent.
"""

import logging
from collections.abc import Callable
from email.message import EmailMessage

from sqlalchemy.orm import joinedload

from storefront import clock
from storefront.database import Database
from storefront.models import FIRST_NUMBER, Mail, Order
from waitingroom.console.notices import next_try
from workers import letter, progress, tries
from workers.environment import NoPostOffice, WorkersConfig, from_environment
from workers.post import NotTaken, Outbox, PostOffice, Refused, SmtpServer

TRYING_MS = 5 * 86_400_000
"""A mail that no server takes for so long after its order is given up (RFC 5321, 4.5.4.1)."""

_log = logging.getLogger(__name__)


class ClaimLost(Exception):
    """Another job has the order by now: this one took too long. Nothing was sent."""


def send(order_id: int) -> str:
    """The RQ job. What became of the mail, in a word; raises when it is worth another try."""
    config = from_environment()
    try:
        office = post_office(config)
    except NoPostOffice as why:
        # Another try changes nothing: the sweep comes back to it once mail has somewhere to go.
        number = FIRST_NUMBER - 1 + order_id
        _log.error("order %s: its mail waits: %s", number, why, extra={"event": "mail_nowhere"})
        return "waits"
    database = Database(config.database_url)
    try:
        return confirm(order_id, database, office, config, clock.now_ms)
    finally:
        database.close()


def post_office(config: WorkersConfig) -> PostOffice:
    """Where mail goes. Raises :class:`NoPostOffice`."""
    if config.smtp_url:
        try:
            return SmtpServer(config.smtp_url)
        except ValueError as why:
            raise NoPostOffice(str(why)) from None
    if config.outbox:
        return Outbox(config.outbox)
    raise NoPostOffice("set SHOP_SMTP_URL, or SHOP_OUTBOX in development")


def confirm(
    order_id: int,
    database: Database,
    office: PostOffice,
    config: WorkersConfig,
    now_ms: Callable[[], int],
) -> str:
    """Send one order's confirmation if it is owed; what became of it, in a word.

    Raises :class:`NotTaken` when another try is worth it, ``Unclear`` when nobody can tell.
    """
    attempt = progress.claim(database, order_id, now_ms())
    if not attempt:
        return "nothing to do"

    def go(to: Mail, *, since: Mail) -> bool:
        return progress.step(database, order_id, attempt, to, since=since, now_ms=now_ms())

    def end(to: Mail) -> bool:
        return go(to, since=Mail.HANDING) or go(to, since=Mail.SENDING)

    def commit() -> None:
        if not go(Mail.HANDING, since=Mail.SENDING):
            raise ClaimLost(f"order {order_id}, attempt {attempt}")

    try:
        order = _order(database, order_id)
        office.take(_letter(order, config), commit)
        end(Mail.SENT)
    except Refused as why:
        _log.error("order %s: the mail was refused for good: %s", order.number, why)
        end(Mail.REFUSED)
        return Mail.REFUSED
    except NotTaken as why:
        if now_ms() - order.made_at_ms > TRYING_MS:
            _log.error("order %s: the mail was not taken for days: %s", order.number, why)
            end(Mail.REFUSED)
            return Mail.REFUSED
        end(Mail.OWED)
        tries.failed(f"order {order.number}: its mail was not taken", why, _then(attempt))
        raise
    except BaseException as why:
        # An answer that was lost; a time limit, a fault of ours or the database's, at any point.
        # Before commit nothing can have been taken; after it, anything may.
        if not go(Mail.OWED, since=Mail.SENDING) and go(Mail.UNCLEAR, since=Mail.HANDING):
            number = FIRST_NUMBER - 1 + order_id
            _log.error("order %s: the mail was sent, or not: %r", number, why)
        raise
    return Mail.SENT


def _then(attempt: int) -> str:
    """After RQ's last try: as :mod:`workers.progress` has put it off."""
    return next_try(progress.pause_ms(attempt)) + " or a minute later"


def _letter(order: Order, config: WorkersConfig) -> EmailMessage:
    return letter.confirmation(
        order, sender=config.sender, shop_name=config.shop_name, shop_url=config.shop_url
    )


def _order(database: Database, order_id: int) -> Order:
    with database.reading() as session:
        return session.get_one(Order, order_id, options=[joinedload(Order.item)])
