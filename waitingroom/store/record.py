"""Records in the store: reading them, and writing into the one that belongs to no room."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import redis

from waitingroom.errors import NoSuchRoom
from waitingroom.model import Actor
from waitingroom.record import Head, LogEntry, Verdict, verify
from waitingroom.store import acts
from waitingroom.store.call import Call, Reply
from waitingroom.store.faults import translated
from waitingroom.store.keys import LOG_KEPT, MOST_STRAYS, OPERATORS, ROOMS, SYSTEM, RoomKeys

PAGE = 1_000
"""Entries that are read at once."""


class Record:
    """Every record by its room's name, or ``SYSTEM``. ``run``: the store's, for functions."""

    def __init__(self, client: "redis.Redis", run: Callable[[Call], Reply]) -> None:
        self._redis = client
        self._run = run

    def note(self, act: str, detail: str, *, actor: Actor | str) -> None:
        """An entry about the whole system. Called twice it is there twice."""
        self._run(acts.system_note(act, detail, actor=actor))

    def newest(self, room: str, count: int) -> list[LogEntry]:
        """The newest entries first. Raises :class:`NoSuchRoom`."""
        key = self._key(room).log
        with translated(None):
            found: Any = self._redis.xrevrange(key, count=count)
        return _entries(found)

    def entries(self, room: str) -> Iterator[LogEntry]:
        """All entries, the oldest first, a page at a time. Raises :class:`NoSuchRoom`."""
        key, after = self._key(room).log, "-"
        while True:
            with translated(None):
                found: Any = self._redis.xrange(key, min=after, count=PAGE)
            page = _entries(found)
            yield from page
            if len(page) < PAGE:
                return
            after = f"({page[-1].id}"

    def heads(self, rooms: Sequence[str]) -> dict[str, Head]:
        """The head of each record that has one, in one round trip."""
        with translated(None):
            pipeline = self._redis.pipeline(transaction=False)
            for room in rooms:
                pipeline.get(RoomKeys.of(room).head)
            found = pipeline.execute()
        return {room: _head(raw) for room, raw in zip(rooms, found, strict=True) if raw}

    def verify(self, room: str, noted: Sequence[Head] = ()) -> Verdict:
        """See :func:`waitingroom.record.verify`. Raises :class:`NoSuchRoom`."""
        then = self.heads([room]).get(room)
        entries = list(self.entries(room))
        now = self.heads([room]).get(room)
        with translated(None):
            begun = self._redis.exists(OPERATORS if room == SYSTEM else RoomKeys.of(room).state)
        return verify(
            entries,
            (then, now),
            kept=LOG_KEPT,
            most_strays=MOST_STRAYS,
            begun=bool(begun),
            noted=noted,
        )

    def _key(self, room: str) -> RoomKeys:
        if room != SYSTEM:
            with translated(None):
                if not self._redis.sismember(ROOMS, room):
                    raise NoSuchRoom(room)
        return RoomKeys.of(room)


def _entries(found: Any) -> list[LogEntry]:
    return [
        LogEntry(id_.decode(), {_text(name): _text(value) for name, value in fields.items()})
        for id_, fields in found
    ]


def _text(raw: bytes) -> str:
    # Whoever edits a record may write what is no text: that is for `verify` to tell, not to die of.
    return raw.decode(errors="replace")


def _head(raw: bytes) -> Head:
    seq, _, digest = _text(raw).partition(" ")
    return Head(int(seq) if seq.isascii() and seq.isdigit() else 0, digest)
