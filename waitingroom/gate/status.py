"""The status document: the same for everybody, so that waiting costs nothing per person. Pure."""

from collections import deque
from dataclasses import dataclass, field

from waitingroom.gate.http import encode
from waitingroom.model import Snapshot

VERSION = 1
POLL_MIN_MS = 2_000
POLL_MAX_MS = 30_000
POLL_DIVISOR = 10
"""A page asks again after a tenth of its expected wait: about 45 reads in a ten-minute wait."""

VELOCITY_OVER_MS = 60_000
HEADERS = (
    (b"content-type", b"application/json"),
    # Caches may hold it for a second. No stale-while-revalidate: Chromium then always showed the
    # document before the current one.
    (b"cache-control", b"public, max-age=0, s-maxage=1"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass
class Velocity:
    """How many numbers a minute were called lately, from snapshots over the last minute."""

    seen: deque[tuple[int, int, int]] = field(default_factory=deque)

    def add(self, snapshot: Snapshot) -> int:
        """Take a snapshot in; answer the calls per minute, 0 until two seconds have been seen."""
        now_ms, epoch = snapshot.now_ms, snapshot.epoch
        if self.seen and (self.seen[-1][1] != epoch or self.seen[-1][0] > now_ms):
            self.seen.clear()
        self.seen.append((now_ms, epoch, snapshot.serving))
        while self.seen[0][0] < now_ms - VELOCITY_OVER_MS:
            self.seen.popleft()
        since_ms, _, serving = self.seen[0]
        elapsed_ms = now_ms - since_ms
        if elapsed_ms < 2_000:
            return 0
        return (snapshot.serving - serving) * 60_000 // elapsed_ms


def document(snapshot: Snapshot, *, velocity_per_min: int, stale: bool) -> bytes:
    """The body of ``status.json``, as docs/protocol.md has it."""
    value = {
        "v": VERSION,
        "room": snapshot.room,
        "epoch": snapshot.epoch,
        "phase": snapshot.phase,
        "now_ms": snapshot.now_ms,
        "opens_at_ms": snapshot.opens_at_ms or None,
        "closes_at_ms": snapshot.closes_at_ms or None,
        "serving": snapshot.serving,
        "lapsed": snapshot.lapsed,
        "tail": snapshot.tail,
        "drawn": snapshot.drawn,
        "rate_per_min": snapshot.rate_per_min,
        "velocity_per_min": velocity_per_min,
        "claim_grace_ms": snapshot.claim_grace_ms,
        "draw": {
            "method": snapshot.draw,
            "commitment": snapshot.commitment,
            "seed": snapshot.seed,
        },
        "stock": None,
        "message": snapshot.message or None,
        "news": [
            {"at_ms": line.at_ms, "code": line.code, "text": line.text} for line in snapshot.news
        ],
        "poll": {
            "min_ms": POLL_MIN_MS,
            "max_ms": POLL_MAX_MS,
            "divisor": POLL_DIVISOR,
            "spread_ms": snapshot.spread_ms,
        },
        "stale": stale,
    }
    return encode(value).encode()
