"""What this gate worker knows of every room: snapshots, refreshed twice a second, asked or not.

The refresh is also what moves a room that nobody asks about: it opens, calls and times out on it.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from waitingroom.errors import NoSuchRoom, StoreDown, StoreUnfit, WaitingRoomError
from waitingroom.gate.http import Response
from waitingroom.gate.status import HEADERS, Velocity, document
from waitingroom.model import Snapshot
from waitingroom.store.aclient import AsyncStore
from waitingroom.store.groups import Group

REFRESH_S = 0.5
log = logging.getLogger("waitingroom.gate")


@dataclass
class KnownRoom:
    """One room as last seen. ``status`` is ready to be sent."""

    snapshot: Snapshot
    status: Response
    stale: bool = False
    velocity_per_min: int = 0
    velocity: Velocity = field(default_factory=Velocity)


class Rooms:
    """All rooms of the store. ``get`` never waits for one that is known."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._rooms: dict[str, KnownRoom] = {}
        self._refreshing: asyncio.Task[None] | None = None
        self._lookups = Group(store.listed)
        self._checked = False
        self.problem: WaitingRoomError | None = None

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
        raise self.problem or NoSuchRoom(room)

    def room(self, room: str) -> KnownRoom | None:
        """The room if it is known."""
        return self._rooms.get(room)

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
            await self.refresh_now()
            await asyncio.sleep(REFRESH_S)

    async def _refresh(self) -> None:
        try:
            await self._check_once()
            known = {room: at.snapshot for room, at in self._rooms.items()}
            found = await self._store.statuses(await self._store.rooms(), known)
        except (StoreDown, StoreUnfit) as error:
            self._lose(error)
        except Exception:
            # A bug here must not end the refresh of every room for good.
            log.exception("the refresh failed")
            self._lose(StoreDown("the store's answer could not be read"))
        else:
            self._take(found)
        finally:
            self._refreshing = None

    async def _check_once(self) -> None:
        if not self._checked:
            if warning := await self._store.check_fitness():
                log.warning(warning)
            self._checked = True

    def _take(self, found: dict[str, Snapshot]) -> None:
        if self.problem is not None:
            log.warning("the store answers again")
        self.problem = None
        for gone in self._rooms.keys() - found.keys():
            del self._rooms[gone]
        for room, snapshot in found.items():
            velocity = self._rooms[room].velocity if room in self._rooms else Velocity()
            speed = velocity.add(snapshot)
            body = document(snapshot, velocity_per_min=speed, stale=False)
            status = Response(200, body, HEADERS)
            self._rooms[room] = KnownRoom(snapshot, status, False, speed, velocity)

    def _lose(self, error: WaitingRoomError) -> None:
        """Keep serving what was last known, and say that it is old."""
        if self.problem is None:
            log.warning("%s", error)
        self.problem = error
        # The server behind the address may be another one when it comes back.
        self._checked = False
        for known in self._rooms.values():
            if not known.stale:
                known.stale = True
                speed = known.velocity_per_min
                body = document(known.snapshot, velocity_per_min=speed, stale=True)
                known.status = Response(200, body, HEADERS)
