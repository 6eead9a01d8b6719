"""When keys were last used, to the minute: beside the keys, so that a use is no change of one."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import redis

from waitingroom.store.faults import plain

MINUTE_MS = 60_000


class Made(Protocol):
    """A key of any kind."""

    @property
    def name(self) -> str:
        """By which its uses are noted."""

    @property
    def made_at_ms(self) -> int:
        """Tells it from earlier ones of its name."""


class KeyUses:
    """Of the keys of one kind. ``uses``: the hash that they are noted in."""

    uses: ClassVar[str]
    _redis: "redis.Redis"

    def used(self, keys: Sequence[Made]) -> Mapping[str, int]:
        """When each was last used, to the minute; 0 for never."""
        if not keys:
            return {}
        names = [one.name for one in keys]
        found: Any = plain(lambda: self._redis.hmget(self.uses, names))
        # An earlier key of the same name may have been noted a moment after it was revoked.
        times = [int(at_ms or 0) for at_ms in found]
        pairs = zip(keys, times, strict=True)
        return {
            one.name: at_ms if at_ms + MINUTE_MS > one.made_at_ms else 0 for one, at_ms in pairs
        }

    def note_used(self, name: str, at_ms: int) -> None:
        """Remember that a key is in use. Whoever calls sees to it that this is seldom."""
        minute_ms = at_ms // MINUTE_MS * MINUTE_MS
        plain(lambda: self._redis.hset(self.uses, name, minute_ms))

    def forget_uses(self, name: str) -> None:
        """Of a key that is revoked."""
        plain(lambda: self._redis.hdel(self.uses, name))
