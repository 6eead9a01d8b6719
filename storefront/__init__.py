"""The first shop: items, one-piece checkout, an order page. It stands behind the guard.

It knows :mod:`waitingroom.guard` and nothing else of the waiting room; a shop of your own is
protected the same way. ``storefront.wsgi:app`` is the application that a server runs.
"""

from storefront.app import create_app
from storefront.config import ShopConfig

__all__ = ["ShopConfig", "create_app"]
