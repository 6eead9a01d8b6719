"""Operators' keys for the API, in the store: what is kept opens nothing."""

import json

from waitingroom.model import Actor
from waitingroom.operators import Key, KeyExists, Role
from waitingroom.store.faults import translated
from waitingroom.store.kept_keys import KeptKeys
from waitingroom.store.keys import OPERATOR_KEYS, OPERATOR_KEYS_USED, login_key


class OperatorKeys(KeptKeys[Key]):
    """All keys of programs."""

    uses = OPERATOR_KEYS_USED
    table = OPERATOR_KEYS
    added = "key_add"
    revoked = "key_revoke"

    def find(self, name: str, whom: str) -> tuple[Key | None, int]:
        """The key, or None; and how often ``whom`` failed lately. In one round trip."""
        with translated(None):
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hget(self.table, name)
            pipeline.get(login_key(whom))
            raw, failures = pipeline.execute()
        return self._read(name, raw) if raw else None, int(failures or 0)

    def add(self, key: Key, *, actor: Actor | str) -> None:
        """Keep a key. Raises :class:`KeyExists`; of two racers one is told so."""
        wanted = json.dumps({"role": key.role, "digest": key.digest, "made_at_ms": key.made_at_ms})
        if not self._put(self.added, key.name, b"", wanted, ("", self._told(key)), actor=actor):
            raise KeyExists(key.name)

    def _told(self, key: Key) -> str:
        return json.dumps({"role": key.role})

    def _read(self, name: str, raw: bytes) -> Key:
        value = json.loads(raw)
        return Key(name, Role(value["role"]), value["digest"], value["made_at_ms"])
