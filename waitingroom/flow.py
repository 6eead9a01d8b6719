"""A room's line and shop as a flow: what is known of them, and how they move on. Pure.

The formula and its limits are in ``docs/decisions/whatif.md``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf

from waitingroom.history import Sample
from waitingroom.model import UNITS_PER_ADMISSION, Snapshot

Pair = tuple[Sample, Sample]
SETTLED = 5
"""So many entries, all of people who come, before the share of those who do not counts for much."""
ANSWERS_MS = 2_000
"""How long a call is open to which somebody comes, on average."""
CLOSE = 1.01
"""A stay is looked for until it is known to so much."""
GUESSED = 1
"""Before anybody left the shop, it is taken to have been so many, after a whole session each."""
HALF_MS = 1_200_000
"""Of what was seen of the shop, half counts after this time."""
SOLD_MS = 600_000
"""How much of the stock goes for each entry is looked at over this time."""
LEAST_ENTRIES = 20
"""With fewer entries in it, chance says more than the shop does."""
STAGES = 4
"""A stay passes through so many stages, each as likely to end at any moment: with one, somebody
who has just come in would be as near to leaving as anybody."""
STRETCHES_A_STAGE = 20
SETTLED_STAYS = 6
"""So many stays after the last turn of a knob, as many come into the shop as leave it."""
MOST_STRETCHES = 2 * SETTLED_STAYS * STAGES
"""Of one sample's time: so few that a stage never gives more than half of itself at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a room's past says. ``numbers_per_entry``: how far the line moves when one goes in, 1 or
    more. ``stages``: how many are in the shop, by the stage of their stay. ``coming``: how many of
    those called will still come. ``sold_per_entry``: how much of the shop's stock went for each who
    came in lately; None where that cannot be told.
    """

    numbers_per_entry: float
    stay_ms: float
    stages: tuple[float, ...]
    coming: float = 0
    sold_per_entry: float | None = None

    @classmethod
    def of(cls, room: Snapshot, samples: Sequence[Sample] = ()) -> "Known":
        """``samples``: the last hour of the room's history, in order of time, perhaps none."""
        numbers_per_entry = _numbers_per_entry(room)
        seen = [*(one for one in samples if one.epoch == room.epoch), Sample.of(room)]
        pairs = [(a, b) for a, b in pairwise(seen) if a.at_ms < b.at_ms]
        stay_ms = _stay_ms(pairs, room)
        stages, _ = _followed(pairs, stay_ms)
        total = sum(stages)
        return cls(
            numbers_per_entry,
            stay_ms,
            tuple(room.leases * (one / total if total else 1 / STAGES) for one in stages),
            room.at_door + room.open_calls / numbers_per_entry,
            _sold_per_entry(pairs),
        )


def _numbers_per_entry(room: Snapshot) -> float:
    """Of calls that are open most are silent: who comes, answers soon."""
    came = room.counters.entered + room.at_door
    known = (room.serving - room.open_calls + SETTLED) / (came + SETTLED)
    silent_ms = max(0.0, known - 1) * room.call_timeout_ms
    silent = room.open_calls * silent_ms / (silent_ms + ANSWERS_MS)
    return max(1.0, known + silent / (came + SETTLED))


def _sold_per_entry(pairs: Sequence[Pair]) -> float | None:
    """Of the last ``SOLD_MS``, in which the shop told its stock. What it put back on the shelves
    meanwhile was not sold.
    """
    since_ms = pairs[-1][1].at_ms - SOLD_MS if pairs else 0
    sold = entered = 0
    for before, after in pairs:
        if before.at_ms >= since_ms and min(before.stock, after.stock) >= 0:
            sold += max(0, before.stock - after.stock)
            entered += max(0, after.entered - before.entered)
    return sold / entered if sold and entered >= LEAST_ENTRIES else None


def _stay_ms(pairs: Sequence[Pair], room: Snapshot) -> float:
    """The stay with which people would have spent as much time in the shop lately as they did.

    (That time over how many left is a fifth too long for minutes after an opening, since nobody has
    left yet; how many left alone swings twice as much.)
    """
    gone = stayed = 0.0
    for before, after in pairs:
        kept = _kept(before, after)
        gone = gone * kept + max(0, after.entered - before.entered - after.inside + before.inside)
        stayed = stayed * kept + _stayed(before.inside, before, after)
    if not gone:
        return float(room.session_ms)
    least, most = 1_000.0, 4.0 * room.session_ms
    while most > CLOSE * least:
        middle = (least * most) ** 0.5
        if _followed(pairs, middle)[1] < stayed:
            least = middle
        else:
            most = middle
    seen = gone / (gone + GUESSED)
    return float(least**seen * room.session_ms ** (1 - seen))


def _followed(pairs: Sequence[Pair], stay_ms: float) -> tuple[list[float], float]:
    """Those inside by stage, did all stay so long on average, and their time in the shop lately."""
    stages, stayed = [pairs[0][0].inside / STAGES if pairs else 0.0] * STAGES, 0.0
    for before, after in pairs:
        stayed = stayed * _kept(before, after) + _stayed(sum(stages), before, after)
        stages = moved_on(stages, after.at_ms - before.at_ms, stay_ms)
        stages[0] += max(0, after.entered - before.entered)
    return stages, stayed


def _kept(before: Sample, after: Sample) -> float:
    return float(0.5 ** ((after.at_ms - before.at_ms) / HALF_MS))


def _stayed(inside: float, before: Sample, after: Sample) -> float:
    return inside * (after.at_ms - before.at_ms)


def moved_on(stages: Sequence[float], passed_ms: float, stay_ms: float) -> list[float]:
    """The stages after a time in which nobody came in."""
    if passed_ms >= SETTLED_STAYS * stay_ms:
        return [0.0] * STAGES
    times = ceil(passed_ms / stay_ms * STAGES * STRETCHES_A_STAGE)
    times = max(1, min(times, MOST_STRETCHES))
    share = passed_ms / times / stay_ms * STAGES
    now = list(stages)
    for _ in range(times):
        out = [one * share for one in now]
        now = [one - gone + came for one, gone, came in zip(now, out, [0.0, *out], strict=False)]
    return now


@dataclass(frozen=True, slots=True)
class Turn:
    """From ``at_ms`` (from now) on, the knob ``field`` is at ``value``."""

    at_ms: float
    field: str
    value: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time, in ms from now, in which the line moves by ``pace`` numbers a ms. ``inside``: how
    many are in the shop as it begins, of at most ``capacity`` (0: no cap). The last one never ends.
    """

    begins_ms: float
    ends_ms: float
    pace: float
    inside: float
    capacity: int

    def numbers_by(self, at_ms: float) -> float:
        """By how many numbers the line has moved in this stretch by then."""
        if not self.pace or at_ms <= self.begins_ms:
            return 0
        return self.pace * (min(at_ms, self.ends_ms) - self.begins_ms)


@dataclass
class Flow:
    """Where the flow is. ``knobs``: their values at ``at_ms``, ``turned_ms`` the last turn."""

    known: Known
    knobs: dict[str, int]
    turns: list[Turn]
    at_ms: float = 0
    turned_ms: float = 0

    def stretches(self) -> Iterator[Stretch]:
        """From now until nothing changes any more; ``turns`` in order of time."""
        known, stages = self.known, list(self.known.stages)
        capped = bool(self.knobs["capacity"]) or any(one.field == "capacity" for one in self.turns)
        stages[0] += self._let_in(sum(stages), known.coming)
        while True:
            self._turn()
            until_ms = self.turns[0].at_ms if self.turns else inf
            inside = sum(stages)
            settled_ms = self.turned_ms + SETTLED_STAYS * known.stay_ms
            if not capped or self.at_ms >= settled_ms:
                per_ms = self._settled_pace()
                stages = [per_ms * known.stay_ms / STAGES] * STAGES
                ends_ms = until_ms
            else:
                ends_ms = min(until_ms, self.at_ms + known.stay_ms / STAGES / STRETCHES_A_STAGE)
                passed_ms = ends_ms - self.at_ms
                stages = moved_on(stages, passed_ms, known.stay_ms)
                entries = self._let_in(sum(stages), self._rate_per_ms() * passed_ms)
                stages[0] += entries
                per_ms = entries / passed_ms
            pace = per_ms * known.numbers_per_entry
            yield Stretch(self.at_ms, ends_ms, pace, inside, self.knobs["capacity"])
            if ends_ms == inf:
                return
            self.at_ms = ends_ms

    def _turn(self) -> None:
        while self.turns and self.turns[0].at_ms <= self.at_ms:
            turn = self.turns.pop(0)
            self.knobs[turn.field] = turn.value
            self.turned_ms = self.at_ms

    def _rate_per_ms(self) -> float:
        return self.knobs["runs"] * self.knobs["rate_per_min"] / UNITS_PER_ADMISSION

    def _let_in(self, inside: float, wanted: float) -> float:
        capacity = self.knobs["capacity"]
        return min(wanted, max(0.0, capacity - inside)) if capacity else wanted

    def _settled_pace(self) -> float:
        capacity = self.knobs["capacity"]
        rate = self._rate_per_ms()
        return min(rate, capacity / self.known.stay_ms) if capacity else rate
