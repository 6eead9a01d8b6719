"""The demo's crowd: ``python -m waitingroom.crowd.crowd GATE_URL SHOP_URL ROOM SHOPPERS EARLY_S``.

A heap of shoppers by the time of their next step, and a few threads that take the steps.
"""

import heapq
import logging
import sys
import threading
from collections import Counter
from collections.abc import Iterable

from waitingroom import logs
from waitingroom.clock import monotonic_ms
from waitingroom.crowd.shopper import Sale, Shopper

log = logging.getLogger("waitingroom.crowd")
THREADS = 12
EARLY_SHARE = 0.7
"""Seven in ten come before the opening, the others within AFTER_S of it."""
AFTER_S = 90


def arrivals(count: int, early_s: float) -> list[int]:
    """When each shopper comes, in milliseconds from the start: spread, and not in order."""
    early = round(count * EARLY_SHARE)
    times = [round(early_s * 950 * (n * 0.618 % 1)) for n in range(early)]
    late = count - early
    return times + [round(1000 * (early_s + AFTER_S * (n + 1) / late)) for n in range(late)]


class Crowd:
    """Shoppers and when each is due. ``endings`` counts how visits ended."""

    def __init__(self, shoppers: Iterable[tuple[int, Shopper]]) -> None:
        self._due = [(due_ms, shopper.n, shopper) for due_ms, shopper in shoppers]
        heapq.heapify(self._due)
        self._left = len(self._due)
        self._changed = threading.Condition()
        self.endings: Counter[str] = Counter()

    def run(self, threads: int = THREADS) -> None:
        """Carry everybody to the end of their visit."""
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _work(self) -> None:
        while (shopper := self._take()) is not None:
            pause_ms = shopper.step()
            with self._changed:
                if pause_ms is None:
                    self._left -= 1
                    self.endings[shopper.ending or "?"] += 1
                else:
                    heapq.heappush(self._due, (monotonic_ms() + pause_ms, shopper.n, shopper))
                self._changed.notify_all()

    def _take(self) -> Shopper | None:
        """The next shopper who is due, waiting for that; None when all are through."""
        with self._changed:
            while self._left:
                pause_ms = self._due[0][0] - monotonic_ms() if self._due else 60_000
                if pause_ms <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(pause_ms / 1000)
            return None


def main(words: list[str]) -> None:
    """Send the crowd and say how it went (into the log)."""
    logs.set_up_from_environment("crowd")
    gate_url, shop_url, room, count, early_s = words
    sale = Sale(gate_url, shop_url, room)
    start_ms = monotonic_ms()
    times = arrivals(int(count), float(early_s))
    crowd = Crowd((start_ms + at_ms, Shopper(n, sale)) for n, at_ms in enumerate(times))
    crowd.run()
    went = ", ".join(f"{number} {ending}" for ending, number in sorted(crowd.endings.items()))
    more = "whoever comes now finds no line (start again for another crowd)"
    log.info("%s; %s", went, more, extra={"event": "crowd_through"})


if __name__ == "__main__":
    main(sys.argv[1:])
