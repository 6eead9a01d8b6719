"""The last load test that was recorded for a room."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import redis

from waitingroom.model import Actor
from waitingroom.readiness import LoadTest
from waitingroom.store import acts
from waitingroom.store.call import Call, Reply
from waitingroom.store.faults import plain
from waitingroom.store.keys import load_test_key


class LoadTests:
    """Of all rooms. Raises ``StoreDown`` like every other use of the store."""

    def __init__(self, client: "redis.Redis", run: Callable[[Call], Reply]) -> None:
        self._redis = client
        self._run = run

    def record(self, room: str, done: LoadTest, *, actor: Actor | str) -> None:
        """Keep it in place of the one before; the room's record tells of each. ``NoSuchRoom``."""
        self._run(acts.note(room, "load_test", done.words, actor=actor))
        plain(lambda: self._redis.set(load_test_key(room), json.dumps(asdict(done))))

    def last(self, room: str) -> LoadTest | None:
        """The last one, or None."""
        raw: Any = plain(lambda: self._redis.get(load_test_key(room)))
        known = LoadTest.__dataclass_fields__
        if not raw:
            return None
        return LoadTest(**{name: value for name, value in json.loads(raw).items() if name in known})
