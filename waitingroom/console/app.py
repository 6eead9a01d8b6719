"""The console: the operators' pages, and what the shop's guard talks to in the background."""

from collections.abc import Callable
from pathlib import Path

from flask import Flask

from waitingroom import clock
from waitingroom.clients import Proxies
from waitingroom.codes import Codes
from waitingroom.config import ConsoleConfig
from waitingroom.console import compressed, faults, requests, static_files
from waitingroom.console.access import Access
from waitingroom.console.account import AccountPages
from waitingroom.console.api.frame import Api
from waitingroom.console.api.wired import operations
from waitingroom.console.branding import Branding, let_logos_in
from waitingroom.console.forms import context
from waitingroom.console.health import health
from waitingroom.console.knobs import common_zone
from waitingroom.console.operator_keys import OperatorKeyPages
from waitingroom.console.operators import OperatorPages
from waitingroom.console.pages import Pages
from waitingroom.console.planning import PlanPages
from waitingroom.console.previews import Previews
from waitingroom.console.ready import ReadyPages
from waitingroom.console.record import RecordPages
from waitingroom.console.rehearsal_pages import RehearsalPages
from waitingroom.console.releases import Releases
from waitingroom.console.room_api import RoomApi
from waitingroom.console.rooms import RoomForms
from waitingroom.console.shop_access import ShopAccess
from waitingroom.console.shop_keys import ShopKeyPages
from waitingroom.console.staff import StaffPages
from waitingroom.console.support import SupportPages
from waitingroom.console.turning import KnobPages
from waitingroom.console.turns import Turns
from waitingroom.reasons import LABELS
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

    def zone() -> str:
        return common_zone(store.statuses().values())

    proxies = Proxies(config.proxies, config.proxy_headers)
    requests.register(app, proxies)
    static_files.register(app)
    compressed.register(app)
    faults.register(app)
    app.register_blueprint(health(store))
    access = Access(store.accounts, store.record, now_ms, proxies, config.public_url)
    let_logos_in(app)
    forgery = access.register(app, config.keys)
    app.context_processor(context)
    app.jinja_env.globals["causes"] = LABELS
    api = Api(app)
    app.register_blueprint(Pages(store, access).blueprint())
    app.register_blueprint(RecordPages(store, access, zone).blueprint())
    app.register_blueprint(Turns(store, access).blueprint())
    app.register_blueprint(ReadyPages(store, access, config).blueprint())
    app.register_blueprint(RoomForms(store, access, config.gate_url).blueprint())
    app.register_blueprint(Branding(store, access).blueprint())
    app.register_blueprint(RehearsalPages(store, access).blueprint())
    previews = Previews(store, access, config.templates).blueprint()
    forgery.exempt(previews)
    app.register_blueprint(previews)
    app.register_blueprint(SupportPages(store, access, Codes(config.keys)).blueprint())
    keyring = Keyring(config.keys)
    app.register_blueprint(AccountPages(store, access, zone).blueprint())
    app.register_blueprint(OperatorPages(store.accounts, access, zone).blueprint())
    app.register_blueprint(OperatorKeyPages(store.keys, access, zone).blueprint())
    app.register_blueprint(ShopKeyPages(store.shop_keys, access, zone).blueprint())
    app.register_blueprint(StaffPages(store, access, keyring).blueprint())
    app.register_blueprint(KnobPages(store, access).blueprint())
    app.register_blueprint(PlanPages(store, access).blueprint())
    # Whoever holds an operator's or a shop's key sends it by itself: no browser does that for
    # somebody else.
    shops = ShopAccess(config.shop_keys, store.shop_keys, now_ms)
    releases = Releases()
    room_api = RoomApi(store, keyring, shops, now_ms, releases).blueprint()
    for group in (*operations(store, access, config, releases), room_api):
        api.register_blueprint(group)
        forgery.exempt(group)
    return app
