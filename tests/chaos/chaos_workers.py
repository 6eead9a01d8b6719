"""The gate's workers one by one: which of them answers a connection."""

import time
from collections.abc import Sequence

import psutil
from chaos_system import ROOM, Chaos
from chaos_wire import Answer, Wire
from systems import eventually

PATIENCE_S = 30


def wires_to_every_worker(chaos: Chaos, *, each: int) -> dict[int, list[Wire]]:
    """Open connections by the pid of the worker that holds them: ``each`` for every worker."""
    workers = chaos.gate_workers()
    held: dict[int, list[Wire]] = {worker.pid: [] for worker in workers}
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        wire = Wire(chaos.gate_url)
        wire.ask("GET", "/healthz")
        wires = held[holder_of(wire.local_port, workers)]
        if len(wires) < each:
            wires.append(wire)
        else:
            wire.close()
            time.sleep(0.01)  # the other may be about to be up
        if all(len(wires) == each for wires in held.values()):
            return held
    raise AssertionError(f"the workers hold {held}, not {each} each")


def told_by_every_worker(chaos: Chaos, path: str) -> dict[int, Answer]:
    """The answer of each of the gate's workers to ``GET path``, by its pid.

    Asked on new connections only: one that is idle for seconds while the others are looked for
    may be closed as the question comes, by a worker that a busy machine has held up.
    """
    workers = chaos.gate_workers()
    told: dict[int, Answer] = {}
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        wire = Wire(chaos.gate_url)
        answer = wire.ask("GET", path)
        if answer.status:
            told.setdefault(holder_of(wire.local_port, workers), answer)
        wire.close()
        if len(told) == len(workers):
            return told
        time.sleep(0.01)  # the other may be about to be up
    raise AssertionError(f"of {workers} only {list(told)} answer")


def holder_of(port: int, workers: Sequence[psutil.Process]) -> int:
    """The pid of the worker with the other end of our connection from ``port``."""
    for worker in workers:
        for connection in worker.net_connections("tcp"):
            if connection.raddr and connection.raddr.port == port:
                return worker.pid
    raise AssertionError(f"none of {workers} holds the connection from {port}")


def staleness(chaos: Chaos) -> set[bool]:
    """What the workers' status documents say of their age."""
    told = told_by_every_worker(chaos, f"/{ROOM}/status.json")
    assert {answer.status for answer in told.values()} == {200}, told
    return {bool(answer.value["stale"]) for answer in told.values()}


def all_know_the_room(chaos: Chaos) -> None:
    """Wait until every worker has seen it, before its store goes.

    One that a busy machine has held up since the room was made knows of none, and answers 503 then.
    """
    eventually(lambda: staleness(chaos) == {False}, "every worker knows the room")
