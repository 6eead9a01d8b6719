"""“Are we ready?” on the console and by command, over a real store and real shops."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from desks import Desk
from systems import free_ports, served

from waitingroom import clock
from waitingroom.beats import Beat
from waitingroom.config import ConsoleConfig
from waitingroom.console import probe
from waitingroom.console.survey import survey
from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.readiness import ROWS, Door, LoadTest, Row, State
from waitingroom.store.client import Store
from waitingroom.store.keys import KEEPERS, RoomKeys

GATE = "https://wait.example.com/wr"


@contextmanager
def answering(status: int, body: str = "", drip_s: float = 0, **headers: str) -> Iterator[Any]:
    """A shop that answers all so; what it was asked. ``drip_s``: the time between its bytes."""
    stop = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        asked: ClassVar[list[tuple[str, dict[str, str]]]] = []
        url = ""

        def do_GET(self) -> None:
            self.asked.append((self.path, dict(self.headers)))
            while drip_s and not stop.wait(drip_s):
                try:
                    self.wfile.write(b"HTTP/1.1 "[:1])
                except OSError:
                    return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with served(Handler) as Handler.url:
        try:
            yield Handler
        finally:
            stop.set()


NO_PASS = json.dumps({"error": "no_pass", "room_url": f"{GATE}/spring"})


@pytest.mark.parametrize(
    ("status", "body", "headers", "door"),
    [
        (303, "", {"Location": f"{GATE}/spring/go?to=%2F"}, Door.REFUSED),
        (302, "", {"Location": f"{GATE}/spring"}, Door.REFUSED),
        (401, NO_PASS, {}, Door.REFUSED),
        (200, "welcome", {}, Door.LET_IN),
        (303, "", {"Location": f"{GATE}/summer/go?to=%2F"}, Door.ELSEWHERE),
        (303, "", {"Location": f"{GATE}.evil.example/spring/go"}, Door.ELSEWHERE),
        (301, "", {"Location": "/login?next=secret"}, Door.ELSEWHERE),
        (302, "", {}, Door.ELSEWHERE),
        (401, "[1]", {}, Door.FAILED),
        (401, "{", {}, Door.FAILED),
        (404, "", {}, Door.FAILED),
        (500, "", {}, Door.FAILED),
    ],
)
def test_the_shop_is_asked_once_and_no_redirect_is_followed(
    status: int, body: str, headers: dict[str, str], door: Door
) -> None:
    """As a browser without a pass; of where it sends people only the host is told."""
    with answering(status, body, **headers) as shop:
        asked = probe.ask(f"{shop.url}/sale", f"{GATE}/spring", private=True)
        assert (asked.door, len(shop.asked)) == (door, 1)
        path, sent = shop.asked[0]
    assert path == "/sale"
    assert "Cookie" not in sent
    assert sent["Sec-Fetch-Mode"] == "navigate"
    assert "secret" not in asked.detail


def test_a_shop_at_a_private_address_is_asked_only_where_that_is_allowed() -> None:
    """Else operators could look around in this host's network by naming addresses."""
    with answering(200) as shop:
        for url in (shop.url, shop.url.replace("127.0.0.1", "localhost")):
            assert probe.ask(url, GATE, private=False).door is Door.NOT_ASKED
        for url in ("http://169.254.169.254", "http://[::1]:1", "http://10.0.0.1"):
            assert probe.ask(url, GATE, private=False).door is Door.NOT_ASKED
        assert shop.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("64:ff9b::5db8:d70e", True),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
    ],
)
def test_no_translator_leads_back_into_our_network(address: str, public: bool) -> None:
    """NAT64 and 6to4 hold an IPv4 address, which is looked at in place of theirs."""
    assert probe.is_public(address) is public


def test_a_shop_that_is_not_there_or_never_done_costs_a_moment() -> None:
    """One that drips its answer byte by byte, too."""
    (port,) = free_ports(1)
    words = {f"127.0.0.1:{port}": "nobody listens there", "no.invalid": "no such host"}
    for host, said in words.items():
        asked = probe.ask(f"http://{host}", GATE, private=True)
        assert (asked.door, asked.detail) == (Door.SILENT, said)
    with answering(200, drip_s=0.02) as shop:
        began_ms = clock.monotonic_ms()
        asked = probe.ask(shop.url, GATE, private=True, patience_s=0.2)
        assert asked.door is Door.SILENT
        assert clock.monotonic_ms() - began_ms < 5_000


@pytest.fixture
def room(store: Store, room_id: str) -> Iterator[str]:
    """One that opens tomorrow; its system has just told."""
    settings = Settings(opens_at_ms=clock.now_ms() + 86_400_000, title="Spring <sale>")
    store.create(room_id, settings, actor="test")
    store.client.delete(KEEPERS)  # nobody else's
    store.alarms.beat("a:8003", Beat(store.now_ms(), 0, 2, 2, 3, mails=1), [])
    yield room_id
    store.client.delete(KEEPERS)


def config_of(url: str, **more: Any) -> ConsoleConfig:
    """A console's, in production unless said otherwise."""
    given = {"gate_url": GATE, "production": True, **more}
    return ConsoleConfig(url, (b"k" * 32,), ("s" * 32,), **given)


def found(rows: list[Row], id: str) -> Row:
    """One of them."""
    return next(row for row in rows if row.id == id)


def test_it_looks_at_the_store_the_secrets_and_the_shop_itself(
    store: Store, store_url: str, room: str
) -> None:
    """The run's own store is a real one, and fit."""
    with answering(303, Location=f"{GATE}/{room}/go?to=%2F") as shop:
        config = config_of(store_url, shop_url=shop.url, rooms=(f"/sale={room}",))
        rows = survey(store, config, room, expected=1_000)
        assert [path for path, _ in shop.asked] == ["/sale"]
    assert [row.id for row in rows] == list(ROWS)
    by_state = {row.id: row.state for row in rows}
    for id in ("ready-secrets", "ready-store", "ready-clocks", "ready-workers", "ready-shop"):
        assert by_state[id] is State.READY, found(rows, id)


def test_an_origin_that_an_operator_named_is_not_asked_in_our_own_network(
    store: Store, store_url: str, room: str
) -> None:
    """Unless the settings of this host name it; a command, which is given on a host, may."""
    with answering(200) as shop:
        store.set(room, {"origins": (shop.url,)}, actor="test")
        for private, shop_url, asked in ((False, "", 0), (True, "", 1), (False, shop.url, 2)):
            config = config_of(store_url, shop_url=shop_url)
            row = found(survey(store, config, room, private=private), "ready-shop")
            assert ("private address" in row.says) == (asked == 0)
            assert len(shop.asked) == asked
    store.set(room, {"origins": ()}, actor="test")
    row = found(survey(store, config_of(store_url), room), "ready-shop")
    assert "does not know its shop" in row.says


def test_secrets_that_are_shared_are_found(store: Store, store_url: str, room: str) -> None:
    """A shop's key that is a signing key, and a seed that was copied with its room."""
    config = ConsoleConfig(store_url, (b"k" * 32,), ((b"k" * 32).hex(),), production=True)
    assert "is one of" in found(survey(store, config, room), "ready-secrets").says
    other = f"{room}-b"
    store.create(other, Settings(opens_at_ms=clock.now_ms() + 86_400_000), actor="test")
    seed = store.client.hget(RoomKeys.of(room).texts, "commitment")
    store.client.hset(RoomKeys.of(other).texts, "commitment", seed)
    says = found(survey(store, config_of(store_url), room), "ready-secrets").says
    assert f"the rooms {room}, {other} share a seed" in says
    store.reset(other, actor="test")
    row = found(survey(store, config_of(store_url), room), "ready-secrets")
    assert row.state is State.READY


def test_the_page_shows_every_row_and_how_to_mend_it(
    store: Store, desk: Desk, people: dict[Role, str], room: str
) -> None:
    """To a viewer; a number of people that is none changes nothing and is said."""
    assert desk.get(f"/rooms/{room}/ready").status_code == 303
    desk.log_in(people[Role.VIEWER])
    assert f"/rooms/{room}/ready" in desk.get(f"/rooms/{room}").text
    page = desk.get(f"/rooms/{room}/ready?expected=900,000").text
    for id, title in ROWS.items():
        assert f'id="{id}"' in page
        assert f"</span> {title}</h2>" in page
    assert "900,000 people within a minute want 12" in page
    assert "Not ready: 3 of 10 must be mended" in page
    assert "<code>waitingroom secret</code>" in page
    assert "docs/runbook.md#ready-secrets" in page
    assert "Spring &lt;sale&gt;" in page
    for wrong in ("many", "-1", "1e9", "9" * 12, "1.5"):
        answer = desk.get(f"/rooms/{room}/ready?expected={wrong}")
        assert answer.status_code == 400
        assert "Type a whole number" in answer.text
    assert desk.get("/rooms/none-such/ready").status_code == 404


def test_the_last_load_test_is_kept(store: Store, room: str) -> None:
    """In place of the one before."""
    assert store.load_tests.last(room) is None
    for people, passed in ((100, False), (2_000, True)):
        store.load_tests.record(room, LoadTest(5, people, passed, "opening"), actor="test")
    assert store.load_tests.last(room) == LoadTest(5, 2_000, True, "opening")
