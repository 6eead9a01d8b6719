"""Shops' keys in the store: what is kept opens nothing. Whatever changes one is recorded."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import redis

from waitingroom.errors import NoSuchRoom
from waitingroom.model import Actor
from waitingroom.operators import KeyExists, NoSuchKey
from waitingroom.shop_keys import ShopKey, TooManyShopKeys, made_key
from waitingroom.store import acts
from waitingroom.store.call import Call, Reply, who
from waitingroom.store.faults import plain
from waitingroom.store.keys import MOST_SHOP_KEYS, ROOMS, SHOP_KEYS, SHOP_KEYS_USED


class ShopKeys:
    """All of a system. Raises ``StoreDown`` like every other use of the store."""

    def __init__(self, client: "redis.Redis", run: Callable[[Call], Reply]) -> None:
        self._redis = client
        self._run = run

    def find(self, name: str) -> ShopKey | None:
        """The key, or None."""
        raw: Any = plain(lambda: self._redis.hget(SHOP_KEYS, name))
        return _read(name, raw) if raw else None

    def all(self) -> list[ShopKey]:
        """Every key by name."""
        found: Any = plain(lambda: self._redis.hgetall(SHOP_KEYS))
        return [_read(name.decode(), raw) for name, raw in sorted(found.items())]

    def used(self, keys: Sequence[ShopKey]) -> Mapping[str, int]:
        """When each was last used, to the minute; 0 for never."""
        if not keys:
            return {}
        names = [one.name for one in keys]
        found: Any = plain(lambda: self._redis.hmget(SHOP_KEYS_USED, names))
        # An earlier key of the same name may have been noted a moment after it was revoked.
        times = [int(at_ms or 0) for at_ms in found]
        pairs = zip(keys, times, strict=True)
        return {one.name: at_ms if at_ms + 60_000 > one.made_at_ms else 0 for one, at_ms in pairs}

    def note_used(self, name: str, at_ms: int) -> None:
        """Remember that a key is in use. Whoever calls sees to it that this is seldom."""
        minute_ms = at_ms // 60_000 * 60_000
        plain(lambda: self._redis.hset(SHOP_KEYS_USED, name, minute_ms))

    def add(
        self, name: str, rooms: Sequence[str], *, actor: Actor | str, now_ms: int
    ) -> tuple[str, ShopKey]:
        """Make a key for ``rooms`` (none: for all); what is shown once, and what is kept.

        Raises ``BadSetting``, ``NoSuchRoom``, ``KeyExists``, ``TooManyShopKeys``. Of two racers
        for a name one is told so; racers for the last of the keys may both have one.
        """
        text, made = made_key(name, rooms, json.loads(who(actor))["actor"], now_ms)
        self._check_there(made.rooms)
        if plain(lambda: self._redis.hlen(SHOP_KEYS)) >= MOST_SHOP_KEYS:
            raise TooManyShopKeys(MOST_SHOP_KEYS)
        change = (b"", _written(made)), ("", _told(made))
        if not self._put("shop_key_add", name, *change, actor=actor):
            raise KeyExists(name)
        return text, made

    def _check_there(self, rooms: Sequence[str]) -> None:
        if rooms:
            there: Any = plain(lambda: self._redis.smismember(ROOMS, list(rooms)))
            for room, found in zip(rooms, there, strict=True):
                if not found:
                    raise NoSuchRoom(room)

    def revoke(self, name: str, *, actor: Actor | str, made_at_ms: int | None = None) -> None:
        """End a key: the next call with it is refused. Raises :class:`NoSuchKey`.

        ``made_at_ms``: of the key that is meant; another of its name is not there for the caller.
        """
        while True:
            kept: Any = plain(lambda: self._redis.hget(SHOP_KEYS, name))
            found = _read(name, kept) if kept else None
            if found is None or made_at_ms not in (None, found.made_at_ms):
                raise NoSuchKey(name)
            change = (kept, ""), (_told(found), "")
            if self._put("shop_key_revoke", name, *change, actor=actor):
                plain(lambda: self._redis.hdel(SHOP_KEYS_USED, name))
                return

    def _put(
        self,
        act: str,
        name: str,
        kept: tuple[bytes, str],
        told: tuple[str, str],
        *,
        actor: Actor | str,
    ) -> bool:
        """Whether it was done: not where somebody else was quicker, and something else is kept."""
        before, wanted = kept
        call = acts.account(
            act, name, actor=actor, kept=before, wanted=wanted, told=told, table=SHOP_KEYS
        )
        return bool(self._run(call))


def _written(key: ShopKey) -> str:
    return json.dumps(
        {
            "rooms": key.rooms,
            "digest": key.digest,
            "made_at_ms": key.made_at_ms,
            "made_by": key.made_by,
        }
    )


def _told(key: ShopKey) -> str:
    """What the record may say of a key."""
    return json.dumps({"rooms": key.rooms or "all"})


def _read(name: str, raw: bytes) -> ShopKey:
    value = json.loads(raw)
    return ShopKey(
        name, tuple(value["rooms"]), value["digest"], value["made_at_ms"], value["made_by"]
    )
