"""The confirmation as a mail: the same for the same order, and safe whatever is in it."""

from email import message_from_bytes, policy

from shops import Shop
from sqlalchemy import update
from sqlalchemy.orm import joinedload

from storefront.models import Item, Order
from workers import letter


def a_letter(shop: Shop, **changes: str) -> bytes:
    """The first order's mail, as it goes over the line."""
    with shop.database.reading() as session:
        order = session.get_one(Order, 1, options=[joinedload(Order.item)])
    words = {
        "sender": "orders@shop.example",
        "shop_name": "Still & Co",
        "shop_url": "https://s.example",
    }
    return letter.confirmation(order, **{**words, **changes}).as_bytes()


def test_it_says_what_was_bought_and_where_the_order_is(shop: Shop) -> None:
    """Number, item, price, and the address that shows it."""
    shop.sell()
    message = message_from_bytes(a_letter(shop), policy=policy.default)
    assert message["To"] == "ada@example.org"
    assert message["From"] == "Still & Co <orders@shop.example>"
    assert message["Subject"] == "Your order 1001 at Still & Co"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_content()
    for text in ("1001", "Oak stool", "€ 134.00", f"https://s.example/orders/{shop.order().token}"):
        assert text in body


def test_the_same_order_gives_the_same_bytes(shop: Shop) -> None:
    """So a mail that is sent again can be told from another one: by its Message-ID."""
    shop.sell()
    assert a_letter(shop) == a_letter(shop)
    first = message_from_bytes(a_letter(shop))["Message-ID"]
    assert first.startswith("<order-1001.") and first.endswith("@shop.example>")
    assert shop.order().token not in first


def test_it_goes_through_any_server(shop: Shop) -> None:
    """Seven bits, short lines that end as the protocol wants, an end of its own."""
    shop.sell()
    with shop.database.writing.begin() as session:
        session.execute(update(Item).values(name="Stövchen & Ähnliches " * 5))
    raw = a_letter(shop, shop_name="Möbel " * 10)
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert "Stövchen & Ähnliches" in message_from_bytes(raw, policy=policy.default).get_content()


def test_the_senders_own_name_counts(shop: Shop) -> None:
    """``SHOP_MAIL_FROM`` may carry one."""
    shop.sell()
    raw = a_letter(shop, sender="The Orders <orders@shop.example>")
    assert message_from_bytes(raw)["From"] == "The Orders <orders@shop.example>"
