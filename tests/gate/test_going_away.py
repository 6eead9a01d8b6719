"""Clients that hang up in the middle: each costs at most one no-show, and disturbs nobody."""

import asyncio
import http.client
import json
import signal
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gates import Browser, LocalGate, RunningGate, read_answer
from rooms import Room, now_ms
from systems import eventually

from waitingroom.run.embedded import EmbeddedStore

Rooms = Callable[..., Room]
TRIES = 3
STORE_AWAY_S = 1.8
"""A gate gives a silent store up after two seconds; the machine stood still then, too."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def half_asked(gate: RunningGate, request: bytes) -> socket.socket:
    """A connection with a request (or a part of one) on its way."""
    connection = socket.create_connection(("127.0.0.1", gate.port), timeout=10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    connection.sendall(request)
    return connection


def answered(connection: socket.socket) -> dict[str, Any]:
    """The JSON that comes back."""
    with connection, connection.makefile("rb") as stream:
        body = stream.read().partition(b"\r\n\r\n")[2]
    found: dict[str, Any] = json.loads(body)
    return found


def test_sockets_that_close_in_the_middle_of_a_join_disturb_nobody(
    running_gate: RunningGate, embedded: EmbeddedStore, make_room: Rooms
) -> None:
    """While the store stands still a crowd joins, half of it hangs up; then it goes on."""
    assert embedded.process is not None
    for _ in range(TRIES):
        room = make_room()
        running_gate.sees(room.name, lambda status: not status["stale"])
        head = f"POST /{room.name}/ticket HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        began = time.monotonic()
        embedded.process.send_signal(signal.SIGSTOP)
        try:
            crowd = [half_asked(running_gate, head.encode()) for _ in range(60)]
            for connection in crowd[::2]:
                connection.close()
        finally:
            embedded.process.send_signal(signal.SIGCONT)
        if time.monotonic() - began < STORE_AWAY_S:
            break
        for connection in crowd[1::2]:
            connection.close()
    places = sorted(answered(connection)["arrival"] for connection in crowd[1::2])
    assert len(set(places)) == 30
    assert 30 <= room.status().tail <= 60
    assert Browser(running_gate, room.name).join().status == 201


def test_a_request_that_stops_in_its_headers_or_its_body_costs_no_place(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """What is not whole is not done."""
    room = make_room()
    head = f"POST /{room.name}/ticket HTTP/1.1\r\nHost: h\r\n".encode()
    for part in (b"", head, head + b"Content-Length: 2\r\n\r\n{",
                 head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n"):  # fmt: skip
        half_asked(running_gate, part).close()
    assert Browser(running_gate, room.name).join().json["arrival"] == 1


def test_a_joiner_who_gives_up_leaves_the_group_whole(gate: LocalGate, make_room: Rooms) -> None:
    """Cancelled before the group is sent: no place. While it is under way: one, unclaimed."""
    room = make_room()
    path = f"/{room.name}/ticket"
    gate.ask("GET", f"/{room.name}/status.json")

    async def crowd() -> list[Any]:
        first = asyncio.create_task(gate.asking("POST", path))
        await asyncio.sleep(0)  # it is under way, alone
        await asyncio.sleep(0)
        others = [asyncio.create_task(gate.asking("POST", path)) for _ in range(20)]
        await asyncio.sleep(0)  # they wait for the next group
        for task in [first, *others[::2]]:
            task.cancel()
        return await asyncio.gather(*others[1::2])

    answers = gate.runner.run(crowd())
    places = sorted(answer.json["arrival"] for answer in answers)
    assert len(set(places)) == 10
    assert 10 <= room.status().tail <= 11


def test_a_knock_that_is_given_up_mixes_up_no_other_answer(
    gate: LocalGate, make_room: Rooms
) -> None:
    """A store connection with an answer on its way is not used for somebody else's question."""
    room = make_room(burst=200)
    tickets = []
    for _ in range(60):
        shopper = Browser(gate, room.name)
        shopper.join()
        tickets.append(shopper.cookies[f"wr-ticket-{room.name}"])
    gate.refresh()

    def knock(ticket: str) -> Any:
        cookie = {"Cookie": f"wr-ticket-{room.name}={ticket}"}
        return gate.asking("POST", f"/{room.name}/pass", cookie)

    async def given_up(spins: int) -> None:
        tasks = [asyncio.create_task(knock(ticket)) for ticket in tickets]
        for _ in range(spins):
            await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def all_in() -> list[Any]:
        return list(await asyncio.gather(*map(knock, tickets)))

    for spins in range(12):
        gate.runner.run(given_up(spins))
    for arrival, answer in enumerate(gate.runner.run(all_in()), 1):
        assert answer.status == 200
        raw = answer.cookies[f"wr-pass-{room.name}"]
        found = gate.keyring.room_keys(room.name).read_pass(raw, now_ms=now_ms())
        assert found.lease == f"1-{arrival}"


def test_idle_and_half_open_connections_do_not_keep_others_out(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """A few hundred that say nothing cost memory, and no shopper's turn."""
    room = make_room()
    idle = [half_asked(running_gate, b"GET / HTT") for _ in range(200)]
    try:
        assert Browser(running_gate, room.name).join().status == 201
    finally:
        for connection in idle:
            connection.close()


def test_a_kept_connection_serves_one_request_after_another(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """Also behind a refusal whose body was never read in full."""
    room = make_room()
    connection = running_gate.connect()

    def ask(body: bytes) -> int:
        # A body that is too long may not be taken in whole; the answer is there all the same.
        with suppress(ConnectionError):
            connection.request("POST", f"/{room.name}/ticket", body=body)
        return read_answer(connection.getresponse()).status

    try:
        for body, status in ((b"{}", 201), (b"[]", 400), (b"x" * 20_000, 413), (b"{}", 201)):
            assert eventually(lambda body=body: ask(body), "an answer") == status
    finally:
        connection.close()


def test_who_is_still_sending_what_is_too_long_is_told_that_the_connection_ends(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """The answer comes before the body does, and says what the server will do."""
    head = b"POST /%s/ticket HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running_gate.port), timeout=20) as connection:
        connection.sendall(head % make_room().name.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        assert answer.headers["Connection"] == "close"
        assert b"too_large" in answer.read()
