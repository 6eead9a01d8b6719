"""What shops tell of themselves: how many answers they gave, and how many were failures."""

from collections.abc import Sequence
from typing import Any

import redis

from waitingroom.errors import NoSuchRoom
from waitingroom.model import ShopHealth
from waitingroom.store.faults import plain
from waitingroom.store.keys import RoomKeys, shop_key

FIELDS = ("answers", "failures", "told_ms")


class Shops:
    """Of all rooms. Raises ``StoreDown`` like every other use of the store."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def tell(self, room: str, more: ShopHealth) -> None:
        """Add to what was told of a room; ``NoSuchRoom``. Done twice it counts twice."""
        key = shop_key(room)

        def write() -> None:
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hincrby(key, "answers", more.answers)
            pipeline.hincrby(key, "failures", more.failures)
            pipeline.hset(key, "told_ms", more.told_ms)
            pipeline.execute()

        if not plain(lambda: self._redis.exists(RoomKeys.of(room).state)):
            raise NoSuchRoom(room)
        plain(write)

    def of(self, rooms: Sequence[str]) -> dict[str, ShopHealth]:
        """What was told of each, in one round trip."""

        def ask() -> Any:
            pipeline = self._redis.pipeline(transaction=False)
            for room in rooms:
                pipeline.hmget(shop_key(room), *FIELDS)
            return pipeline.execute()

        answers = plain(ask) if rooms else []
        told = (ShopHealth(*(int(count or 0) for count in one)) for one in answers)
        return dict(zip(rooms, told, strict=True))
