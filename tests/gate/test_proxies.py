"""Behind proxies, and on IPv6: what changes for shoppers, and what a liar can change (nothing)."""

import http.client
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest
from gates import Answer, Browser, LocalGate, RunningGate, read_answer, running
from rooms import Room

from waitingroom.clients import Proxies
from waitingroom.readers import ProxyHeaders
from waitingroom.run.embedded import EmbeddedStore

Rooms = Callable[..., Room]
Gates = Callable[..., LocalGate]
OURS, STRANGER = ("10.0.0.1", 1), ("203.0.113.9", 1)
PROXIES = {"proxies": (ip_network("10.0.0.1"),)}
BY_HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.1"}
SHOP = "https://shop.example"


def test_behind_a_proxy_that_ends_tls_cookies_are_secure(
    store_url: str, gate_over: Gates, make_room: Rooms
) -> None:
    """``Secure`` and ``__Host-``, also where only the proxy knows; and they are read again."""
    gate, room = gate_over(store_url, **PROXIES), make_room(origins=(SHOP,))
    gate.client = OURS
    for headers, kind in ((BY_HTTPS, "x"), ({"Forwarded": "for=198.51.100.1;proto=https"}, "f")):
        if kind == "f":
            gate = gate_over(store_url, **PROXIES, proxy_headers=ProxyHeaders.FORWARDED)
            gate.client = OURS
        shopper = Browser(gate, room.name, more=headers)
        joined = shopper.join()
        assert list(joined.cookies) == [f"__Host-wr-ticket-{room.name}"]
        assert "; Secure" in joined.set_cookies[0]
        assert shopper.join().status == 200
        entered = shopper.enter()
        assert list(entered.cookies) == [f"__Host-wr-pass-{room.name}"]
        assert "; Secure" in entered.set_cookies[0]
        assert shopper.ask("GET", f"/{room.name}/check").status == 204


def test_what_proxies_say_is_read_once_a_request(
    store_url: str, gate_over: Gates, make_room: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a join it decides the network, the cookies' names, and which pages are our own."""
    gate, room = gate_over(store_url, **PROXIES), make_room(join_limit=60)
    gate.client = OURS
    seen, look = [], Proxies.side_of
    monkeypatch.setattr(Proxies, "side_of", lambda *of: seen.append(of) or look(*of))
    ours = {"X-Forwarded-Host": "sale.example", "Origin": "https://sale.example"}
    shopper = Browser(gate, room.name, more=BY_HTTPS | ours)
    assert shopper.join().status == 201
    assert len(seen) == 1


@pytest.mark.parametrize("public", ["http://gate.example", "https://gate.example"])
@pytest.mark.parametrize("said", ["http", "https", "http, https", "https, http", "", "x"])
def test_a_stranger_changes_nothing_by_naming_a_scheme(
    store_url: str, gate_over: Gates, make_room: Rooms, public: str, said: str
) -> None:
    """The public URL rules: cookies are as without the headers."""
    gate, room = gate_over(store_url, public_url=public, **PROXIES), make_room()
    gate.client = STRANGER
    lies = {"X-Forwarded-Proto": said, "Forwarded": f"proto={said}", "X-Forwarded-Ssl": "on"}
    joined = Browser(gate, room.name, more=lies).join()
    assert ("; Secure" in joined.set_cookies[0]) == public.startswith("https")


def test_not_even_a_proxy_of_ours_can_take_secure_back(
    store_url: str, gate_over: Gates, make_room: Rooms
) -> None:
    """An inner proxy that says ``http`` is right, but the shopper came by https."""
    gate = gate_over(store_url, public_url="https://gate.example", **PROXIES)
    gate.client = OURS
    headers = {"X-Forwarded-Proto": "http", "Origin": "http://gate.example"}
    shopper = Browser(gate, make_room().name, more=headers)
    assert shopper.join().error == "cross_site"
    del shopper.more["Origin"]
    assert "; Secure" in shopper.join().set_cookies[0]


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (OURS, {"X-Forwarded-Host": "sale.example", **BY_HTTPS}, 201),
        (OURS, {"X-Forwarded-Host": "evil.example, sale.example", **BY_HTTPS}, 201),
        (OURS, {"X-Forwarded-Host": "sale.example, other.example", **BY_HTTPS}, 403),
        (OURS, {"X-Forwarded-Host": "sale.example", "X-Forwarded-Proto": "http"}, 403),
        (OURS, BY_HTTPS, 403),
        (STRANGER, {"X-Forwarded-Host": "sale.example", **BY_HTTPS}, 403),
        (OURS, {"Forwarded": "host=sale.example;proto=https"}, 403),
    ],
)
def test_our_own_page_is_where_our_proxy_says_that_the_browser_is(
    store_url: str,
    gate_over: Gates,
    make_room: Rooms,
    client: tuple[str, int],
    headers: dict[str, str],
    status: int,
) -> None:
    """``https://sale.example`` is the gate's, where a proxy of ours names that host."""
    gate = gate_over(store_url, **PROXIES)
    gate.client = client
    shopper = Browser(gate, make_room().name, more={"Origin": "https://sale.example", **headers})
    assert shopper.join().status == status


@pytest.mark.parametrize(
    ("client", "host", "handed_over"),
    [(OURS, "shop.example", False), (OURS, "shop.example:8443", False),
     (OURS, "other.example", True), (STRANGER, "shop.example", True)],
)  # fmt: skip
def test_a_pass_is_handed_over_unless_its_cookie_reaches_the_shop(
    store_url: str,
    gate_over: Gates,
    make_room: Rooms,
    client: tuple[str, int],
    host: str,
    handed_over: bool,
) -> None:
    """By the host that the browser named, as our proxy tells; ports do not matter to cookies."""
    gate = gate_over(store_url, **PROXIES)
    gate.client = client
    shopper = Browser(gate, make_room(origins=(SHOP,)).name)
    shopper.more = {**BY_HTTPS, "X-Forwarded-Host": host}
    shopper.join()
    assert ("wr_handover=" in shopper.enter().json["redirect"]) == handed_over


def test_gunicorn_itself_believes_nobody(running_gate: RunningGate, make_room: Rooms) -> None:
    """By default it would take ``X-Forwarded-Proto`` from 127.0.0.1, which is whoever is there."""
    lies = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on", "X-Forwarded-Protocol": "ssl",
            "SCRIPT_NAME": "/x", "PATH_INFO": "/y"}  # fmt: skip
    joined = Browser(running_gate, make_room().name, more=lies).join()
    assert joined.status == 201
    assert "Secure" not in joined.set_cookies[0]
    # Two that contradict each other would be a 400.
    lies["X-Forwarded-Ssl"] = "off"
    assert Browser(running_gate, make_room().name, more=lies).join().status == 201


def asked_at(address: str, port: int, method: str, path: str) -> Answer:
    """One request to one of a machine's addresses."""
    connection = http.client.HTTPConnection(address, port, timeout=10)
    try:
        connection.request(method, path)
        return read_answer(connection.getresponse())
    finally:
        connection.close()


@pytest.mark.parametrize(("host", "addresses"), [("::1", ["::1"]), ("::", ["127.0.0.1", "::1"])])
def test_the_gate_listens_on_ipv6(
    embedded: EmbeddedStore, tmp_path: Path, make_room: Rooms, host: str, addresses: list[str]
) -> None:
    """On one address; or on all, where IPv4 clients are who they are, and counted as that."""
    room = make_room(join_limit=1)
    with running(
        embedded.url,
        tmp_path,
        WAITINGROOM_HOST=host,
        WAITINGROOM_GATE_WORKERS="1",
        WAITINGROOM_TRUSTED_PROXIES="192.0.2.1",
    ) as gate:
        for address in addresses:
            joins = [asked_at(address, gate.port, "POST", f"/{room.name}/ticket") for _ in "12"]
            assert [answer.status for answer in joins] == [201, 429]


def test_a_proxy_of_ours_may_come_by_ipv4_to_a_gate_on_ipv6(
    embedded: EmbeddedStore, tmp_path: Path, make_room: Rooms
) -> None:
    """``::ffff:127.0.0.1`` is 127.0.0.1."""
    room = make_room(join_limit=1)
    settings = {"WAITINGROOM_HOST": "::", "WAITINGROOM_TRUSTED_PROXIES": "127.0.0.1"}
    with running(embedded.url, tmp_path, **settings) as gate:
        statuses = [
            Browser(gate, room.name, more={"X-Forwarded-For": client}).join().status
            for client in ("198.51.100.1", "2001:db8::1", "2001:db8::2", "198.51.100.1")
        ]
    assert statuses == [201, 201, 429, 429]
