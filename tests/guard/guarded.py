"""A shop behind the guard, and a room API over real HTTP that can be told to misbehave."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any

import flask
from bridge import application, bridged
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

import waitingroom.guard
from waitingroom.guard import PASS_KEY, Guard
from waitingroom.guard.api import RoomApi
from waitingroom.guard.asgi import Guard as AsgiGuard
from waitingroom.guard.knowledge import Knowledge
from waitingroom.guard.reporter import Reporter
from waitingroom.tokens import Handover, Keyring, Pass, RoomKeyring

GATE = "https://wait.example.com"
SHOP_KEY = "the shop's key"
NOW_MS = 1_800_000_000_000
SESSION_MS = 900_000
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NAVIGATION = {**HTML, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}
MASTER = Keyring([b"a" * 32])
PATIENCE_S = 30.0


def ring(room: str = "demo") -> RoomKeyring:
    """A room's keys."""
    return MASTER.room_keys(room)


def a_pass(**changes: Any) -> Pass:
    """A fresh pass for ``demo``."""
    values: dict[str, Any] = {
        "room": "demo",
        "epoch": 1,
        "lease": "1-12",
        "issued_at_ms": NOW_MS,
        "expires_at_ms": NOW_MS + SESSION_MS,
        "ends_at_ms": NOW_MS + 4 * SESSION_MS,
    }
    return Pass(**{**values, **changes})


def a_handover(**changes: Any) -> Handover:
    """A fresh handover for ``demo``."""
    values: dict[str, Any] = {
        "room": "demo",
        "epoch": 1,
        "lease": "1-12",
        "nonce": "0123456789abcdef",
        "issued_at_ms": NOW_MS,
        "expires_at_ms": NOW_MS + 30_000,
        "pass_expires_at_ms": NOW_MS + SESSION_MS,
        "pass_ends_at_ms": NOW_MS + 4 * SESSION_MS,
    }
    return Handover(**{**values, **changes})


def signed(value: Pass | Handover) -> str:
    """The token of a pass or a handover."""
    keys = ring(value.room)
    return keys.sign_pass(value) if isinstance(value, Pass) else keys.sign_handover(value)


@dataclass
class Clock:
    """A wall clock that a test sets."""

    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class StandInApi:
    """The room API over HTTP, as the contract has it, in memory; ``mood`` makes it misbehave.

    Moods: ok, frozen (takes the call, never answers), error (500), garbage (200 without JSON).
    ``unknown``: a call that it does not have yet, as one of an earlier version. ``calls``: path and
    body of each, in order.
    """

    mood: str = "ok"
    unknown: str = ""
    epoch: int = 1
    staff_epoch: int = 1
    outside: bool = False
    shop: str | None = None
    released: set[str] = field(default_factory=set)
    news: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    since: list[str] = field(default_factory=list)
    redeemed: set[str] = field(default_factory=set)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""
    heard: Event = field(default_factory=Event)
    thaw: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    @Request.application
    def app(self, request: Request) -> Response:
        """Answer one call."""
        with self.lock:
            self.calls.append((request.path, request.get_json()))
        self.heard.set()
        if self.mood == "frozen":
            self.thaw.wait(30)
        try:
            return self.in_mood(request)
        finally:
            self.heard.set()

    def in_mood(self, request: Request) -> Response:
        """An answer, or what stands in its place."""
        if self.mood == "error":
            return Response("oh dear", status=500)
        if self.mood == "garbage":
            return Response("<html>", status=200)
        if request.headers.get("Authorization") != f"Bearer {SHOP_KEY}":
            return self.json(401, error="unauthorized")
        call = request.path.rpartition("/")[2]
        return self.answer(call, request.get_json(), request.args.get("since"))

    def answer(self, call: str, body: dict[str, Any], since: str | None) -> Response:
        """What the call is for."""
        if call == self.unknown:
            return self.json(404, error="not_found", message="")
        if call == "redeem":
            with self.lock:
                if body["handover"] in self.redeemed:
                    return self.json(409, error="replayed", message="")
                self.redeemed.add(body["handover"])
            return self.json(200, ok=True)
        if call in ("health", "stock"):
            return self.json(200, ok=True)
        states = {}
        for lease in body["leases"]:
            if call == "release":
                self.released.add(lease)
                self.news.append(lease)
            state = "released" if lease in self.released else "active"
            states[lease] = {"state": state, "expires_at_ms": 1}
        where: dict[str, Any] = {
            "epoch": self.epoch,
            "staff_epoch": self.staff_epoch,
            "outside": self.outside,
            "shop": self.shop,
        }
        if since is not None:
            self.since.append(since)
            where |= {"mark": f"m.{len(self.news)}"}
            where |= {"released": self.news[int(since[2:] or 0) :], "revoked": self.revoked}
        return self.json(200, **where, phase="open", leases=states)

    def json(self, status: int, **body: Any) -> Response:
        """A JSON answer."""
        return Response(json.dumps(body), status=status, mimetype="application/json")

    def leases(self, call: str) -> list[str]:
        """Every lease that came with ``renew`` or ``release``, in order."""
        with self.lock:
            return [
                lease
                for path, body in self.calls
                if path.endswith(f"/leases/{call}")
                for lease in body["leases"]
            ]

    def until(self, happened: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Wait for calls until ``happened``, a question about them."""
        deadline = time.monotonic() + patience_s
        while not happened():
            left_s = deadline - time.monotonic()
            assert left_s > 0 and self.heard.wait(left_s), f"only heard {self.calls}"
            self.heard.clear()


def by_hand(url: str, steady_ms: Callable[[], int], key: str = SHOP_KEY) -> Reporter:
    """A reporter whose turns the test takes: it has no thread."""
    api, knowledge = RoomApi(url, key), Knowledge()
    made = Reporter(api, ["demo"], knowledge, now_ms=lambda: NOW_MS, steady_ms=steady_ms)
    made.wake = lambda: None  # type: ignore[method-assign]
    return made


class Shop:
    """A Flask shop behind the guard, a browser (``client``) and a program without cookies.

    ``speaks``: wsgi or asgi, which of the two guards it has.
    """

    def __init__(self, clock: Clock, speaks: str = "wsgi", **words: Any) -> None:
        self.clock = clock
        self.speaks = speaks
        self.app = flask.Flask("shop", static_folder=None)
        self.seen: list[Any] = []
        self.app.add_url_rule("/", view_func=self.page)
        self.app.add_url_rule(
            "/<path:path>", view_func=self.page, methods=["GET", "POST", "PUT", "DELETE"]
        )
        self.app.add_url_rule("/checkout", view_func=self.checkout, methods=["POST"])
        settings = {
            "gate": GATE,
            "api": "",
            "shop_key": SHOP_KEY,
            "keys": [ring().export()],
            "rooms": {"/": "demo"},
            "allow": ["/static/*", "/healthz"],
        }
        inner, settings = self.app.wsgi_app, {**settings, **words, "now_ms": clock}
        self.guard: Guard | AsgiGuard
        if speaks == "wsgi":
            self.guard = Guard(inner, **settings)
            self.app.wsgi_app = self.guard  # type: ignore[method-assign]
        else:
            self.guard = AsgiGuard(application(inner), **settings)
            self.app.wsgi_app = bridged(self.guard)  # type: ignore[method-assign]
        self.client = Client(self.app)
        self.bare = Client(self.app, use_cookies=False)

    def page(self, path: str = "") -> flask.Response:
        """Any page: it notes the pass that it saw."""
        self.seen.append(flask.request.environ[PASS_KEY])
        answer = flask.Response(f"page {path}")
        answer.headers["Cache-Control"] = flask.request.args.get("cc", "public, max-age=60")
        return answer

    def checkout(self) -> str:
        """An order: the shopper is done."""
        self.seen.append(waitingroom.guard.release(flask.request.environ))
        return "order"

    def get(self, path: str = "/", **more: Any) -> TestResponse:
        """Open a page as a browser does."""
        more = {"headers": NAVIGATION, "base_url": "https://shop.example", **more}
        return self.client.get(path, **more)

    def post(self, path: str = "/checkout", **more: Any) -> TestResponse:
        """Send a form as a browser does."""
        more = {"headers": NAVIGATION, "base_url": "https://shop.example", **more}
        return self.client.post(path, **more)

    def give(self, value: Pass | str, name: str = "__Host-wr-pass-demo") -> None:
        """Put a pass in the browser."""
        raw = value if isinstance(value, str) else signed(value)
        self.client.set_cookie(name, raw, domain="shop.example", path="/", origin_only=True)

    def cookie(self, name: str = "__Host-wr-pass-demo") -> str | None:
        """The pass in the browser."""
        found = self.client.get_cookie(name, "shop.example")
        return found.value if found else None

    def held(self, name: str = "__Host-wr-pass-demo") -> Pass:
        """The pass in the browser, read."""
        raw = self.cookie(name)
        assert raw is not None
        return ring().read_pass(raw, now_ms=self.clock.now_ms)


@contextmanager
def serving(stand_in: StandInApi) -> Iterator[StandInApi]:
    """The stand-in on a free port of its own."""
    server = make_server("127.0.0.1", 0, stand_in.app, threaded=True)
    server.daemon_threads = True
    server.block_on_close = False
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield stand_in
    stand_in.thaw.set()
    server.shutdown()
    server.server_close()
