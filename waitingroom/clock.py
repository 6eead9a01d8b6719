"""The two things a process takes from its surroundings: the time, and a little chance.

Everything else gets its time as an argument (``now_ms``). Only composition roots (an
application, a supervisor, a command) call these.
"""

import random  # noqa: TID251 - this is the place that others are sent to
import time

_DICE = random.SystemRandom()
"""Without a state that processes would share after a fork, or threads would move under a test."""


def now_ms() -> int:
    """The wall clock: integer milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000  # noqa: TID251


def monotonic_ms() -> int:
    """A clock that never steps: integer milliseconds since an arbitrary start."""
    return time.monotonic_ns() // 1_000_000


def jitter(value_ms: int, share: float = 0.15) -> int:
    """``value_ms`` moved by up to ``share`` either way, so that a crowd does not march in step."""
    return round(value_ms * _DICE.uniform(1 - share, 1 + share))
