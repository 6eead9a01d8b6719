"""Rooms on the run's store, whose meter the tests can wind on without waiting."""

import time
from dataclasses import dataclass
from typing import Any

from waitingroom.model import DrawMethod, Settings, Snapshot
from waitingroom.store import state
from waitingroom.store.client import Store

ACTOR = "test"
MINUTE_MS = 60_000
STEP_MS = 2_000
"""The most that the meter takes from one look at the clock."""


def now_ms() -> int:
    """The wall clock, as the store reads it."""
    return time.time_ns() // 10**6


@dataclass
class Room:
    """A room, and what operators and time may do to it."""

    store: Store
    name: str

    def status(self) -> Snapshot:
        """As it is now."""
        return self.store.status(self.name)

    def wind_on(self, passed_ms: int) -> None:
        """Let meter time pass at once: the wall clock is ahead for a moment, then falls back. Gates
        look meanwhile, since none passes where they do not.
        """
        for at_ms in (*range(0, passed_ms, STEP_MS), max(passed_ms, STEP_MS)):
            self.store.run(state.status(self.name, gate=True, now_ms=now_ms() + at_ms))
        self.store.status(self.name)

    def jump_on(self, passed_ms: int) -> None:
        """Look at the room once from the future: what is due by the wall clock happens."""
        self.store.status(self.name, now_ms=now_ms() + passed_ms)
        self.store.status(self.name)

    def open(self) -> None:
        """Open now."""
        self.store.open(self.name, actor=ACTOR)

    def act(self, name: str, reason: str = "") -> None:
        """pause, resume, drain, close, revoke_staff."""
        self.store.act(self.name, name, actor=ACTOR, reason=reason)

    def reset(self) -> None:
        """Begin another epoch."""
        self.store.reset(self.name, actor=ACTOR)

    def set(self, **knobs: Any) -> None:
        """Turn knobs."""
        self.store.set(self.name, knobs, actor=ACTOR)


def make(store: Store, name: str, **knobs: Any) -> Room:
    """A room: open unless said otherwise, and 20 may enter at once."""
    wanted: dict[str, Any] = {"burst": 20, "opens_at_ms": 1, "test_clock": True} | knobs
    store.create(name, Settings(**wanted), actor=ACTOR)
    return Room(store, name)


EARLY = {"opens_at_ms": 0}
"""Knobs of a room that people may join, and that opens when told."""
FIFO = {"draw": DrawMethod.FIFO}
