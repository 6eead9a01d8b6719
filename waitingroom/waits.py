"""How long people waited, as counts in fixed buckets: bounded, and sums over workers. Pure.

A wait is from joining, or from the opening where that came later, to the entry.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

BOUNDS_S = (
    *(5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1_200, 1_800),
    *(2_700, 3_600, 5_400, 7_200, 10_800, 14_400, 21_600, 28_800),
)
"""Upper ends of the buckets; one more is for longer waits."""
LONGEST_MS = 7 * 86_400_000
"""No ticket is kept for longer, so whatever says so is a clock that was set."""
NO_COUNTS = (0,) * (len(BOUNDS_S) + 1)


def bucket_of(wait_ms: int) -> int:
    """Which of the buckets counts it."""
    return bisect_left(BOUNDS_S, wait_ms / 1000)


@dataclass(frozen=True, slots=True)
class Waits:
    """``counts``: of each bucket. ``told``: how many of them had been told a time; ``kept``: how
    many of those were in by its upper end.
    """

    counts: tuple[int, ...] = NO_COUNTS
    sum_ms: int = 0
    told: int = 0
    kept: int = 0

    @classmethod
    def of(cls, fields: Mapping[str, int]) -> "Waits":
        """As :meth:`fields` wrote it; what is not there is 0, and what we do not know is let go."""
        counts = tuple(fields.get(f"b{n}", 0) for n in range(len(NO_COUNTS)))
        more = (fields.get(name, 0) for name in ("sum_ms", "told", "kept"))
        return cls(counts, *more)

    def fields(self) -> dict[str, int]:
        """By name, those that are not 0."""
        named = {f"b{n}": count for n, count in enumerate(self.counts)}
        named |= {"sum_ms": self.sum_ms, "told": self.told, "kept": self.kept}
        return {name: value for name, value in named.items() if value}

    def with_one(self, wait_ms: int, kept: bool | None) -> "Waits":
        """One more; ``kept``: None where no time was told."""
        wait_ms = min(max(0, wait_ms), LONGEST_MS)
        bucket = bucket_of(wait_ms)
        counts = (*self.counts[:bucket], self.counts[bucket] + 1, *self.counts[bucket + 1 :])
        return Waits(
            counts, self.sum_ms + wait_ms, self.told + (kept is not None), self.kept + bool(kept)
        )

    def __sub__(self, before: "Waits") -> "Waits":
        """What came after ``before``, which was an earlier state of these."""
        counts = (max(0, a - b) for a, b in zip(self.counts, before.counts, strict=True))
        return Waits(
            tuple(counts),
            max(0, self.sum_ms - before.sum_ms),
            max(0, self.told - before.told),
            max(0, self.kept - before.kept),
        )

    @property
    def count(self) -> int:
        """How many people."""
        return sum(self.counts)

    def quantile_s(self, share: float) -> float | None:
        """By when so many were in: evenly within a bucket, as Prometheus reckons. None of nobody.

        In the bucket without an end it is that bucket's beginning.
        """
        rank, before, low = share * self.count, 0, 0
        if not self.count:
            return None
        for bound, count in zip(BOUNDS_S, self.counts, strict=False):
            if count and before + count >= rank:
                return low + (bound - low) * (rank - before) / count
            before, low = before + count, bound
        return float(low)


@dataclass(frozen=True, slots=True)
class Waited:
    """``people``: who went in. ``p50_s``, ``p90_s``: by when half and nine in ten of them were in,
    in seconds from joining, or from the opening where that came later; None of nobody. ``told``:
    how many of them had been told a time when they came; ``kept``: who of those were in by it.
    """

    people: int
    p50_s: int | None
    p90_s: int | None
    told: int
    kept: int

    @classmethod
    def of(cls, waits: Waits) -> "Waited":
        """What the counts say."""
        half, most = (waits.quantile_s(share) for share in (0.5, 0.9))
        return cls(
            people=waits.count,
            p50_s=None if half is None else round(half),
            p90_s=None if most is None else round(most),
            told=waits.told,
            kept=waits.kept,
        )
