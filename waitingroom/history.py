"""What a room's charts and rates are made of: samples, taken whether or not anybody looks. Pure."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from waitingroom.model import NOTHING_TOLD, ShopHealth, Snapshot

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A room at one moment. Counts as in :class:`waitingroom.model.Counters`, of its ``epoch``.

    ``store_us``: how long the store took to answer, in microseconds. ``gate_us``: the same of the
    gate, -1 where it did not answer. ``shop_answers``, ``shop_failures``: see ShopHealth.
    ``stock``: what was left, -1 where the shop did not tell.
    """

    at_ms: int
    epoch: int
    rate_per_min: int
    capacity: int
    waiting: int
    inside: int
    at_door: int
    called: int
    entered: int
    no_show: int
    left: int
    refused: int
    store_us: int = 0
    gate_us: int = -1
    shop_answers: int = 0
    shop_failures: int = 0
    stock: int = -1

    @classmethod
    def of(
        cls,
        room: Snapshot,
        *,
        store_us: int = 0,
        gate_us: int = -1,
        shop: ShopHealth = NOTHING_TOLD,
    ) -> "Sample":
        """The sample that a snapshot makes."""
        counters = room.counters
        return cls(
            at_ms=room.now_ms,
            epoch=room.epoch,
            rate_per_min=room.rate_per_min,
            capacity=room.capacity,
            waiting=room.waiting,
            inside=room.leases,
            at_door=room.at_door,
            called=counters.called,
            entered=counters.entered,
            no_show=counters.no_show,
            left=counters.left,
            refused=counters.refused,
            store_us=store_us,
            gate_us=gate_us,
            shop_answers=shop.answers,
            shop_failures=shop.failures,
            stock=-1 if room.stock is None else room.stock,
        )

    def numbers(self) -> tuple[int, ...]:
        """As they are kept, in the order of the fields."""
        return astuple(self)


def per_min(samples: Sequence[Sample], field: str, *, over_ms: int = MINUTE_MS) -> int | None:
    """How many a minute were counted in ``field`` over the last ``over_ms``; None without two
    samples of one epoch. ``samples``: in order of time.
    """
    if len(samples) < 2:
        return None
    last = samples[-1]
    first = next(
        one for one in samples if one.epoch == last.epoch and one.at_ms >= last.at_ms - over_ms
    )
    passed_ms = last.at_ms - first.at_ms
    if passed_ms <= 0:
        return None
    counted: int = getattr(last, field) - getattr(first, field)
    return round(counted * MINUTE_MS / passed_ms)


def rates(samples: Sequence[Sample], field: str) -> list[tuple[int, float]]:
    """``(at_ms, counted a minute)``, each over the minute before it; less at the start of an epoch.

    Over five seconds, one who did not come would stand there as twelve a minute.
    """
    found, start = [], 0
    for at, after in enumerate(samples):
        while start < at and (
            samples[start].epoch != after.epoch
            or after.at_ms - samples[start + 1].at_ms >= MINUTE_MS
        ):
            start += 1
        passed_ms = after.at_ms - samples[start].at_ms
        if passed_ms > 0:
            counted = getattr(after, field) - getattr(samples[start], field)
            found.append((after.at_ms, counted * MINUTE_MS / passed_ms))
    return found
