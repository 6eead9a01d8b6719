"""The console's application: what the shop's guard talks to in the background (DESIGN §7)."""

from collections.abc import Callable

from flask import Flask

from waitingroom import clock
from waitingroom.config import ConsoleConfig
from waitingroom.console import faults
from waitingroom.console.health import health
from waitingroom.console.room_api import RoomApi
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring


def create_app(config: ConsoleConfig, *, now_ms: Callable[[], int] = clock.now_ms) -> Flask:
    """Wire the store, the keys and the blueprints. Connects to nothing yet."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = config.body_limit
    store = Store.connect(config.store_url)
    faults.register(app)
    app.register_blueprint(health(store))
    app.register_blueprint(
        RoomApi(store, Keyring(config.keys), config.shop_keys, now_ms).blueprint()
    )
    return app
