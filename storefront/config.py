"""What the shop needs to know, as finished values; :mod:`storefront.wsgi` reads them."""

from collections.abc import Callable
from dataclasses import dataclass

from storefront import clock
from waitingroom.guard import GuardSettings

NAME = "Stillwater Goods"


@dataclass(frozen=True, slots=True)
class ShopConfig:
    """One shop.

    ``database_url``: SQLite or PostgreSQL, as SQLAlchemy writes it. ``redis_url``: where the job
    queue is, or "" for none: then every confirmation waits for the sweep. ``guard``: None leaves
    the shop open to all. ``public_url``: the shop's own origin, or "" to go by each request's.
    """

    database_url: str
    redis_url: str = ""
    guard: GuardSettings | None = None
    public_url: str = ""
    name: str = NAME
    now_ms: Callable[[], int] = clock.now_ms
