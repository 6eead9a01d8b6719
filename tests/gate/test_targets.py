"""Where a shopper may be sent: the room's own origins, and nowhere else."""

from collections.abc import Callable
from urllib.parse import quote, urlsplit

import pytest
from gates import Browser, LocalGate
from hypothesis import given, settings
from hypothesis import strategies as st
from rooms import Room

from waitingroom.gate.targets import is_same_host, resolve
from waitingroom.settings import is_origin

Rooms = Callable[..., Room]
SHOP = "https://shop.example"
ORIGINS = (SHOP, "http://127.0.0.1:8080", "http://[::1]:8080")

ELSEWHERE = [
    "//evil.example", "///evil.example", "////evil.example", "\\\\evil.example",
    "/\\evil.example", "\\/evil.example", "/\\/evil.example", "https:evil.example",
    "https:/evil.example", "https:///evil.example", "https:\\\\evil.example",
    "https://evil.example", "https://evil.example/shop.example",
    "https://evil.example#shop.example", "https://shop.example@evil.example",
    "https://shop.example:pw@evil.example", "https://evil.example@shop.example/",
    "https://@shop.example/", "https://shop.example%40evil.example",
    "https://shop.example.evil.example", "https://shop.example\\.evil.example",
    "https://shop.example\\@evil.example", "https://evilshop.example", "https://shop.exampl",
    "http://shop.example", "https://shop.example:444", "https://shop.example:0",
    "https://shop.example:99999", "https://shop.example:x", "https://shop.example:443:443",
    "http://127.0.0.1", "http://127.0.0.1:8081", "http://2130706433:8080", "http://[::1",
    "http://[::2]:8080", "ftp://shop.example", "javascript:alert(1)", "JAVASCRIPT:alert(1)",
    "data:text/html,x", "vbscript:x", "javascript://shop.example/%0aalert(1)", "shop.example",
    "evil.example/x", "?x", "#x", "..", ".", " /x", "\t/x", "/x\t", "/\tevil.example", "/x y",
    "/x\r\nSet-Cookie: a=b", "/x\nLocation: y", "/x\x00", "/x\x7f", "/\x0b/evil.example",
    "\x00//evil.example", "https://shop.example\n", "https://shop.example\t.evil.example",
    "https://ﬆore.example", "https://shop。evil.example", "https://shop.example。evil.example",
    "https://xn--evil-example", "https://shop.example․evil", "\ud800", "/\ud800",
    "/" + "x" * 2048,
    "https://shop.example/" + "x" * 2048,
    "http:", "//", "https://", "blob:https://shop.example/x", "https://shop.example;evil.example",
    "https://shop.example,evil",
]  # fmt: skip

PIECES = [
    "https:",
    "http:",
    "//",
    "/",
    "\\\\",
    "@",
    ":",
    "443",
    "8080",
    "#",
    "?",
    ".",
    "%2f",
    "\t",
    " ",
]
PIECES += ["shop.example", "evil.example", "127.0.0.1", "[::1]", "。", "\u2028", "\r\n", "wr"]

OWN = [
    ("", "https://shop.example/"),
    ("/", "https://shop.example/"),
    ("/sale?item=1&x=%2F#top", "https://shop.example/sale?item=1&x=%2F#top"),
    ("/@evil.example", "https://shop.example/@evil.example"),
    ("/.evil.example", "https://shop.example/.evil.example"),
    ("/a//b/../c", "https://shop.example/a//b/../c"),
    ("/x%0d%0aSet-Cookie:%20a=b", "https://shop.example/x%0d%0aSet-Cookie:%20a=b"),
    ("/%5cevil.example", "https://shop.example/%5cevil.example"),
    ("/%2f%2fevil.example", "https://shop.example/%2f%2fevil.example"),
    ("/ü\u2028\xa0\x85", "https://shop.example/%C3%BC%E2%80%A8%C2%A0%C2%85"),
    ('/"<script>', "https://shop.example/%22%3Cscript%3E"),
    ("https://shop.example", "https://shop.example/"),
    ("https://shop.example?x=1", "https://shop.example/?x=1"),
    ("https://shop.example/x?y#z", "https://shop.example/x?y#z"),
    ("HTTPS://SHOP.EXAMPLE/X", "https://shop.example/X"),
    ("https://shop.example:443/x", "https://shop.example/x"),
    ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
    ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ("https://shop.example//evil.example", "https://shop.example//evil.example"),
    ("https://shop.example/\u00e9?\u00e9", "https://shop.example/%C3%A9?%C3%A9"),
]


@pytest.mark.parametrize("to", ELSEWHERE, ids=ascii)
def test_an_address_elsewhere_is_none_of_ours(to: str) -> None:
    """By every trick that two parsers of addresses have ever disagreed about."""
    assert resolve(to, ORIGINS) is None


@pytest.mark.parametrize(("to", "found"), OWN, ids=ascii)
def test_an_address_of_the_rooms_shop_is_written_anew(to: str, found: str) -> None:
    """In ASCII, with what was compared and nothing else before the path."""
    assert resolve(to, ORIGINS) == found


@pytest.mark.parametrize("to", ELSEWHERE, ids=ascii)
def test_a_room_without_origins_leads_nowhere_but_to_paths(to: str) -> None:
    """It stands on the shop's own host."""
    assert resolve(to, ()) is None
    assert resolve("/sale", ()) == "/sale"
    assert resolve("", ()) == "/"
    assert resolve(SHOP, ()) is None


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_whatever_is_asked_for_the_answer_is_the_shop_or_nothing(to: str) -> None:
    """As a second parser reads it, too."""
    found = resolve(to, ORIGINS)
    if found is not None:
        assert found.isascii()
        assert not set(found) & set(' \t\r\n\\"<>')
        parts = urlsplit(found)
        assert f"{parts.scheme}://{parts.netloc}" in ORIGINS


@pytest.mark.parametrize("way", ["go", "wait", "pass", "form", "ticket form"])
@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example/", "/x\r\nA: b", r"/\evil"])
def test_no_way_through_the_gate_leads_elsewhere(
    gate: LocalGate, make_room: Rooms, way: str, to: str
) -> None:
    """400 bad_target wherever an address may be given, and no header of the asker's making."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(gate, room.name)
    if way != "ticket form":
        shopper.join()
    asked = f"?to={quote(to, safe='')}"
    if way in ("go", "wait"):
        answer = shopper.ask("GET", f"/{room.name}/{way}{asked}")
    elif way == "pass":
        answer = shopper.enter(to)
    else:
        verb = "pass" if way == "form" else "ticket"
        answer = shopper.ask(
            "POST",
            f"/{room.name}/{verb}",
            {"Content-Type": "application/x-www-form-urlencoded"},
            asked[1:].encode(),
        )
    assert (answer.status, answer.error) == (400, "bad_target")
    assert not answer.header("location")
    assert room.status().counters.entered == 0


def test_a_path_that_spells_out_a_line_break_stays_one_header(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Doubly encoded, it is a path like any other."""
    room = make_room(origins=("http://gate.example:8080",))
    shopper = Browser(gate, room.name)
    shopper.join()
    answer = shopper.go_to(f"/{room.name}/go?to=%2Fx%250d%250aSet-Cookie:%2520a=b")
    assert answer.status == 303
    assert answer.header("location") == "http://gate.example:8080/x%0d%0aSet-Cookie:%20a=b"
    assert set(answer.cookies) == {f"wr-{kind}-{room.name}" for kind in ("ticket", "pass", "round")}


def test_what_a_shopper_wants_is_text_on_every_page_that_shows_it(
    gate: LocalGate, make_room: Rooms
) -> None:
    """The page without a script carries `to` along; it ends no attribute and begins no element."""
    room = make_room(rate_per_min=0)
    shopper = Browser(gate, room.name)
    shopper.join()
    for to in ('/"><script>alert(1)</script>', "/'onmouseover='x", "/&quot;<b>", "/{{9999*9999}}"):
        answer = shopper.go_to(f"/{room.name}/wait?to={quote(to, safe='')}")
        assert answer.status == 200
        for raw in (b"<script>alert", b"<b>", b"'onmouseover='", b"99980001"):
            assert raw not in answer.body


@pytest.mark.parametrize(
    ("target", "scheme", "host", "same"),
    [
        ("/x", "http", "anything", True),
        ("http://127.0.0.1:8080/", "http", "127.0.0.1:8000", True),
        ("http://shop.example/", "http", "SHOP.example:80", True),
        ("http://[::1]:8080/", "http", "[::1]:8000", True),
        ("https://shop.example/", "http", "shop.example", False),
        ("http://localhost:8080/", "http", "127.0.0.1:8000", False),
        ("https://shop.example/", "https", "gate.shop.example", False),
        ("https://shop.example/", "https", "", False),
        ("https://shop.example/", "https", "[", False),
        ("https://shop.example/", "https", "[::1", False),
        ("https://shop.example/", "https", "\xff", False),
        ("https://shop.example/", "https", "evil@shop.example", True),
    ],
)
def test_our_cookie_reaches_the_same_host_on_any_port(
    target: str, scheme: str, host: str, same: bool
) -> None:
    """Cookies ignore ports, but neither names nor schemes. No Host header breaks this."""
    assert is_same_host(target, scheme, host) is same


NO_ORIGIN = """
https://bücher.example https://a;b https://a/b https://a?b https://u@a https://a,b https://a\\b
https://a%2eb https://a_b' https://A.example https://a: https://a:0x1 https://a:99999 https://
https://[::1 ftp://a //a a
"""
AN_ORIGIN = """
https://shop.example http://127.0.0.1:8080 http://[::1]:8080 https://xn--bcher-kva.example
http://localhost https://a-b.c_d.example:8443
"""


@pytest.mark.parametrize("text", [*NO_ORIGIN.split(), "https://a b", ""])
def test_no_origin_is_taken_that_a_browser_would_not_send(text: str) -> None:
    """It would never be equal to what a browser sends, or be something else in a header."""
    assert not is_origin(text)


@pytest.mark.parametrize("text", AN_ORIGIN.split())
def test_an_origin_is_a_scheme_a_host_and_perhaps_a_port(text: str) -> None:
    """As browsers write it."""
    assert is_origin(text)
