"""The round that finds confirmations that fell by the wayside. RQ's cron starts it every minute.

Each step returns what it did, and may be cut off or run twice at any point: every change is a
conditional update, and a job that is in the queue twice sends once.
"""

import logging

from storefront import clock
from storefront.confirmations import Confirmations
from storefront.database import Database
from storefront.models import FIRST_NUMBER
from workers import progress
from workers.confirmation import post_office
from workers.environment import NoPostOffice, WorkersConfig, from_environment

EVERY_S = 60
MOST_AT_ONCE = 500
"""Confirmations put into the queue in one round."""
QUEUE_PATIENCE_S = 5

_log = logging.getLogger(__name__)


def sweep() -> str:
    """The RQ job: one round, and what it did, in words."""
    config = from_environment()
    database = Database(config.database_url)
    try:
        queue = Confirmations(config.redis_url, now_ms=clock.now_ms, patience_s=QUEUE_PATIENCE_S)
        return round_of(database, queue, config, clock.now_ms())
    finally:
        database.close()


def round_of(database: Database, queue: Confirmations, config: WorkersConfig, now_ms: int) -> str:
    """Look after dead jobs, then enqueue what is owed and due, if mail has somewhere to go."""
    unclear = report_unclear(database, now_ms)
    revived = progress.revive(database, now_ms)
    try:
        post_office(config)
    except NoPostOffice as why:
        enqueued = 0
        say_what_waits(database, str(why), now_ms)
    else:
        enqueued = enqueue_due(database, queue, now_ms)
    return f"{enqueued} enqueued, {revived} revived, {unclear} unclear"


def report_unclear(database: Database, now_ms: int) -> int:
    """Say which mails may have been sent, or not; they are not sent again. How many."""
    found = progress.give_up_unclear(database, now_ms)
    for order_id in found:
        number = FIRST_NUMBER - 1 + order_id
        _log.error("order %s: its worker died while the server was answering", number)
    return len(found)


def say_what_waits(database: Database, why: str, now_ms: int) -> None:
    """One line for all confirmations that are due; none where none is."""
    if waiting := len(progress.due(database, now_ms, MOST_AT_ONCE)):
        said = f"{waiting} or more" if waiting == MOST_AT_ONCE else str(waiting)
        _log.error("confirmations that wait: %s; %s", said, why, extra={"event": "mail_nowhere"})


def enqueue_due(database: Database, queue: Confirmations, now_ms: int) -> int:
    """Put confirmations into the queue, as far as it takes them. How many."""
    enqueued: list[int] = []
    for order_id in progress.due(database, now_ms, MOST_AT_ONCE):
        if not queue.enqueue(order_id):
            break
        enqueued.append(order_id)
    if enqueued:
        progress.put_off(database, enqueued, now_ms)
    return len(enqueued)
