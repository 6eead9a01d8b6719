"""The gate's workers one by one: which of them answers a connection."""

from collections.abc import Sequence

import psutil
from chaos_system import ROOM, Chaos
from chaos_wire import Answer, Wire

MOST_TRIES = 300


def wires_to_every_worker(chaos: Chaos, *, each: int) -> dict[int, list[Wire]]:
    """Open connections by the pid of the worker that holds them: ``each`` for every worker."""
    workers = chaos.gate_workers()
    held: dict[int, list[Wire]] = {worker.pid: [] for worker in workers}
    for _ in range(MOST_TRIES):
        wire = Wire(chaos.gate_url)
        wire.ask("GET", "/healthz")
        wires = held[holder_of(wire.local_port, workers)]
        if len(wires) < each:
            wires.append(wire)
        else:
            wire.close()
        if all(len(wires) == each for wires in held.values()):
            return held
    raise AssertionError(f"the workers hold {held}, not {each} each")


def told_by_every_worker(chaos: Chaos, path: str) -> dict[int, Answer]:
    """The answer of each of the gate's workers to ``GET path``, by its pid."""
    told: dict[int, Answer] = {}
    for pid, (wire,) in wires_to_every_worker(chaos, each=1).items():
        told[pid] = wire.ask("GET", path)
        wire.close()
    return told


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
    assert {answer.status for answer in told.values()} == {200}
    return {bool(answer.value["stale"]) for answer in told.values()}
