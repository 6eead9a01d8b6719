"""How alarms stand and which keepers look, kept in the store: no keeper's restart begins one anew.

A change of standing and what is to be told of it are one transaction. Of two keepers that see the
same at once, one writes; the other finds it done at its next look.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from typing import Any

import redis
from redis.client import Pipeline

from waitingroom.alarms import ALARMS
from waitingroom.beats import Beat
from waitingroom.standing import AlarmNotice, AlarmStanding, Case, Kept
from waitingroom.store.call import in_ms
from waitingroom.store.faults import plain
from waitingroom.store.keys import ALARM_STANDINGS, KEEPERS

Step = Callable[[Kept], tuple[Kept, list[AlarmNotice]]]
Post = Callable[[AlarmNotice, "Pipeline"], None]
"""Puts what is to be told of a notice into a transaction."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How each alarm stands, what each keeper said last, and ``now_ms`` by the store."""

    kept: Kept
    beats: dict[str, Beat]
    now_ms: int


class Alarms:
    """Raises ``StoreDown`` like every other use of the store."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def seen(self) -> Seen:
        """All of it at once, as pages show it."""

        def ask() -> Any:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hgetall(ALARM_STANDINGS)
            pipeline.hgetall(KEEPERS)
            pipeline.time()
            return pipeline.execute()

        kept, beats, now = plain(ask)
        return Seen(_read(kept), _beats(beats), in_ms(now))

    def kept(self) -> Kept:
        """How each alarm stands. Those that this version does not know are left out."""
        return _read(plain(lambda: self._redis.hgetall(ALARM_STANDINGS)))

    def beats(self) -> dict[str, Beat]:
        """What each keeper said of its system last, by the system."""
        return _beats(plain(lambda: self._redis.hgetall(KEEPERS)))

    def beat(self, system: str, beat: Beat, silent: Sequence[str]) -> None:
        """Say that this system is looked after; forget those that were ``silent`` for long."""

        def write() -> None:
            self._redis.hset(KEEPERS, system, json.dumps(asdict(beat)))
            if silent:
                self._redis.hdel(KEEPERS, *silent)

        plain(write)

    def sign_off(self, system: str) -> None:
        """This system ends in good order; nobody need miss it."""
        plain(lambda: self._redis.hdel(KEEPERS, system))

    def change(self, step: Step, post: Post, more: Sequence[AlarmNotice] = ()) -> None:
        """Take a step from what is kept, and post its notices and ``more``, all or nothing.

        Nothing where another keeper was quicker: the next look sees what it has done.
        """

        def attempt() -> None:
            with self._redis.pipeline() as pipeline:
                pipeline.watch(ALARM_STANDINGS)  # type: ignore[no-untyped-call]
                before = _read(pipeline.hgetall(ALARM_STANDINGS))
                after, notices = step(before)
                if after == before and not more:
                    return
                pipeline.multi()
                _write(pipeline, before, after)
                for notice in (*notices, *more):
                    post(notice, pipeline)
                with suppress(redis.WatchError):
                    pipeline.execute()

        plain(attempt)


def _write(pipeline: "Pipeline", before: Kept, after: Kept) -> None:
    for case, standing in after.items():
        if before.get(case) != standing:
            pipeline.hset(ALARM_STANDINGS, _field(case), json.dumps(astuple(standing)))
    for case in before.keys() - after.keys():
        pipeline.hdel(ALARM_STANDINGS, _field(case))


def _field(case: Case) -> str:
    return f"{case.name} {case.subject}"


def _read(raw: Any) -> Kept:
    pairs = ((Case(*field.decode().split(" ", 1)), value) for field, value in raw.items())
    return {case: AlarmStanding(*json.loads(value)) for case, value in pairs if case.name in ALARMS}


def _beats(raw: Any) -> dict[str, Beat]:
    known = Beat.__dataclass_fields__
    return {
        system.decode(): Beat(**{k: v for k, v in json.loads(value).items() if k in known})
        for system, value in sorted(raw.items())
    }
