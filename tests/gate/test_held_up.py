"""A worker that was held up: what came meanwhile is seen before it is taken not to have come."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop
from gates import RunningGate, gate_part
from rooms import Room
from systems import eventually

from waitingroom.errors import StoreDown
from waitingroom.run.child import spawn
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.aclient import AsyncStore

Rooms = Callable[..., Room]
IDLE_S = 2
"""How long this gate keeps a connection on which nothing is asked."""
MANY = 300
HEADERS = {f"X-{nth}": "x" * 60 for nth in range(40)}
"""Of so many connections, reading their requests takes longer than a timer's last look."""
TIMEOUT_S = 1.0
"""How long a call to the store may take here."""


@pytest.fixture
def gate(embedded: EmbeddedStore, tmp_path: Path) -> Iterator[RunningGate]:
    """A gate of one worker."""
    part, port = gate_part(embedded.url, tmp_path / "gate.log", WAITINGROOM_GATE_WORKERS="1")
    part = replace(part, argv=(*part.argv, "--keep-alive", str(IDLE_S)))
    process = spawn(part.argv, log=part.log, env=part.env)
    made = RunningGate(part, port, process.pid)
    try:
        eventually(part.ready, "the gate is up")
        yield made
    finally:
        made.end()
        process.wait()


def test_a_request_that_came_while_the_worker_was_held_up_is_answered(gate: RunningGate) -> None:
    """On a connection that had been idle for less than it may be, as nginx keeps them."""
    connection = gate.connect()
    assert gate.ask_on(connection, "GET", "/healthz").status == 200
    (worker,) = gate.workers()
    worker.send_signal(signal.SIGSTOP)
    try:
        connection.request("GET", "/healthz")
        time.sleep(1.5 * IDLE_S)
    finally:
        worker.send_signal(signal.SIGCONT)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b'{"status":"ok"}')
    # And where nothing comes, it is shut as before.
    assert connection.sock.recv(1) == b""
    connection.close()


def test_so_are_those_of_a_crowd(gate: RunningGate) -> None:
    """What was read is answered, also where its reading took the time that was left."""
    with ExitStack() as crowd:
        opened = [crowd.enter_context(closing(gate.connect())) for _ in range(MANY)]
        until = time.monotonic() + IDLE_S / 4
        connections = []
        while opened and time.monotonic() < until:  # the gate must not end the first by the last
            connections.append(opened.pop())
            assert gate.ask_on(connections[-1], "GET", "/healthz").status == 200
        (worker,) = gate.workers()
        worker.send_signal(signal.SIGSTOP)
        try:
            for one in connections:
                one.request("GET", "/healthz", headers=HEADERS)
            time.sleep(1.5 * IDLE_S)
        finally:
            worker.send_signal(signal.SIGCONT)
        assert {one.getresponse().status for one in connections} == {200}


def test_a_store_that_answered_while_the_worker_was_held_up_is_not_taken_for_away(
    make_room: Rooms, embedded: EmbeddedStore
) -> None:
    """The answer lies there when the worker comes to, longer after its question than it may take.
    So it is with a connection that was made then. An answer that does not come is missed as before,
    in time."""
    room = make_room()

    async def main() -> None:
        store = AsyncStore.connect(embedded.url, timeout_s=TIMEOUT_S)
        for arrival in (1, 2):  # the first makes a connection
            join = asyncio.create_task(store.join(room.name, [None]))
            # What it needs to be on its way.
            for _ in range(10):
                await asyncio.sleep(0)
            time.sleep(1.3 * TIMEOUT_S)  # noqa: ASYNC251 - the loop is to be held up
            assert (await join).arrivals == (arrival,)
        assert embedded.process is not None
        os.kill(embedded.process.pid, signal.SIGSTOP)
        try:
            with pytest.raises(StoreDown, match="Timeout"):
                await store.join(room.name, [None])
        finally:
            os.kill(embedded.process.pid, signal.SIGCONT)
        await store.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
