"""What shoppers were told of their wait, and whether it was kept: worked out, not asked of them.

A page works its estimate out of the status document. So does this, from what the document said when
the shopper came, or when the sale opened: no shopper can make the figures better or worse but by
waiting. One per gate worker; of what it did not see it tells nothing.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import NamedTuple

from waitingroom.eta import wait_range
from waitingroom.gate.pace import Pace
from waitingroom.model import Phase, Snapshot
from waitingroom.waits import Waits

EVERY_MS = 2_000
MOST = 3_600
"""Moments that are remembered of a room; of these the older half is thinned out to every other one
when there are more. So a line of hours is remembered, with longer steps the longer ago."""
LATE_MS = 60_000
"""Whoever saw no document within this time of coming was told nothing that we know of."""


class Moment(NamedTuple):
    """What the document said."""

    at_ms: int
    epoch: int
    serving: int
    rate_per_min: int
    pace: Pace


@dataclass
class Told:
    """Of one room."""

    moments: list[Moment] = field(default_factory=list)

    def see(self, snapshot: Snapshot, pace: Pace) -> None:
        """Remember the document, where it tells a wait."""
        last = self.moments[-1] if self.moments else None
        if last and last.epoch != snapshot.epoch:
            self.moments, last = [], None
        soon = last is not None and snapshot.now_ms < last.at_ms + EVERY_MS
        moves = snapshot.phase is Phase.OPEN and not snapshot.sold_out
        if soon or not moves or not snapshot.waiting:
            return
        rate = snapshot.rate_per_min
        self.moments.append(Moment(snapshot.now_ms, snapshot.epoch, snapshot.serving, rate, pace))
        if len(self.moments) > MOST:
            half = MOST // 2
            self.moments = [*self.moments[:half:2], *self.moments[half:]]

    def until_ms(self, number: int, since_ms: int) -> int | None:
        """By when somebody of this number, who looked from ``since_ms`` on, was told to be in; None
        where they were told no time.
        """
        at = bisect_left(self.moments, since_ms, key=lambda moment: moment.at_ms)
        if at == len(self.moments):
            return None
        seen = self.moments[at]
        if seen.at_ms > since_ms + LATE_MS or number <= seen.serving:
            return None
        told = wait_range(
            number - seen.serving - 1,
            velocity_per_min=seen.pace.velocity_per_min,
            rate_per_min=seen.rate_per_min,
            shop=seen.pace.shop,
        )
        return seen.at_ms + told[1] * 1000 if told else None


class WaitCounts:
    """How long those waited whom this worker let in, until they are handed on."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], Waits] = {}

    def note(self, room: str, epoch: int, wait_ms: int, kept: bool | None) -> None:
        """One more."""
        key = (room, epoch)
        self._found[key] = self._found.get(key, Waits()).with_one(wait_ms, kept)

    def take(self) -> dict[tuple[str, int], Waits]:
        """All since the last time."""
        found, self._found = self._found, {}
        return found
