"""How many users there are at each moment. Pure; the locustfile makes Locust's shape of it (which
may not be imported elsewhere: Locust patches whatever process imports it).
"""

from bisect import bisect_right
from collections.abc import Sequence

LEAD_MS = 2_000
"""Users are made this long before they act: Locust makes them once a second, all at a time, while
shoppers come when they come."""


def users_at(
    now_ms: int, arrivals_ms: Sequence[int], *, opens_at_ms: int, ends_at_ms: int, through: int
) -> tuple[int, float] | None:
    """(users, users a second), or None when all are through or the time is up.

    A user is one shopper, who stays idle when through, so that the count of users is the count of
    those who have come so far. ``arrivals_ms``: from the opening, in order.
    """
    if now_ms >= ends_at_ms or through == len(arrivals_ms):
        return None
    come = bisect_right(arrivals_ms, now_ms + LEAD_MS - opens_at_ms)
    # All of them at once: each waits for their own moment.
    return come, max(1, come)
