"""The shop's tables: what is on sale, and who bought what."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Enum, ForeignKey, Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

FIRST_NUMBER = 1001
"""The number of the first order; they are counted from there."""


class Base(DeclarativeBase):
    """What all tables have in common."""


class Mail(StrEnum):
    """How far an order's confirmation is. Changed by conditional updates only.

    ``owed`` → ``sending`` (claimed by one job; no server has taken the mail) → ``handing`` (the
    last byte may be on its way) → ``sent``. A mail that was certainly not taken goes back to
    ``owed``; ``refused`` (for good) and ``unclear`` (the answer was lost) are for people to see to.
    """

    OWED = "owed"
    SENDING = "sending"
    HANDING = "handing"
    SENT = "sent"
    REFUSED = "refused"
    UNCLEAR = "unclear"


class Item(Base):
    """Something on sale. ``stock``: pieces at the start; ``left``: those not sold yet."""

    __tablename__ = "items"
    __table_args__ = (CheckConstraint("remaining >= 0 AND remaining <= stock", name="no_oversell"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(200))
    details: Mapped[str] = mapped_column(String(2000))
    price_cents: Mapped[int] = mapped_column(Integer)
    picture: Mapped[str] = mapped_column(String(120))
    stock: Mapped[int] = mapped_column(Integer)
    left: Mapped[int] = mapped_column("remaining", Integer)

    @property
    def price(self) -> str:
        """As a shopper reads it."""
        return money(self.price_cents)


class Order(Base):
    """One piece, bought. ``token`` opens its page; ``once`` is the form that made it.

    ``price_cents`` is what was agreed, whatever the item costs later. ``mail_due_at_ms``: when
    the sweep looks after the confirmation next.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_by_mail", "mail", "mail_due_at_ms"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    token: Mapped[str] = mapped_column(String(43), unique=True)
    once: Mapped[str] = mapped_column(String(43), unique=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    price_cents: Mapped[int] = mapped_column(Integer)
    email: Mapped[str] = mapped_column(String(254))
    made_at_ms: Mapped[int] = mapped_column(BigInteger)
    mail: Mapped[Mail] = mapped_column(
        Enum(
            Mail, native_enum=False, length=10, values_callable=lambda kind: [m.value for m in kind]
        )
    )
    mail_attempts: Mapped[int] = mapped_column(Integer)
    mail_changed_at_ms: Mapped[int] = mapped_column(BigInteger)
    mail_due_at_ms: Mapped[int] = mapped_column(BigInteger)
    item: Mapped[Item] = relationship()

    @property
    def number(self) -> int:
        """The order's number, for people; it opens nothing."""
        return FIRST_NUMBER - 1 + self.id

    @property
    def price(self) -> str:
        """As a shopper reads it."""
        return money(self.price_cents)

    @property
    def made_at(self) -> datetime:
        """When it was made, in UTC."""
        return datetime.fromtimestamp(self.made_at_ms / 1000, tz=UTC)


def money(cents: int) -> str:
    """An amount in euro."""
    return f"€ {cents // 100:,}.{cents % 100:02}"
