"""A room's figures of now: those of its page, the API and the command are read in one way."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from waitingroom.console.figures import figures, number, span, wait_figures
from waitingroom.history import Sample
from waitingroom.live import LATELY_MS, Live
from waitingroom.model import Snapshot
from waitingroom.store.client import Store
from waitingroom.store.waits import HourAndSale
from waitingroom.waits import Waited

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class RoomFigures:
    """``lately``: samples of the last minutes, in order of time; ``waits``: how long they waited
    who went in; ``capacity_in_s``: where more are inside than the capacity allows, in about how
    many seconds enough will have left, else None.
    """

    room: Snapshot
    lately: Sequence[Sample]
    waits: HourAndSale
    capacity_in_s: int | None = None

    @classmethod
    def of(cls, store: Store, room: Snapshot) -> "RoomFigures":
        """As the store has them."""
        name, now_ms = room.room, room.now_ms
        lately = store.history.lately({name: now_ms - LATELY_MS})[name]
        waits = store.waits.lately(name, room.epoch, now_ms - HOUR_MS)
        too_many = 0 < room.capacity < room.leases
        capacity_in_s = store.foreseen(room).before.capacity_in_s if too_many else None
        return cls(room, lately, waits, capacity_in_s)

    def in_words(self) -> dict[str, str]:
        """By name, as people are shown them."""
        told = figures(self.room, self.lately) | wait_figures(self.waits)
        if self.capacity_in_s:
            told["inside"] += (
                f"; {number(self.room.capacity)} in about {span(1000 * self.capacity_in_s)}"
            )
        return told

    def document(self) -> dict[str, Any]:
        """For programs: :class:`Live`, ``capacity_in_s``, and as ``waits`` how long people waited
        who went in, over the last hour and since this running of the room began.
        """
        waits = {name: asdict(Waited.of(one)) for name, one in self.waits._asdict().items()}
        now = asdict(Live.of(self.room, self.lately))
        return now | {"capacity_in_s": self.capacity_in_s, "waits": waits}
