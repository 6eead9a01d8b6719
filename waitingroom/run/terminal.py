"""What a person sees: lines, and below them one status line that is written over in place."""

import shutil
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import TextIO

from waitingroom.model import Phase, Snapshot

EVERY_MS = 5_000
"""Between two status lines where the output is no terminal."""
MINUTE_MS = 60_000
BETWEEN = " · "
"""Between the fields of a status line."""


@dataclass
class Terminal:
    """Lines to ``out``; on a terminal the status line stays the last one."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    _status: str = ""
    _said_at_ms: int | None = None

    def say(self, line: str) -> None:
        """A line that stays."""
        self._clear()
        print(line, file=self.out, flush=True)
        self._status = ""

    def status(self, line: str, now_ms: int) -> None:
        """The status as it is now."""
        if self.out.isatty():
            self._clear()
            self._status = fitting(line, shutil.get_terminal_size().columns - 1)
            print(self._status, end="", file=self.out, flush=True)
        elif self._said_at_ms is None or now_ms - self._said_at_ms >= EVERY_MS:
            self._said_at_ms = now_ms
            print(line, file=self.out, flush=True)

    def _clear(self) -> None:
        if self._status:
            print("\r\x1b[K", end="", file=self.out)


def fitting(line: str, width: int) -> str:
    """``line``, without as many of its last fields as it takes to fit in ``width`` columns."""
    while len(line) > width and BETWEEN in line:
        line = line.rpartition(BETWEEN)[0]
    return line[:width]


@dataclass
class Velocity:
    """Entries over the last minute, from the running count."""

    _seen: deque[tuple[int, int]] = field(default_factory=deque)

    def per_min(self, now_ms: int, entered: int) -> int:
        """How many a minute, by what was seen; also within the first minute."""
        self._seen.append((now_ms, entered))
        while len(self._seen) > 2 and now_ms - self._seen[1][0] >= MINUTE_MS:
            self._seen.popleft()
        first_ms, first = self._seen[0]
        elapsed_ms = now_ms - first_ms
        return round((entered - first) * MINUTE_MS / elapsed_ms) if elapsed_ms > 0 else 0


def status_line(room: Snapshot, per_min: int) -> str:
    """A room in one line: phase, waiting, serving, entries a minute, inside.

    The demo's fits in 80 columns.
    """
    phase: str = room.phase
    if room.phase in (Phase.SCHEDULED, Phase.EARLY) and room.opens_at_ms:
        left_s = max(0, -(-(room.opens_at_ms - room.now_ms) // 1000))
        phase += f", opens in {left_s} s"
    if room.also_paused:
        phase += ", paused"
    fields = (
        f"{room.room}: {phase}",
        f"{room.waiting} waiting",
        f"serving {room.serving}",
        f"{per_min} entries/min",
        f"{room.leases} inside",
    )
    return BETWEEN.join(fields)
