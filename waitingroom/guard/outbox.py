"""What the guard still has to tell the room API, and when to try next. Pure: no clock, no network.

Everything is bounded. A renewal that is dropped or lost costs nothing for long: the shopper's next
page renews again, and an expired lease that is renewed opens again. A release that is dropped
costs its place in the shop until the lease expires. A handover that could not be reported was
accepted on its signature; after its 30 seconds it is of no use to anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from waitingroom.clock import jitter

MOST_RENEWALS = 10_000
"""Per room; the oldest goes first. As one shopper counts once, that is as many active shoppers."""
MOST_RELEASES = 50_000
"""Per room; more than five times the renewals, as nobody tells us these a second time."""
MOST_HANDOVERS = 1_000
"""Per room."""
STOCK_EVERY_MS = 2_000
"""A busy shop's stock is told so often at most by each process; that nothing is left, or that
something is again, at the next turn."""
LONGEST_AGE_MS = 3_600_000
"""The room API takes no older level."""
LEASES_A_CALL = 1_000
"""The room API takes no more at once."""
HANDOVERS_A_TURN = 20
"""One call each; the rest waits for the next turn."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What the shop had left at a moment; None: it is no longer reported."""

    left: int | None
    at_ms: int


@dataclass(slots=True)
class Outbox:
    """The news of one room, in the order in which they came. Not safe between threads by itself.

    ``answers``: how many the shop gave to holders of a pass, ``failures`` of them its own (5xx).
    ``stock``: the last level, where it is not told yet; the next is not told before
    ``stock_due_ms``; ``told_left``: the last that was. ``dropped`` counts what the bounds have cost
    so far. A lease carries its epoch, so that one of an earlier running is never taken for one of
    this.
    """

    renewals: dict[str, None] = field(default_factory=dict)
    releases: dict[str, None] = field(default_factory=dict)
    handovers: dict[str, None] = field(default_factory=dict)
    answers: int = 0
    failures: int = 0
    stock: Stock | None = None
    stock_due_ms: int = 0
    told_left: int | None = None
    dropped: int = 0

    def renew(self, lease: str) -> None:
        """This shopper is active. Nothing for a lease whose release is on its way."""
        if lease not in self.releases:
            self._put(self.renewals, lease, MOST_RENEWALS)

    def release(self, lease: str) -> None:
        """This shopper is done; a renewal that waits is void."""
        self.renewals.pop(lease, None)
        self._put(self.releases, lease, MOST_RELEASES)

    def redeem(self, token: str) -> None:
        """This handover was accepted without asking."""
        self._put(self.handovers, token, MOST_HANDOVERS)

    def answered(self, *, failed: bool) -> None:
        """The shop has answered a holder of a pass."""
        self.answers += 1
        self.failures += failed

    def left(self, left: int | None, now_ms: int) -> bool:
        """What is left now; whether that is to be told at once, since a door shuts or opens by it.
        The last one counts.
        """
        turns = (self.told_left == 0) != (left == 0)
        self.stock = Stock(left, now_ms)
        if turns:
            self.stock_due_ms = now_ms
        return turns

    def take_stock(self, now_ms: int, *, last: bool = False) -> Stock | None:
        """The level, where one is to be told by now, or ever; out of the box."""
        if self.stock is None or (now_ms < self.stock_due_ms and not last):
            return None
        taken, self.stock = self.stock, None
        self.told_left, self.stock_due_ms = taken.left, now_ms + STOCK_EVERY_MS
        return taken

    def put_back_stock(self, taken: Stock) -> None:
        """It may not have arrived. A newer one counts instead."""
        if self.stock is None:
            self.stock, self.stock_due_ms = taken, 0

    def take_health(self) -> tuple[int, int]:
        """Answers and failures so far; counted from 0 again."""
        taken = self.answers, self.failures
        self.answers = self.failures = 0
        return taken

    def __bool__(self) -> bool:
        return bool(self.renewals or self.releases or self.handovers)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell at all, not even counts, which hurry no call."""
        return not (self or self.answers or self.stock)

    def take_renewals(self) -> list[str]:
        """Up to one call's worth, oldest first; out of the box."""
        return _take(self.renewals, LEASES_A_CALL)

    def take_releases(self) -> list[str]:
        """Up to one call's worth, oldest first; out of the box."""
        return _take(self.releases, LEASES_A_CALL)

    def take_handovers(self) -> list[str]:
        """Up to one turn's worth, oldest first; out of the box."""
        return _take(self.handovers, HANDOVERS_A_TURN)

    def put_back_renewals(self, leases: Sequence[str]) -> None:
        """They did not arrive. They are older than what came meanwhile, and go first again."""
        kept = [lease for lease in leases if lease not in self.releases]
        self.renewals = self._older(kept, self.renewals, MOST_RENEWALS)

    def put_back_releases(self, leases: Sequence[str]) -> None:
        """They did not arrive."""
        self.releases = self._older(leases, self.releases, MOST_RELEASES)

    def put_back_handovers(self, tokens: Sequence[str]) -> None:
        """They did not arrive."""
        self.handovers = self._older(tokens, self.handovers, MOST_HANDOVERS)

    def _put(self, where: dict[str, None], key: str, most: int) -> None:
        where.setdefault(key)
        if len(where) > most:
            del where[next(iter(where))]
            self.dropped += 1

    def _older(self, older: Sequence[str], newer: dict[str, None], most: int) -> dict[str, None]:
        """Both, the older first; of too many, the newest ``most``."""
        whole = list(dict.fromkeys((*older, *newer)))
        excess = max(0, len(whole) - most)
        self.dropped += excess
        return dict.fromkeys(whole[excess:])


def _take(where: dict[str, None], most: int) -> list[str]:
    taken = list(where)[:most]
    for key in taken:
        del where[key]
    return taken


POLL_MS = 5_000
"""With nothing to tell, the guard asks this often where the room stands."""
GATHER_MS = 500
"""How long the first piece of news waits for others, so that a busy shop makes few calls."""
FIRST_RETRY_MS = 500
LONGEST_RETRY_MS = 30_000
"""For an API that is away."""


@dataclass(slots=True)
class Pace:
    """When to talk to the room API next: at once, when there is news, every so often, or later.

    While the API is away the waits double from ``FIRST_RETRY_MS`` to ``LONGEST_RETRY_MS``, each
    moved by up to 15 % so that a shop's processes do not come back in step. News do not hurry it.
    """

    next_ms: int = 0
    failures: int = 0

    def wait_ms(self, now_ms: int) -> int:
        """How long until the next turn; 0 when it is due."""
        return max(0, self.next_ms - now_ms)

    def news(self, now_ms: int) -> None:
        """Something is to be told: soon, unless the API is away."""
        if not self.failures:
            self.next_ms = min(self.next_ms, now_ms + GATHER_MS)

    def done(self, now_ms: int, *, more: bool) -> None:
        """The API answered. ``more``: not everything fitted in this turn."""
        self.failures = 0
        self.next_ms = now_ms if more else now_ms + jitter(POLL_MS)

    def failed(self, now_ms: int, longest_ms: int = LONGEST_RETRY_MS) -> None:
        """The API did not answer, or not as it should."""
        wait_ms = min(FIRST_RETRY_MS << min(self.failures, 16), longest_ms)
        self.failures += 1
        self.next_ms = now_ms + jitter(wait_ms)
