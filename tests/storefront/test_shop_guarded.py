"""The shop under gunicorn, behind the real guard, which reports to the real room API and store."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import quote, urlencode

import pytest
from shops import EMAIL, once_of
from systems import eventually, free_ports
from werkzeug.serving import make_server

from waitingroom import clock
from waitingroom.config import ConsoleConfig
from waitingroom.console.app import create_app
from waitingroom.model import Settings
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring, Pass

MASTER = (b"m" * 32,)
SHOP_KEY = "s" * 32
GATE = "http://127.0.0.1:9"
"""Nobody listens there: the shop needs no gate."""
BROWSER = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@dataclass
class Page:
    """An answer."""

    status: int
    location: str
    cookies: list[str]
    text: str


@dataclass
class Door:
    """The running shop, its room, and the store behind the room API."""

    port: int
    room: str
    store: Store

    def open(self, path: str, credential: str = "", form: dict[str, str] | None = None) -> Page:
        """Open a page as a browser does, without following redirects."""
        headers = dict(BROWSER)
        if credential:
            headers["Cookie"] = f"wr-pass-{self.room}={credential}"
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://127.0.0.1:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return Page(
                answer.status,
                answer.headers.get("Location", ""),
                answer.headers.get_all("Set-Cookie", []),
                answer.read().decode(),
            )
        finally:
            connection.close()

    def enter(self) -> str:
        """A place in the shop, as the gate gives it: a lease in the store and a signed pass."""
        self.store.join(self.room)
        self.store.status(self.room)
        assert self.store.enter(self.room, 1, 1, 1).is_in
        now_ms = clock.now_ms()
        value = Pass(
            room=self.room,
            epoch=1,
            lease="1-1",
            issued_at_ms=now_ms,
            expires_at_ms=now_ms + 900_000,
            ends_at_ms=now_ms + 3_600_000,
        )
        return Keyring(MASTER).room_keys(self.room).sign_pass(value)

    def inside(self) -> int:
        """How many leases there are."""
        return self.store.status(self.room).leases

    def left(self) -> int | None:
        """What the room was told of the shelves."""
        return self.store.status(self.room).stock


@pytest.fixture
def api_url(store_url: str) -> Iterator[str]:
    """The room API over HTTP."""
    app = create_app(ConsoleConfig(store_url, MASTER, (SHOP_KEY,)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def door(api_url: str, store_url: str, room_id: str, tmp_path: Path) -> Iterator[Door]:
    """The shop as the supervisor starts it: gunicorn with threads, settings in its environment."""
    store = Store.connect(store_url, timeout_s=10)
    settings = Settings(rate_per_min=600, burst=10, opens_at_ms=clock.now_ms())
    store.create(room_id, settings, actor="test")
    (port,) = free_ports(1)
    env = {name: text for name, text in os.environ.items() if not name.startswith("WAITINGROOM_")}
    env |= {
        "SHOP_DATABASE_URL": f"sqlite:///{tmp_path}/shop.db",
        "REDIS_URL": "",
        "WAITINGROOM_GATE_URL": GATE,
        "WAITINGROOM_API_URL": api_url,
        "WAITINGROOM_SHOP_KEY": SHOP_KEY,
        "WAITINGROOM_ROOM_KEYS": Keyring(MASTER).room_keys(room_id).export(),
        "WAITINGROOM_ROOMS": f"/={room_id}",
    }
    words = ("--config", "python:waitingroom.run.gunicorn_settings", "--worker-class", "gthread")
    more = ("--threads", "4", "--bind", f"127.0.0.1:{port}", "storefront.wsgi:app")
    process = subprocess.Popen([sys.executable, "-m", "gunicorn", *words, *more], env=env)
    made = Door(port, room_id, store)
    try:
        eventually(lambda: answers(made, process), "the shop answers")
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        store.close()


def answers(door: Door, process: subprocess.Popen[bytes]) -> bool:
    """Whether the shop is up."""
    assert process.poll() is None
    try:
        return door.open("/healthz").status == 200
    except OSError:
        return False


def test_from_the_line_to_an_order(door: Door) -> None:
    """Without a pass to the gate; with it to the order; then the place is free, the order stays."""
    there = quote(f"http://127.0.0.1:{door.port}/items/oak-stool", safe="")
    sent_off = door.open("/items/oak-stool")
    assert sent_off.status == 303
    assert sent_off.location == f"{GATE}/{door.room}/go?to={there}"
    assert door.open("/static/shop.css").status == 200

    credential = door.enter()
    assert door.inside() == 1
    assert door.open("/", credential).status == 200
    eventually(lambda: door.left() is not None, "the shop has told what is left")
    before = door.left() or 0
    assert before > 100, "all of its shelves together"
    page = door.open("/items/oak-stool", credential)
    assert page.status == 200
    form = {"email": EMAIL, "once": once_of(page.text)}
    wrong = door.open("/items/oak-stool/checkout", credential, form | {"email": "nobody"})
    assert (wrong.status, wrong.cookies) == (422, [])

    bought = door.open("/items/oak-stool/checkout", credential, form)
    assert bought.status == 303
    assert any("Max-Age=0" in cookie for cookie in bought.cookies)
    eventually(lambda: door.inside() == 0, "the place is given back")
    eventually(lambda: door.left() == before - 1, "one piece fewer")

    again = door.open("/items/oak-stool/checkout", credential, form)
    assert again.location == bought.location
    order = door.open(bought.location)
    assert order.status == 200
    assert "<strong>1001</strong>" in order.text
    assert door.open("/").status == 303


def test_a_form_that_is_sent_without_a_pass_buys_nothing(door: Door) -> None:
    """The way into the shop is the line, for forms too."""
    form = {"email": EMAIL, "once": "x" * 22}
    answer = door.open("/items/oak-stool/checkout", form=form)
    assert answer.status == 303
    assert answer.location.startswith(f"{GATE}/{door.room}/go?to=")


def test_the_pages_policy_lets_a_form_be_sent_to_the_gate(door: Door) -> None:
    """A pass may end while somebody types; Chromium would block the way back to the line."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
    connection.request("GET", "/orders/nothing")
    policy = connection.getresponse().headers["Content-Security-Policy"]
    connection.close()
    assert f"form-action 'self' {GATE};" in policy
