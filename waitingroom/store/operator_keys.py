"""Operators' keys for the API, in the store: what is kept opens nothing."""

import json
from collections.abc import Callable
from typing import Any

import redis

from waitingroom.model import Actor
from waitingroom.operators import Key, KeyExists, NoSuchKey, Role
from waitingroom.store import acts
from waitingroom.store.call import Call, Reply
from waitingroom.store.faults import translated
from waitingroom.store.keys import OPERATOR_KEYS, login_key


class OperatorKeys:
    """All keys of a system. Whatever changes one is recorded in the same step.

    Raises ``StoreDown`` like every other use of the store.
    """

    def __init__(self, client: "redis.Redis", run: Callable[[Call], Reply]) -> None:
        self._redis = client
        self._run = run

    def find(self, name: str, whom: str) -> tuple[Key | None, int]:
        """The key, or None; and how often ``whom`` failed lately. In one round trip."""
        with translated(None):
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hget(OPERATOR_KEYS, name)
            pipeline.get(login_key(whom))
            raw, failures = pipeline.execute()
        return _read(name, raw) if raw else None, int(failures or 0)

    def all(self) -> list[Key]:
        """Every key by name."""
        with translated(None):
            found: Any = self._redis.hgetall(OPERATOR_KEYS)
        return [_read(name.decode(), raw) for name, raw in sorted(found.items())]

    def add(self, key: Key, *, actor: Actor | str) -> None:
        """Keep a key. Raises :class:`KeyExists`; of two racers one is told so."""
        wanted = json.dumps({"role": key.role, "digest": key.digest, "made_at_ms": key.made_at_ms})
        told = ("", _told(key))
        if not self._put("key_add", key.name, actor=actor, kept="", wanted=wanted, told=told):
            raise KeyExists(key.name)

    def revoke(self, name: str, *, actor: Actor | str, made_at_ms: int | None = None) -> None:
        """End a key: the next request with it is refused. Raises :class:`NoSuchKey`.

        ``made_at_ms``: of the key that is meant; another of its name is not there for the caller.
        """
        while True:
            with translated(None):
                kept: Any = self._redis.hget(OPERATOR_KEYS, name)
            found = _read(name, kept) if kept else None
            if found is None or made_at_ms not in (None, found.made_at_ms):
                raise NoSuchKey(name)
            told = (_told(found), "")
            if self._put("key_revoke", name, actor=actor, kept=kept, wanted="", told=told):
                return

    def _put(
        self,
        act: str,
        name: str,
        *,
        actor: Actor | str,
        kept: bytes | str,
        wanted: str,
        told: tuple[str, str],
    ) -> bool:
        """Whether it was done: not where somebody else was quicker, and something else is kept."""
        call = acts.account(
            act, name, actor=actor, kept=kept, wanted=wanted, told=told, table=OPERATOR_KEYS
        )
        return bool(self._run(call))


def _told(key: Key) -> str:
    """What the record may say of a key."""
    return json.dumps({"role": key.role})


def _read(name: str, raw: bytes) -> Key:
    value = json.loads(raw)
    return Key(name, Role(value["role"]), value["digest"], value["made_at_ms"])
