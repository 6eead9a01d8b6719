"""A shop in another language behind deploy/nginx.conf: join, line, pass, shop, release."""

import http.client
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from gates import KEYS, Answer, Native, read_answer
from rooms import Room, now_ms
from sites import Site, insider, walker
from systems import eventually

from waitingroom.gate.app import PARTS, ROUTES
from waitingroom.tokens import Handover, Keyring, Pass, RoomKeyring

HTML = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


def old_pass(room: Room, lease: str) -> Pass:
    """A pass that is due for a later one."""
    now = now_ms()
    return Pass(room.name, 1, lease, now - 600_000, now + 300_000, now + 3_000_000)


def is_turned_away(answer: Answer, room: Room, back: str) -> bool:
    """Whether somebody is sent to the gate, with the way back."""
    return (answer.status, answer.header("location")) == (303, f"/wr/{room.name}/go?back={back}")


def test_with_nobody_in_line_a_shopper_comes_straight_back(shop: Site, room: Room) -> None:
    """To the very address, its query byte for byte; and the gate has set cookies on the way."""
    shopper = walker(shop)
    path = "/item?id=1&again=1&x=%26%3D&back=/y&wr=a+b"
    answer = shopper.go_to(path)
    assert is_turned_away(answer, room, path)
    assert answer.header("cache-control") == "no-store"
    for _ in range(3):
        answer = shopper.follow(answer)
        if answer.status == 200:
            break
    assert answer.json["path"] == path
    assert f"wr-pass-{room.name}" in shopper.cookies


def test_through_the_line_into_the_shop_and_out_again(shop: Site, room: Room) -> None:
    """Every address that the gate writes lies below its path; a checkout frees the place."""
    shopper = walker(shop)
    page = shopper.follow(shopper.go_to(f"/wr/{room.name}?to=%2Fsale"))
    assert page.status == 200
    text = page.body.decode().replace('"', "")
    base = f"/wr/{room.name}"
    assert f"base:{base}," in text and f"action={base}/ticket" in text
    stylesheet = re.split("[ >]", text.partition("rel=stylesheet href=")[2])[0]
    assert stylesheet.startswith("/wr/static/")
    assert shopper.go_to(stylesheet).status == 200
    answer = shopper.submit(f"{base}/ticket", to="/sale")
    assert answer.header("location") == f"{base}/wait?to=%2Fsale"
    answer = shopper.follow(answer)
    assert answer.header("location") == f"{shop.origin}/sale"
    inside = shopper.follow(answer).json
    assert inside["path"] == "/sale"
    before = room.status().counters.released
    sold = shopper.post("/checkout")
    assert sold.json == {"order": 1001, "released": True}
    assert room.status().counters.released == before + 1
    eventually(lambda: is_turned_away(shopper.go_to("/x"), room, "/x"), "the pass is over")


def test_the_page_that_answers_2xx_frees_the_place_and_no_other_answer_does(
    shop: Site, room: Room
) -> None:
    """For shops that cannot call the room API."""
    shopper = insider(shop)
    before = room.status().counters.released
    assert shopper.go_to("/order/thanks?fails=1").status == 402
    assert shopper.go_to("/order/thanks").status == 200
    eventually(lambda: room.status().counters.released == before + 1, "the place is free")


def test_a_shop_of_files_needs_nothing_but_nginx(
    build: Callable[..., tuple[Site, Room]], tmp_path: Path
) -> None:
    """Pages behind the pass, and the success URL."""
    (tmp_path / "order").mkdir()
    (tmp_path / "sale.html").write_text("the sale")
    (tmp_path / "order" / "thanks").write_text("thank you")
    made, room = build(files=tmp_path)
    assert is_turned_away(walker(made).go_to("/sale.html"), room, "/sale.html")
    shopper = insider(made)
    assert shopper.go_to("/sale.html").body == b"the sale"
    assert shopper.go_to("/none.html").status == 404
    assert shopper.go_to("/order/thanks").body == b"thank you"
    eventually(lambda: room.status().counters.released == 1, "the place is free")


def test_a_staff_pass_opens_the_shop_once_until_it_is_revoked(
    build: Callable[..., tuple[Site, Room]],
) -> None:
    """The link of ``waitingroom staff pass``, of which a shop behind nginx knows nothing."""
    made, room = build()
    room.act("close")
    _, epoch, now = room.store.note(room.name, "staff_pass", "for Ada", actor="test")
    lease, times = "s-0123456789abcdef", (now, now + 60_000, now + 3_600_000, now + 3_600_000)
    link = Handover(room.name, epoch, lease, "0" * 16, *times)
    token = Keyring(KEYS).room_keys(room.name).sign_handover(link)
    ada, other = walker(made), walker(made)
    answer = ada.follow(ada.go_to(f"/item?a=1&wr_handover={token}&b=2"))
    assert answer.header("location") == f"{made.origin}/item?a=1&b=2"
    assert answer.header("cache-control") == "no-store"
    assert ada.follow(answer).json["lease"] == lease
    answer = other.follow(other.go_to(f"/item?wr_handover={token}"))
    assert "wr_handover" not in answer.header("location")
    assert f"wr-pass-{room.name}" not in other.cookies
    room.act("revoke_staff")
    eventually(lambda: ada.go_to("/item").status == 303, "the pass is over")


def test_over_ipv6_it_is_the_same_shop(shop: Site, room: Room) -> None:
    """Who comes by IPv6 does not land in another server of the same nginx."""
    connection = http.client.HTTPConnection("::1", shop.ports.nginx, timeout=10)
    headers = {**HTML, "Host": f"127.0.0.1:{shop.ports.nginx}"}
    connection.request("GET", "/item", headers=headers)
    answer = read_answer(connection.getresponse())
    connection.close()
    assert is_turned_away(answer, room, "/item")


def test_outside_a_sale_the_shop_may_be_open_to_all(
    build: Callable[..., tuple[Site, Room]],
) -> None:
    """It closes with the sale's beginning and opens at its end, within seconds; a crowd costs the
    gate one question a second."""
    made, room = build(changes={"default blocked;": "default open;"})
    before = made.asked(f"/{room.name}/check")
    began = time.monotonic()
    for _ in range(100):
        assert is_turned_away(walker(made).go_to("/item"), room, "/item")
    assert made.asked(f"/{room.name}/check") - before <= time.monotonic() - began + 2
    shopper = insider(made)
    assert shopper.go_to("/item").json["lease"] == "1-1"
    room.act("close")
    eventually(lambda: walker(made).go_to("/item").status == 200, "open to all")
    program = made.ask("POST", "/checkout", {"Wr-Lease": "1-1"}, b"x")
    assert (program.status, program.json["released"]) == (200, False)
    made.stop_gate()
    time.sleep(7)
    assert walker(made).go_to("/item").status == 200


def test_programs_are_told_in_json(shop: Site, room: Room) -> None:
    """Where the room is; no redirect that they would follow into a page."""
    answer = shop.ask("GET", "/item", {"Accept": "application/json"})
    assert answer.status == 401
    assert answer.json["error"] == "no_pass"
    assert answer.json["room_url"] == f"/wr/{room.name}"
    assert answer.header("cache-control") == "no-store"
    assert room.name in answer.header("www-authenticate")
    assert shop.ask("DELETE", "/item", HTML).status == 401
    assert shop.ask("GET", "/item", {"Accept": "text/html", "Sec-Fetch-Mode": "cors"}).status == 401


def shakes_hands(shop: Site, path: str, cookie: str, upgrade: str = "websocket") -> bytes:
    """What comes back when a script opens a websocket."""
    words = (f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{shop.ports.nginx}", f"Cookie: {cookie}")
    more = ("Sec-Fetch-Mode: websocket", f"Upgrade: {upgrade}", "Connection: keep-alive, Upgrade")
    with socket.create_connection(("127.0.0.1", shop.ports.nginx), 10) as connection:
        connection.sendall("\r\n".join((*words, *more, "", "")).encode())
        said = connection.recv(65536)
        while said.startswith(b"HTTP/1.1 101") and (part := connection.recv(65536)):
            said += part
    return said


def test_a_websocket_of_the_shop_is_for_holders_of_a_pass(shop: Site, room: Room) -> None:
    """Nobody else is led there, nothing but a websocket is, and to the gate no one."""
    name = f"wr-pass-{room.name}"
    cookie = f"{name}={insider(shop).cookies[name]}"
    said = shakes_hands(shop, "/stock", cookie)
    assert said.startswith(b"HTTP/1.1 101 ")
    assert re.search(rb"\r\n\r\n1-\d+ websocket$", said)
    assert shakes_hands(shop, "/stock", "a=b").startswith(b"HTTP/1.1 401 ")
    assert shakes_hands(shop, "/stock", cookie, "h2c").startswith(b"HTTP/1.1 200 ")
    assert shakes_hands(shop, f"/wr/{room.name}/check", cookie).startswith(b"HTTP/1.1 204 ")


def test_after_a_form_a_shopper_comes_back_to_the_front_page(shop: Site, room: Room) -> None:
    """What was posted is not posted again."""
    assert is_turned_away(shop.ask("POST", "/checkout", HTML, b"x"), room, "/")


def test_only_plain_open_paths_are_open(shop: Site) -> None:
    """What one program reads as open and another as the checkout is not."""
    for path in ("/healthz", "/static/css/shop.css", "/robots.txt"):
        assert shop.ask("GET", path, HTML).json["path"] == path
    asked = shop.ask("GET", "/checkout/../static/x.css?v=1", HTML)
    assert asked.json["path"] == "/static/x.css?v=1"
    for path in (
        "/static/..;/checkout",
        "/static/%2e%2e/checkout",
        "/static/..%2fcheckout",
        "/static/..%252fcheckout",
        "/static/%5c..%5ccheckout",
        "/static/",
        "/static/.htaccess",
        "/STATIC/x.css",
        "/healthz/../item",
        "/healthz;x",
        "//item",
        "/healthz.json",
        "/healthz%0a",
        "/static/x%0a?HTTP/1.1",
    ):
        assert shop.ask("GET", path, HTML).status == 303, path


def test_a_path_with_two_slashes_leads_to_no_other_host(shop: Site, room: Room) -> None:
    """The way back is a path of this shop."""
    shopper = walker(shop)
    answer = shopper.go_to("//evil.example/x")
    for _ in range(3):
        answer = shopper.follow(answer) if answer.status == 303 else answer
    assert answer.json["path"] == "/evil.example/x"


def test_the_question_behind_it_cannot_be_asked_from_outside(shop: Site, room: Room) -> None:
    """It is nginx's own; and a client's word on its lease is not passed on."""
    shopper = insider(shop)
    for path in (f"/_wr/check/{room.name}", "/_wr/waiting.html"):
        assert shopper.go_to(path).status == 404
    seen = shopper.ask("GET", "/x", {"Wr-Lease": "1-999999"}).json["lease"]
    assert seen.startswith("1-") and seen != "1-999999"
    assert shop.ask("GET", "/healthz", {"Wr-Lease": "1-999999"}).json["lease"] == ""


def test_what_is_no_pass_of_this_room_opens_nothing(
    shop: Site, room: Room, keys: RoomKeyring, store: object
) -> None:
    """Forged, of another room, of another epoch, expired, another kind, under another name."""
    now = now_ms()
    good = Pass(room.name, 1, "1-77", now, now + 900_000, now + 3_600_000)
    raw = keys.sign_pass(good)
    name = f"wr-pass-{room.name}"

    def status(cookie: str) -> int:
        return shop.ask("GET", "/x", {**HTML, "Cookie": cookie}).status

    assert status(f"a=b; {name}={raw}; c=d") == 200
    ticket = walker(shop)
    ticket.join()
    forged = f"{raw[:-1]}{'A' if raw[-1] != 'A' else 'Q'}"
    for cookie in (
        f"{name}={forged}",
        f"{name}={raw}x",
        f"{name}={raw.replace('.1-77.', '.1-78.')}",
        f"{name}=" + keys.sign_pass(Pass(room.name, 2, "1-77", now, now + 9000, now + 9000)),
        f"{name}=" + keys.sign_pass(Pass(room.name, 1, "1-77", now - 9000, now - 1, now + 9000)),
        f"{name}={ticket.cookies[f'wr-ticket-{room.name}']}",
        f"x{name}={raw}",
        f"{name}x={raw}",
        f"wr-pass-other={raw}",
        f"__Host-{name}={raw}",
        f"{name.upper()}={raw}",
        f"__Host-{name}={forged}; {name}={raw}",
        f"{name}={raw}; __Host-{name}={forged}",
    ):
        assert status(cookie) == 303, cookie


def test_where_the_world_comes_by_https_only_host_cookies_count(
    build: Callable[..., tuple[Site, Room]],
) -> None:
    """What nothing but this very host can have set; no name beside it, in whatever order."""
    made, room = build(public="https://shop.example")
    shopper = walker(made)
    shopper.more = {"Host": "shop.example"}
    answer = shopper.go_to("/item")
    for _ in range(3):
        answer = shopper.follow(answer) if answer.status == 303 else answer
    assert answer.json["path"] == "/item"
    assert set(shopper.cookies) == {
        f"__Host-wr-{what}-{room.name}" for what in ("round", "ticket", "pass")
    }
    raw = shopper.cookies[f"__Host-wr-pass-{room.name}"]
    assert made.ask("GET", "/x", {**HTML, "Cookie": f"wr-pass-{room.name}={raw}"}).status == 303
    tossed = f"wr-pass-{room.name}=p1.{room.name}.1.1-9.1.2.3.{'A' * 43}"
    own = f"__Host-wr-pass-{room.name}={raw}"
    for cookies in (f"{tossed}; {own}", f"{own}; {tossed}"):
        assert made.ask("GET", "/x", {**HTML, "Cookie": cookies}).status == 200
    aged = Keyring(KEYS).room_keys(room.name).sign_pass(old_pass(room, "1-9"))
    answer = made.ask("GET", "/x", {**HTML, "Cookie": f"__Host-wr-pass-{room.name}={aged}"})
    (line,) = answer.set_cookies
    assert line.startswith(f"__Host-wr-pass-{room.name}=p1.")
    assert "; Secure" in line and "; Path=/" in line


def test_an_app_shows_its_pass_as_a_bearer_token(shop: Site, room: Room) -> None:
    """And an app whose shop has tokens of its own, as a cookie: those are left alone."""
    app = Native(shop, f"wr/{room.name}")
    app.join()
    app.enter()
    assert shop.ask("GET", "/x", {"Authorization": f"Bearer {app.passed}"}).status == 200
    headers = {"Authorization": "Bearer of-the-shop", "Cookie": f"wr-pass-{room.name}={app.passed}"}
    assert shop.ask("GET", "/x", headers).status == 200
    assert shop.ask("GET", "/x", {"Authorization": "Bearer of-the-shop"}).status == 401


def test_a_pass_that_has_aged_is_replaced_on_the_way(
    shop: Site, room: Room, keys: RoomKeyring
) -> None:
    """The shop's answer carries a later one, and is then for no cache; a fresh pass changes
    nothing. Nor is the verdict kept: asked again with the old pass, a later one comes again."""
    name = f"wr-pass-{room.name}"
    cookie = {"Cookie": f"{name}={keys.sign_pass(old_pass(room, '1-901'))}"}
    for _ in range(2):
        answer = shop.ask("GET", "/session?id=7", {**HTML, **cookie})
        assert {*answer.cookies} == {"basket", name}
        later = keys.read_pass(answer.cookies[name], now_ms=now_ms())
        assert (later.lease, later.expires_at_ms > now_ms() + 800_000) == ("1-901", True)
        assert answer.header("cache-control") == "private, no-store"
    fresh = {"Cookie": f"{name}={answer.cookies[name]}"}
    answer = shop.ask("GET", "/item", {**HTML, **fresh})
    assert (answer.cookies, answer.header("cache-control")) == ({}, "public, max-age=600")
    bearer = {"Authorization": f"Bearer {keys.sign_pass(old_pass(room, '1-902'))}"}
    answer = shop.ask("GET", "/item", bearer)
    assert keys.read_pass(answer.header("wr-pass"), now_ms=now_ms()).lease == "1-902"
    assert answer.header("cache-control") == "private, no-store"


@pytest.mark.parametrize(
    ("method", "verb"),
    [*ROUTES, *(("GET", f"{lang}/{part}") for lang in ("en", "zh-Hans") for part in PARTS)],
)
def test_every_route_of_the_gate_is_led_to_it(
    shop: Site, room: Room, method: str, verb: str
) -> None:
    """Whatever it answers; nginx itself knows of nothing below ``/wr/``."""
    path = f"/wr/{room.name}/{verb}".rstrip("/")
    answer = shop.ask(method, path, HTML)
    assert b"<center>nginx" not in answer.body
    assert answer.status != 404 or verb in ("brand.css", "logo")  # this room has none


@pytest.mark.parametrize("path", ["/broken", "/item"])
def test_the_shops_own_answers_stay_its_own(shop: Site, path: str) -> None:
    """Also its errors."""
    answer = insider(shop).go_to(path)
    assert answer.status == (500 if path == "/broken" else 200)
    assert answer.json


def test_nginx_has_nothing_to_complain_of(shop: Site) -> None:
    """No variable without a value (but where somebody tries its own addresses), no odd answer; that
    a part was slow is the machine's.
    """
    said = shop.complaints().splitlines()
    fine = ('"wr_shown"', "upstream timed out")
    assert [line for line in said if not any(word in line for word in fine)] == []
