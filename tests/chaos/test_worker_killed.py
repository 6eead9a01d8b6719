"""``kill -9`` of a gate worker: its requests are lost, nobody's place is, and it is replaced."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
from chaos_checks import all_hold
from chaos_system import ROOM, Chaos, frozen, start
from chaos_wire import Answer
from chaos_workers import wires_to_every_worker
from systems import Folder, eventually

JOINERS = 6
"""On each of the two workers."""


def replaced(chaos: Chaos, killed: psutil.Process) -> bool:
    """Whether there are two workers again, none of them the killed one."""
    pids = {worker.pid for worker in chaos.gate_workers()}
    return len(pids) == 2 and killed.pid not in pids


def test_a_worker_killed_under_load_takes_no_place_with_it(folder: Folder) -> None:
    """Those on the other worker notice nothing; those on this one ask again, and have their own."""
    chaos = start(folder, breaks=True)
    with chaos.under_load("worker"):
        chaos.goes_on()
        killed, other = chaos.gate_workers()
        killed.send_signal(signal.SIGKILL)
        eventually(lambda: replaced(chaos, killed), "gunicorn starts another worker")
        chaos.goes_on()
    assert other.is_running()
    all_hold(chaos)
    broken = sum(n for (_, status, _), n in chaos.ledger.answers.items() if status == 0)
    assert broken <= chaos.clients, "a client lost more than the one request that was open"


def test_a_worker_killed_in_the_middle_of_joins_leaves_numbers_unused_at_most(
    folder: Folder,
) -> None:
    """The store is held for a moment, so that the joins are surely on their way to it."""
    chaos = start(folder, breaks=True)
    killed, other = chaos.gate_workers()
    held = wires_to_every_worker(chaos, each=JOINERS)
    wires = [*held[killed.pid], *held[other.pid]]
    with ThreadPoolExecutor(2 * JOINERS) as threads:
        with frozen(chaos.pid("store")):
            joins = [threads.submit(wire.ask, "POST", f"/{ROOM}/ticket", {}) for wire in wires]
            time.sleep(0.5)
            killed.send_signal(signal.SIGKILL)
            killed.wait(10)
        answers: list[Answer] = [join.result() for join in joins]
    assert [answer.status for answer in answers] == [0] * JOINERS + [201] * JOINERS
    # Who lost the connection joins again, as the page does.
    again = [wire.ask("POST", f"/{ROOM}/ticket", {}) for wire in wires[:JOINERS]]
    places = [
        chaos.ledger.joined(answer.value) for answer in (*answers, *again) if answer.status == 201
    ]
    assert len(places) == 2 * JOINERS
    for wire in wires:
        wire.close()
    snapshot = all_hold(chaos)
    assert 2 * JOINERS <= snapshot.tail <= 3 * JOINERS
