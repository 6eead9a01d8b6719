"""Shops over real databases, as tests use them."""

import re
from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from storefront import ShopConfig, create_app, database
from storefront.confirmations import Confirmations
from storefront.database import Database
from storefront.models import Item, Mail, Order
from storefront.orders import new_once, place

NOW_MS = 1_795_000_000_000
EMAIL = "ada@example.org"


@dataclass
class Clock:
    """A wall clock that a test sets."""

    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class Shop:
    """A shop with its demo goods, a browser before it and a look behind the counter."""

    url: str
    redis_url: str = ""
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        config = ShopConfig(self.url, self.redis_url, now_ms=self.clock)
        self.app = create_app(config)
        self.client: FlaskClient = self.app.test_client()
        self.database = Database(self.url)

    def close(self) -> None:
        """Let the database go."""
        self.database.close()

    def once(self, slug: str = "oak-stool") -> str:
        """The hidden value of a fresh form."""
        return once_of(self.client.get(f"/items/{slug}").text)

    def buy(
        self,
        slug: str = "oak-stool",
        *,
        email: str = EMAIL,
        once: str | None = None,
        **more: object,
    ) -> TestResponse:
        """Send the form."""
        form = {"email": email, "once": self.once(slug) if once is None else once}
        return self.client.post(f"/items/{slug}/checkout", data=form, **more)  # type: ignore[arg-type]

    def order(self, order_id: int = 1) -> Order:
        """An order as it stands."""
        with self.database.reading() as session:
            return session.get_one(Order, order_id)

    def orders(self) -> int:
        """How many there are."""
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(Order)) or 0

    def left(self, slug: str = "oak-stool") -> int:
        """How many pieces are left."""
        with self.database.reading() as session:
            return session.scalars(select(Item.left).where(Item.slug == slug)).one()

    def item_id(self, slug: str = "oak-stool") -> int:
        """An item's id."""
        with self.database.reading() as session:
            return session.scalars(select(Item.id).where(Item.slug == slug)).one()

    def leave(self, pieces: int, slug: str = "oak-stool") -> None:
        """Take the rest off the shelf."""
        with self.database.writing.begin() as session:
            session.execute(update(Item).where(Item.slug == slug).values(left=pieces))

    def sell(self, slug: str = "oak-stool") -> int:
        """An order without a browser; its id."""
        return place(
            self.database,
            self.item_id(slug),
            email=EMAIL,
            once=new_once(),
            now_ms=self.clock.now_ms,
        ).id

    def set_mail(self, order_id: int, mail: Mail, **values: int) -> None:
        """Put a confirmation where a test wants it."""
        with self.database.writing.begin() as session:
            session.execute(update(Order).where(Order.id == order_id).values(mail=mail, **values))


def be_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop does not take a queue for away, nor a database for stuck, for what else the machine
    does.
    """
    defaults = Confirmations.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "patience_s", 30)
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 30)


def once_of(page: str) -> str:
    """The hidden value in a page's form."""
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found, page
    return found[1]
