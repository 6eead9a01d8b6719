"""What is hardly HTTP, over real sockets, for the parser in C and the one in Python."""

from collections.abc import Callable

import pytest
from gates import RunningGate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw import CHUNKED, CLOSE, LENGTH, asked, for_room, send
from rooms import Room

Rooms = Callable[..., Room]


def is_alive(gate: RunningGate) -> bool:
    """Whether it still answers."""
    return gate.ask("GET", "/healthz").status == 200


def join_of(rest: bytes) -> bytes:
    """A join with a broken rest."""
    return asked("POST /ROOM/ticket", rest)


def page_of(rest: bytes) -> bytes:
    """A look at the page, with one more header."""
    return asked("GET /ROOM/en", rest + b"\r\n\r\n")


HTML = b"Accept: text/html\r\n\r\n"
BIG = CHUNKED + (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 10 + b"0\r\n\r\n"
BROKEN_HOST = b"POST /ROOM/pass HTTP/1.0\r\nHost: [\r\nOrigin: http://x\r\n\r\n"
UPGRADE = b"""\
GET /ROOM/en HTTP/1.1\r
Host: h\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
\r
"""

REFUSED_BY_US = {
    "the address *": (asked("OPTIONS *"), 400),
    "the address * of a person": (asked("OPTIONS *", HTML), 400),
    "a whole URL": (asked("GET http://x/demo/en"), 400),
    "a tunnel": (asked("CONNECT x:80", HTML), 400),
    "an unknown method": (asked("FOO /ROOM/ticket"), 405),
    "TRACE": (asked("TRACE /ROOM/ticket"), 405),
    "a path in no encoding": (asked("GET /ROOM/%ff%fe"), 404),
    "a room in no encoding": (asked("GET /%ed%a0%80/en"), 404),
    "a NUL in the path": (asked("GET /ROOM%00/en"), 404),
    "a body above the limit": (join_of(LENGTH + b"20000\r\n\r\n" + b"x" * 20_000), 413),
    "a body far above it, not sent": (join_of(LENGTH + b"9999999999\r\n\r\n"), 413),
    "a body of chunks above it": (join_of(BIG), 413),
    "a broken origin": (join_of(b"Origin: http://[\r\n\r\n"), 403),
    "a broken host": (BROKEN_HOST, 403),
    "a cookie in no encoding": (asked("POST /ROOM/pass", b"Cookie: a=\xff; b\r\n\r\n"), 401),
}

REFUSED_BY_THE_SERVER = {
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    "another version": (b"GET /ROOM/en HTTP/9.9\r\n" + CLOSE + b"\r\n", 400),
    "HTTP/2 unasked": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a method in lower case": (asked("get /ROOM/en"), 400),
    "bytes in the path": (asked("GET /\xff"), 400),
    "a very long address": (asked("GET /" + "a" * 9_000), 414),
    "a very long header": (page_of(b"X: " + b"a" * 9_000), 431),
    "a very long cookie": (page_of(b"Cookie: " + b"a=b; " * 2_000), 431),
    "very many headers": (page_of(b"\r\n".join([b"X: a"] * 100)), 431),
    "a NUL in a header": (page_of(b"X: a\0b"), 400),
    "a space before the colon": (page_of(b"X : a"), 400),
    "a folded header": (page_of(b"X: a\r\n b"), 400),
    "two lengths": (join_of(LENGTH + b"2\r\n" + LENGTH + b"3\r\n\r\n{}"), 400),
    "a length and chunks": (join_of(LENGTH + b"2\r\n" + CHUNKED + b"0\r\n\r\n"), 400),
    "a length below nought": (join_of(LENGTH + b"-1\r\n\r\n{}"), 400),
    "a length with a sign": (join_of(LENGTH + b"+2\r\n\r\n{}"), 400),
    "a length in other digits": (join_of(LENGTH + b"\xb2\r\n\r\n{}"), 400),
    "a chunk of no size": (join_of(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"), 400),
    "a coding that is not chunked": (join_of(b"Transfer-Encoding: gzip\r\n\r\n{}"), 400),
    "a WebSocket": (UPGRADE, 403),
}


@pytest.mark.parametrize("what", REFUSED_BY_US)
def test_the_gate_refuses_with_a_code(raw_gate: RunningGate, make_room: Rooms, what: str) -> None:
    """4xx by the application, and the connection is closed."""
    room = make_room()
    sent, status = REFUSED_BY_US[what]
    raw = send(raw_gate, for_room(room, sent))
    assert (raw.status, raw.is_ours, raw.ended) == (status, True, True), raw.received
    assert room.status().tail == 0


@pytest.mark.parametrize("what", REFUSED_BY_THE_SERVER)
def test_the_server_refuses_in_the_gates_place(
    raw_gate: RunningGate, make_room: Rooms, what: str
) -> None:
    """4xx where it is no proper HTTP request, and the connection is closed."""
    room = make_room()
    sent, status = REFUSED_BY_THE_SERVER[what]
    raw = send(raw_gate, for_room(room, sent))
    assert (raw.status, raw.ended) == (status, True), raw.received
    assert room.status().tail == 0
    assert is_alive(raw_gate)


@pytest.mark.parametrize(
    "rest",
    [
        b"\r\n",
        LENGTH + b"0\r\n\r\n",
        LENGTH + b"2\r\n\r\n{}",
        CHUNKED + b"0\r\n\r\n",
        CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        CHUNKED + b"2;x=y\r\n{}\r\n0\r\nX-Sum: x\r\n\r\n",
        b"Expect: 100-continue\r\n" + LENGTH + b"2\r\n\r\n{}",
    ],
)
def test_a_body_in_any_framing_is_the_same_join(
    raw_gate: RunningGate, make_room: Rooms, rest: bytes
) -> None:
    """None, of a length, in chunks, after a 100."""
    room = make_room()
    raw = send(raw_gate, for_room(room, join_of(rest)))
    assert b"201 Created" in raw.received
    assert room.status().tail == 1


def test_a_body_in_many_small_parts_is_one_join(raw_gate: RunningGate, make_room: Rooms) -> None:
    """A byte at a time."""
    room = make_room()
    whole = for_room(room, join_of(LENGTH + b"2\r\n\r\n{}"))
    assert send(raw_gate, *(bytes([byte]) for byte in whole)).status == 201
    assert room.status().tail == 1


def test_what_follows_a_body_is_another_request(raw_gate: RunningGate, make_room: Rooms) -> None:
    """A length that is too short leaves the rest for the next, which is none: no second place."""
    room = make_room()
    path = f"POST /{room.name}/ticket HTTP/1.1\r\nHost: h\r\n".encode()
    raw = send(raw_gate, path + LENGTH + b"2\r\n\r\n{}{}{}\r\n\r\n")
    assert (raw.status, raw.ended) == (201, True)
    assert raw.received.count(b"HTTP/1.1 400 ") == 1
    assert room.status().tail == 1


def test_requests_in_one_packet_are_answered_in_order(
    raw_gate: RunningGate, make_room: Rooms
) -> None:
    """Pipelining: three joins, three places."""
    room = make_room()
    join = f"POST /{room.name}/ticket HTTP/1.1\r\nHost: h\r\n".encode()
    raw = send(raw_gate, (join + b"\r\n") * 2 + join + b"Connection: close\r\n\r\n")
    places = [raw.received.index(f'"arrival":{place},'.encode()) for place in (1, 2, 3)]
    assert places == sorted(places)


def test_a_refused_body_begins_no_other_request(raw_gate: RunningGate, make_room: Rooms) -> None:
    """A request hidden in a body that nobody read is not taken for the next one."""
    room = make_room()
    hidden = f"POST /{room.name}/ticket HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    length = f"Content-Length: {len(hidden)}\r\n\r\n".encode()
    for path in ("/nowhere/ticket", f"/{room.name}/check", "/static/page.css"):
        first = f"POST {path} HTTP/1.1\r\nHost: h\r\n".encode() + length + hidden
        raw = send(raw_gate, first, asked("GET /healthz"))
        assert raw.status in (404, 405)
        assert b"201 Created" not in raw.received
    assert room.status().tail == 0


def test_an_answer_before_its_body_says_that_it_is_the_last(raw_gate: RunningGate) -> None:
    """Nobody knows where another request would begin; a proxy must not send one."""
    raw = send(raw_gate, b"DELETE /static/nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
    assert raw.ended
    assert raw.received.lower().count(b"\r\nconnection: close\r\n") == 1, raw.received


def test_old_clients_without_a_host_are_served(raw_gate: RunningGate, make_room: Rooms) -> None:
    """HTTP/1.0."""
    room = make_room()
    raw = send(raw_gate, f"POST /{room.name}/ticket HTTP/1.0\r\n\r\n".encode())
    assert (raw.status, raw.ended) == (201, True)


def test_the_longest_cookie_that_the_server_takes_is_read(
    raw_gate: RunningGate, make_room: Rooms
) -> None:
    """8 kB of other software's cookies, and a ticket behind them."""
    room = make_room()
    cookie = b"Cookie: " + b"a=b; " * 1_600 + b"wr-ticket-x=y\r\n\r\n"
    assert send(raw_gate, for_room(room, join_of(cookie))).status == 201


PIECES = b"""
GET POST /ROOM/ticket /ROOM/status.json / HTTP/1.1 Host: h Content-Length: Transfer-Encoding:
chunked 2 - {} 0\r\n\r\n : \0 \xff Expect: 100-continue Connection: close Upgrade: h2c %
Accept: text/html Cookie: wr-ticket-ROOM=t1.ROOM.1.1.1.x
""".split()
SPACES = [b" ", b"\r\n", b"\n", b"\r", b"\r\n\r\n"]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=st.lists(st.sampled_from([*PIECES, *SPACES]) | st.binary(max_size=12), max_size=24))
def test_any_bytes_get_a_4xx_or_nothing(
    raw_gate: RunningGate, make_room: Rooms, pieces: list[bytes]
) -> None:
    """And the gate is alive afterwards."""
    sent = b"".join(pieces).replace(b"ROOM", b"demo")
    raw = send(raw_gate, sent, patience_s=0.03)
    assert raw.status < 500 or raw.status == 501, raw.received
    assert b"Traceback" not in raw.received


@pytest.mark.long
def test_a_body_that_never_comes_is_408_after_ten_seconds(
    raw_gate: RunningGate, make_room: Rooms
) -> None:
    """Not the server's own 500 after thirty."""
    room = make_room()
    raw = send(raw_gate, for_room(room, join_of(LENGTH + b"10\r\n\r\n{")), patience_s=15)
    assert (raw.status, raw.is_ours, raw.ended) == (408, True, True)
    assert room.status().tail == 0


def test_it_is_alive_after_all_this(raw_gate: RunningGate) -> None:
    """By the same worker as at first."""
    assert is_alive(raw_gate)
    assert "worker" not in raw_gate.log().lower(), raw_gate.log()
