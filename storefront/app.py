"""The application factory: it wires, and does nothing else."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from flask import Flask, url_for
from jinja2 import StrictUndefined

from storefront.catalogue import stock_once
from storefront.config import ShopConfig
from storefront.confirmations import Confirmations
from storefront.database import Database
from storefront.faults import add_faults, add_headers
from storefront.pages import Shop, pages
from storefront.proxied import Proxied
from waitingroom.guard import Guard

ALLOWED = ("/orders/*", "/static/*", "/healthz")
"""Open without a pass: whoever has bought something may look at it, long after they left."""
BODY_LIMIT = 16 * 1024
_HERE = Path(__file__).parent
_YEAR_S = 365 * 86_400


def create_app(config: ShopConfig) -> Flask:
    """The shop, its tables made, its shelves filled if they were never filled before.

    Raises SQLAlchemy's errors when the database cannot be reached.
    """
    app = Flask("storefront", root_path=str(_HERE), template_folder=str(_templates_folder()))
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _YEAR_S
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["shop_name"] = config.name
    app.jinja_env.globals["asset"] = _asset(app)

    database = Database(config.database_url)
    with database.set_up() as session:
        stock_once(session)
        session.commit()
    # A server may fork now; connections must not be shared by two processes.
    database.close()
    confirmations = Confirmations(config.redis_url, now_ms=config.now_ms)
    shop = Shop(database, confirmations, config.public_url, config.now_ms)
    if config.guard:
        guard = Guard.of(app.wsgi_app, config.guard, now_ms=config.now_ms)
        app.wsgi_app = Proxied(guard, config.proxies)  # type: ignore[method-assign]
        shop = replace(shop, report=_reporting(guard, config.guard.keyrings))
    app.register_blueprint(pages(shop))
    add_faults(app)
    add_headers(app, config.guard.gate if config.guard else "")
    return app


def _reporting(guard: Guard, rooms: Iterable[str]) -> Callable[[int], None]:
    """Tells each room what is left: all of them stand before the same shelves."""

    def report(left: int) -> None:
        for room in rooms:
            guard.stock(room, left)

    return report


def _templates_folder() -> Path:
    """In a wheel the templates travel inside the package; in a checkout they lie beside it."""
    packaged = _HERE / "templates" / "shop"
    return packaged if packaged.is_dir() else _HERE.parent / "templates" / "shop"


def _asset(app: Flask) -> "Asset":
    return Asset(app, {})


class Asset:
    """Addresses of static files that change with their content, so that caches may keep them."""

    def __init__(self, app: Flask, known: dict[str, str]) -> None:
        self._app = app
        self._known = known

    def __call__(self, name: str) -> str:
        """The address of ``name`` in the static folder."""
        if name not in self._known:
            content = (_HERE / "static" / name).read_bytes()
            self._known[name] = hashlib.sha256(content).hexdigest()[:12]
        return url_for("static", filename=name, v=self._known[name])
