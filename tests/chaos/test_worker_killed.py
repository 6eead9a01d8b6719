"""``kill -9`` of a gate worker: its requests are lost, nobody's place is, and it is replaced."""

import signal
import time

import psutil
from chaos_checks import all_hold
from chaos_system import ROOM, Chaos, frozen, start
from chaos_wire import Wire
from chaos_workers import wires_to_every_worker
from systems import Folder, eventually

JOINERS = 6
"""On each of the two workers."""
IN_TIME_S = 1.5
"""The gate waits two seconds for its store."""


def replaced(chaos: Chaos, killed: psutil.Process) -> bool:
    """Whether there are two workers again, none of them the killed one."""
    pids = {worker.pid for worker in chaos.gate_workers()}
    return len(pids) == 2 and killed.pid not in pids


def fresh_wires(chaos: Chaos) -> dict[int, list[Wire]] | None:
    """Connections to each worker, none of them near its end for having been idle."""
    held = wires_to_every_worker(chaos, each=JOINERS)
    wires = [wire for those in held.values() for wire in those]
    if not any(wire.idle for wire in wires):
        return held
    for wire in wires:
        wire.close()
    return None


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
    held = eventually(lambda: fresh_wires(chaos), "connections to both workers")
    wires = [*held[killed.pid], *held[other.pid]]
    with frozen(chaos.pid("store")):
        froze_at_s = time.monotonic()
        for wire in wires:
            wire.send("POST", f"/{ROOM}/ticket", {})
        time.sleep(0.3)
        killed.send_signal(signal.SIGKILL)
        killed.wait(30)
        held_up_s = time.monotonic() - froze_at_s
    answers = [wire.receive() for wire in wires]
    for wire in wires:
        wire.close()
    statuses = [answer.status for answer in answers]
    assert statuses[:JOINERS] == [0] * JOINERS
    # A machine that stands still for so long that the store seems away has them told so.
    assert set(statuses[JOINERS:]) <= ({201} if held_up_s < IN_TIME_S else {201, 503})
    # Who lost the connection joins again, as the page does.
    wire, more = Wire(chaos.gate_url), []

    def all_have_places() -> bool:
        more.append(wire.ask("POST", f"/{ROOM}/ticket", {}))
        answers.append(more[-1])
        return sum(answer.status == 201 for answer in answers) == 2 * JOINERS

    eventually(all_have_places, "everybody has a place")
    wire.close()
    for answer in answers:
        if answer.status == 201:
            chaos.ledger.joined(answer.value)
    snapshot = all_hold(chaos)
    assert 2 * JOINERS <= snapshot.tail <= 2 * JOINERS + len(more)
