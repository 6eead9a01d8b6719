"""The shop's wall clock, for composition roots to pass on."""

import time


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000  # noqa: TID251 - the shop's one place that asks for it
