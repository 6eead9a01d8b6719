"""Answers that wait for the end of the loop's turn: none is lost, none is late, order is kept."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
import uvloop

from waitingroom.gate.cork import MOST_HELD, Corked, Turn

LONG = b"x" * (MOST_HELD + 1)


def read(client: socket.socket) -> bytes:
    """What has come so far."""
    with suppress(BlockingIOError):
        return client.recv(1 << 20)
    return b""


def played(play: Callable[[list[Corked], list[socket.socket]], None]) -> list[bytes]:
    """Two connections in one turn of a loop; what their clients have after a few more turns."""

    async def run() -> list[bytes]:
        loop = asyncio.get_running_loop()
        turn, made, clients = Turn(loop), [], []
        for _ in range(2):
            ours, client = socket.socketpair()
            client.setblocking(False)
            transport, _protocol = await loop.connect_accepted_socket(asyncio.Protocol, ours)
            made.append(Corked(transport, turn))
            clients.append(client)
        play(made, clients)
        found = [b"", b""]
        for _ in range(5):
            await asyncio.sleep(0)
            found = [so_far + read(client) for so_far, client in zip(found, clients, strict=True)]
        for corked, client in zip(made, clients, strict=True):
            corked.abort()
            client.close()
        return found

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def test_answers_of_one_turn_leave_together_after_it() -> None:
    """In order on each connection; nothing while something of the same turn runs."""

    def play(made: list[Corked], clients: list[socket.socket]) -> None:
        for word in (b"one ", b"two"):
            for corked in made:
                corked.write(word)
        assert [read(client) for client in clients] == [b"", b""]
        assert [corked.get_write_buffer_size() for corked in made] == [7, 7]

    assert played(play) == [b"one two"] * 2


@pytest.mark.parametrize(
    ("end", "comes"),
    [
        ("write_eof", b"last"),
        ("close", b"last"),
        ("abort", b""),
    ],
)
def test_what_is_held_goes_before_an_end(end: str, comes: bytes) -> None:
    """But for an abort, and nobody else is disturbed by it."""

    def play(made: list[Corked], _clients: list[socket.socket]) -> None:
        made[0].write(b"last")
        getattr(made[0], end)()
        made[1].write(b"other")

    assert played(play) == [comes, b"other"]


def test_a_connection_that_ended_meanwhile_disturbs_no_other() -> None:
    """Its client went away just before the answer."""

    def play(made: list[Corked], _clients: list[socket.socket]) -> None:
        made[0]._transport.abort()
        made[0].write(b"late")
        made[1].write(b"other")

    assert played(play)[1] == b"other"


def test_what_is_long_goes_at_once_after_what_is_held() -> None:
    """So that whoever writes more than a client reads is told to wait."""

    def play(made: list[Corked], clients: list[socket.socket]) -> None:
        made[0].write(b"head ")
        made[0].writelines((b"a ", b"body"))
        assert read(clients[0]) == b"head a body"
        made[1].write(LONG)
        assert made[1]._held == b""
        assert read(clients[1])

    assert played(play)[0] == b""
