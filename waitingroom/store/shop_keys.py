"""Shops' keys in the store: what is kept opens nothing. Whatever changes one is recorded."""

import json
from collections.abc import Sequence
from typing import Any

from waitingroom.errors import NoSuchRoom
from waitingroom.model import Actor
from waitingroom.operators import KeyExists
from waitingroom.shop_keys import ShopKey, TooManyShopKeys, made_key
from waitingroom.store.call import who
from waitingroom.store.faults import plain
from waitingroom.store.kept_keys import KeptKeys
from waitingroom.store.keys import MOST_SHOP_KEYS, ROOMS, SHOP_KEYS, SHOP_KEYS_USED


class ShopKeys(KeptKeys[ShopKey]):
    """All keys of shops."""

    uses = SHOP_KEYS_USED
    table = SHOP_KEYS
    added = "shop_key_add"
    revoked = "shop_key_revoke"

    def find(self, name: str) -> ShopKey | None:
        """The key, or None."""
        raw: Any = plain(lambda: self._redis.hget(self.table, name))
        return self._read(name, raw) if raw else None

    def add(
        self, name: str, rooms: Sequence[str], *, actor: Actor | str, now_ms: int
    ) -> tuple[str, ShopKey]:
        """Make a key for ``rooms`` (none: for all); what is shown once, and what is kept.

        Raises ``BadSetting``, ``NoSuchRoom``, ``KeyExists``, ``TooManyShopKeys``. Of two racers
        for a name one is told so; racers for the last of the keys may both have one.
        """
        text, made = made_key(name, rooms, json.loads(who(actor))["actor"], now_ms)
        self._check_there(made.rooms)
        if plain(lambda: self._redis.hlen(self.table)) >= MOST_SHOP_KEYS:
            raise TooManyShopKeys(MOST_SHOP_KEYS)
        told = ("", self._told(made))
        if not self._put(self.added, name, b"", _written(made), told, actor=actor):
            raise KeyExists(name)
        return text, made

    def _check_there(self, rooms: Sequence[str]) -> None:
        if rooms:
            there: Any = plain(lambda: self._redis.smismember(ROOMS, list(rooms)))
            for room, found in zip(rooms, there, strict=True):
                if not found:
                    raise NoSuchRoom(room)

    def _told(self, key: ShopKey) -> str:
        return json.dumps({"rooms": key.rooms or "all"})

    def _read(self, name: str, raw: bytes) -> ShopKey:
        value = json.loads(raw)
        rooms, digest = tuple(value["rooms"]), value["digest"]
        return ShopKey(name, rooms, digest, value["made_at_ms"], value["made_by"])


def _written(key: ShopKey) -> str:
    return json.dumps(
        {
            "rooms": key.rooms,
            "digest": key.digest,
            "made_at_ms": key.made_at_ms,
            "made_by": key.made_by,
        }
    )
