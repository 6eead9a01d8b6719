"""What the shop needs to know, as finished values; :mod:`storefront.wsgi` reads them."""

from collections.abc import Callable
from dataclasses import dataclass

from storefront import clock
from storefront.proxied import Network
from waitingroom.guard import GuardSettings

NAME = "Stillwater Goods"


@dataclass(frozen=True, slots=True)
class ShopConfig:
    """One shop.

    ``database_url``: SQLite or PostgreSQL, as SQLAlchemy writes it. ``redis_url``: where the job
    queue is, or "" for none: then every confirmation waits for the sweep. ``guard``: None leaves
    the shop open to all. ``public_url``: the shop's own origin, or "" to go by each request's.
    ``proxies``: those whose word counts on what a request is called.
    """

    database_url: str
    redis_url: str = ""
    guard: GuardSettings | None = None
    public_url: str = ""
    name: str = NAME
    proxies: tuple[Network, ...] = ()
    now_ms: Callable[[], int] = clock.now_ms
