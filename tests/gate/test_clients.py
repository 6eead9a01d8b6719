"""Who asks, also behind proxies."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest
from gates import Browser, LocalGate
from hypothesis import given
from hypothesis import strategies as st
from rooms import Room

from waitingroom.gate.clients import client_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.7"))


def asked_by(peer: str, *forwarded: str) -> str:
    """The client of a request with these lines of X-Forwarded-For."""
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    return client_of(peer, [(b"host", b"h"), *headers], PROXIES)


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
    assert client_of("10.0.0.1", [(b"x-forwarded-for", b"1.2.3.4")], ()) == "10.0.0.1"


@given(peer=st.sampled_from(["10.0.0.1", "203.0.113.9"]), lines=st.lists(st.text(
    st.characters(max_codepoint=255), max_size=40), max_size=3))  # fmt: skip
def test_no_header_breaks_it(peer: str, lines: list[str]) -> None:
    """Whatever a client sends along."""
    assert asked_by(peer, *lines)


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
