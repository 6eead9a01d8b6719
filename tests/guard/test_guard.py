"""The guard in front of a Flask shop: who gets in, who is sent where."""

from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from guarded import (
    GATE,
    HTML,
    MASTER,
    NAVIGATION,
    NOW_MS,
    SESSION_MS,
    Clock,
    Shop,
    StandInApi,
    a_handover,
    a_pass,
    ring,
    signed,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from waitingroom.guard import release
from waitingroom.guard.knowledge import OUTSIDE_HOLDS_MS, RELEASE_GRACE_MS
from waitingroom.tokens import Keyring, Ticket

Build = Callable[..., Shop]


def way_back(answer: TestResponse) -> str:
    """Where the gate is asked to send the shopper afterwards."""
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert where.startswith(f"{GATE}/demo/go?to=")
    assert answer.headers["Cache-Control"] == "no-store"
    return parse_qs(urlsplit(where).query)["to"][0]


def test_a_page_without_a_pass_leads_to_the_gate_and_back(shop: Shop) -> None:
    """A browser is sent to the gate with the whole address of the page it wanted."""
    answer = shop.get("/items/7?color=%E2%9C%93&x=a%20b")
    assert way_back(answer) == "https://shop.example/items/7?color=%E2%9C%93&x=a%20b"
    assert shop.seen == []


def test_a_program_without_a_pass_is_told_the_room(shop: Shop) -> None:
    """401 with the room's address, in JSON, never cached."""
    answer = shop.bare.get("/items/7", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json()["error"] == "no_pass"
    assert answer.get_json()["room_url"] == f"{GATE}/demo"
    assert answer.get_json()["message"]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"Accept": "text/html"}, 303),
        ("HEAD", HTML, 303),
        ("GET", {"Accept": "*/*"}, 401),
        ("GET", {}, 401),
        ("GET", {"Accept": "application/json, text/html"}, 401),
        ("GET", {**HTML, "Sec-Fetch-Mode": "cors"}, 401),
        ("GET", {"Accept": "*/*", "Sec-Fetch-Mode": "navigate"}, 303),
        ("POST", NAVIGATION, 303),
        ("POST", {"Accept": "application/json"}, 401),
        ("PUT", NAVIGATION, 401),
        ("DELETE", HTML, 401),
        ("OPTIONS", HTML, 401),
        ("BREW", HTML, 401),
        ("GET", {"Accept": ";;q=,,=\xff/"}, 401),
    ],
)
def test_the_form_of_a_refusal_follows_the_client(
    shop: Shop, method: str, headers: dict[str, str], status: int
) -> None:
    """People are led, programs are told; neither gets in."""
    answer = shop.bare.open("/x", method=method, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert shop.seen == []
    if method == "HEAD":
        assert answer.data == b""


@pytest.mark.parametrize("path", ["/static/shop.css", "/healthz"])
def test_the_allow_list_is_open_to_all(shop: Shop, path: str) -> None:
    """Nobody is asked for a pass there, and the shop sees none."""
    assert shop.get(path).status_code == 200
    assert shop.seen == [None]


def test_a_pass_opens_the_shop(shop: Shop) -> None:
    """The application finds the pass; a fresh one is left as it is, and so are the headers."""
    shop.give(a_pass())
    answer = shop.get("/items")
    assert answer.status_code == 200
    assert shop.seen == [a_pass()]
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_the_gate_may_stand_below_a_path(open_shop: Callable[..., Shop]) -> None:
    """As behind nginx on the shop's own host."""
    shop = open_shop(gate="https://shop.example/wr/")
    location = shop.get("/sale").headers["Location"]
    assert (
        location == f"https://shop.example/wr/demo/go?to={quote('https://shop.example/sale', '')}"
    )
    told = shop.bare.get("/sale").json
    assert told["room_url"] == "https://shop.example/wr/demo"


def test_an_app_shows_its_pass_as_a_bearer_token(shop: Shop, clock: Clock) -> None:
    """It gets a later one in a header, on an answer that no cache keeps; and a checkout ends it."""
    shown = {"Authorization": f"Bearer {signed(a_pass())}"}
    answer = shop.bare.get("/x", headers=shown)
    assert (answer.status_code, answer.headers.get("Wr-Pass")) == (200, None)
    clock.now_ms += SESSION_MS // 2
    answer = shop.bare.get("/x", headers=shown)
    later = ring().read_pass(answer.headers["Wr-Pass"], now_ms=clock.now_ms)
    assert (later.lease, later.expires_at_ms) == ("1-12", clock.now_ms + SESSION_MS)
    assert "Set-Cookie" not in answer.headers
    assert "private" in answer.headers["Cache-Control"]
    assert shop.bare.post("/checkout", headers=shown).status_code == 200
    clock.now_ms += RELEASE_GRACE_MS
    assert shop.bare.get("/x", headers=shown).status_code == 401


@pytest.mark.parametrize("bearer", ["the-shops", "p1.demo.x", signed(a_pass(room="vip"))])
def test_beside_a_token_that_is_no_pass_the_pass_comes_and_goes_as_the_cookie(
    shop: Shop, clock: Clock, bearer: str
) -> None:
    """An app whose shop has tokens of its own does that. A script in a page, which reads headers
    and cannot read the cookie, is told no pass for showing a token."""
    headers = {"Cookie": f"wr-pass-demo={signed(a_pass())}", "Authorization": f"Bearer {bearer}"}
    assert shop.bare.get("/x", headers=headers).status_code == 200
    clock.now_ms += SESSION_MS // 2
    answer = shop.bare.get("/x", headers=headers)
    assert "Wr-Pass" not in answer.headers
    raw = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    assert ring().read_pass(raw, now_ms=clock.now_ms).expires_at_ms == clock.now_ms + SESSION_MS


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Googlebot/2.1"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
        {"X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz"},
        {"X-Forwarded-Path": "/healthz", "X-Forwarded-Uri": "/healthz"},
        {"X-Forwarded-Prefix": "/static", "X-Script-Name": "/static"},
        {"X-HTTP-Method-Override": "OPTIONS", "X-Method-Override": "HEAD"},
        {"Host": "localhost"},
        {"X-Forwarded-Host": "localhost"},
        {"Origin": "https://shop.example", "Referer": "https://shop.example/static/x"},
        {"Sec-Purpose": "prefetch", "Purpose": "prefetch"},
        {"Authorization": f"Bearer {signed(a_pass(room='vip'))}"},
        {"Wr-Pass": signed(a_pass()), "Wr-Lease": "1-12"},
        {"Wr-Client": "native"},
        {"Upgrade": "websocket", "Connection": "Upgrade"},
        {"Range": "bytes=0-", "If-None-Match": "*"},
        {"Cookie": "waitingroom.pass=1; __Host-wr-pass-demo=; wr-pass-demo=x"},
        {"Waitingroom.pass": "1", "Waitingroom-Pass": "1"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_no_header_is_a_way_around(shop: Shop, headers: dict[str, str]) -> None:
    """What a client says about itself never opens the shop."""
    assert shop.bare.get("/checkout", headers=headers).status_code == 401
    assert shop.seen == []


@pytest.mark.parametrize(
    "query", ["?/healthz", "?path=/static/x", "?_method=OPTIONS", "?wr_pass=1"]
)
def test_no_query_is_a_way_around(shop: Shop, query: str) -> None:
    """The guard decides by the path alone."""
    assert shop.bare.get("/checkout" + query).status_code == 401


def test_the_mount_point_is_no_way_around(shop: Shop) -> None:
    """Some servers take SCRIPT_NAME from a header; the application routes without it, so do we."""
    environ = {"SCRIPT_NAME": "/static", "PATH_INFO": "/checkout"}
    assert shop.bare.get("/", environ_overrides=environ).status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [("/static/../checkout", 303), ("/static/%2e%2e/checkout", 303), ("/checkout;x.css", 303)],
)
def test_tricks_with_the_path_lead_to_the_gate(shop: Shop, path: str, status: int) -> None:
    """See test_paths for all of them; here one meets the whole middleware."""
    assert shop.bare.get(path, headers=NAVIGATION).status_code == status
    assert shop.seen == []


def test_a_path_without_a_rule_is_403(open_shop: Build) -> None:
    """Default-deny also where only a part of the shop stands behind a room."""
    shop = open_shop(rooms={"/sale": "demo"}, allow=[])
    answer = shop.get("/about")
    assert answer.status_code == 403
    assert answer.get_json()["error"] == "not_allowed"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_path_that_may_be_in_several_places_is_400(open_shop: Build) -> None:
    """It is not guessed, whoever asks."""
    shop = open_shop(rooms={"/sale": "demo"}, allow=["/*"])
    shop.give(a_pass())
    answer = shop.get("/x//y")
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "ambiguous_path"


BAD = {
    "empty": "",
    "not a token": "hello",
    "cut": signed(a_pass())[:-1],
    "longer": signed(a_pass()) + "A",
    "another signature": signed(a_pass())[:-43] + "A" * 43,
    "a field swapped": signed(a_pass()).replace(".1-12.", ".1-13."),
    "other keys": Keyring([b"b" * 32]).room_keys("demo").sign_pass(a_pass()),
    "another room": signed(a_pass(room="other")),
    "expired": signed(a_pass(issued_at_ms=NOW_MS - 2, expires_at_ms=NOW_MS)),
    "past its absolute end": signed(a_pass(ends_at_ms=NOW_MS)),
    "from the future": signed(a_pass(issued_at_ms=NOW_MS + 31_000)),
    "huge": "x" * 3000,
    "with odd letters": '"\\303\\251"',
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD.keys())
def test_a_bad_pass_is_no_pass(shop: Shop, raw: str) -> None:
    """Forged, foreign and old passes get the answer that nobody's gets; never an error."""
    answer = shop.bare.get("/x", headers={"Cookie": f"__Host-wr-pass-demo={raw}"})
    assert answer.status_code == 401
    assert shop.seen == []


def test_a_handover_is_no_pass_and_a_ticket_is_none(shop: Shop) -> None:
    """Tokens of another kind do not fit, though the same keys signed them."""
    for raw in (signed(a_handover()), MASTER.sign_ticket(Ticket("demo", 1, 12, NOW_MS))):
        answer = shop.bare.get("/x", headers={"Cookie": f"__Host-wr-pass-demo={raw}"})
        assert answer.status_code == 401


def test_a_bad_cookie_beside_a_good_one_does_no_harm(shop: Shop) -> None:
    """Another path's or domain's cookie of the same name cannot lock a shopper out."""
    name = "__Host-wr-pass-demo"
    cookies = f"{name}=junk; {name}={signed(a_pass())}; wr-pass-demo=junk"
    assert shop.bare.get("/x", headers={"Cookie": cookies}).status_code == 200


@pytest.mark.parametrize("foreign", ["name=J\xfcrgen", "\xff\xfe", 'a="\xe2\x80"; b=\\377'])
def test_a_cookie_in_another_encoding_beside_a_good_pass_does_no_harm(
    shop: Shop, foreign: str
) -> None:
    """Bytes that are no UTF-8 are somebody else's; the pass is found, or the gate is named."""
    environ = {"HTTP_COOKIE": f"{foreign}; wr-pass-demo={signed(a_pass())}"}
    assert shop.bare.get("/x", environ_overrides=environ).status_code == 200
    assert shop.bare.get("/x", environ_overrides={"HTTP_COOKIE": foreign}).status_code == 401


LATIN = st.text(st.characters(max_codepoint=255), max_size=30)
"""What a WSGI server makes of any bytes."""


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    headers=st.fixed_dictionaries(
        {},
        optional={
            f"HTTP_{name}": LATIN | LATIN.map(lambda text, good=good: good + text)
            for name, good in {
                "ACCEPT": "text/html;q=",
                "COOKIE": "wr-pass-demo=",
                "HOST": "[::1",
                "REFERER": "http://[",
                "SEC_FETCH_MODE": "navigate",
            }.items()
        },
    ),
    path=LATIN.map("/".__add__),
    query=LATIN | LATIN.map("wr_handover=h1.".__add__),
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "BREW"]),
)
def test_no_bytes_of_a_request_make_the_guard_stumble(
    shop: Shop, headers: dict[str, str], path: str, query: str, method: str
) -> None:
    """Whatever comes, it is answered: the gate's address, a refusal, or an allowed page."""
    environ = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method, **headers}
    answer = shop.bare.open("/", environ_overrides=environ)
    assert answer.status_code in (200, 303, 400, 401, 405)
    assert answer.status_code in (303, 400, 401) or path.startswith(("/static/", "/healthz"))


def test_a_pass_for_one_room_does_not_open_another(open_shop: Build) -> None:
    """Each room's keys are its own, and so are its paths."""
    shop = open_shop(
        rooms={"/": "demo", "/vip": "vip"}, keys=[ring().export(), ring("vip").export()]
    )
    shop.give(a_pass())
    assert shop.get("/x").status_code == 200
    answer = shop.get("/vip/x")
    assert answer.headers["Location"].startswith(f"{GATE}/vip/go?")
    shop.give(signed(a_pass()), name="__Host-wr-pass-vip")
    assert shop.get("/vip/x").status_code == 303


def test_keys_rotate(open_shop: Build) -> None:
    """A pass signed with an older key still counts; with a removed key it does not."""
    both = Keyring([b"a" * 32, b"n" * 32]).room_keys("demo")
    new = Keyring([b"n" * 32]).room_keys("demo")
    rotating = open_shop(keys=[both.export()])
    rotating.give(a_pass())
    assert rotating.get("/x").status_code == 200
    rotated = open_shop(keys=[new.export()])
    rotated.give(a_pass())
    assert rotated.get("/x").status_code == 303


@pytest.mark.parametrize(("left_ms", "slides"), [(600_000, False), (599_999, True), (1, True)])
def test_a_pass_slides_once_a_third_is_over(
    shop: Shop, clock: Clock, left_ms: int, slides: bool
) -> None:
    """An active shopper stays in: for another whole session, in a cookie that no cache may keep."""
    shop.give(a_pass())
    clock.now_ms = NOW_MS + SESSION_MS - left_ms
    answer = shop.get("/x")
    assert answer.status_code == 200
    assert ("Set-Cookie" in answer.headers) is slides
    if not slides:
        return
    assert shop.held().expires_at_ms == clock.now_ms + SESSION_MS
    assert shop.held().ends_at_ms == NOW_MS + 4 * SESSION_MS
    assert answer.headers["Cache-Control"] == "max-age=60, private"
    attributes = set(answer.headers["Set-Cookie"].split("; ")[1:])
    assert attributes == {"Max-Age=900", "Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_a_pass_never_slides_past_its_end(shop: Shop, clock: Clock) -> None:
    """The last session is shorter, is not renewed over and over, and then it is over."""
    shop.give(a_pass())
    end_ms = NOW_MS + 4 * SESSION_MS
    cookies = 0
    while clock.now_ms < end_ms - 1:
        answer = shop.get("/x")
        assert answer.status_code == 200
        cookies += "Set-Cookie" in answer.headers
        assert shop.held().expires_at_ms <= end_ms
        clock.now_ms = min(clock.now_ms + 10_000, end_ms - 1)
    assert 8 <= cookies <= 12
    clock.now_ms = end_ms
    assert shop.get("/x").status_code == 303


def test_a_shopper_who_comes_too_late_lines_up_again(shop: Shop, clock: Clock) -> None:
    """A pass slides only while it is good."""
    shop.give(a_pass())
    clock.now_ms = NOW_MS + SESSION_MS
    assert shop.get("/x").status_code == 303


@pytest.mark.parametrize(
    ("said", "then"),
    [
        ("public, s-maxage=60", "private"),
        ("no-store", "no-store"),
        ("max-age=5, must-revalidate", "max-age=5, must-revalidate, private"),
    ],
)
def test_an_answer_with_a_pass_in_it_is_private(
    shop: Shop, clock: Clock, said: str, then: str
) -> None:
    """Whatever the shop says about caching, no shared cache may hand one's pass to another."""
    shop.give(a_pass())
    clock.now_ms = NOW_MS + SESSION_MS - 1
    assert shop.get("/x", query_string={"cc": said}).headers["Cache-Control"] == then


def test_without_https_the_cookie_has_its_plain_name(shop: Shop, clock: Clock) -> None:
    """A development run on http gets the pass back under the name without __Host-, not Secure."""
    clock.now_ms = NOW_MS + SESSION_MS - 1
    cookie = {"Cookie": f"wr-pass-demo={signed(a_pass())}"}
    answer = shop.bare.get("/x", headers=cookie, base_url="http://127.0.0.1:8080")
    assert answer.headers["Set-Cookie"].startswith("wr-pass-demo=")
    assert "Secure" not in answer.headers["Set-Cookie"]


def test_behind_a_proxy_that_ends_tls_the_cookie_stays_secure(
    shop: Shop, open_shop: Build, clock: Clock
) -> None:
    """A browser sends __Host- only over https, whatever the server was told."""
    clock.now_ms = NOW_MS + SESSION_MS - 1
    cookie = {"Cookie": f"__Host-wr-pass-demo={signed(a_pass())}"}
    answer = shop.bare.get("/x", headers=cookie, base_url="http://127.0.0.1:8080")
    assert answer.headers["Set-Cookie"].startswith("__Host-wr-pass-demo=")
    assert "Secure" in answer.headers["Set-Cookie"]
    named = open_shop(shop="https://shop.example")
    answer = named.bare.get("/x", headers=HTML, base_url="http://10.0.0.7:8080")
    assert way_back(answer) == "https://shop.example/x"


@pytest.mark.parametrize(
    ("referrer", "back"),
    [
        ("https://shop.example/items/7?a=1&wr_handover=x&b", "https://shop.example/items/7?a=1&b"),
        ("https://shop.example", "https://shop.example/"),
        ("https://evil.example/items/7", "https://shop.example/"),
        ("https://shop.example.evil.example/", "https://shop.example/"),
        ("https://shop.example@evil.example/", "https://shop.example/"),
        ("http://shop.example/items/7", "https://shop.example/"),
        ("https://[", "https://shop.example/"),
        ("https://shop.example/\u00e9", "https://shop.example/"),
        ("/items/7", "https://shop.example/"),
        ("", "https://shop.example/"),
    ],
)
def test_a_form_without_a_pass_comes_back_to_the_page_with_the_form(
    shop: Shop, referrer: str, back: str
) -> None:
    """A form cannot be sent again by a redirect: the way back is a page that is safe to open."""
    answer = shop.post("/checkout", headers={**NAVIGATION, "Referer": referrer})
    assert way_back(answer) == back
    assert shop.seen == []


def test_the_way_back_after_a_form_is_at_worst_the_beginning_of_the_room(open_shop: Build) -> None:
    """Below the mount point, where the room begins."""
    shop = open_shop(rooms={"/sale": "demo"})
    answer = shop.post("/sale/checkout", base_url="https://shop.example/mounted")
    assert way_back(answer) == "https://shop.example/mounted/sale"


def test_a_very_long_address_comes_back_shorter(shop: Shop) -> None:
    """The redirect has to fit through the proxies in front."""
    assert way_back(shop.get("/x?q=" + "a" * 3000)) == "https://shop.example/x"
    assert way_back(shop.get("/" + "a" * 3000)) == "https://shop.example/"


@pytest.mark.parametrize("host", ["evil.example/", "a b", "", "[::1", "x\\y"])
def test_a_broken_host_names_no_other_host(shop: Shop, host: str) -> None:
    """Where the host cannot be known the way back is a path, which the gate completes."""
    for path in ("/x?y", "//evil.example/x?y"):
        answer = shop.bare.get("/", headers={**HTML, "Host": host}, environ_overrides={
            "PATH_INFO": path.partition("?")[0], "QUERY_STRING": "y",
        })  # fmt: skip
        assert way_back(answer) == "/x?y" if path == "/x?y" else "/evil.example/x?y"


@pytest.mark.parametrize("path", [".evil.example/x", "http://evil.example/x", "@evil.example"])
def test_a_path_without_its_slash_adds_nothing_to_the_host(shop: Shop, path: str) -> None:
    """Some servers take whatever stands in the request line for a path."""
    answer = shop.bare.get("/", headers=HTML, environ_overrides={"PATH_INFO": path})
    assert way_back(answer) == f"http://localhost/{path}"


def test_an_address_with_unfit_bytes_is_encoded(shop: Shop) -> None:
    """No byte of a request can break a header of the answer."""
    answer = shop.bare.get(
        "/", headers=HTML, environ_overrides={"PATH_INFO": "/a\r\nb", "QUERY_STRING": "c\r\nd=\xe9"}
    )
    assert way_back(answer) == "http://localhost/a%0D%0Ab?c%0D%0Ad=%E9"


class TestOutsideASale:
    """What happens without a pass while there is no sale is a setting."""

    @pytest.mark.parametrize(("outside", "status"), [("open", 200), ("blocked", 303)])
    def test_the_setting_decides(
        self, open_shop: Build, api: StandInApi, outside: str, status: int
    ) -> None:
        """Open: anybody comes in. Blocked: the gate says what there is to say."""
        api.outside = True
        shop = open_shop(outside=outside, api=api.url)
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        assert shop.get("/x").status_code == status

    @pytest.mark.parametrize("own", ["open", "blocked"])
    @pytest.mark.parametrize(("rooms", "status"), [("open", 200), ("blocked", 303)])
    def test_a_room_that_says_how_it_is_wins(
        self, open_shop: Build, api: StandInApi, own: str, rooms: str, status: int
    ) -> None:
        """An operator turns it on the console; during a sale a pass is wanted in any case."""
        api.outside, api.shop = True, rooms
        shop = open_shop(outside=own, api=api.url)
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        assert shop.get("/x").status_code == status
        api.outside = False
        shop.guard._reporter._send_renewals("demo", 20)  # type: ignore[union-attr]
        assert shop.get("/x").status_code == 303

    def test_until_the_first_answer_it_is_a_sale(self, open_shop: Build) -> None:
        """A guard that has heard nothing guards."""
        assert open_shop(outside="open").get("/x").status_code == 303

    def test_when_the_sale_begins_the_door_shuts(self, open_shop: Build, api: StandInApi) -> None:
        """The next answer of the room API is enough."""
        api.outside = True
        shop = open_shop(outside="open", api=api.url)
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        assert shop.get("/x").status_code == 200
        api.outside = False
        shop.guard._reporter._send_renewals("demo", 20)  # type: ignore[union-attr]
        assert shop.get("/x").status_code == 303

    def test_old_word_of_an_open_shop_does_not_hold_for_ever(
        self, open_shop: Build, api: StandInApi, clock: Clock
    ) -> None:
        """A sale must not begin unguarded because the room API has been away for long."""
        api.outside = True
        shop = open_shop(outside="open", api=api.url)
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        shop.guard.close()
        clock.now_ms += OUTSIDE_HOLDS_MS
        assert shop.get("/x").status_code == 200
        clock.now_ms += 1
        assert shop.get("/x").status_code == 303

    def test_a_pass_still_counts(self, open_shop: Build, api: StandInApi) -> None:
        """Staff look at the shop before the opening; a shopper finishes after the closing."""
        api.outside = True
        shop = open_shop(outside="blocked", api=api.url)
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        shop.give(a_pass(lease="s-0123456789abcdef"))
        assert shop.get("/x").status_code == 200
        assert shop.seen[0].staff


class TestEpochs:
    """A reset ends every older credential; the guard hears of it from the room API."""

    def test_an_older_epoch_is_refused_once_known(self, open_shop: Build, api: StandInApi) -> None:
        """Before the first answer any signed pass counts: the shop must open without the API."""
        shop = open_shop(api=api.url)
        shop.give(a_pass(epoch=4))
        api.epoch = 5
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        assert shop.get("/x").status_code == 303
        shop.give(a_pass(epoch=5))
        assert shop.get("/x").status_code == 200
        shop.give(a_pass(epoch=6))
        assert shop.get("/x").status_code == 200

    def test_staff_passes_have_their_own_epoch(self, open_shop: Build, api: StandInApi) -> None:
        """Revoking staff passes touches no shopper, and a reset no staff."""
        shop = open_shop(api=api.url)
        api.epoch, api.staff_epoch = 9, 3
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        shop.give(a_pass(lease="s-0123456789abcdef", epoch=2))
        assert shop.get("/x").status_code == 303
        shop.give(a_pass(lease="s-0123456789abcdef", epoch=3))
        assert shop.get("/x").status_code == 200

    def test_one_staff_pass_that_is_revoked_ends_at_once_and_no_other(
        self, open_shop: Build, api: StandInApi
    ) -> None:
        """With the next answer, without the moments that a shopper's checkout leaves."""
        shop = open_shop(api=api.url)
        shop.guard._reporter.wake = lambda: None  # type: ignore[method-assign, union-attr]
        shop.give(a_pass(lease="s-0123456789abcdef", epoch=1))
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        assert shop.get("/x").status_code == 200
        api.revoked.append("s-0123456789abcdef")
        shop.guard._reporter.turn()  # type: ignore[union-attr]
        assert shop.get("/x").status_code == 200, "not asked again yet"
        shop.guard._reporter._talk("demo", 20)  # type: ignore[union-attr]
        assert shop.get("/x").status_code == 303
        shop.give(a_pass(lease="s-fedcba9876543210", epoch=1))
        assert shop.get("/x").status_code == 200

    def test_a_pass_released_through_one_process_soon_ends_in_the_others(
        self, open_shop: Build, api: StandInApi, clock: Clock
    ) -> None:
        """Long before it is due for renewal there; a second click still gets its moment."""
        one, other = open_shop(api=api.url), open_shop(api=api.url)
        for shop in (one, other):
            shop.guard._reporter.wake = lambda: None  # type: ignore[method-assign, union-attr]
            shop.give(a_pass())
            assert shop.get("/x").status_code == 200
        one.post("/checkout")
        for shop in (one, other):
            shop.guard._reporter.turn()  # type: ignore[union-attr]
        assert other.get("/x").status_code == 200
        clock.now_ms += RELEASE_GRACE_MS
        assert way_back(other.get("/x"))
        other.give(a_pass(lease="1-13"))
        assert other.get("/x").status_code == 200

    def test_a_lease_released_elsewhere_ends_at_its_renewal(
        self, open_shop: Build, api: StandInApi, clock: Clock, patient: None
    ) -> None:
        """A pass that was released through another process, and copied, does not live on."""
        shop = open_shop(api=api.url)
        api.released.add("1-12")
        shop.give(a_pass())
        clock.now_ms = NOW_MS + SESSION_MS - 1
        assert shop.get("/x").status_code == 200
        api.until(lambda: api.leases("renew") == ["1-12"])
        shop.guard.close()
        assert shop.get("/x").status_code == 303


class TestRelease:
    """At checkout the shop gives the place back."""

    def test_it_takes_the_pass_and_tells_the_room(self, open_shop: Build, api: StandInApi) -> None:
        """The cookie goes with the order page; the room API hears of it in the background."""
        shop = open_shop(api=api.url)
        shop.give(a_pass())
        answer = shop.post("/checkout")
        assert answer.status_code == 200
        assert shop.seen == [True]
        assert "Max-Age=0" in answer.headers["Set-Cookie"]
        assert "private" in answer.headers["Cache-Control"]
        assert shop.cookie() is None
        assert shop.get("/x").status_code == 303
        api.until(lambda: api.leases("release") == ["1-12"])

    def test_a_second_click_still_finds_the_shop(
        self, open_shop: Build, clock: Clock, api: StandInApi, patient: None
    ) -> None:
        """The same cookie counts for ten seconds more, is not renewed, and then ends."""
        shop = open_shop(api=api.url)
        clock.now_ms = NOW_MS + SESSION_MS - 1
        shop.give(a_pass(expires_at_ms=NOW_MS + 2 * SESSION_MS))
        shop.post("/checkout")
        api.until(lambda: api.leases("release") == ["1-12"])
        shop.guard.close()
        clock.now_ms += RELEASE_GRACE_MS - 1
        shop.give(a_pass(expires_at_ms=NOW_MS + 2 * SESSION_MS))
        assert shop.post("/checkout").status_code == 200
        assert shop.cookie() is None
        clock.now_ms += 1
        shop.give(a_pass(expires_at_ms=NOW_MS + 2 * SESSION_MS))
        assert shop.post("/checkout").status_code == 303

    def test_the_grace_begins_with_the_first_release(self, shop: Shop, clock: Clock) -> None:
        """Releasing again and again does not keep a pass alive."""
        for _ in range(5):
            shop.give(a_pass())
            last = shop.post("/checkout").status_code
            clock.now_ms += RELEASE_GRACE_MS // 2
        assert last == 303

    def test_staff_keep_their_pass(self, shop: Shop) -> None:
        """A test order does not put the operator out."""
        shop.give(a_pass(lease="s-0123456789abcdef"))
        assert shop.post("/checkout").status_code == 200
        assert shop.seen == [False]
        assert shop.get("/x").status_code == 200

    def test_there_is_nothing_to_release_without_a_guard(self) -> None:
        """A shop runs without the guard, in its own tests say, and the same code says False."""
        assert release({}) is False
        assert release({"waitingroom.release": "not ours"}) is False

    def test_the_guard_itself_offers_it(self, shop: Shop) -> None:
        """``guard.release(environ)`` is the same function."""
        assert shop.guard.release({}) is False


def test_the_shop_goes_on_while_gate_and_api_are_down(
    open_shop: Build, clock: Clock, unused_port: int
) -> None:
    """Passes are checked, renewed and released with nobody there to ask."""
    shop = open_shop(api=f"http://127.0.0.1:{unused_port}")
    shop.give(a_pass())
    for _ in range(20):
        clock.now_ms += SESSION_MS // 6
        assert shop.get("/x").status_code == 200
    assert shop.post("/checkout").status_code == 200
    assert shop.get("/x").status_code == 303
