"""What the gate does for one shopper: read the ticket, give a place, knock at the door.

Between the routes, which speak HTTP, and the store, which knows numbers only.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from waitingroom.clients import network_of
from waitingroom.draw import number_in
from waitingroom.errors import BadToken
from waitingroom.gate.counts import bad_credential
from waitingroom.model import Phase, Snapshot
from waitingroom.outcomes import Entry, EntryCode, JoinBatch, LeaseState, Standing, lease_id
from waitingroom.store.aclient import AsyncStore
from waitingroom.store.groups import Group
from waitingroom.tokens import Appointment, Handover, Keyring, Pass, Ticket

NEAR_MS = 10_000
"""Calls of the next ten seconds: somebody further back need not ask the store to know it."""
SOON_MS = 1_000

Joiner = tuple[str | None, int, int, int]
"""A joiner's network, the arrival and epoch of the signed ticket they showed (0, 0: none), and the
time that they were told before (0: none)."""
Place = tuple[int, int, int | None]
"""Epoch, arrival, number."""
Ask = Callable[[str, int, int, int | None], Awaitable[Entry]]
"""What the called ask of the store: room, epoch, arrival, number."""


class Joined(NamedTuple):
    """One joiner's share of a batch. ``place``: as in :class:`JoinBatch`, 0 where it has none."""

    batch: JoinBatch
    place: int


class Line:
    """The gate's side of every room's line. One per worker; holds no shopper's state."""

    def __init__(self, store: AsyncStore, keyring: Keyring, network_key: bytes) -> None:
        self._store = store
        self._keyring = keyring
        self._network_key = network_key
        self._joins: dict[str, Group[Joiner, Joined]] = {}
        self._standings: dict[str, Group[Place, Standing]] = {}
        self._renewals: dict[str, Group[str, LeaseState]] = {}

    def read_ticket(self, raw: str, room: str, now_ms: int) -> Ticket | None:
        """The ticket if it is good, else None."""
        try:
            return self._keyring.read_ticket(raw, room=room, now_ms=now_ms) if raw else None
        except BadToken as error:
            bad_credential("ticket", error)
            return None

    def join(
        self, room: str, client: str | None, shown: Ticket | None, told_ms: int = 0
    ) -> Awaitable[Joined]:
        """A new place. ``client``: the address to count, None where the room has no budget.
        ``told_ms``: the time that they were told when they asked before, 0 for none.
        """
        if room not in self._joins:
            self._joins[room] = Group(lambda joiners: self._join_all(room, joiners))
        network = None if client is None else network_of(client, self._network_key)
        seen = (shown.arrival, shown.epoch) if shown else (0, 0)
        return self._joins[room].ask((network, *seen, told_ms))

    def appointment(self, room: str, client: str, at_ms: int) -> str:
        """For a joiner who may ask again at ``at_ms``: what they show then."""
        network = network_of(client, self._network_key)
        return self._keyring.sign_appointment(Appointment(room, network, at_ms))

    def told_ms(self, room: str, client: str, raw: str) -> int:
        """The time in an appointment; 0 where it is none of ours, or was told behind another
        network, as it is when a phone changes from one to the other."""
        try:
            found = self._keyring.read_appointment(raw, room=room)
        except BadToken as error:
            bad_credential("appointment", error)
            return 0
        is_here = found.network == network_of(client, self._network_key)
        return found.at_ms if is_here else 0

    async def _join_all(self, room: str, joiners: Sequence[Joiner]) -> list[Joined]:
        networks = [network for network, *_ in joiners]
        # Of the newest epoch the highest arrival: what a promoted replica may have missed.
        epoch, arrival = max((epoch, arrival) for _, arrival, epoch, _ in joiners)
        appointments = [appointment_ms for *_, appointment_ms in joiners]
        batch = await self._store.join(
            room, networks, seen=(arrival, epoch), appointments=appointments
        )
        return [Joined(batch, place) for place in batch.places or (0,) * len(joiners)]

    async def catch_up(self, ticket: Ticket, snapshot: Snapshot) -> JoinBatch | None:
        """What the store says now, where the ticket proves that ``snapshot`` is behind, else None.

        Another worker has given it just now; or a promoted replica is behind what was given out,
        and learns it from this, so that it never gives the place again.
        """
        if (ticket.epoch, ticket.arrival) <= (snapshot.epoch, snapshot.tail):
            return None
        return await self._store.join(ticket.room, (), seen=(ticket.arrival, ticket.epoch))

    async def standing(self, ticket: Ticket, snapshot: Snapshot) -> Standing:
        """Where a ticket stands."""
        room = ticket.room
        if room not in self._standings:
            self._standings[room] = Group(lambda places: self._store.standing(room, places))
        number = number_in(snapshot, ticket.epoch, ticket.arrival)
        return await self._standings[room].ask((ticket.epoch, ticket.arrival, number))

    async def enter(self, ticket: Ticket, snapshot: Snapshot, *, stale: bool) -> Entry:
        """Knock. Who is far from being called is told so without asking the store."""
        return await self._ask_if_near(self._store.enter, ticket, snapshot, stale=stale)

    async def extend(self, ticket: Ticket, snapshot: Snapshot, *, stale: bool) -> Entry:
        """Give a called shopper more time. Who is far from being called is told so."""
        return await self._ask_if_near(self._store.extend, ticket, snapshot, stale=stale)

    async def _ask_if_near(
        self, ask: Ask, ticket: Ticket, snapshot: Snapshot, *, stale: bool
    ) -> Entry:
        number = number_in(snapshot, ticket.epoch, ticket.arrival)
        far = None if ticket.arrival > snapshot.tail else _far_from_called(ticket, snapshot, number)
        if far and (number is None or not stale):
            entry = far
        else:
            entry = await ask(ticket.room, ticket.epoch, ticket.arrival, number)
        # The store says first that nobody called; who asks for nothing else must hear of the end.
        if entry.code is EntryCode.NOT_CALLED and snapshot.phase is Phase.CLOSED:
            return Entry(EntryCode.CLOSED, entry.now_ms)
        return entry

    async def express(self, room: str, client: str | None) -> tuple[Ticket, Entry] | None:
        """In at once where nobody waits, or None (and nothing has changed)."""
        network = None if client is None else network_of(client, self._network_key)
        express = await self._store.express(room, network)
        if express.entry is None:
            return None
        now_ms = express.entry.now_ms
        return Ticket(room, express.epoch, express.arrival, now_ms), express.entry

    async def renew(self, room: str, lease: str) -> LeaseState:
        """Keep somebody's place in the shop for another session, together with all who ask now."""
        if room not in self._renewals:
            self._renewals[room] = Group(lambda leases: self._renew_all(room, leases))
        return await self._renewals[room].ask(lease)

    async def _renew_all(self, room: str, leases: Sequence[str]) -> tuple[LeaseState, ...]:
        return (await self._store.renew(room, leases)).states

    async def release(self, room: str, lease: str) -> None:
        """Give somebody's place in the shop back."""
        await self._store.release(room, (lease,))

    async def is_revoked(self, room: str, lease: str) -> bool:
        """Whether a staff pass was taken back."""
        return await self._store.is_revoked(room, lease)

    async def redeem(self, handover: Handover) -> bool:
        """Use a handover. False for a replay, one of another running, or a revoked one."""
        staff = handover.lease if handover.carried.staff else ""
        return await self._store.redeem(handover.room, handover.epoch, handover.nonce, staff=staff)

    async def leave(self, ticket: Ticket, snapshot: Snapshot) -> Standing:
        """Give the place up."""
        number = number_in(snapshot, ticket.epoch, ticket.arrival)
        return await self._store.leave(ticket.room, ticket.epoch, ticket.arrival, number)


def _far_from_called(ticket: Ticket, snapshot: Snapshot, number: int | None) -> Entry | None:
    """The answer to a knock that needs no store, or None where it takes one."""
    # Of a room that is sold out the store says so; it knows who is inside.
    if ticket.epoch != snapshot.epoch or snapshot.sold_out:
        return None
    if number is None:
        return Entry(EntryCode.NOT_CALLED, snapshot.now_ms, 0, until_opening(snapshot))
    ahead = number - snapshot.serving - 1
    wait_ms = ahead * 60_000 // max(1, snapshot.rate_per_min)
    if ahead > 2 * snapshot.burst and wait_ms > NEAR_MS and snapshot.phase is Phase.OPEN:
        return Entry(EntryCode.NOT_CALLED, snapshot.now_ms, ahead, wait_ms)
    return None


def until_opening(snapshot: Snapshot) -> int:
    """Milliseconds until asking again makes sense before the draw; 1 s where it is not known."""
    draw_at_ms = snapshot.draw_at_ms or snapshot.opens_at_ms
    return max(SOON_MS, draw_at_ms - snapshot.now_ms)


def pass_of(ticket: Ticket, entry: Entry, session_ms: int) -> Pass:
    """The pass for a lease that ``entry`` tells of, good for what is left of its session.

    It says when that session began, not when it was told of: the guard gives as long a one again.
    """
    return Pass(
        room=ticket.room,
        epoch=ticket.epoch,
        lease=lease_id(ticket.epoch, ticket.arrival),
        # A session that was made shorter meanwhile would have begun in the future.
        issued_at_ms=min(entry.now_ms, entry.expires_at_ms - session_ms),
        expires_at_ms=entry.expires_at_ms,
        ends_at_ms=entry.ends_at_ms,
    )
