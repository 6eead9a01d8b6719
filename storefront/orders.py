"""Buying one piece, and finding an order again."""

import re
import secrets

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from storefront.database import Database
from storefront.models import Item, Mail, Order

SWEEP_AFTER_MS = 60_000
"""A confirmation still owed this long after its order was not enqueued, or its job was lost."""
_ONCE = re.compile(r"[A-Za-z0-9_-]{22,43}")


class SoldOut(Exception):
    """Nothing is left of the item."""


class FormUsed(Exception):
    """The form has made an order already, of another item."""


def new_once() -> str:
    """A value for one form, so that it makes one order however often it is sent."""
    return secrets.token_urlsafe(16)


def is_once(text: str) -> bool:
    """Whether ``text`` could be such a value."""
    return _ONCE.fullmatch(text) is not None


def place(database: Database, item_id: int, *, email: str, once: str, now_ms: int) -> Order:
    """Buy one piece; the order is on disk when this returns. It touches nothing but the database.

    The same form sent twice, also at the same moment, gives the same order and takes one piece.
    Any number of racers for the last piece: one gets it. Raises :class:`SoldOut`,
    :class:`FormUsed`, or SQLAlchemy's ``OperationalError`` when the database is away or stays
    busy; then sending the form again is safe.
    """
    try:
        with database.writing.begin() as session:
            made = _made_by(session, once) or _buy(session, item_id, email, once, now_ms)
    except IntegrityError:
        # PostgreSQL only: the same form won the race, and our piece went back with our transaction.
        made = _made_already(database, once)
    if made is None:
        # Nothing left, unless the last piece went to this very form a moment ago.
        made = _made_already(database, once)
    if made is None:
        raise SoldOut
    if made.item_id != item_id:
        raise FormUsed
    return made


def find(session: Session, token: str) -> Order | None:
    """The order behind an address, with its item."""
    return session.scalar(select(Order).where(Order.token == token).options(joinedload(Order.item)))


def left(database: Database) -> int:
    """How many pieces of anything are left."""
    with database.reading() as session:
        return session.scalar(select(func.sum(Item.left))) or 0


def _buy(session: Session, item_id: int, email: str, once: str, now_ms: int) -> Order | None:
    """Take a piece and write the order; None when there is no piece to take."""
    price = session.scalar(
        update(Item)
        .where(Item.id == item_id, Item.left > 0)
        .values(left=Item.left - 1)
        .returning(Item.price_cents)
        .execution_options(synchronize_session=False)
    )
    if price is None:
        return None
    order = Order(
        token=secrets.token_urlsafe(32),
        once=once,
        item_id=item_id,
        price_cents=price,
        email=email,
        made_at_ms=now_ms,
        mail=Mail.OWED,
        mail_attempts=0,
        mail_changed_at_ms=now_ms,
        mail_due_at_ms=now_ms + SWEEP_AFTER_MS,
    )
    session.add(order)
    session.flush()
    return order


def _made_by(session: Session, once: str) -> Order | None:
    return session.scalar(select(Order).where(Order.once == once))


def _made_already(database: Database, once: str) -> Order | None:
    with database.reading() as session:
        return _made_by(session, once)
