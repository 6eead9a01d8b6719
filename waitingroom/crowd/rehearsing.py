"""A rehearsal's shoppers: they join, wait and enter as all do, and go nowhere near a shop.

They are native clients, so it does not matter whether people reach the gate over TLS.
"""

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

from waitingroom.clock import monotonic_ms
from waitingroom.crowd.shopper import Answer, Browser, Ending, Shopper


class Native(Browser):
    """Holds its ticket itself, and sends it along."""

    def __init__(self) -> None:
        super().__init__()
        self._ticket = ""

    def post(self, url: str, _form: dict[str, str] | None = None) -> Answer:
        """An empty JSON object, from no page at all."""
        headers = {"Wr-Client": "native", "Content-Type": "application/json"}
        if self._ticket:
            headers["Authorization"] = f"Bearer {self._ticket}"
        request = urllib.request.Request(url, b"{}", headers)  # noqa: S310 - our own URLs
        answer = self._send(request)
        self._ticket = answer.json().get("ticket") or self._ticket
        return answer


@dataclass
class Rehearser(Shopper):
    """``until_ms``: on the monotonic clock, when they go home, wherever they stand. ``give_back``:
    takes the lease of one whose visit is over.
    """

    browser: Browser = field(default_factory=Native)
    until_ms: int = 0
    give_back: Callable[[str], None] = lambda _lease: None

    def step(self) -> int | None:
        """As all shoppers, within the rehearsal's time."""
        if monotonic_ms() >= self.until_ms:
            self.ending = self.ending or Ending.TURNED_AWAY
            return None
        return super().step()

    def arrive(self) -> int:
        """Straight to the line."""
        self.next = self.join
        return 0

    def shop(self) -> int:
        """Inside for a few seconds."""
        self.next = self.finish
        return 3_000 + self.n * 700 % 6_000

    def finish(self) -> int:
        """Two in three buy, which gives the place back; with the others it expires."""
        if not self.buys:
            return self._end(Ending.LOOKED)
        self.give_back(self.lease)
        return self._end(Ending.BOUGHT)
