"""A gate that has answered a million requests is no bigger than one that has answered some."""

import socket
from collections.abc import Callable
from itertools import count

import psutil
import pytest
from gates import running
from rooms import Room
from slow import rest_of

from waitingroom.run.embedded import EmbeddedStore

Rooms = Callable[..., Room]
ROUND = 500
"""Requests of one round, all that a client may do among them."""
GROWTH_MB = 4
"""The most from then on: what a heap may do by itself. A leak of one small object a request would
be some 50 MB in a million."""


def good(room: Room) -> bytes:
    """Requests that follow each other on one connection: looks, joins, and what is refused."""
    one = f"GET /{room.name}/status.json HTTP/1.1\r\nHost: h\r\n\r\n" * 6
    one += f"GET /{room.name}/en HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\n\r\n"
    one += f"POST /{room.name}/ticket HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{{}}"
    one += f"POST /{room.name}/pass HTTP/1.1\r\nHost: h\r\nOrigin: http://evil.example\r\n\r\n"
    one += "GET /nowhere/en HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\n\r\n"
    return one.encode()


HOSTILE = (
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /x/ticket HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\n{",
    b"GET /x",
    b"",
)
"""What ends its connection, and is gone before it is answered."""


def one_round(port: int, requests: bytes) -> int:
    """How many requests were made."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        asked = 0
        while asked < ROUND - 20:
            client.sendall(requests * 2)
            answers = 0
            while answers < 20:
                more = client.recv(1 << 20)
                assert more
                answers += more.count(b"HTTP/1.1 ")
            asked += answers
    for sent in HOSTILE * 5:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(sent)
            if sent.endswith(b"\r\n\r\n"):
                rest_of(client)
    return asked + len(HOSTILE) * 5


@pytest.mark.parametrize(
    ("requests", "settled"),
    [(30_000, 15_000), pytest.param(1_000_000, 200_000, marks=pytest.mark.long)],
)
def test_memory_stays_flat(
    embedded: EmbeddedStore,
    make_room: Rooms,
    requests: int,
    settled: int,
    tmp_path_factory: pytest.TempPathFactory,
    record_property: Callable[[str, object], None],
) -> None:
    """Of the worker, over many requests of every kind, once ``settled`` gave the heap its size."""
    room = make_room()
    one = {"WAITINGROOM_GATE_WORKERS": "1"}
    with running(embedded.url, tmp_path_factory.mktemp("memory"), **one) as gate:
        gate.sees(room.name, lambda _: True)
        (worker,) = gate.workers()
        process = psutil.Process(worker.pid)
        done, first, sent = 0, 0, good(room)
        for _ in count():
            done += one_round(gate.port, sent)
            if not first and done >= settled:
                first = process.memory_info().rss
            if done >= requests:
                break
        grown = (process.memory_info().rss - first) / 1e6
        assert "Traceback" not in gate.log(), gate.log()
        assert [found.pid for found in gate.workers()] == [worker.pid]
    line = f"{done:,} requests: {grown:+.1f} MB to the {first / 1e6:.1f} MB after {settled:,}"
    record_property("figures: memory of a gate's worker", line)
    assert grown < GROWTH_MB
