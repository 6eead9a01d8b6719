"""The shop as a server runs it: ``gunicorn storefront.wsgi:app``. The one reader of its variables.

``SHOP_DATABASE_URL`` (default ``sqlite:///shop.db``), ``REDIS_URL`` (the job queue; empty: none),
``SHOP_NAME``, and the guard's own ``WAITINGROOM_*``. Without those the shop does not start, unless
``SHOP_UNGUARDED=1`` says that it shall be open to all.
"""

import os
from collections.abc import Mapping

from storefront.app import ALLOWED, create_app
from storefront.config import NAME, ShopConfig
from storefront.proxied import Network, networks_in
from waitingroom.guard import GuardSettings


class BadSettings(Exception):
    """The shop cannot start like this. The text is one sentence that says what to set."""


def config_from(env: Mapping[str, str]) -> ShopConfig:
    """The settings in these variables. Raises :class:`BadSettings`."""
    return ShopConfig(
        database_url=env.get("SHOP_DATABASE_URL") or "sqlite:///shop.db",
        redis_url=env.get("REDIS_URL", ""),
        guard=_guard(env),
        public_url=env.get("WAITINGROOM_SHOP_URL", "").rstrip("/"),
        name=env.get("SHOP_NAME") or NAME,
        proxies=_proxies(env.get("WAITINGROOM_TRUSTED_PROXIES", "")),
    )


def _proxies(text: str) -> tuple[Network, ...]:
    try:
        return networks_in(text)
    except ValueError as error:
        raise BadSettings(f"WAITINGROOM_TRUSTED_PROXIES: {error}") from None


def _guard(env: Mapping[str, str]) -> GuardSettings | None:
    words = {name: text for name, text in env.items() if name.startswith("WAITINGROOM_")}
    if not words.get("WAITINGROOM_ROOM_KEYS", "").strip():
        if env.get("SHOP_UNGUARDED", "") == "1":
            return None
        raise BadSettings(
            "WAITINGROOM_ROOM_KEYS is not set, so no pass could be checked: set it to what "
            "`waitingroom room keys ROOM` prints, or SHOP_UNGUARDED=1 for a shop without a guard"
        )
    try:
        return GuardSettings.from_mapping(words, ALLOWED)
    except ValueError as error:
        raise BadSettings(f"the guard's settings (WAITINGROOM_…) do not fit: {error}") from None


app = create_app(config_from(os.environ))  # noqa: TID251 - the shop's composition root
