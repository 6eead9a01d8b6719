"""How long people waited, in the store: one small hash of counts a running of a room.

Workers add, the keeper notes once a minute how they stood, and whoever looks takes the difference.
No shopper is in it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import redis

from waitingroom.model import Snapshot
from waitingroom.store.faults import plain
from waitingroom.store.history import add_once
from waitingroom.store.keys import waits_key, waits_noted_key
from waitingroom.waits import Waits

EVERY_MS = 60_000
NOTED = 64
"""Notes of a room: an hour of them, and a few more."""


class HourAndSale(NamedTuple):
    """Waits of people who went in lately, and since the room's running began."""

    hour: Waits
    sale: Waits


def additions(found: Mapping[tuple[str, int], Waits]) -> Iterator[tuple[str, str, int]]:
    """What a worker adds, by key and field."""
    for (room, epoch), waits in found.items():
        for name, value in waits.fields().items():
            yield waits_key(room, epoch), name, value


class WaitsKept:
    """Reads them, and notes how they stand. Two who note at once do no harm. ``_noted``: of each
    room the minute that was noted last, of which nothing more is asked.
    """

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client
        self._noted: dict[str, int] = {}

    def totals(self, running: Mapping[str, int]) -> dict[str, Waits]:
        """Of each room since its running (its epoch) began, in one round trip."""

        def ask() -> Any:
            pipeline = self._redis.pipeline(transaction=False)
            for room, epoch in running.items():
                pipeline.hgetall(waits_key(room, epoch))
            return pipeline.execute()

        return dict(zip(running, map(_waits, plain(ask)), strict=True))

    def note(self, rooms: Mapping[str, Snapshot]) -> None:
        """How they stand in this minute; noted once, by whichever keeper comes first."""
        slots = {name: room.now_ms // EVERY_MS * EVERY_MS for name, room in rooms.items()}
        due = [name for name, slot in slots.items() if self._noted.get(name) != slot]
        if not due:
            return
        totals = self.totals({name: rooms[name].epoch for name in due})

        def write() -> None:
            pipeline = self._redis.pipeline(transaction=False)
            for room, waits in totals.items():
                value = json.dumps([rooms[room].epoch, waits.fields()], separators=(",", ":"))
                key = waits_noted_key(room)
                pipeline.xadd(key, {"v": value}, f"{slots[room]}-1", maxlen=NOTED)
            add_once(pipeline)

        plain(write)
        self._noted = slots

    def lately(self, room: str, epoch: int, since_ms: int) -> HourAndSale:
        """Of a room, in one round trip. ``since_ms``: where the hour begins."""

        def ask() -> Any:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hgetall(waits_key(room, epoch))
            pipeline.xrevrange(waits_noted_key(room), max=f"{since_ms}-9", count=1)
            return pipeline.execute()

        total, noted = plain(ask)
        sale, before = _waits(total), Waits()
        # A running that began since then, or that nobody noted before, began with nothing.
        for _, fields in noted:
            of_epoch, counts = json.loads(fields[b"v"])
            if of_epoch == epoch:
                before = Waits.of(counts)
        return HourAndSale(sale - before, sale)


def _waits(fields: Mapping[bytes, bytes]) -> Waits:
    return Waits.of({name.decode(): int(value) for name, value in fields.items()})
