"""What this gate worker knows of every room: snapshots, refreshed twice a second, asked or not.

The refresh is also what moves a room that nobody asks about: it opens, calls and times out on it.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from waitingroom import clock
from waitingroom.brand import loads, read_logo
from waitingroom.errors import NoSuchRoom, StoreDown, StoreUnfit, WaitingRoomError
from waitingroom.gate import counts
from waitingroom.gate.assets import Asset
from waitingroom.gate.http import Message, Response
from waitingroom.gate.pace import Pace, Watch
from waitingroom.gate.status import HEADERS, document
from waitingroom.gate.told import Told
from waitingroom.model import Brand, Logo, Snapshot
from waitingroom.store.aclient import AsyncStore
from waitingroom.store.groups import Group

REFRESH_S = 0.5
LEAST_PAUSE_S = 0.1
"""Between two refreshes, where each takes longer: a store that is slow is not asked without end."""
CHECKED_MS = 5_000
"""How long a store that was fit is taken to be so: a server is soon replaced by another, and its
settings may be changed while it runs."""
TOLD_EVERY_MS = 10_000
"""At most so often is logged why requests got no answer of the store."""
log = logging.getLogger("waitingroom.gate")


@dataclass
class KnownRoom:
    """One room as last seen. ``status`` is ready to be sent. ``latest_ms``: the latest that the
    store's clock, which dates tickets, has been while this worker looked.
    """

    snapshot: Snapshot
    status: Response
    latest_ms: int
    stale: bool = False
    pace: Pace = field(default_factory=Pace)
    watch: Watch = field(default_factory=Watch)
    told: Told = field(default_factory=Told)


class Rooms:
    """All rooms of the store. ``get`` never waits for one that is known."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._rooms: dict[str, KnownRoom] = {}
        self._unread: dict[str, StoreUnfit] = {}
        self._refreshing: asyncio.Task[None] | None = None
        self._logos: dict[str, Asset] = {}
        self._lookups = Group(store.listed)
        self._brands = Group(store.brands)
        self._check_at_ms = 0
        self._warning = ""
        self._tell_at_ms = 0
        self.problem: WaitingRoomError | None = None
        # A worker that never hears from the store is as old as it is up.
        counts.REFRESHED.set(clock.now_ms() / 1000)
        self.ready: dict[str, tuple[Message, Message]] = {}
        """By path: the one answer that a crowd asks for, as the server is sent it."""

    async def get(self, room: str) -> KnownRoom:
        """The room as known. One that is not known is looked for at once, for all askers together.

        Raises ``NoSuchRoom``, or ``StoreDown`` where no answer can be had.
        """
        if found := self._rooms.get(room):
            return found
        # By name first: a flood of wrong names must not make us read every room over and over.
        if self.problem is None and not await self._lookups.ask(room):
            raise NoSuchRoom(room)
        if self.problem is None:
            await self._refresh_anew()
        if found := self._rooms.get(room):
            return found
        raise self.problem or self._unread.get(room) or NoSuchRoom(room)

    def room(self, room: str) -> KnownRoom | None:
        """The room if it is known."""
        return self._rooms.get(room)

    async def brand(self, known: KnownRoom) -> Brand:
        """The room's brand as the store has it now, which this worker hears of half a second later.

        Whoever asks meanwhile shares the next read: a flood of askers makes one at a time. What is
        known, where the store does not tell, or tells what we cannot read.
        """
        try:
            return loads(await self._brands.ask(known.snapshot.room))
        except (StoreDown, StoreUnfit, ValueError, LookupError, TypeError, AttributeError):
            return known.snapshot.brand

    async def logo(self, room: str, logo: Logo | None) -> Asset | None:
        """The room's logo, or None; read anew where it is another than before.

        What is read may be newer than ``logo``: so it is called what it is, and read once more
        for whoever asks until the snapshot follows, half a second later.
        """
        if logo is None:
            return None
        if room not in self._logos or self._logos[room].etag != logo.etag:
            body = await self._store.logo(room)
            if not body:
                return None
            read = read_logo(body)
            self._logos[room] = Asset(body, read.content_type, read.etag)
        return self._logos[room]

    def tell_refused(self, error: WaitingRoomError) -> None:
        """Log why a request got no answer of the store: the refresh need not have seen it."""
        now_ms = clock.monotonic_ms()
        if now_ms >= self._tell_at_ms:
            self._tell_at_ms = now_ms + TOLD_EVERY_MS
            log.warning("a request was refused: %s", error, extra={"event": "store_refused"})

    async def refresh_now(self) -> None:
        """One refresh; whoever asks while it runs shares it."""
        if self._refreshing is None:
            self._refreshing = asyncio.create_task(self._refresh())
        await asyncio.shield(self._refreshing)

    async def _refresh_anew(self) -> None:
        """A refresh that begins after this call: one that runs may have listed the rooms before."""
        if self._refreshing is not None:
            await asyncio.shield(self._refreshing)
        await self.refresh_now()

    async def keep_fresh(self) -> None:
        """Refresh twice a second until cancelled."""
        while True:
            began_s = time.perf_counter()
            await self.refresh_now()
            await asyncio.sleep(pause_s(time.perf_counter() - began_s))

    async def _refresh(self) -> None:
        try:
            await self._check_now_and_then()
            known = {room: at.snapshot for room, at in self._rooms.items()}
            found = await self._store.statuses(await self._listed(), known)
        except (StoreDown, StoreUnfit) as error:
            self._lose(error)
        except Exception:
            # A bug here must not end the refresh of every room for good.
            log.exception("the refresh failed", extra={"event": "refresh_failed"})
            self._lose(StoreDown("the store's answer could not be read"))
        else:
            self._take(found)
        finally:
            self._refreshing = None

    async def _listed(self) -> list[str]:
        """All rooms by name; also how quick the store is."""
        began_ns = time.perf_counter_ns()
        names = await self._store.rooms()
        counts.STORE_SECONDS.observe((time.perf_counter_ns() - began_ns) / 1e9)
        return names

    async def _check_now_and_then(self) -> None:
        """Whether the store may be used; the server behind the address may be another by now."""
        now_ms = clock.monotonic_ms()
        if now_ms < self._check_at_ms:
            return
        warning = await self._store.check_fitness()
        if warning and warning != self._warning:
            log.warning("%s", warning, extra={"event": "store_not_durable"})
        self._warning = warning
        self._check_at_ms = now_ms + CHECKED_MS

    def _take(self, found: dict[str, Snapshot | StoreUnfit]) -> None:
        if self.problem is not None:
            log.warning("the store answers again", extra={"event": "store_back"})
        self.problem = None
        counts.REFRESHED.set(clock.now_ms() / 1000)
        unread = {room: one for room, one in found.items() if isinstance(one, StoreUnfit)}
        for room in unread.keys() - self._unread.keys():
            log.warning("%s", unread[room], extra={"event": "room_unread", "room": room})
        self._unread = unread
        read = {room: one for room, one in found.items() if not isinstance(one, StoreUnfit)}
        for gone in self._rooms.keys() - read.keys():
            del self._rooms[gone]
            self._logos.pop(gone, None)
        for room, snapshot in read.items():
            before = self._rooms.get(room)
            watch = before.watch if before else Watch()
            latest_ms = max(snapshot.now_ms, before.latest_ms if before else 0)
            told = before.told if before else Told()
            pace = watch.add(snapshot)
            told.see(snapshot, pace)
            status = Response(200, document(snapshot, pace, stale=False), HEADERS)
            self._rooms[room] = KnownRoom(snapshot, status, latest_ms, False, pace, watch, told)
        _tell_skew(read.values())
        self._make_ready()

    def _lose(self, error: WaitingRoomError) -> None:
        """Keep serving what was last known, and say that it is old."""
        if self.problem is None:
            log.warning("%s", error, extra={"event": error.code})
        self.problem = error
        self._check_at_ms = 0
        for known in self._rooms.values():
            if not known.stale:
                known.stale = True
                body = document(known.snapshot, known.pace, stale=True)
                known.status = Response(200, body, HEADERS)
        self._make_ready()

    def _make_ready(self) -> None:
        self.ready = {
            f"/{room}/status.json": known.status.messages() for room, known in self._rooms.items()
        }


def pause_s(took_s: float) -> float:
    """Until the next refresh, after one that took so long: with a hundred rooms, or on a busy
    machine, a knob must reach the status within a second all the same.
    """
    return max(LEAST_PAUSE_S, REFRESH_S - took_s)


def _tell_skew(rooms: Iterable[Snapshot]) -> None:
    """How far our clock is from the store's, by a snapshot that was just taken."""
    told_ms = next((room.now_ms for room in rooms if not room.test_clock), None)
    if told_ms is not None:
        counts.CLOCK_SKEW.set(abs(clock.now_ms() - told_ms) / 1000)
