"""What every process of a whole demo writes: JSON, line by line, and nobody's secret."""

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import pytest
from gates import FORM, Browser
from sale import SHOP_KEY, Place, sale
from systems import Folder, Run, eventually, working_folder

from waitingroom import clock
from waitingroom.model import Settings
from waitingroom.store.client import Store
from waitingroom.tokens import Handover

FIELDS = {"time", "level", "event", "part", "pid", "message"}
OF_A_REQUEST = {"method", "route", "status", "duration_ms", "request_id"}
PARTS = {"supervisor", "worker", "cron", "keeper", "console", "shop", "gate", "crowd"}
ADDRESSES = ("198.51.100.77", "2001:db8:7:7::77")
TYPED = "my own password, in the wrong field"
MAIL = "ada.buyer@shop.example"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00")


def lines_of(folder: Path, *, ended: bool = True) -> dict[str, list[dict[str, Any]]]:
    """By part, each line read; the store is another's program, and writes as it does. ``ended``:
    whether nobody is in the middle of a line.
    """
    found = {}
    for file in sorted(folder.glob("*.log")):
        if file.name != "store.log":
            *lines, rest = file.read_text("utf-8", "strict" if ended else "replace").split("\n")
            assert not (ended and rest), f"{file.name} ends in the middle of a line"
            found[file.stem] = [json.loads(line) for line in lines]
    return found


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[dict[str, Any], set[str], str]]:
    """A demo that has seen all sorts: its lines by part, its secrets, and all that it wrote."""
    folder = working_folder(tmp_path_factory.mktemp("demo"))
    folder.env.pop("WAITINGROOM_SHOP")
    folder.env |= {
        "WAITINGROOM_LOG_REQUESTS": "all",
        "WAITINGROOM_TRUSTED_PROXIES": "127.0.0.1",
        "WAITINGROOM_DATA": str(folder.path / "data"),
    }
    try:
        run = folder.start("demo", "--shoppers", "0")
        run.says("demo: early, opens in ")
        secrets = visit(folder, run)
        run.says("crowd is done: ")
        assert run.interrupt() == 0
        place = folder.path / "data" / "demo" / "log"
        text = "".join(file.read_text("utf-8") for file in place.glob("*.log"))
        yield lines_of(place), secrets, text
    finally:
        folder.clean()


def visit(folder: Folder, run: Run) -> set[str]:
    """Joins, passes, an order, mistakes, log-ins, rubbish; the secrets that were used in it."""
    ports = {
        name: int(folder.env[f"WAITINGROOM_{name}_PORT"]) for name in ("GATE", "CONSOLE", "SHOP")
    }
    gate, console, shop = (Place(ports[name]) for name in ("GATE", "CONSOLE", "SHOP"))
    assert folder.do("room", "open", "demo").returncode == 0
    eventually(
        lambda: gate.ask("GET", "/demo/status.json").json["phase"] == "open", "the sale is open"
    )
    proxied = [
        {"X-Forwarded-For": address, "X-Request-Id": "from-the-proxy-1"} for address in ADDRESSES
    ]
    shoppers = [Browser(gate, "demo", more=more) for more in proxied]
    secrets = {*ADDRESSES, TYPED, MAIL, *made_secrets(folder)}
    for shopper in shoppers:
        assert shopper.join().header("x-request-id") == "from-the-proxy-1"
        eventually(lambda shopper=shopper: shopper.enter().status == 200, "they are in", 20)
        secrets |= set(shopper.cookies.values())
    buyer = Browser(shop, "demo", dict(shoppers[0].cookies), more=proxied[0])
    secrets.add(order(buyer, secrets))
    mistakes(gate, console, shop)
    secrets |= log_in(console, run)
    kills(gate, run)
    return secrets


def kills(gate: Place, run: Run) -> None:
    """Of a gate's worker and of the store: what others' code says of that, tracebacks too."""
    data = Path(run.env["WAITINGROOM_DATA"]) / "demo"
    pids = json.loads((data / "run.json").read_text("utf-8"))["pids"]
    keeper = data / "log" / "keeper.log"
    eventually(lambda: "record_head" in keeper.read_text("utf-8"), "the keeper's first round")
    gates = psutil.Process(pids["gate"])
    killed = gates.children()[0]
    killed.kill()
    eventually(lambda: gates.children() and killed not in gates.children(), "another worker")
    eventually(lambda: is_ready(gate), "it answers")
    ended: set[int] = set()

    def noticed() -> bool:
        """Again, where it was back before the gate looked: each time it stays away for longer."""
        pid = json.loads((data / "run.json").read_text("utf-8"))["pids"]["store"]
        if pid and pid not in ended:
            ended.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return '"event":"store_down"' in (data / "log" / "gate.log").read_text("utf-8")

    eventually(noticed, "the gate has noticed")
    eventually(lambda: is_ready(gate), "the store is back")
    log = data / "log" / "worker.log"
    eventually(lambda: '"level":"error"' in log.read_text("utf-8"), "the worker complains")


def made_secrets(folder: Folder) -> list[str]:
    """What the demo made for itself, and what follows from it."""
    kept = json.loads((folder.path / "data" / "demo" / "secrets.json").read_text())
    keys = folder.do("room", "keys", "demo").stdout.strip()
    return [*kept.values(), keys.rpartition(".")[2]]


def order(buyer: Browser, secrets: set[str]) -> str:
    """Buy something; what opens the order's page."""
    page = buyer.go_to("/items/oak-stool").body.decode()
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once, page
    secrets.add(once[1])
    bought = buyer.submit("/items/oak-stool/checkout", once=once[1], email=MAIL)
    assert bought.status == 303, bought.body
    where = bought.header("location")
    assert buyer.go_to(where).status == 200
    return where.rpartition("/")[2]


def mistakes(gate: Place, console: Place, shop: Place) -> None:
    """What each answers with a fault, and what is no HTTP at all."""
    forged = {"Cookie": f"wr-ticket-demo=t1.demo.1.9.1.{'A' * 43}"}
    assert gate.ask("POST", "/demo/pass", forged).status == 401
    assert (
        gate.ask("POST", "/demo/ticket", {"Content-Type": "application/json"}, b"{").status == 400
    )
    assert gate.ask("GET", f"/nobody/status.json?wr_handover=h1.{'B' * 43}").status == 404
    assert (
        console.ask(
            "POST", "/api/v1/rooms/demo/redeem", {"Authorization": f"Bearer {SHOP_KEY}"}
        ).status
        == 401
    )
    assert shop.ask("GET", f"/orders/{'C' * 43}").status == 404
    assert shop.ask("GET", f"/?wr_handover=h1.{'D' * 43}", {"Accept": "text/html"}).status == 303
    for place in (gate, console, shop):
        with socket.create_connection(("127.0.0.1", place.port), 15) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nX-Forwarded-For: 198.51.100.77\r\nbad\x00\r\n\r\n")
            while raw.recv(4_096):
                pass


def is_ready(gate: Place) -> bool:
    """Whether it answers, and the store does."""
    try:
        return gate.ask("GET", "/readyz").status == 200
    except (OSError, HTTPException):
        return False


def log_in(console: Place, run: Run) -> set[str]:
    """Wrongly, with the password where the name goes; then well. The secrets of it."""
    told = next(line for line in run.lines if "password" in line)
    who, password = re.search(r"as (\S+), password (\S+)$", told).groups()
    browser = Browser(console, "", more={"X-Forwarded-For": ADDRESSES[1]})
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.go_to("/login").body.decode())[
        1
    ]
    session = set(browser.cookies.values())
    for name, typed, status in (
        (TYPED, "x", 401),
        (who, "wrong " + password, 401),
        (who, password, 303),
    ):
        fields = {"csrf_token": token, "name": name, "password": typed, "to": "/"}
        answer = browser.ask("POST", "/login", {"Content-Type": FORM}, urlencode(fields).encode())
        assert answer.status == status
        assert re.fullmatch("[0-9a-f]{16}", answer.header("x-request-id"))
    assert browser.go_to("/rooms/demo").status == 200
    return {password, token, *session, *browser.cookies.values()}


def test_every_line_of_every_part_has_what_a_line_must_have(demo: Any) -> None:
    """JSON, each; and each part has written some."""
    lines, _, _ = demo
    assert set(lines) == PARTS
    for part, told in lines.items():
        assert told, part
        for line in told:
            assert line.keys() >= FIELDS, line
            assert RFC_3339.fullmatch(line["time"]), line
            assert line["part"] == part
            assert line["level"] in {"debug", "info", "warning", "error", "critical"}
            if line["event"] == "request":
                assert line.keys() >= OF_A_REQUEST - {"request_id"}, line


def test_requests_tell_their_room_their_network_and_how_they_went(demo: Any) -> None:
    """By the gate's own routes; behind our proxy by the shopper's network."""
    lines, _, _ = demo
    asked = [line for line in lines["gate"] if line["event"] == "request"]
    joins = [
        line for line in asked if line["route"] == "POST /{room}/ticket" and line["status"] == 201
    ]
    assert [line["client"] for line in joins] == ["198.51.100.0/24", "2001:db8:7::/48"]
    assert {line["room"] for line in joins} == {"demo"}
    assert {line["request_id"] for line in joins} == {"from-the-proxy-1"}
    assert all(0 < line["duration_ms"] < 30_000 for line in joins)
    assert {401, 400, 404} <= {line["status"] for line in asked}
    statuses = {
        line["route"]: line["status"] for line in lines["shop"] if line["event"] == "request"
    }
    assert {"GET /items/…", "POST /items/…", "GET /orders/…"} <= set(statuses)
    of_console = {(line.get("route"), line.get("status")) for line in lines["console"]}
    assert ("POST /login", 401) in of_console
    assert ("GET /rooms/<room>", 200) in of_console


def test_events_can_be_told_apart_by_a_word(demo: Any) -> None:
    """Ours, in each part where they happen."""
    lines, _, _ = demo
    events = {part: {line["event"] for line in told} for part, told in lines.items()}
    assert {"part_started", "part_stopped", "part_done"} <= events["supervisor"]
    assert {"started", "record_head", "ended"} <= events["keeper"]
    assert {"store_down", "store_back", "gunicorn.error"} <= events["gate"]
    assert "log_in_failed" in events["console"]
    assert "crowd_through" in events["crowd"]
    failed = [line["message"] for line in lines["console"] if line["event"] == "log_in_failed"]
    assert failed == ["a log-in failed, as nobody", "a log-in failed, as demo"]


def test_nothing_that_opens_anything_and_nobodys_address_is_written(demo: Any) -> None:
    """Of all that was used in the run."""
    _, secrets, text = demo
    assert len(secrets) > 12
    for secret in secrets:
        assert len(secret) > 8, secret
        assert secret not in text, text[max(0, text.index(secret) - 300) :][:600]
    for made_up in ("A" * 43, "B" * 43, "C" * 43, "D" * 43, "wr_handover"):
        assert made_up not in text


def test_a_handover_has_one_id_in_the_shop_and_in_the_room_api(
    store_url: str, room_id: str, tmp_path: Path
) -> None:
    """The guard makes it, and the room API believes whoever shows a shop's key."""
    store = Store.connect(store_url, timeout_s=10)
    store.create(room_id, Settings(opens_at_ms=0), actor="test")
    store.close()
    with sale(store_url, tmp_path, room_id, WAITINGROOM_LOG_REQUESTS="all") as running:
        now_ms = clock.now_ms()
        ends_ms = (now_ms + 30_000, now_ms + 600_000, now_ms + 900_000)
        token = running.keyring.room_keys(room_id).sign_handover(
            Handover(room_id, 1, "1-1", "0123456789abcdef", now_ms, *ends_ms)
        )
        answer = running.shop.ask(
            "GET",
            f"/?wr_handover={token}",
            {"Accept": "text/html", "X-Request-Id": "of-a-stranger"},
        )
        assert answer.status == 303
        named = answer.header("x-request-id")
        assert re.fullmatch("[0-9a-f]{16}", named), "a client's own word is not believed"

        def told(part: str) -> list[dict[str, Any]]:
            """An answer leaves before its line is written."""
            return eventually(
                lambda: [
                    line
                    for line in lines_of(tmp_path / "log", ended=False)[part]
                    if line.get("request_id") == named
                ],
                f"the line of the {part}",
            )

        (line,) = told("console")
        assert (line["route"], line["status"]) == ("POST /api/v1/rooms/<room>/redeem", 200)
        assert line["room"] == room_id
        assert [one["status"] for one in told("shop")] == [303]
        assert token not in running.logs()
        without = running.console.ask(
            "POST", f"/api/v1/rooms/{room_id}/redeem", {"X-Request-Id": "of-a-stranger"}
        )
        assert without.status == 401
        assert re.fullmatch("[0-9a-f]{16}", without.header("x-request-id"))
