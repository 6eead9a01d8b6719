"""The keys of one kind in the store, where what is kept opens nothing."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import redis

from waitingroom.model import Actor
from waitingroom.operators import NoSuchKey
from waitingroom.store import acts
from waitingroom.store.call import Call, Reply
from waitingroom.store.faults import plain
from waitingroom.store.key_uses import KeyUses, Made

K = TypeVar("K", bound=Made)


class KeptKeys(KeyUses, ABC, Generic[K]):
    """All of a system. Whatever changes one is recorded in the same step. ``table``: the hash that
    they are in; ``added`` and ``revoked``: the acts in the record.

    Raises ``StoreDown`` like every other use of the store.
    """

    table: ClassVar[str]
    added: ClassVar[str]
    revoked: ClassVar[str]

    def __init__(self, client: "redis.Redis", run: Callable[[Call], Reply]) -> None:
        self._redis = client
        self._run = run

    @abstractmethod
    def _read(self, name: str, raw: bytes) -> K:
        """A key, of what is kept of it."""

    @abstractmethod
    def _told(self, key: K) -> str:
        """What the record may say of a key."""

    def all(self) -> list[K]:
        """Every key by name."""
        found: Any = plain(lambda: self._redis.hgetall(self.table))
        return [self._read(name.decode(), raw) for name, raw in sorted(found.items())]

    def revoke(self, name: str, *, actor: Actor | str, made_at_ms: int | None = None) -> None:
        """End a key: the next request with it is refused. Raises :class:`NoSuchKey`.

        ``made_at_ms``: of the key that is meant; another of its name is not there for the caller.
        """
        while True:
            kept: Any = plain(lambda: self._redis.hget(self.table, name))
            found = self._read(name, kept) if kept else None
            if found is None or made_at_ms not in (None, found.made_at_ms):
                raise NoSuchKey(name)
            if self._put(self.revoked, name, kept, "", (self._told(found), ""), actor=actor):
                self.forget_uses(name)
                return

    def _put(
        self,
        act: str,
        name: str,
        kept: bytes,
        wanted: str,
        told: tuple[str, str],
        *,
        actor: Actor | str,
    ) -> bool:
        """Whether it was done: not where somebody else was quicker, and something else is kept."""
        call = acts.account(
            act,
            name,
            actor=actor,
            kept=kept,
            wanted=wanted,
            told=told,
            table=self.table,
        )
        return bool(self._run(call))
