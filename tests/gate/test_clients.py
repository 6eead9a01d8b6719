"""Who asks, also behind proxies."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest
from gates import Browser, LocalGate
from hypothesis import given
from hypothesis import strategies as st
from rooms import Room

from waitingroom.clients import Proxies, Side
from waitingroom.readers import ProxyHeaders

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.7"))


def side(peer: str, *lines: str, kind: ProxyHeaders = ProxyHeaders.X_FORWARDED) -> Side:
    """The shopper's side of a request with these headers, ``name: value`` each."""
    pairs = [line.partition(": ")[::2] for line in ("host: h", *lines)]
    headers = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    return Proxies(PROXIES, kind).side_of(peer, headers)


def asked_by(peer: str, *forwarded: str) -> str:
    """The client of a request with these lines of X-Forwarded-For."""
    return side(peer, *(f"x-forwarded-for: {line}" for line in forwarded)).client


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("192.0.2.7", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2,10.0.0.3"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, _hidden"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.5"], "10.0.0.5"),
        ("", ["198.51.100.1"], ""),
        ("unix", ["198.51.100.1"], "unix"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(
    peer: str, forwarded: list[str], client: str
) -> None:
    """From the right, the first address that is none of them."""
    assert asked_by(peer, *forwarded) == client


def test_without_proxies_nothing_is_believed() -> None:
    """As it is unless somebody sets it."""
    names = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded")
    headers = [(b"host", b"h"), *((name, b"for=1.2.3.4;proto=https") for name in names)]
    for kind in ProxyHeaders:
        assert Proxies((), kind).side_of("10.0.0.1", headers) == Side("10.0.0.1", "", "h")


FOR, PROTO, AT = "x-forwarded-for: ", "x-forwarded-proto: ", "x-forwarded-host: "
OURS, CLIENT = "10.0.0.1", "198.51.100.1"


@pytest.mark.parametrize(
    ("peer", "lines", "expected"),
    [
        ("203.0.113.9", [FOR + CLIENT, PROTO + "https", AT + "x"], Side("203.0.113.9", "", "h")),
        (OURS, [PROTO + "https"], Side(OURS, "https", "h")),
        (OURS, [FOR + CLIENT, PROTO + "HTTPS", AT + "a:8443"], Side(CLIENT, "https", "a:8443")),
        # What the client sent stands left of what our proxy added.
        (OURS, [FOR + CLIENT, PROTO + "https, http", AT + "x, a"], Side(CLIENT, "http", "a")),
        (OURS, [FOR + CLIENT, PROTO + "https", PROTO + "http"], Side(CLIENT, "http", "h")),
        # Two of ours: the outer has the say, also where the inner adds its own.
        (OURS, [FOR + f"{CLIENT}, 10.0.0.2", PROTO + "https, http"], Side(CLIENT, "https", "h")),
        (OURS, [FOR + f"{CLIENT}, 10.0.0.2", PROTO + "https"], Side(CLIENT, "https", "h")),
        (OURS, [FOR + f"x, {CLIENT}, 10.0.0.2", PROTO + "ws, https, http"],
         Side(CLIENT, "https", "h")),
        (OURS, [PROTO + "gopher"], Side(OURS, "", "h")),
        (OURS, [PROTO], Side(OURS, "", "h")),
        (OURS, [FOR, PROTO + ",", AT + ",,"], Side(OURS, "", "h")),
        # The kind that our proxies do not write is nobody's word.
        (OURS, [f"forwarded: for={CLIENT};proto=https;host=x"], Side(OURS, "", "h")),
    ],
)  # fmt: skip
def test_scheme_and_host_are_what_the_outermost_of_our_proxies_wrote(
    peer: str, lines: list[str], expected: Side
) -> None:
    """And nobody else's."""
    assert side(peer, *lines) == expected


@pytest.mark.parametrize(
    ("peer", "lines", "expected"),
    [
        (OURS, [f"for={CLIENT};proto=https;host=a.example"], Side(CLIENT, "https", "a.example")),
        (OURS, [f'For="{CLIENT}:4711";Proto=HTTPS'], Side(CLIENT, "https", "h")),
        (OURS, ['for="[2001:db8::1]:4711"'], Side("2001:db8::1", "", "h")),
        (OURS, [f"for=1.2.3.4;proto=http, for={CLIENT};proto=https"], Side(CLIENT, "https", "h")),
        (OURS, ["for=1.2.3.4;proto=http", f"for={CLIENT};proto=https"], Side(CLIENT, "https", "h")),
        (OURS, [f"for={CLIENT};proto=https, for=10.0.0.2;proto=http"], Side(CLIENT, "https", "h")),
        (OURS, ['for="_hidden";proto=https'], Side(OURS, "https", "h")),
        (OURS, ["for=unknown"], Side(OURS, "", "h")),
        (OURS, ["proto=https"], Side(OURS, "https", "h")),
        # A quote that somebody left open swallows the rest: then nobody is known.
        (OURS, [f'for="1.2.3.4, for={CLIENT};proto=https'], Side(OURS, "", "h")),
        (OURS, [";;,=,;"], Side(OURS, "", "h")),
        ("203.0.113.9", [f"for={CLIENT};proto=https;host=x"], Side("203.0.113.9", "", "h")),
    ],
)
def test_rfc_7239_says_the_same_where_our_proxies_write_it(
    peer: str, lines: list[str], expected: Side
) -> None:
    """And then X-Forwarded-For is nobody's word."""
    spoofed = [FOR + "9.9.9.9", PROTO + "https", AT + "evil.example"]
    headers = [f"forwarded: {line}" for line in lines]
    assert side(peer, *spoofed, *headers, kind=ProxyHeaders.FORWARDED) == expected


@given(peer=st.sampled_from(["10.0.0.1", "203.0.113.9"]), lines=st.lists(st.text(
    st.characters(max_codepoint=255), max_size=40), max_size=3))  # fmt: skip
def test_no_header_breaks_it(peer: str, lines: list[str]) -> None:
    """Whatever a client sends along."""
    for kind in ProxyHeaders:
        for name in ("forwarded: ", FOR, PROTO, AT):
            assert side(peer, *(name + line for line in lines), kind=kind).client


def test_the_join_limit_counts_the_clients_behind_a_proxy_apart(
    store_url: str, gate_over: Callable[..., LocalGate], make_room: Callable[..., Room]
) -> None:
    """And nobody gets another budget by naming another address."""
    gate = gate_over(store_url, proxies=PROXIES)
    gate.client = ("10.0.0.1", 1)
    room = make_room(join_limit=1)
    statuses = [
        Browser(gate, room.name, more={"X-Forwarded-For": forwarded}).join().status
        for forwarded in ("198.51.100.1", "198.51.100.1", "198.51.100.2", "9.9.9.9, 198.51.100.1")
    ]
    assert statuses == [201, 429, 201, 429]
