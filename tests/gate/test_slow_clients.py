"""Clients that take their time, or take everything: each is cut off, and nobody else notices."""

import http.client
import resource
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from gates import Answer, RunningGate, running
from raw import parsed_by
from rooms import Room
from slow import connect, crowd, is_shut, rest_of, shut_after
from systems import eventually, lacking

from waitingroom.run.embedded import EmbeddedStore
from waitingroom.run.parts import CONNECTIONS

Rooms = Callable[..., Room]
MOST = 128
"""Connections at a time, of the gate that is asked here."""
QUICK_S = 2
"""A join is answered within this, whoever else is connected. Alone it takes some milliseconds."""
MOST_CUT_OFF = 5
HALF_A_HEAD = b"POST /ROOM/ticket HTTP/1.1\r\nHost: h\r\n"
HALF_A_BODY = HALF_A_HEAD + b"Content-Length: 1000\r\n\r\n{"
CUT_OFF_S = 13
"""Ten seconds, a sweep, and what a machine is late by."""
TRIES = 3
"""One in which the machine stood still for seconds says nothing of how long the gate took."""
STORE_AWAY_S = 1.8
"""A gate gives a store that says nothing up after two seconds."""
MOST_ASKED = 24_000_000
"""Bytes; what the system holds for a connection comes to a third of it."""
LOOK = b"GET /ROOM/en HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.fixture(
    scope="module",
    params=[pytest.param("fast"), pytest.param("python", marks=pytest.mark.long)],
)
def slow_gate(
    request: pytest.FixtureRequest,
    embedded: EmbeddedStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningGate]:
    """A gate of one worker with few connections."""
    folder = tmp_path_factory.mktemp("slow")
    with parsed_by(request.param, embedded, folder, connections=MOST) as gate:
        yield gate


def of(room: Room, sent: bytes) -> bytes:
    """With the room's name in it."""
    return sent.replace(b"ROOM", room.name.encode())


def joins(gate: RunningGate, room: Room, times: int) -> float:
    """So many joins on connections of their own, and the seconds that the slowest took; but for
    two: while one is under way the machine may stand still, and another falls due meanwhile.
    """
    took = []
    for _ in range(times):
        began = time.monotonic()
        assert joined(gate, room).status == 201
        took.append(time.monotonic() - began)
    return sorted(took)[-3]


def joined(gate: RunningGate, room: Room) -> Answer:
    """One join. On a busy machine a flood may overtake a client between its connection and its
    request; that one is cut off unanswered, nothing was done, and it asks again, as the page does.
    """
    for _ in range(MOST_CUT_OFF):
        with suppress(http.client.RemoteDisconnected, ConnectionResetError):
            return gate.ask("POST", f"/{room.name}/ticket")
    return gate.ask("POST", f"/{room.name}/ticket")


def held(gate: RunningGate) -> int:
    """The connections that its worker has open."""
    (worker,) = gate.workers()
    return len([one for one in worker.net_connections("tcp") if one.raddr])


def refusal_of(gate: RunningGate) -> Answer | None:
    """What a newcomer is told, None where they are served."""
    answer = gate.ask("GET", "/healthz")
    return None if answer.status == 200 else answer


@dataclass
class Flood:
    """Connections that are made again as soon as they are shut. ``came``: so many so far."""

    gate: RunningGate
    sent: bytes
    came: int = 0
    over: bool = False

    def go_on(self) -> None:
        """One attacker's work: keep ``MOST`` connections open."""
        mine: list[socket.socket] = []
        while not self.over:
            for one in [one for one in mine if is_shut(one)]:
                mine.remove(one)
                one.close()
            while len(mine) < MOST and not self.over:
                with suppress(ConnectionError):
                    mine.append(connect(self.gate, self.sent))
                self.came += 1
        for one in mine:
            one.close()


@contextmanager
def flood(gate: RunningGate, sent: bytes) -> Iterator[Flood]:
    """Twice the connections that may be, by two attackers, for as long as the block lasts."""
    made = Flood(gate, sent)
    attackers = [threading.Thread(target=made.go_on) for _ in range(2)]
    for attacker in attackers:
        attacker.start()
    try:
        yield made
    finally:
        made.over = True
        for attacker in attackers:
            attacker.join(20)


def test_each_kind_of_slow_client_is_cut_off_after_ten_seconds(
    slow_gate: RunningGate, make_room: Rooms
) -> None:
    """Silent, half a head, a byte a second of it, half a body, a byte a second of that.

    The deadline is a request's, not a connection's: one that asks every second lives.
    """
    room = make_room()
    for _ in range(TRIES):
        began = time.monotonic()
        clients = {
            "silent": connect(slow_gate),
            "half a head": connect(slow_gate, of(room, HALF_A_HEAD)),
            "a slow head": connect(slow_gate, of(room, HALF_A_HEAD)),
            "half a body": connect(slow_gate, of(room, HALF_A_BODY)),
            "a slow body": connect(slow_gate, of(room, HALF_A_BODY)),
        }
        busy = connect(slow_gate)
        drips = {
            clients["a slow head"]: b"X",
            clients["a slow body"]: b" ",
            busy: of(room, LOOK),
        }
        all_ = clients | {"busy": busy}
        shut = shut_after(all_, drips, wanted=len(clients), began=began, patience_s=30)
        assert shut.keys() == clients.keys()
        assert all(seconds > 9.5 for seconds, _ in shut.values()), shut
        assert {said[:12] for _, said in shut.values()} == {b"HTTP/1.1 408"}
        assert room.status().tail == 0
        slowest_s = max(seconds for seconds, _ in shut.values())
        if slowest_s < CUT_OFF_S:
            break
    assert slowest_s < CUT_OFF_S


def test_a_client_that_reads_none_of_its_answers_is_cut_off(
    slow_gate: RunningGate, make_room: Rooms
) -> None:
    """More than the system's buffers hold is asked for, and none of it is read."""
    look = of(make_room(), LOOK)
    for _ in range(TRIES):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            began = time.monotonic()
            client.connect(("127.0.0.1", slow_gate.port))
            with suppress(ConnectionError):  # where that takes longer than it may last
                for _ in range(1_000):
                    client.sendall(look)
                    time.sleep(0.002)  # each on its own: a thousand in one packet are refused
            sent = time.monotonic()
            eventually(lambda: held(slow_gate) == 0, "it is cut off", 30)
            assert time.monotonic() - began > 9.5
            if time.monotonic() - sent < CUT_OFF_S:
                break
    assert time.monotonic() - sent < CUT_OFF_S


def test_a_client_that_asks_on_and_reads_nothing_is_heard_no_more(
    slow_gate: RunningGate, make_room: Rooms
) -> None:
    """Answers without a body count as others do: what is not read does not pile up in the gate."""
    long = of(make_room(), b"GET /ROOM?to=/" + b"x" * 3_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    asked = 0
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.settimeout(2)
        client.connect(("127.0.0.1", slow_gate.port))
        # Cut off already, where this took long, it is heard no more either.
        with pytest.raises((TimeoutError, ConnectionError)):
            while asked < MOST_ASKED:
                client.sendall(long)
                asked += len(long)
                time.sleep(0.002)
        eventually(lambda: held(slow_gate) == 0, "it is cut off", 20)


def test_who_asks_for_much_and_hangs_up_leaves_nothing_in_the_log(
    slow_gate: RunningGate, make_room: Rooms
) -> None:
    """Others are answered meanwhile, and what the server writes is of no use to anybody."""
    room = make_room()
    join = of(room, HALF_A_HEAD + b"\r\n")
    for _ in range(50):
        with connect(slow_gate, 5 * join) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert joined(slow_gate, room).status == 201
    eventually(lambda: held(slow_gate) == 0, "they are gone")
    assert "Error handling connection" not in slow_gate.log()


def test_a_half_closed_connection_is_ended_at_once(
    slow_gate: RunningGate, make_room: Rooms
) -> None:
    """Who says that no more will come, in the middle of a request or without one, has gone."""
    room = make_room()
    for sent in (b"", of(room, HALF_A_HEAD), of(room, HALF_A_BODY)):
        with connect(slow_gate, sent) as client:
            client.shutdown(socket.SHUT_WR)
            assert rest_of(client) == b"", "not the 408 of ten seconds later"
    assert room.status().tail == 0


@pytest.mark.parametrize("sent", [b"", HALF_A_HEAD, HALF_A_BODY], ids=["silent", "head", "body"])
def test_twice_the_connections_that_may_be_do_not_stop_joins(
    slow_gate: RunningGate, make_room: Rooms, sent: bytes
) -> None:
    """They give way to their own newcomers; joins and health probes are as quick as ever."""
    room = make_room()
    with crowd(slow_gate, 2 * MOST, of(room, sent)):
        assert joins(slow_gate, room, 20) < QUICK_S
        assert slow_gate.ask("GET", "/healthz").status == 200
        assert held(slow_gate) <= MOST + 1
    assert room.status().tail == 20


def test_five_hundred_slow_clients_do_not_stop_joins(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """Of a gate as it is run, whose bound they do not reach."""
    room = make_room()
    for sent in (HALF_A_HEAD, HALF_A_BODY):
        with crowd(running_gate, 500, of(room, sent)) as clients:
            assert joins(running_gate, room, 20) < QUICK_S
            assert not any(is_shut(client) for client in clients)
    assert room.status().tail == 40


def test_a_flood_of_slow_clients_that_come_again_does_not_stop_joins(
    slow_gate: RunningGate, make_room: Rooms
) -> None:
    """Whoever is shut out connects at once again, for as long as the joins last."""
    room = make_room()
    with flood(slow_gate, of(room, HALF_A_HEAD)) as attack:
        eventually(lambda: attack.came > 2 * MOST, "the flood is there", 10)
        assert joins(slow_gate, room, 50) < QUICK_S
    assert attack.came > 4 * MOST
    assert room.status().tail == 50


def test_a_crowd_that_comes_in_one_moment_is_let_knock(slow_gate: RunningGate) -> None:
    """While the worker is busy with something else, 600 wait to be accepted, and none is lost.

    A connection that the system drops is tried again by the client's own a second later.
    """
    (worker,) = slow_gate.workers()
    worker.suspend()
    try:
        with ExitStack() as stack:
            for _ in range(600):
                address = ("127.0.0.1", slow_gate.port)
                stack.enter_context(socket.create_connection(address, timeout=0.9))
    finally:
        worker.resume()
    assert slow_gate.ask("GET", "/healthz").status == 200


def test_who_is_being_answered_never_gives_way(
    slow_gate: RunningGate, make_room: Rooms, embedded: EmbeddedStore
) -> None:
    """With as many requests underway as may be, one more is told to come again: 503."""
    room = make_room()
    assert embedded.process is not None
    store = psutil.Process(embedded.process.pid)
    for _ in range(TRIES):
        slow_gate.sees(room.name, lambda status: not status["stale"])
        refused, first_lines, took_s = full(slow_gate, store, of(room, HALF_A_HEAD + b"\r\n"))
        if took_s < STORE_AWAY_S:  # else the machine stood still, and the gate gave the store up
            break
    assert refused is not None, "it is full"
    assert (refused.status, refused.error) == (503, "busy")
    assert refused.header("retry-after") == "5"
    assert refused.header("cache-control") == "no-store"
    assert first_lines == {b"HTTP/1.1 201"}
    assert slow_gate.ask("GET", "/healthz").status == 200


def full(
    gate: RunningGate, store: psutil.Process, sent: bytes
) -> tuple[Answer | None, set[bytes], float]:
    """While the store stands still as many requests are underway as may be: what a newcomer is
    told, what those then are, and for how many seconds it stood.
    """
    began = time.monotonic()
    store.suspend()
    try:
        with crowd(gate, MOST, sent) as clients:
            refused = None
            while refused is None and time.monotonic() - began < 1:
                refused = refusal_of(gate)
            store.resume()
            took_s = time.monotonic() - began
            return refused, {client.recv(12) for client in clients}, took_s
    finally:
        store.resume()


@pytest.mark.long
def test_a_gate_as_it_is_run_bears_twice_the_connections_that_it_holds(
    embedded: EmbeddedStore, make_room: Rooms, tmp_path: Path
) -> None:
    """8,192 that send half a head; it holds 4,096, and joins are as quick as ever."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 3 * CONNECTIONS:
        lacking(f"this needs {3 * CONNECTIONS:,} open files, and {most:,} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    room = make_room()
    with running(embedded.url, tmp_path, WAITINGROOM_GATE_WORKERS="1") as gate:
        with crowd(gate, 2 * CONNECTIONS, of(room, HALF_A_HEAD)):
            assert joins(gate, room, 20) < QUICK_S
            assert held(gate) <= CONNECTIONS + 1
        assert "Traceback" not in gate.log(), gate.log()
