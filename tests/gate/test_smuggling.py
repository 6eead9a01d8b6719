"""Requests behind each other on one connection: where each ends, and whose answer is whose."""

import json
import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from gates import RunningGate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw import CHUNKED, LENGTH, asked, for_room, send
from rooms import Room
from shapes import SMUGGLING

Rooms = Callable[..., Room]


@pytest.mark.parametrize("shape", SMUGGLING)
def test_a_request_with_two_ends_has_one_answer_and_hides_no_other(
    raw_gate: RunningGate, make_room: Rooms, shape: str
) -> None:
    """Smuggling: a proxy before us may see another end. Refused, and the connection ends."""
    room = make_room()
    raw = send(raw_gate, for_room(room, SMUGGLING[shape]))
    assert 400 <= raw.status < 500 or raw.status == 501, raw.received
    assert (raw.received.count(b"HTTP/1.1 "), raw.ended) == (1, True)
    assert room.status().tail == 0


def question(number: int, room: str) -> tuple[bytes, bytes]:
    """A request of one of several kinds, and a mark that only its own answer has."""
    host = b"Host: h\r\n"
    nowhere = f"nowhere-{number}".encode()
    body = b'{"field-%d": ""}' % number
    kinds = [
        (b"GET /%b/en HTTP/1.1\r\n%b\r\n" % (nowhere, host), nowhere),
        (b"DELETE /%b/ticket HTTP/1.1\r\n%b" % (nowhere, host) + LENGTH + b"2\r\n\r\n{}", nowhere),
        (b"POST /%b/pass HTTP/1.1\r\n%b" % (room.encode(), host)
         + LENGTH + b"%d\r\n\r\n%b" % (len(body), body), b"field-%d'" % number),
        (b"POST /%b/ticket HTTP/1.1\r\n%b" % (room.encode(), host)
         + CHUNKED + b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(body), body), b"field-%d'" % number),
        (b"M%d /%b/en HTTP/1.1\r\n%b\r\n" % (number, room.encode(), host), b"M%d is not" % number),
    ]  # fmt: skip
    return kinds[number % len(kinds)]


@pytest.fixture
def a_room(make_room: Rooms) -> str:
    """One room for all examples."""
    return make_room().name


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    numbers=st.lists(st.integers(100, 999), min_size=2, max_size=12, unique=True),
    cuts=st.lists(st.integers(1, 1_500), max_size=6),
)
def test_requests_on_one_connection_are_never_mixed_up(
    raw_gate: RunningGate, a_room: str, numbers: list[int], cuts: list[int]
) -> None:
    """Whatever the kinds, and wherever the packets end: each gets its own answer, in order.

    Where one is refused before its body has come, the connection ends with its answer, as nobody
    knows where the next begins; what is behind it is asked again, as a proxy does.
    """
    asked, cut_at = [question(number, a_room) for number in numbers], sorted(set(cuts))
    answers: list[bytes] = []
    while not answers or len(answers) <= len(asked):
        asked = asked[len(answers) :]
        whole = b"".join(request for request, _ in asked) + asked_last()
        ends = [0, *cut_at, len(whole)]
        raw = send(raw_gate, *(whole[start:end] for start, end in pairwise(ends)))
        answers = raw.received.split(b"HTTP/1.1 ")[1:]
        for (_, mark), answer in zip(asked, answers, strict=False):
            assert mark in answer, (mark, answer)
        assert raw.ended
        if len(answers) <= len(asked):
            assert answers, raw.received
            unread = asked[len(answers) - 1][0]
            assert unread.startswith(b"DELETE "), "the one kind whose body is not read"
            assert cut_at, "all of it came at once"
        cut_at = []
    assert len(answers) == len(asked) + 1
    assert answers[-1].startswith(b"200 ")


def asked_last() -> bytes:
    """What ends a connection."""
    return asked("GET /healthz")


def test_two_shoppers_on_one_connection_keep_their_own_places(
    raw_gate: RunningGate, make_room: Rooms
) -> None:
    """A proxy sends the requests of many on one: a ticket of one is never the other's answer."""
    room = make_room()
    path = f"/{room.name}/ticket HTTP/1.1\r\nHost: h\r\nWr-Client: native\r\n".encode()
    first = send(raw_gate, b"POST " + path + b"Connection: close\r\n\r\n").received
    ticket = json.loads(first.partition(b"\r\n\r\n")[2])["ticket"].encode()
    shown = b"POST " + path + b"Authorization: Bearer " + ticket + b"\r\n\r\n"
    fresh = b"POST " + path + b"\r\n"
    raw = send(raw_gate, shown + fresh + shown + fresh + asked_last())
    places = [int(place) for place in re.findall(rb'"arrival":(\d+),', raw.received)]
    assert places == [1, 2, 1, 3]
