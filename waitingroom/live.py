"""A room's figures at one moment, as numbers: what the console shows in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from waitingroom.history import Sample, per_min
from waitingroom.model import Phase, Snapshot

RUNS = frozenset({Phase.OPEN, Phase.PAUSED, Phase.DRAINING})
"""Phases in which somebody may have gone in lately."""
LATELY_MS = 65_000
"""Of history: what the figures a minute are made of."""


@dataclass(frozen=True, slots=True)
class Live:
    """``called``, ``entered``, ``left`` and ``no_shows``: since the epoch began. None: not to be
    told. ``no_show_share``: of those who went in or did not come. ``store_us``, ``gate_us``: how
    long each took to answer lately, in microseconds.
    """

    room: str
    at_ms: int
    phase: Phase
    waiting: int
    called: int
    inside: int
    capacity: int
    entries_per_min: int | None
    rate_per_min: int
    entered: int
    no_shows: int
    no_show_share: float | None
    at_door: int
    left: int
    store_us: int | None
    gate_us: int | None

    @classmethod
    def of(cls, room: Snapshot, samples: Sequence[Sample]) -> "Live":
        """``samples``: of the last minutes, in order of time."""
        counters, last = room.counters, samples[-1] if samples else None
        asked = counters.entered + counters.no_show
        runs = room.phase in RUNS
        return cls(
            room=room.room,
            at_ms=room.now_ms,
            phase=room.phase,
            waiting=room.waiting,
            called=counters.called,
            inside=room.leases,
            capacity=room.capacity,
            entries_per_min=per_min([*samples, Sample.of(room)], "entered") if runs else None,
            rate_per_min=room.rate_per_min,
            entered=counters.entered,
            no_shows=counters.no_show,
            no_show_share=round(counters.no_show / asked, 4) if asked else None,
            at_door=room.at_door,
            left=counters.left,
            store_us=last.store_us if last else None,
            gate_us=last.gate_us if last and last.gate_us >= 0 else None,
        )
