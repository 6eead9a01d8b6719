"""Rehearsals in the store: which there are, begun, ended, and cleaned up. Beside the real rooms, of
which nothing is written but what the system's record tells.
"""

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import redis

from waitingroom import rehearsals
from waitingroom.errors import NoSuchRoom, WaitingRoomError, WrongPhase, WrongState
from waitingroom.model import Actor, Snapshot
from waitingroom.rehearsals import Rehearsal
from waitingroom.store.acts import settings_of
from waitingroom.store.client import Store
from waitingroom.store.faults import translated
from waitingroom.store.keys import REHEARSALS, ROOMS, all_keys, crowd_key
from waitingroom.store.rooms import look_of


class TooManyRehearsals(WaitingRoomError):
    """There is one of this room already, or as many as a system takes."""

    code = "wrong_phase"


class Rehearsals:
    """Over one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._redis = store.client

    def all(self) -> list[Rehearsal]:
        """Those that were begun and not cleaned up yet, by name."""
        with translated(None):
            return _read_all(self._redis.hgetall(REHEARSALS))

    def of(self, room: str) -> Rehearsal | None:
        """The one of a real room."""
        return next((one for one in self.all() if one.of == room), None)

    def begin(self, room: str, people: int, minutes: int, *, actor: Actor | str) -> Rehearsal:
        """Make a copy of ``room`` that opens in a moment, closes after ``minutes``, and whose
        ``people`` the keeper sends. Twice, and of two racers, the second is refused.

        The room that it is of is only looked at.
        """
        rehearsals.check(people, minutes)
        if rehearsals.is_rehearsal(room):
            raise WrongState("room", "is a rehearsal itself")
        return self._made(self._store.status(room), people, minutes, actor)

    def _made(self, real: Snapshot, people: int, minutes: int, actor: Actor | str) -> Rehearsal:
        now_ms = self._store.now_ms()
        name = rehearsals.id_of(real.room, secrets.token_hex(3))
        one = Rehearsal(name, real.room, people, now_ms + 60_000 * minutes)
        # Listed first: whatever happens in between, it is cleaned up when its time is over.
        self._list(one)
        knobs = rehearsals.settings_of(
            settings_of(real), real.title or real.room, now_ms, one.until_ms
        )
        look, logo = look_of(self._store, real)
        self._store.create(name, knobs, look=look, logo=logo, actor=actor)
        told = f"{name}, of {real.room}: {people} people, {minutes} minutes"
        self._store.record.note("rehearsal", told, actor=actor)
        return one

    def _list(self, one: Rehearsal) -> None:
        """Have it among those there are, if it may be. Where the list has changed since it was
        looked at, it is looked at again: each time somebody else was quicker.
        """
        with translated(None), self._redis.pipeline() as pipeline:
            while True:
                pipeline.watch(REHEARSALS)  # type: ignore[no-untyped-call]
                _check_free(one.of, _read_all(pipeline.hgetall(REHEARSALS)))
                pipeline.multi()
                pipeline.hset(REHEARSALS, one.room, _written(one))
                with suppress(redis.WatchError):
                    pipeline.execute()
                    return

    def end(self, room: str, *, actor: Actor | str) -> None:
        """Close the rehearsal called ``room``; the keeper cleans it up a moment later. Twice is the
        same as once. Raises :class:`NoSuchRoom`.
        """
        one = next((one for one in self.all() if one.room == room), None)
        if one is None:
            raise NoSuchRoom(room)
        with suppress(WrongPhase, NoSuchRoom):
            self._store.act(room, "close", actor=actor)
            # Its own record goes with it.
            self._store.record.note("rehearsal_end", f"{room}, of {one.of}", actor=actor)
        self._keep(replace(one, until_ms=min(one.until_ms, self._store.now_ms())))

    def claim_crowd(self, one: Rehearsal, now_ms: int) -> bool:
        """Whether the caller is the one who sends its people. Only the first of all who ask."""
        lasts_ms = max(1, one.until_ms + rehearsals.KEPT_MS - now_ms)
        with translated(None):
            return bool(self._redis.set(crowd_key(one.room), b"", nx=True, px=lasts_ms))

    def clean_up(self, one: Rehearsal) -> None:
        """Take it away with all its keys; no gate serves it from its next look on.

        What a gate still counts of it a moment later has a time to live.
        """
        name, epoch = one.room, 0
        with suppress(NoSuchRoom):
            epoch = self._store.status(name).epoch
        with translated(None):
            self._redis.srem(ROOMS, name)
            for key in all_keys(name, epoch):
                self._redis.unlink(key)
            self._redis.hdel(REHEARSALS, name)

    def _keep(self, one: Rehearsal) -> None:
        with translated(None):
            self._redis.hset(REHEARSALS, one.room, _written(one))


def _check_free(room: str, there: Sequence[Rehearsal]) -> None:
    """Raise :class:`TooManyRehearsals` unless one of ``room`` may be begun beside those."""
    if any(one.of == room for one in there):
        raise TooManyRehearsals(f"there is a rehearsal of “{room}” already; end it first")
    if len(there) >= rehearsals.MOST_AT_ONCE:
        raise TooManyRehearsals(f"there are {len(there)} rehearsals already; end one first")


def _written(one: Rehearsal) -> str:
    return json.dumps(rehearsals.as_fields(one))


def _read_all(found: Any) -> list[Rehearsal]:
    made = [_read(name.decode(), json.loads(raw)) for name, raw in found.items()]
    return sorted(made, key=lambda one: one.room)


def _read(room: str, kept: dict[str, Any]) -> Rehearsal:
    return Rehearsal(room, kept["of"], kept["people"], kept["until_ms"])
