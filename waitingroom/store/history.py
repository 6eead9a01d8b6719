"""A room's history in the store: two streams of bounded length, one fine, one coarse."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis
from redis.client import Pipeline

from waitingroom.history import Sample
from waitingroom.store.faults import plain
from waitingroom.store.keys import HISTORY_EVERY_MS, history_key


@dataclass(frozen=True, slots=True)
class Grain:
    """One sample every ``every_ms``, of which the newest ``kept`` are kept (or a few more)."""

    every_ms: int
    kept: int


HOUR, SALE = map(Grain, HISTORY_EVERY_MS, (720, 2_880))
"""The last hour, and the last two days."""


class History:
    """Writes and reads samples. Two writers at once do no harm: each moment is kept once."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def add(self, samples: Mapping[str, Sample]) -> None:
        """One sample of each room, where the last one that is kept is old enough."""

        def write() -> None:
            pipeline = self._redis.pipeline(transaction=False)
            for room, sample in samples.items():
                value = json.dumps(sample.numbers(), separators=(",", ":"))
                for grain in (HOUR, SALE):
                    slot = sample.at_ms // grain.every_ms * grain.every_ms
                    key = history_key(room, grain.every_ms)
                    pipeline.xadd(key, {"v": value}, f"{slot}-1", maxlen=grain.kept)
            add_once(pipeline)

        plain(write)

    def read(self, room: str, grain: Grain) -> list[Sample]:
        """All that is kept, in order of time."""
        key = history_key(room, grain.every_ms)
        return _samples(plain(lambda: self._redis.xrange(key)))

    def lately(self, since_ms: Mapping[str, int]) -> dict[str, list[Sample]]:
        """Of each room the fine samples from a moment on, in one round trip."""

        def ask() -> Any:
            pipeline = self._redis.pipeline(transaction=False)
            for room, moment_ms in since_ms.items():
                pipeline.xrange(history_key(room, HOUR.every_ms), min=f"{moment_ms}-0")
            return pipeline.execute()

        return dict(zip(since_ms, map(_samples, plain(ask)), strict=True))


def add_once(pipeline: "Pipeline") -> None:
    """Add to streams what is not there."""
    for answer in pipeline.execute(raise_on_error=False):
        # That moment is kept already: by another keeper, or before the clock was set back.
        if isinstance(answer, Exception) and "equal or smaller" not in str(answer):
            raise answer


def _samples(entries: Any) -> list[Sample]:
    return [Sample(*json.loads(fields[b"v"])) for _, fields in entries]
