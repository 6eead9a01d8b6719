"""The console: the operators' pages, and what the shop's guard talks to in the background."""

from collections.abc import Callable
from pathlib import Path

from flask import Flask

from waitingroom import clock
from waitingroom.clients import Proxies
from waitingroom.config import ConsoleConfig
from waitingroom.console import faults, requests
from waitingroom.console.access import Access, context
from waitingroom.console.health import health
from waitingroom.console.pages import Pages
from waitingroom.console.record import RecordPages
from waitingroom.console.room_api import RoomApi
from waitingroom.console.turns import Turns
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring


def _templates() -> Path:
    """In a wheel the templates travel inside the package; in a checkout they lie beside it."""
    package = Path(__file__).parents[1]
    packaged = package / "templates" / "console"
    return packaged if packaged.is_dir() else package.parent / "templates" / "console"


def create_app(config: ConsoleConfig, *, now_ms: Callable[[], int] = clock.now_ms) -> Flask:
    """Wire the store, the keys and the blueprints. Connects to nothing yet."""
    app = Flask(__name__, static_folder="static", template_folder=str(_templates()))
    app.config["MAX_CONTENT_LENGTH"] = config.body_limit
    store = Store.connect(config.store_url)
    proxies = Proxies(config.proxies, config.proxy_headers)
    requests.register(app, proxies)
    faults.register(app)
    app.register_blueprint(health(store))
    access = Access(store.accounts, store.record, now_ms, proxies, config.public_url)
    forgery = access.register(app, config.keys)
    app.context_processor(context)
    app.register_blueprint(Pages(store, access).blueprint())
    app.register_blueprint(RecordPages(store, access).blueprint())
    app.register_blueprint(Turns(store, access).blueprint())
    # Whoever holds a shop's key sends it by itself: no browser does that for somebody else.
    room_api = RoomApi(store, Keyring(config.keys), config.shop_keys, now_ms).blueprint()
    forgery.exempt(room_api)
    app.register_blueprint(room_api)
    return app
