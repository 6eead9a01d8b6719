"""What was released lately, so that every process of a shop hears of it within seconds.

In the memory of this process: the store knows every released lease for good, but a guard would ask
about one only when that very lease is due for renewal, which may be a third of a session later.
"""

import secrets
from collections import deque
from collections.abc import Sequence
from threading import Lock

MOST_REMEMBERED = 5_000
"""Per room; about 70 kB in an answer to somebody who has heard nothing yet."""


class Releases:
    """Safe between threads. Bounded in each room; rooms are those that the store has."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        # Marks of an earlier process must not be taken for ours.
        self._born = secrets.token_hex(4)
        self._leases: dict[str, deque[str]] = {}
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def add(self, room: str, leases: Sequence[str]) -> None:
        """Note that these are over. Twice does no harm: it is only told twice."""
        with self._lock:
            self._leases.setdefault(room, deque(maxlen=self._most)).extend(leases)
            self._counts[room] = self._counts.get(room, 0) + len(leases)

    def since(self, room: str, mark: str) -> tuple[str, list[str]]:
        """A mark for next time, and what was released after ``mark``.

        Everything that is remembered for a mark of another process, or for none.
        """
        with self._lock:
            leases, count = self._leases.get(room, ()), self._counts.get(room, 0)
            born, _, seen = mark.partition(".")
            ours = born == self._born and seen.isascii() and seen.isdigit() and len(seen) < 16
            new = min(len(leases), max(0, count - int(seen))) if ours else len(leases)
            return f"{self._born}.{count}", list(leases)[len(leases) - new :]
