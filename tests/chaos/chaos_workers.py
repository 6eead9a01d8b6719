"""The gate's workers one by one: which of them answers a connection."""

from collections.abc import Sequence

import psutil
from chaos_system import ROOM, Chaos
from chaos_wire import Answer, Wire

MOST_TRIES = 300


def told_by_every_worker(chaos: Chaos, path: str) -> dict[int, Answer]:
    """The answer of each of the gate's workers to ``GET path``, by its pid."""
    workers = chaos.gate_workers()
    told: dict[int, Answer] = {}
    for _ in range(MOST_TRIES):
        wire = Wire(chaos.gate_url)
        answer = wire.ask("GET", path)
        told[holder_of(wire.local_port, workers)] = answer
        wire.close()
        if told.keys() >= {worker.pid for worker in workers}:
            return told
    raise AssertionError(f"of {workers} only {told.keys()} answered")


def holder_of(port: int, workers: Sequence[psutil.Process]) -> int:
    """The pid of the worker with the other end of the connection from ``port``."""
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
