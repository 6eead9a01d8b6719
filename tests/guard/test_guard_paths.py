"""Which paths need a pass: every trick that could make a protected path look like another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waitingroom.guard.paths import AMBIGUOUS, NOT_ALLOWED, InRoom, Open, Refused, Rules, is_plain

ALL = Rules.of({"/": "demo"}, ["/static/*", "/healthz", "/.well-known/*"])
ONE = Rules.of({"/checkout": "sale"}, ["/*"])
TWO = Rules.of({"/": "shop", "/vip": "vip", "/vip/backstage": "band"}, ["/vip/terms"])

DEMO = InRoom("demo", "/")
SALE = InRoom("sale", "/checkout")


@pytest.mark.parametrize(
    "path",
    ["/static/shop.css", "/static/a/b-c_d.woff2", "/healthz", "/.well-known/acme-challenge/x1",
     "/static/caf\u00c3\u00a9.png", "/static/", "/static/a b.png", "/static/a(1).png"],
)  # fmt: skip
def test_a_plain_path_on_the_allow_list_is_open(path: str) -> None:
    """The allow-list names what nobody needs a pass for."""
    assert ALL.decide(path) == Open()


@pytest.mark.parametrize(
    "path", ["/", "", "/items", "/healthz/", "/healthzz", "/static", "/x/healthz"]
)
def test_what_the_allow_list_does_not_name_needs_a_pass(path: str) -> None:
    """Default-deny: a path is protected unless a rule says otherwise."""
    assert ALL.decide(path) == DEMO


TRICKS = {
    "parent segments": "/static/../checkout",
    "parent at the end": "/static/..",
    "current segments": "/static/./x.css",
    "encoded parent": "/static/%2e%2e/checkout",
    "encoded parent, capitals": "/static/%2E%2E/checkout",
    "encoded twice": "/static/%252e%252e/checkout",
    "encoded slash": "/static/..%2fcheckout",
    "encoded slash inside": "/static%2fx.css",
    "a stray percent": "/static/100%",
    "backslashes": "/static\\..\\checkout",
    "encoded backslash": "/static/..%5ccheckout",
    "double slash": "/static//x.css",
    "leading double slash": "//static/x.css",
    "parameters": "/static/x;y.css",
    "parameters on a parent": "/static/..;/checkout",
    "parameters with a suffix": "/checkout;a.css",
    "encoded parameters": "/static/..%3b/checkout",
    "NUL": "/static/x\x00.css",
    "encoded NUL": "/static/x%00.css",
    "a new line": "/static/x\n.css",
    "a tab in a parent": "/static/.\t./checkout",
    "delete": "/static/\x7fx",
    "a question mark": "/static/x?y",
    "a hash": "/static/#/x",
    "trailing dot": "/static/x.",
    "trailing dots on a segment": "/static/.../x",
    "trailing space": "/static/x ",
    "leading space": "/static/ x",
    "only a space": "/static/ /x",
    "suffix on a protected path": "/checkout/x.css",
    "suffix on a protected name": "/checkout.css",
    "suffix that ends like an allowed path": "/checkout/static/x.css",
    "allowed path as a suffix": "/checkout/healthz",
    "capitals in an allowed prefix": "/STATIC/x.css",
    "a longer name": "/staticx/x.css",
    "no leading slash": "static/x.css",
    "the asterisk form": "*",
    "a whole address": "http://shop.example/static/x.css",
    "not UTF-8": "/static/\xff.css",
    "what a server wrote for bytes that are no UTF-8": "/static/\u00ef\u00bf\u00bd/x.css",
    "overlong encoding of a dot": "/static/\xc0\xae\xc0\xae/checkout",
    "wide dots": "/static/\u00ef\u00bc\u008e\u00ef\u00bc\u008e/checkout",
    "a wide slash": "/static\u00ef\u00bc\u008fx",
    "a zero-width space": "/static/\u00e2\u0080\u008bx",
    "a right-to-left mark": "/static/\u00e2\u0080\u008fx",
}


@pytest.mark.parametrize("path", TRICKS.values(), ids=TRICKS.keys())
def test_no_trick_makes_a_protected_path_look_allowed(path: str) -> None:
    """With one room for everything, whatever is not plainly allowed needs that room's pass."""
    assert ALL.decide(path) == DEMO


CHECKOUTS = {
    "itself": "/checkout",
    "with a slash": "/checkout/",
    "below it": "/checkout/pay",
    "capitals": "/CheckOut",
    "a suffix": "/checkout/x.css",
    "a format": "/checkout.json",
    "a stream": "/checkout::$DATA",
    "a tilde": "/checkout~1",
    "parameters": "/checkout;a.css",
    "parameters of the root": "/;a/checkout",
    "an empty parameter": "/;/checkout",
    "double slash": "//checkout",
    "many slashes": "////checkout//x",
    "current segments": "/./checkout/.",
    "parent segments": "/x/../checkout",
    "parents above the root": "/../../checkout",
    "encoded": "/%63heckout",
    "encoded twice": "/%2563heckout",
    "encoded three times": "/%252563heckout",
    "encoded slash": "/x%2f..%2fcheckout",
    "backslash": "\\checkout",
    "backslashes": "/x\\..\\checkout",
    "NUL at the end": "/checkout\x00.css",
    "NUL inside": "/check\x00out",
    "a tab inside": "/check\tout",
    "a question mark": "/checkout?x.css",
    "a hash": "/checkout#.css",
    "trailing dot": "/checkout.",
    "trailing dots and spaces": "/checkout. . .",
    "trailing space": "/checkout ",
    "leading space": "/ checkout",
    "wide letters": "/\u00ef\u00bd\u0083heckout",
    "a zero-width space": "/check\u00e2\u0080\u008bout",
    "no leading slash": "checkout",
}


@pytest.mark.parametrize("path", CHECKOUTS.values(), ids=CHECKOUTS.keys())
def test_every_spelling_of_a_protected_path_is_protected(path: str) -> None:
    """Even where the allow-list opens all the rest."""
    assert ONE.decide(path) == SALE


@pytest.mark.parametrize(
    "path", ["/", "/checkouts", "/checkout-help", "/checkout_", "/items/checkout", "/about"]
)
def test_a_room_ends_at_a_word(path: str) -> None:
    """A prefix covers whole words: its neighbours are not part of the room."""
    assert ONE.decide(path) == Open()


@pytest.mark.parametrize(
    "path", ["/a//b", "/search/100%", "/tag/a;b", "/a/../b", "*", "/%2525252541"]
)
def test_an_ambiguous_path_that_leads_to_no_room_is_refused(path: str) -> None:
    """The allow-list never opens a path that can be read in two ways."""
    assert ONE.decide(path) == AMBIGUOUS


def test_a_path_encoded_beyond_reading_is_refused() -> None:
    """Four encodings deep, nobody can say what it is; it is not guessed."""
    assert ONE.decide("/%2525252563heckout") == AMBIGUOUS


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("/items", InRoom("shop", "/")),
        ("/vip", InRoom("vip", "/vip")),
        ("/VIP/x", InRoom("vip", "/vip")),
        ("/vips", InRoom("shop", "/")),
        ("/vip/backstage/door", InRoom("band", "/vip/backstage")),
        ("/vip/terms", Open()),
        ("/vip/terms/x", InRoom("vip", "/vip")),
        ("/vip//x", InRoom("vip", "/vip")),
        ("/vip/../x", AMBIGUOUS),
        ("/x/..%2fvip", AMBIGUOUS),
    ],
)
def test_the_longest_prefix_wins(path: str, verdict: Refused | InRoom | Open) -> None:
    """A pass for one room never opens another: a path that could be in either is refused."""
    assert TWO.decide(path) == verdict


def test_a_path_that_no_rule_names_is_refused() -> None:
    """Default-deny holds for a shop that maps only some of its paths."""
    assert Rules.of({"/sale": "sale"}, ["/static/*"]).decide("/about") == NOT_ALLOWED


def test_a_room_and_an_allowed_prefix_of_one_length_protect() -> None:
    """When both say the same path, the room has the last word; a path named whole is open."""
    rules = Rules.of({"/static": "sale", "/": "shop"}, ["/static/*", "/*", "/"])
    assert rules.decide("/static/x") == InRoom("sale", "/static")
    assert rules.decide("/x") == InRoom("shop", "/")
    assert rules.decide("/") == Open()


@pytest.mark.parametrize(
    "pattern", ["*.css", "static/*", "/a/../b", "/a//*", "/a*", "/*/x", "", "/a;b", "/%2e"]
)
def test_an_allow_list_entry_is_a_path_or_a_prefix(pattern: str) -> None:
    """Nothing that fits by its ending, and nothing that could be read in two ways."""
    with pytest.raises(ValueError, match="allow: "):
        Rules.of({"/": "demo"}, [pattern])


@pytest.mark.parametrize("rooms", [{}, {"checkout": "demo"}, {"/a/..": "demo"}, {"/a;b": "demo"}])
def test_a_room_needs_a_plain_prefix(rooms: dict[str, str]) -> None:
    """A rule that could not match what it says is an error at the start, not a hole later."""
    with pytest.raises(ValueError, match="rooms: "):
        Rules.of(rooms, [])


PIECES = st.lists(
    st.sampled_from(
        ["/", "//", "\\", "..", ".", ";", "%2e", "%2f", "%25", "%", "static", "checkout", "x",
         ".css", " ", "\x00", "?", "#", "\xff", "A"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@given(PIECES)
def test_only_plain_paths_under_an_allowed_prefix_are_ever_open(path: str) -> None:
    """For any mix of tricks: what is open starts with the allowed prefix and has one reading."""
    if ALL.decide(path) == Open():
        assert is_plain(path.encode("latin-1").decode())
        assert path.startswith("/static/") or path == "/healthz"


@given(st.text())
def test_any_path_gets_a_verdict(path: str) -> None:
    """No path raises, whatever a server passes on."""
    assert isinstance(ALL.decide(path), Open | InRoom | Refused)
