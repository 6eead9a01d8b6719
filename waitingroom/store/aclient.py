"""The asynchronous store: what the gate uses. Runs verbs, and groups those that crowds call."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import redis.asyncio
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from waitingroom import clock
from waitingroom.errors import NoSuchRoom, StoreDown, StoreUnfit
from waitingroom.model import Snapshot
from waitingroom.outcomes import Entry, EntryCode, Express, JoinBatch, Leases, Standing
from waitingroom.store import fitness, library, state, verbs
from waitingroom.store.call import Call
from waitingroom.store.faults import UNREACHED, is_unknown_function, translated
from waitingroom.store.keys import (
    FENCE_TTL_MS,
    ROOMS,
    WAITS_TTL_S,
    RoomKeys,
    fence_key,
    staff_key,
    waits_key,
)
from waitingroom.store.patience import parted, patient
from waitingroom.store.staff import read_pass
from waitingroom.store.waits import additions
from waitingroom.waits import Waits

MOST_CONNECTIONS = 50
"""To the store, per gate worker. Joins need one each room; knocks take one each for a moment."""
KEPT_FREE = 2
"""Of these for the refresh, which no crowd of knocks may hold up."""
AWAY_MS = 3_000
"""How long a store that did not answer is taken to be away, unless the refresh reaches it sooner.
Longer than the refresh takes to fail once more, so that nobody else waits meanwhile."""


class AsyncStore:
    """All verbs that the gate needs. ``replicas``: how many must have acknowledged a place.

    Once the store has not answered, verbs raise ``StoreDown`` at once: a shopper waits for one
    time-out at most, and nothing more is sent to a frozen store that would carry it out later.
    What the refresh asks (``rooms``, ``status``, ``check_fitness``) is always sent, and finds it
    back.
    """

    def __init__(
        self, client: "redis.asyncio.Redis", *, replicas: int = 0, timeout_s: float = 2.0
    ) -> None:
        self._redis = client
        self._replicas = replicas
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS - KEPT_FREE)
        self._away_until_ms = 0
        self._unfit: StoreUnfit | None = None
        self._loading = asyncio.Lock()
        self._loads = 0

    @classmethod
    def connect(cls, url: str, *, replicas: int = 0, timeout_s: float = 2.0) -> Self:
        """``url`` as for :class:`waitingroom.store.client.Store`. Connects at the first verb."""
        first_s, last_s = parted(timeout_s)
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=timeout_s,
            socket_timeout=first_s,
            socket_connect_timeout=timeout_s,
            # A join that timed out may have been counted: the driver must not send it again.
            retry=Retry(NoBackoff(), 0),
        )
        pool.connection_class = patient(pool.connection_class, last_s)
        client = redis.asyncio.Redis.from_pool(pool)
        return cls(client, replicas=replicas, timeout_s=timeout_s)

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def run(self, call: Call, *, durable: bool = False) -> Any:
        """One function call; loads the library where the server does not have it.

        ``durable``: answer only when enough replicas have it too, else raise ``StoreDown``.
        """
        if durable and self._unfit is not None:
            raise self._unfit
        self._refuse_if_away()
        async with self._slots:
            # Who waited for others that got no answer would get none either.
            self._refuse_if_away()
            return await self._ask(call, durable=durable)

    def _refuse_if_away(self) -> None:
        if clock.monotonic_ms() < self._away_until_ms:
            raise StoreDown("the store did not answer a moment ago")

    @contextmanager
    def _reaching(self, call: Call | None) -> Iterator[None]:
        """Take note of whether the store answers, be it with an error."""
        with translated(call):
            try:
                yield
            except redis.exceptions.ResponseError:
                self._away_until_ms = 0
                raise
            except UNREACHED:
                self._away_until_ms = clock.monotonic_ms() + AWAY_MS
                raise
            self._away_until_ms = 0

    async def _ask(self, call: Call, *, durable: bool = False) -> Any:
        with self._reaching(call):
            for _ in range(library.LOADS_FOR_ALL):
                loads = self._loads
                try:
                    return await self._send(call, durable=durable)
                except redis.exceptions.ResponseError as error:
                    if not is_unknown_function(error):
                        raise
                await self._load(loads)
            return await self._send(call, durable=durable, bringing=True)

    async def _load(self, loads: int) -> None:
        """Load the library, once for all who found it missing after so many ``loads``."""
        async with self._loading:
            if self._loads == loads:
                await self._redis.function_load(library.source(), replace=True)
                self._loads += 1

    async def _send(self, call: Call, *, durable: bool, bringing: bool = False) -> Any:
        commands = library.commands(call, bringing=bringing)
        acknowledged = bool(durable and self._replicas)
        if len(commands) == 1 and not acknowledged:
            return await self._redis.execute_command(*commands[0])  # type: ignore[no-untyped-call]
        replies = await self._sent_together(commands, acknowledged=acknowledged)
        return library.reply(replies, bringing=bringing)

    async def _confirm(self, room: str) -> None:
        """Return when enough replicas have what was written before, by whomever.

        WAIT alone speaks of its own connection's writes: where a verb only found what another
        connection wrote, it does not wait at all.
        """
        self._refuse_if_away()
        async with self._slots:
            with self._reaching(None):
                fence = ("SET", fence_key(room), "", "PX", FENCE_TTL_MS)
                await self._sent_together([fence], acknowledged=True)

    async def _sent_together(
        self, commands: Iterable[tuple[Any, ...]], *, acknowledged: bool
    ) -> list[Any]:
        """The replies, errors too. ``acknowledged``: none if one is an error, and ``StoreDown``
        unless enough replicas have what was written.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        if acknowledged:
            # WAIT speaks of the connection it is sent on, so all go together.
            pipeline.execute_command("WAIT", self._replicas, round(self._timeout_s * 500))
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        if acknowledged:
            library.raise_error(replies)
            replicas = replies.pop()
            if replicas < self._replicas:
                raise StoreDown(f"{replicas} of {self._replicas} replicas have acknowledged")
        return replies

    async def join(
        self,
        room: str,
        networks: Sequence[str | None],
        *,
        seen: tuple[int, int] = (0, 0),
        appointments: Sequence[int] = (),
    ) -> JoinBatch:
        """See :func:`verbs.join`."""
        call = verbs.join(room, networks, seen=seen, appointments=appointments)
        return verbs.read_join(await self.run(call, durable=True))

    async def enter(self, room: str, epoch: int, arrival: int, number: int | None) -> Entry:
        """See :func:`verbs.enter`."""
        call = verbs.enter(room, epoch, arrival, number, None)
        entry = verbs.read_entry(await self.run(call, durable=True))
        if entry.code is EntryCode.AGAIN and self._replicas:
            await self._confirm(room)
        return entry

    async def extend(self, room: str, epoch: int, arrival: int, number: int | None) -> Entry:
        """See :func:`verbs.extend`."""
        call = verbs.extend(room, epoch, arrival, number, None)
        return verbs.read_entry(await self.run(call, durable=True))

    async def express(self, room: str, network: str | None) -> Express:
        """See :func:`verbs.express`."""
        reply = await self.run(verbs.express(room, network, None), durable=True)
        return verbs.read_express(reply)

    async def standing(
        self, room: str, places: Sequence[tuple[int, int, int | None]]
    ) -> tuple[Standing, ...]:
        """See :func:`verbs.standing`."""
        return verbs.read_standing(await self.run(verbs.standing(room, places)))

    async def leave(self, room: str, epoch: int, arrival: int, number: int | None) -> Standing:
        """See :func:`verbs.leave`."""
        call = verbs.leave(room, epoch, arrival, number, None)
        return verbs.read_leave(await self.run(call))

    async def renew(self, room: str, leases: Sequence[str]) -> Leases:
        """See :func:`verbs.renew`."""
        return verbs.read_leases(await self.run(verbs.renew(room, leases, None)))

    async def release(self, room: str, leases: Sequence[str]) -> Leases:
        """See :func:`verbs.release`."""
        return verbs.read_leases(await self.run(verbs.release(room, leases, None)))

    async def redeem(self, room: str, epoch: int, nonce: str, *, staff: str = "") -> bool:
        """See :func:`verbs.redeem`. True the first time; False then, and for what is over."""
        call = verbs.redeem(room, epoch, nonce, staff=staff)
        return bool(verbs.read_redeem(await self.run(call)))

    async def is_revoked(self, room: str, lease: str) -> bool:
        """Whether a staff pass was taken back."""
        self._refuse_if_away()
        async with self._slots:
            with self._reaching(None):
                raw: Any = await self._redis.hget(staff_key(room), lease)
        return bool(raw) and bool(read_pass(room, lease.encode(), raw).revoked_at_ms)

    async def rooms(self) -> list[str]:
        """All rooms by name."""
        with self._reaching(None):
            found = await self._redis.smembers(ROOMS)
        return sorted(name.decode() if isinstance(name, bytes) else name for name in found)

    async def listed(self, rooms: Sequence[str]) -> list[bool]:
        """Whether each is the name of a room."""
        self._refuse_if_away()
        with self._reaching(None):
            found = await self._redis.smismember(ROOMS, list(rooms))
        return [bool(one) for one in found]

    async def add_waits(self, found: Mapping[tuple[str, int], Waits]) -> None:
        """Add how long people waited, by room and epoch. Raises ``StoreDown``; it may be added then
        or not.
        """
        self._refuse_if_away()
        with self._reaching(None):
            pipeline = self._redis.pipeline(transaction=False)
            for key, field, value in additions(found):
                pipeline.hincrby(key, field, value)
            for room, epoch in found:
                pipeline.expire(waits_key(room, epoch), WAITS_TTL_S)
            await pipeline.execute()

    async def brands(self, rooms: Sequence[str]) -> list[str]:
        """The brand of each as the store keeps it, "" for none; each room is read once."""
        self._refuse_if_away()
        wanted = list(dict.fromkeys(rooms))
        async with self._slots:
            with self._reaching(None):
                pipeline = self._redis.pipeline(transaction=False)
                for room in wanted:
                    pipeline.hget(RoomKeys.of(room).texts, "brand")
                found = dict(zip(wanted, await pipeline.execute(), strict=True))
        return [(found[room] or b"").decode() for room in rooms]

    async def logo(self, room: str) -> bytes:
        """The bytes of the room's logo; b"" for none."""
        self._refuse_if_away()
        async with self._slots:
            with self._reaching(None):
                found: Any = await self._redis.hget(RoomKeys.of(room).texts, "logo")
        body: bytes = found or b""
        return body

    async def status(self, room: str, previous: Snapshot | None = None) -> Snapshot:
        """The room as it is now. ``previous`` saves fetching texts that have not changed."""
        call = state.status(room, known=previous.told if previous else -1, gate=True)
        return state.read_status(room, await self._ask(call), previous)

    async def statuses(
        self, rooms: Iterable[str], known: dict[str, Snapshot]
    ) -> dict[str, Snapshot | StoreUnfit]:
        """Every room as it is now; a room that is not there (any more) is left out.

        One that we cannot read (a newer version wrote it) is its own error, and nobody else's.
        """
        found: dict[str, Snapshot | StoreUnfit] = {}
        for room in rooms:
            try:
                found[room] = await self.status(room, known.get(room))
            except NoSuchRoom:
                continue
            except StoreUnfit as error:
                found[room] = error
        return found

    async def check_fitness(self) -> str:
        """Refuse a store that may lose places by its own settings; answer a warning, or "".

        Raises :class:`StoreUnfit` where it may evict keys or is too old; from then on nothing is
        handed out over it until it is asked again and is fit.
        """
        info: dict[str, Any] = {}
        with self._reaching(None):
            for section in fitness.SECTIONS:
                info |= await self._redis.info(section)
            appendfsync = await self._appendfsync()
        try:
            warning = fitness.judge(info, appendfsync)
        except StoreUnfit as error:
            self._unfit = error
            raise
        self._unfit = None
        return warning

    async def _appendfsync(self) -> str | None:
        try:
            setting = await self._redis.config_get("appendfsync")
        except redis.exceptions.ResponseError:
            return None
        return setting.get("appendfsync")
