"""How far each confirmation is: every step one conditional update, so that one racer wins it.

The number of the attempt fences: a job that was thought dead, and whose order another has claimed
since, finds its next step refused, and that step comes before the mail's last byte.
"""

from typing import Any, cast

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session

from storefront.database import Database
from storefront.models import Mail, Order

STALE_MS = 10 * 60_000
"""A job lives two minutes at most (``storefront.confirmations.JOB_TIMEOUT_S``); then it is dead."""
LOOK_AGAIN_MS = 10 * 60_000
"""How long the sweep leaves alone what it has enqueued."""
LONGEST_PAUSE_MS = 3_600_000
FIRST_PAUSE_MS = 60_000


def claim(database: Database, order_id: int, now_ms: int) -> int:
    """Take on an owed confirmation: the number of the attempt, 0 when there is nothing to do."""
    with database.writing.begin() as session:
        attempt = session.scalar(
            update(Order)
            .where(Order.id == order_id, Order.mail == Mail.OWED)
            .values(
                mail=Mail.SENDING,
                mail_attempts=Order.mail_attempts + 1,
                mail_changed_at_ms=now_ms,
            )
            .returning(Order.mail_attempts)
        )
    return attempt or 0


def step(
    database: Database, order_id: int, attempt: int, to: Mail, *, since: Mail, now_ms: int
) -> bool:
    """Go from one state to the next, if the attempt is still ours; whether it was."""
    with database.writing.begin() as session:
        return (
            _count(
                session,
                update(Order)
                .where(Order.id == order_id, Order.mail == since, Order.mail_attempts == attempt)
                .values(
                    mail=to, mail_changed_at_ms=now_ms, mail_due_at_ms=now_ms + pause_ms(attempt)
                ),
            )
            == 1
        )


def pause_ms(attempt: int) -> int:
    """How long after an attempt the sweep looks again: doubled each time, up to an hour."""
    return min(FIRST_PAUSE_MS << min(attempt, 10), LONGEST_PAUSE_MS)


def revive(database: Database, now_ms: int) -> int:
    """Owe again what a dead job had claimed: no server can have taken it. How many there were."""
    with database.writing.begin() as session:
        return _count(
            session,
            update(Order)
            .where(Order.mail == Mail.SENDING, Order.mail_changed_at_ms <= now_ms - STALE_MS)
            .values(mail=Mail.OWED, mail_changed_at_ms=now_ms, mail_due_at_ms=now_ms),
        )


def give_up_unclear(database: Database, now_ms: int) -> list[int]:
    """Mark what died between the mail's end and its answer; the ids."""
    with database.writing.begin() as session:
        return list(
            session.scalars(
                update(Order)
                .where(Order.mail == Mail.HANDING, Order.mail_changed_at_ms <= now_ms - STALE_MS)
                .values(mail=Mail.UNCLEAR, mail_changed_at_ms=now_ms)
                .returning(Order.id)
            )
        )


def due(database: Database, now_ms: int, most: int) -> list[int]:
    """Orders whose confirmation is owed and due, the longest due first."""
    with database.reading() as session:
        return list(
            session.scalars(
                select(Order.id)
                .where(Order.mail == Mail.OWED, Order.mail_due_at_ms <= now_ms)
                .order_by(Order.mail_due_at_ms, Order.id)
                .limit(most)
            )
        )


def put_off(database: Database, order_ids: list[int], now_ms: int) -> None:
    """Leave these alone for a while: they are in the queue."""
    with database.writing.begin() as session:
        session.execute(
            update(Order)
            .where(Order.id.in_(order_ids), Order.mail == Mail.OWED)
            .values(mail_due_at_ms=now_ms + LOOK_AGAIN_MS)
        )


def _count(session: Session, statement: Update) -> int:
    """How many rows a statement changed."""
    return cast(CursorResult[Any], session.execute(statement)).rowcount
