"""How quickly a room's line moves, by its snapshots: what estimates are made of. Pure."""

from dataclasses import dataclass

from waitingroom.eta import Shop
from waitingroom.model import UNITS_PER_ADMISSION, Snapshot

HALF_MS = 30_000
"""Of what was seen of the line, half counts after this time: a minute, all in all."""
KNOWN_MS = round(HALF_MS / 0.693)
"""The weight of what is assumed before anything was seen: as much as can ever be seen at once."""
LEAVING_HALF_MS = 300_000
"""The same for people leaving the shop: they stay for minutes, and come out one by one."""
GUESSED = 3
"""Before anybody left the shop, it is taken to have been so many, after a whole session each."""
SETTLED = 10
"""So many entries, all of people who come, before the share of those who do not counts for much."""
STALLED_MS = 60_000
STALLED_TURNS = 3
"""A line in which nobody was called for this time, and for so many turns, stands still."""
MOST_NUMBERS_AN_ENTRY = 4
"""As the meter has it: at most three of four called are taken not to come."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What the status document tells. ``velocity_per_min``: numbers called in a minute. ``shop``:
    None without a capacity."""

    velocity_per_min: int = 0
    shop: Shop | None = None


@dataclass
class Watch:
    """Follows one room; forgets slowly. One per gate worker and room.

    Only time in which the room ran and people waited counts: neither a pause nor an hour without a
    line says anything of how quickly a line moves. ``ran_ms``: that time; ``still_ms``: how much of
    it has passed since the last call; ``called``, ``earned``: numbers called in it, and admissions
    that the rate earned in it, both in the store's units.
    """

    last: Snapshot | None = None
    called: float = 0
    earned: float = 0
    ran_ms: float = 0
    still_ms: int = 0
    left: float = 0
    stayed_ms: float = 0

    def add(self, snapshot: Snapshot) -> Pace:
        """Take a snapshot in; answer the pace now."""
        last, self.last = self.last, snapshot
        if last is None or last.epoch != snapshot.epoch:
            # As if it had always moved at its rate.
            self.ran_ms = KNOWN_MS
            self.called = self.earned = max(1, snapshot.rate_per_min) * KNOWN_MS
            self.left = self.stayed_ms = self.still_ms = 0
        else:
            self._follow_line(last, snapshot)
            self._follow_shop(last, snapshot)
        return self._pace(snapshot, self._shop(snapshot))

    def _pace(self, snapshot: Snapshot, shop: Shop | None) -> Pace:
        rate, velocity = snapshot.rate_per_min, self._velocity(snapshot.rate_per_min)
        slowest = rate
        if shop is not None:
            shop = shop._replace(per_min=max(1, min(shop.per_min, max(velocity, rate))))
            slowest = min(rate, shop.per_min)
            # A shop that was full a moment ago, and is not, is no line that crawls.
            velocity = max(velocity, slowest)
        if self.still_ms >= max(STALLED_MS, STALLED_TURNS * 60_000 // max(1, slowest)):
            velocity = 0
        return Pace(velocity, shop)

    def _follow_line(self, last: Snapshot, snapshot: Snapshot) -> None:
        ran_ms = snapshot.meter_ms - last.meter_ms
        if ran_ms <= 0 or not (last.waiting and snapshot.waiting):
            return
        kept = 0.5 ** (ran_ms / HALF_MS)
        called = (snapshot.serving - last.serving) * UNITS_PER_ADMISSION
        self.still_ms = 0 if called else self.still_ms + ran_ms
        self.called = self.called * kept + called
        self.earned = self.earned * kept + last.rate_per_min * ran_ms
        self.ran_ms = self.ran_ms * kept + ran_ms

    def _velocity(self, rate_per_min: int) -> int:
        """At the rate of now: where the line is quicker, because people have left it, it will be so
        by as much when the rate is another; where something else holds it up, it will not."""
        if self.called >= self.earned:
            return round(rate_per_min * self.called / self.earned)
        return min(rate_per_min, max(1, int(self.called / self.ran_ms)))

    def _follow_shop(self, last: Snapshot, snapshot: Snapshot) -> None:
        passed_ms = max(0, snapshot.now_ms - last.now_ms)
        kept = 0.5 ** (passed_ms / LEAVING_HALF_MS)
        self.left = self.left * kept + _left(snapshot) - _left(last)
        self.stayed_ms = self.stayed_ms * kept + last.leases * passed_ms

    def _shop(self, snapshot: Snapshot) -> Shop | None:
        """In numbers, of which some are of people who do not come."""
        if not snapshot.capacity:
            return None
        came, missed = snapshot.counters.entered, snapshot.counters.no_show
        numbers = min(MOST_NUMBERS_AN_ENTRY, (came + missed + SETTLED) / (came + SETTLED))
        room_for = snapshot.capacity - snapshot.leases - snapshot.at_door
        stayed_ms = self.stayed_ms + GUESSED * snapshot.session_ms
        per_min = snapshot.capacity * 60_000 * (self.left + GUESSED) / stayed_ms
        free = max(0, int(room_for * numbers) - snapshot.open_calls)
        return Shop(free, max(1, int(per_min * numbers)))


def _left(snapshot: Snapshot) -> int:
    return snapshot.counters.released + snapshot.counters.expired
