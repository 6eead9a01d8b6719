"""The status document: the same for everybody, so that waiting costs nothing per person. Pure."""

import orjson

from waitingroom.gate.pace import Pace
from waitingroom.model import News, Snapshot
from waitingroom.reasons import Reason

VERSION = 1
HEADERS = (
    (b"content-type", b"application/json"),
    # Caches may hold it for a second. No stale-while-revalidate: Chromium then always showed the
    # document before the current one.
    (b"cache-control", b"public, max-age=0, s-maxage=1"),
    (b"x-content-type-options", b"nosniff"),
)


def document(snapshot: Snapshot, pace: Pace, *, stale: bool) -> bytes:
    """The body of ``status.json``, as docs/protocol.md has it."""
    poll = snapshot.poll
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
        "velocity_per_min": pace.velocity_per_min,
        "shop": pace.shop and pace.shop._asdict(),
        "claim_grace_ms": snapshot.claim_grace_ms,
        "draw": {
            "method": snapshot.draw,
            "commitment": snapshot.commitment,
            "seed": snapshot.seed,
        },
        "second_chances": snapshot.counters.second_chances,
        "stock": snapshot.stock,
        "message": snapshot.message or None,
        "reason": _reason(snapshot.reason),
        "news": [_line(line) for line in snapshot.news],
        "poll": {
            "min_ms": poll.min_ms,
            "max_ms": poll.max_ms,
            "divisor": poll.divisor,
            "spread_ms": snapshot.spread_ms,
        },
        "stale": stale,
    }
    return orjson.dumps(value)


def _reason(reason: Reason) -> dict[str, str | None] | None:
    """Why the room is in its phase; None where nobody said."""
    return {"code": reason.code or None, "text": reason.text} if any(reason) else None


def _line(line: News) -> dict[str, str | int]:
    told: dict[str, str | int] = {"at_ms": line.at_ms, "code": line.code, "text": line.text}
    return told | {"reason": line.reason} if line.reason else told
