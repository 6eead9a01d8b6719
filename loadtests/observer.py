"""What the store itself says while the crowd is there: read often, beside the gate.

Entry times are the store's own (the hash ``entered``: an arrival stays there as long as its lease
lasts, so reading it more often than a visit is long misses none; the verdict counts).
"""

from dataclasses import dataclass, field

import redis

from waitingroom.model import Snapshot
from waitingroom.store.client import Store
from waitingroom.store.keys import RoomKeys


@dataclass
class Observer:
    """``entries``: arrival → when it entered. ``served``: (store's clock, serving number).

    ``waited_until_ms``: when somebody was last seen waiting to be called.
    """

    store_url: str
    room: str
    entries: dict[int, int] = field(default_factory=dict)
    served: list[tuple[int, int]] = field(default_factory=list)
    most_inside: int = 0
    waited_until_ms: int = 0

    def __post_init__(self) -> None:
        self._store = Store.connect(self.store_url)
        self._raw = redis.Redis.from_url(self.store_url, socket_timeout=5)
        self._entered = RoomKeys.of(self.room).entered

    def look(self) -> Snapshot:
        """One reading of the room. Raises ``StoreDown`` where the store does not answer."""
        room = self._store.status(self.room)
        self.served.append((room.now_ms, room.serving))
        self.most_inside = max(self.most_inside, room.leases)
        if room.waiting:
            self.waited_until_ms = room.now_ms
        for arrival, at_ms in self._raw.hgetall(self._entered).items():
            self.entries.setdefault(int(arrival), int(at_ms))
        return room

    def close(self) -> None:
        """Give the connections back."""
        self._store.close()
        self._raw.close()
