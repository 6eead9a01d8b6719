"""Counts answers where a crowd passes, and hands the sums on twice a second.

Prometheus' own counters take microseconds where several processes share them. Here one answer costs
a fraction of one; a worker that is killed loses what it has not handed on.
"""

from bisect import bisect_left

from waitingroom.gate.counts import REQUEST_SECONDS, REQUESTS

_BOUNDS_NS = [round(bound * 1e9) for bound in REQUEST_SECONDS._upper_bounds[:-1]]
STATUS_ROUTE = "GET /{room}/status.json"


class Tally:
    """One worker's. ``ready``: how many status documents were sent as they lay there."""

    def __init__(self) -> None:
        self.ready = 0
        self._kept: dict[tuple[str, int], list[int]] = {}

    def note(self, route: str, status: int, took_ns: int) -> None:
        """One answer more. ``route``: one of a few that exist, never what was asked for."""
        key = (route, status // 100)
        kept = self._kept.get(key)
        if kept is None:
            # Of each bucket, of those beyond the last, and the nanoseconds of all.
            kept = self._kept[key] = [0] * (len(_BOUNDS_NS) + 2)
        kept[bisect_left(_BOUNDS_NS, took_ns)] += 1
        kept[-1] += took_ns

    def hand_on(self) -> None:
        """Add what was counted since the last time to what all workers share."""
        if self.ready:
            REQUESTS.labels(STATUS_ROUTE, "2xx").inc(self.ready)
            self.ready = 0
        for (route, status), kept in self._kept.items():
            *buckets, total_ns = kept
            counted = sum(buckets)
            if not counted:
                continue
            REQUESTS.labels(route, f"{status}xx").inc(counted)
            if route != STATUS_ROUTE:
                _observe(route, buckets, total_ns)
            kept[:] = [0] * len(kept)


def _observe(route: str, buckets: list[int], total_ns: int) -> None:
    """Many observations at once, for which the library has no call of its own."""
    shared = REQUEST_SECONDS.labels(route)
    for bucket, counted in zip(shared._buckets, buckets, strict=True):
        if counted:
            bucket.inc(counted)
    shared._sum.inc(total_ns / 1e9)
