"""What the demo shop sells. A shop that has items of its own is left alone."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.models import Item


@dataclass(frozen=True, slots=True)
class Goods:
    """A line of the catalogue; its picture is ``static/items/PICTURE.svg``."""

    slug: str
    name: str
    summary: str
    details: str
    price_cents: int
    picture: str
    stock: int


DEMO = (
    Goods(
        "harbour-teapot", "Harbour teapot", "Stoneware for four cups.",
        "Thrown by hand and glazed in the green of deep water. The spout does not drip, and the "
        "lid stays on while you pour. 0.9 litres.",
        5800, "teapot", 40,
    ),
    Goods(
        "morning-mug", "Morning mug", "Fits both hands.",
        "A heavy mug that keeps its warmth through the first pages of a book. Safe in the "
        "dishwasher. 0.35 litres.",
        1900, "mug", 120,
    ),
    Goods(
        "ash-bowl", "Ash bowl", "Turned from one piece of wood.",
        "Ash from storm-felled trees, oiled with linseed. Every bowl has a grain of its own. "
        "28 centimetres across.",
        7200, "bowl", 25,
    ),
    Goods(
        "reading-lamp", "Reading lamp", "A small pool of light.",
        "A steel arm on a weighted foot; turns without a sound. Comes with a warm bulb that uses "
        "four watts.",
        8900, "lamp", 30,
    ),
    Goods(
        "beeswax-candle", "Beeswax candle", "Burns for forty hours.",
        "Pure wax from three hives, with a cotton wick. It smells of summer and of nothing else. "
        "The plate is included.",
        2400, "candle", 80,
    ),
    Goods(
        "wool-blanket", "Wool blanket", "Woven on an old loom.",
        "New wool from hill sheep, washed soft, with two cream stripes. 140 by 200 centimetres.",
        11900, "blanket", 20,
    ),
    Goods(
        "stem-vase", "Stem vase", "For a branch or three flowers.",
        "Matte porcelain with a narrow neck, so that a single stem stands straight. "
        "24 centimetres high.",
        3600, "vase", 35,
    ),
    Goods(
        "field-notebook", "Field notebook", "Lies flat when it is open.",
        "192 pages of cream paper that takes ink well, thread-sewn, in a cloth cover with a "
        "ribbon.",
        1650, "notebook", 150,
    ),
    Goods(
        "oak-stool", "Oak stool", "Sit, step, or set a lamp on it.",
        "Four legs, one rail, no screws: the joints are wedged. Holds 150 kilograms. "
        "45 centimetres high.",
        13400, "stool", 10,
    ),
    Goods(
        "quiet-clock", "Quiet clock", "Shows the time and keeps silent.",
        "A sweeping movement without a tick, in a frame of cherry wood. Runs a year on one "
        "battery.",
        6400, "clock", 30,
    ),
    Goods(
        "rain-umbrella", "Rain umbrella", "Eight ribs and a wooden handle.",
        "Wide enough for two, and it turns itself right side out after a gust. Any part of it "
        "can be replaced.",
        4800, "umbrella", 60,
    ),
    Goods(
        "potted-fern", "Potted fern", "Content in the shade.",
        "A sword fern in a clay pot. Wants water twice a week and a word now and then. About "
        "40 centimetres high.",
        2900, "fern", 45,
    ),
)  # fmt: skip


def stock_once(session: Session) -> bool:
    """Fill an empty shop with the demo's goods; whether it was empty. Stock is never refilled.

    The session must hold others off (:meth:`storefront.database.Database.set_up`).
    """
    if session.scalar(select(Item.id).limit(1)) is not None:
        return False
    for goods in DEMO:
        session.add(
            Item(
                slug=goods.slug,
                name=goods.name,
                summary=goods.summary,
                details=goods.details,
                price_cents=goods.price_cents,
                picture=f"items/{goods.picture}.svg",
                stock=goods.stock,
                left=goods.stock,
            )
        )
    return True
