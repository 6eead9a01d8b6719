"""Which requests leave a line in the log, and what it says: the same in every server of ours."""

import logging
import threading
from dataclasses import dataclass, field

from waitingroom import clock
from waitingroom.clients import blurred
from waitingroom.variables import LogRequests

MOST_A_SECOND = 100
"""Lines of a process, but with ``all``: whoever sends rubbish must not fill the disk by it."""
LOOKS_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
USUAL = frozenset({409, 410, 425, 429})
"""Refusals that a sale is full of: not called yet, at the door, too many from one network."""
log = logging.getLogger("waitingroom.requests")


@dataclass(slots=True)
class RequestLines:
    """One process's. Safe between threads."""

    which: LogRequests = LogRequests.FAULTS
    _second: int = -1
    _written: int = 0
    _left_out: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wants(self, method: str, status: int) -> bool:
        """Whether such a request leaves a line. Asked at every request: quick."""
        if status >= 400 and status not in USUAL:
            return True
        if self.which is LogRequests.FAULTS:
            return False
        return self.which is LogRequests.ALL or method not in LOOKS_ONLY

    def write(
        self,
        *,
        method: str,
        route: str,
        status: int,
        took_ns: int,
        client: str,
        request_id: str,
        room: str = "",
    ) -> None:
        """One line. ``route``: one that exists, never what was asked for: that may open something.
        ``client``: an address; the line has its network.
        """
        left_out = self._counted()
        if left_out is None:
            return
        facts = {
            "event": "request",
            "method": method[:20],
            "route": route,
            "status": status,
            "duration_ms": round(took_ns / 1e6, 3),
            "client": blurred(client),
            "request_id": request_id,
            "room": room,
            "left_out": left_out or None,
        }
        level = logging.ERROR if status >= 500 else logging.INFO
        log.log(level, "%s %d", route, status, extra=facts)

    def _counted(self) -> int | None:
        """How many lines were left out before this one; None where it is left out too."""
        if self.which is LogRequests.ALL:
            return 0
        with self._lock:
            second = clock.monotonic_ms() // 1000
            if second != self._second:
                self._second, self._written = second, 0
            if self._written >= MOST_A_SECOND:
                self._left_out += 1
                return None
            self._written += 1
            left_out, self._left_out = self._left_out, 0
            return left_out
