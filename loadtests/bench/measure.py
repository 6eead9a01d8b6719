"""One slot of load on one subject, and the order of slots that makes a fair pair."""

import json
import subprocess
import sys
from dataclasses import dataclass

import psutil

from loadtests.bench.generator import Load
from loadtests.bench.servers import CHECKOUT, Subject

CONNECTIONS = 256
WARM_S = 0.3
"""After connecting, before counting."""
LIMITED = frozenset({"hello", "status"})
"""Subjects that wait for nothing, so that their worker uses a whole core if it can have one."""
LEAST_BUSY = 0.8


@dataclass(frozen=True, slots=True)
class Slot:
    """What one subject did in one slot.

    ``cpu_us``: processor time of the worker per answer, in microseconds. ``worker_busy``,
    ``generator_busy``: shares of one core.
    """

    subject: str
    per_second: float
    failed: int
    cpu_us: float
    worker_busy: float
    generator_busy: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two subjects measured in turn (one, other, other, one): a drift hits both alike."""

    one: tuple[Slot, Slot]
    other: tuple[Slot, Slot]

    @property
    def ratio(self) -> float:
        """Answers a second of the one over those of the other."""
        return _sum(self.one, "per_second") / max(1e-9, _sum(self.other, "per_second"))

    @property
    def cpu_ratio(self) -> float:
        """The same by processor time of the worker: what others do on the machine counts less."""
        return _sum(self.other, "cpu_us") / max(1e-9, _sum(self.one, "cpu_us"))

    @property
    def disturbed(self) -> bool:
        """Whether somebody else had so much of the processor, or of the disk, that the ratio says
        little.
        """
        slots = (*self.one, *self.other)
        short = any(s.subject in LIMITED and s.worker_busy < LEAST_BUSY for s in slots)
        return short or any(s.per_second == 0 for s in slots)


def _sum(slots: tuple[Slot, Slot], name: str) -> float:
    total: float = sum(getattr(slot, name) for slot in slots)
    return total


def run_slot(subject: Subject, seconds: float) -> Slot:
    """Load one subject with the generator, in a process of its own."""
    asked = (subject.port, subject.method, subject.path, subject.cookie)
    words = map(str, (*asked, CONNECTIONS, WARM_S, seconds))
    argv = [sys.executable, "-m", "loadtests.bench.generator", *words]
    before = _used_s(subject.worker)
    done = subprocess.run(
        argv, cwd=CHECKOUT, capture_output=True, check=True, timeout=seconds + 30, text=True
    )
    used_s = _used_s(subject.worker) - before
    load = Load(**json.loads(done.stdout))
    return Slot(
        subject.name,
        load.per_second,
        # No answer at all is no measurement.
        load.failed + (load.answers == 0),
        used_s * 1e6 / max(1, load.total),
        used_s / load.total_s,
        load.busy,
    )


def _used_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def run_pair(one: Subject, other: Subject, seconds: float) -> Pair:
    """One, other, other, one."""
    slots = [run_slot(subject, seconds) for subject in (one, other, other, one)]
    return Pair((slots[0], slots[3]), (slots[1], slots[2]))
