"""Stock is held in the database: what is sold is sold once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from shops import EMAIL, NOW_MS, Shop
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from storefront.catalogue import DEMO, stock_once
from storefront.database import Database
from storefront.models import Item, Order
from storefront.orders import FormUsed, SoldOut, new_once, place


def race(shop: Shop, racers: list[str], databases: int = 2) -> list[Order | None]:
    """One buyer a form value, all at the same moment; each one's order, None when sold out.

    ``databases``: how many processes there might be, each with connections of its own.
    """
    item_id = shop.item_id()
    counters = [Database(shop.url) for _ in range(databases)]
    start = Barrier(len(racers))

    def buy(turn: int) -> Order | None:
        start.wait(30)
        database = counters[turn % databases]
        try:
            return place(database, item_id, email=EMAIL, once=racers[turn], now_ms=NOW_MS)
        except SoldOut:
            return None

    with ThreadPoolExecutor(len(racers)) as pool:
        orders = list(pool.map(buy, range(len(racers))))
    for counter in counters:
        counter.close()
    return orders


def test_ten_pieces_sell_exactly_ten(any_shop: Shop) -> None:
    """However many ask at once: ten get one, the others are told, nothing is left over."""
    any_shop.leave(10)
    orders = [order for order in race(any_shop, [new_once() for _ in range(40)]) if order]
    assert len(orders) == 10
    assert len({order.number for order in orders}) == len({order.token for order in orders}) == 10
    assert any_shop.left() == 0
    assert any_shop.orders() == 10


def test_the_same_form_sent_many_times_at_once_buys_one_piece(any_shop: Shop) -> None:
    """A nervous finger on “buy” is one order."""
    orders = race(any_shop, [new_once()] * 12)
    assert {order.id for order in orders if order} == {1}
    assert None not in orders
    assert any_shop.left() == 9


def test_the_last_piece_is_the_same_forms_however_often_it_is_sent(any_shop: Shop) -> None:
    """The second of the two must not hear “sold out” of its own piece."""
    any_shop.leave(1)
    orders = race(any_shop, [new_once()] * 8)
    assert None not in orders
    assert any_shop.left() == 0
    assert any_shop.orders() == 1


def test_a_form_buys_one_item_only(any_shop: Shop) -> None:
    """A value that has bought a stool buys no mug, and no second piece goes."""
    once = new_once()
    stool = {"email": EMAIL, "once": once, "now_ms": NOW_MS}
    place(any_shop.database, any_shop.item_id(), **stool)  # type: ignore[arg-type]
    with pytest.raises(FormUsed):
        place(any_shop.database, any_shop.item_id("morning-mug"), **stool)  # type: ignore[arg-type]
    assert any_shop.left("morning-mug") == 120


def test_the_database_itself_refuses_to_oversell(any_shop: Shop) -> None:
    """Whatever code comes later: a constraint holds the shelf."""
    for pieces in (-1, 11):
        with pytest.raises(IntegrityError), any_shop.database.writing.begin() as session:
            session.execute(update(Item).where(Item.slug == "oak-stool").values(left=pieces))


def test_an_order_keeps_its_price(any_shop: Shop) -> None:
    """What was agreed stays, whatever the item costs later."""
    any_shop.sell()
    with any_shop.database.writing.begin() as session:
        session.execute(update(Item).values(price_cents=1))
    assert any_shop.order().price == "€ 134.00"


def test_shelves_are_filled_once_however_many_processes_start_at_once(database_url: str) -> None:
    """Tables and goods appear once; a restart brings no sold piece back."""
    start = Barrier(6)

    def begin(_turn: int) -> bool:
        database = Database(database_url)
        start.wait(30)
        with database.set_up() as session:
            filled = stock_once(session)
            session.commit()
        database.close()
        return filled

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(begin, range(6))) == [False] * 5 + [True]
    shop = Shop(database_url)
    shop.sell()
    again = Shop(database_url)
    assert again.left() == 9
    with again.database.reading() as session:
        assert session.query(Item).count() == len(DEMO)
    again.close()
    shop.close()


def test_a_shop_with_goods_of_its_own_is_left_alone(any_shop: Shop) -> None:
    """The demo's goods come into an empty shop only."""
    with any_shop.database.writing.begin() as session:
        session.query(Item).where(Item.slug != "oak-stool").delete()
        assert not stock_once(session)


def test_an_order_that_somebody_was_told_of_is_on_disk(shop: Shop) -> None:
    """SQLite's own default would lose the last orders when the power goes."""
    with shop.database.reading() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
