"""Credentials: tickets, passes and handovers, as short strings that only we can write.

The gate holds the master keys (:class:`Keyring`); a shop holds keys derived for one room
(:class:`RoomKeyring`), and can mint nothing for another. Both are immutable and may be shared by
threads. No function here looks at a clock: the caller passes ``now_ms``.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from waitingroom.errors import Expired, FromTheFuture, WrongRoom
from waitingroom.room_ids import is_room_id
from waitingroom.signing import (
    APPOINTMENT,
    HANDOVER,
    MIN_KEY_BYTES,
    PASS,
    TICKET,
    checked_keys,
)

FUTURE_SKEW_MS = 30_000
"""How far another machine's clock may be ahead of ours when it issues a token."""
SLIDE_BELOW = (2, 3)
"""A pass is renewed once less than this share of its session remains."""
EXPORT_MARK = "wrk1"

_ROOM_KEYS = re.compile(r"[0-9a-f]{64}(?:,[0-9a-f]{64})*")


@dataclass(frozen=True, slots=True)
class Ticket:
    """A shopper's signed place in a room. ``arrival``: from 1, in the order of joining."""

    room: str
    epoch: int
    arrival: int
    issued_at_ms: int


@dataclass(frozen=True, slots=True)
class Appointment:
    """When somebody behind a network (16 hex, its name in the store) may ask for a place again."""

    room: str
    network: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Pass:
    """The right to be in the shop until ``expires_at_ms``; renewed at most to ``ends_at_ms``.

    ``issued_at_ms``: when the session that ends then began; each renewal is for as long again.
    ``lease``: ``EPOCH-ARRIVAL``, or ``s-`` and 16 hex digits for staff, whose ``epoch`` is the
    room's staff epoch.
    """

    room: str
    epoch: int
    lease: str
    issued_at_ms: int
    expires_at_ms: int
    ends_at_ms: int

    @property
    def staff(self) -> bool:
        """Whether an operator made it, and it stands outside the line."""
        return self.lease.startswith("s-")

    def slid(self, now_ms: int) -> "Pass | None":
        """This pass for another session, once a third of it is over; None while it is fresh.

        The session is as long as the pass was made for, and never goes past ``ends_at_ms``.
        """
        share, whole = SLIDE_BELOW
        session_ms = self.expires_at_ms - self.issued_at_ms
        expires_at_ms = min(now_ms + session_ms, self.ends_at_ms)
        fresh = (self.expires_at_ms - now_ms) * whole >= session_ms * share
        if fresh or expires_at_ms <= self.expires_at_ms:
            return None
        return replace(self, issued_at_ms=now_ms, expires_at_ms=expires_at_ms)


@dataclass(frozen=True, slots=True)
class Handover:
    """A pass on its way to a shop on another host: good once (``nonce``, 16 hex), and shortly.

    ``issued_at_ms`` is the pass's; ``expires_at_ms`` is the handover's own end.
    """

    room: str
    epoch: int
    lease: str
    nonce: str
    issued_at_ms: int
    expires_at_ms: int
    pass_expires_at_ms: int
    pass_ends_at_ms: int

    @property
    def carried(self) -> Pass:
        """The pass that it is traded for."""
        return Pass(
            room=self.room,
            epoch=self.epoch,
            lease=self.lease,
            issued_at_ms=self.issued_at_ms,
            expires_at_ms=self.pass_expires_at_ms,
            ends_at_ms=self.pass_ends_at_ms,
        )

    def supersedes(self, current: Pass) -> bool:
        """Whether it takes the place of a pass that counts: staff's, or a newer running's.

        No other does, so that nobody can be handed somebody else's pass by a link.
        """
        new = self.carried
        return new.staff if new.staff != current.staff else new.epoch > current.epoch


class RoomKeyring:
    """The keys of one room's passes and handovers, oldest first: what its shop holds.

    :meth:`Keyring.room_keys` derives one; :meth:`export` and :meth:`parse` carry it to the shop.
    """

    __slots__ = ("_handovers", "_keys", "_passes", "room")

    def __init__(self, room: str, keys: Sequence[bytes]) -> None:
        if not is_room_id(room):
            raise ValueError(f"{room!r} cannot name a room")
        if any(len(key) != MIN_KEY_BYTES for key in keys):
            raise ValueError(f"a room's keys have {MIN_KEY_BYTES} bytes each")
        self.room = room
        self._keys = checked_keys(keys)
        self._passes = PASS.signer(self._keys)
        self._handovers = HANDOVER.signer(self._keys)

    def sign_pass(self, value: Pass) -> str:
        """Write a pass. Raises ValueError for another room's, or one that could not be read."""
        self._check_own(value.room)
        return PASS.write(
            self._passes,
            *(value.room, value.epoch, value.lease),
            *(value.issued_at_ms, value.expires_at_ms, value.ends_at_ms),
        )

    def read_pass(self, raw: str, *, now_ms: int) -> Pass:
        """Read a pass. Raises only BadToken's leaves. Its epoch is the caller's to compare."""
        room, epoch, lease, issued, expires, ends = PASS.read(self._passes, raw)
        value = Pass(room, int(epoch), lease, int(issued), int(expires), int(ends))
        _check_room(room, self.room)
        _check_issued(value.issued_at_ms, now_ms)
        _check_end(min(value.expires_at_ms, value.ends_at_ms), now_ms)
        return value

    def sign_handover(self, value: Handover) -> str:
        """Write a handover. Raises ValueError like :meth:`sign_pass`."""
        self._check_own(value.room)
        return HANDOVER.write(
            self._handovers,
            *(value.room, value.epoch, value.lease, value.nonce),
            *(value.issued_at_ms, value.expires_at_ms),
            *(value.pass_expires_at_ms, value.pass_ends_at_ms),
        )

    def read_handover(self, raw: str, *, now_ms: int) -> Handover:
        """Read a handover, as often as asked: that it is used once is the store's to see to.

        Raises only BadToken's leaves.
        """
        room, epoch, lease, nonce, *times = HANDOVER.read(self._handovers, raw)
        value = Handover(room, int(epoch), lease, nonce, *map(int, times))
        _check_room(room, self.room)
        _check_issued(value.issued_at_ms, now_ms)
        _check_end(value.expires_at_ms, now_ms)
        return value

    def export(self) -> str:
        """The keys as one line of text, ``wrk1.<room>.<hex>,<hex>``, oldest first. A secret."""
        return f"{EXPORT_MARK}.{self.room}.{','.join(key.hex() for key in self._keys)}"

    @classmethod
    def parse(cls, text: str) -> "RoomKeyring":
        """Read what :meth:`export` wrote. Raises ValueError, whose text repeats no key."""
        mark, _, rest = text.strip().partition(".")
        room, _, keys = rest.partition(".")
        if mark != EXPORT_MARK or not is_room_id(room) or not _ROOM_KEYS.fullmatch(keys):
            raise ValueError(
                f"a room's keys look like {EXPORT_MARK}.ROOM.KEY or {EXPORT_MARK}.ROOM.KEY,KEY, "
                "each KEY 64 hexadecimal digits"
            )
        return cls(room, [bytes.fromhex(key) for key in keys.split(",")])

    def _check_own(self, room: str) -> None:
        if room != self.room:
            raise ValueError(f"the keys of {self.room} sign nothing for {room}")


class Keyring:
    """The master keys, oldest first: all of them verify, the last one signs.

    Taking a key off the list ends everything that was signed with it. Raises ValueError where
    there is no key, or one of fewer than 32 bytes.
    """

    __slots__ = ("_appointments", "_derived", "_keys", "_tickets")

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = checked_keys(keys)
        self._tickets = TICKET.signer(self._keys)
        self._appointments = APPOINTMENT.signer(self._keys)
        # Bounded, since the names of rooms come and go while a gate runs for months.
        self._derived = lru_cache(maxsize=256)(self._derive)

    def room_keys(self, room: str) -> RoomKeyring:
        """The keys of ``room``: from each master key, HMAC-SHA256 of ``waitingroom.room|ID``.

        Quick from the second time on. Raises ValueError for what cannot name a room.
        """
        return self._derived(room)

    def _derive(self, room: str) -> RoomKeyring:
        label = f"waitingroom.room|{room}".encode()
        return RoomKeyring(room, [hmac.digest(key, label, "sha256") for key in self._keys])

    def sign_ticket(self, value: Ticket) -> str:
        """Write a ticket. Raises ValueError for one that could not be read again."""
        return TICKET.write(
            self._tickets, value.room, value.epoch, value.arrival, value.issued_at_ms
        )

    def read_ticket(self, raw: str, *, room: str, now_ms: int) -> Ticket:
        """Read a ticket of ``room``. Raises only BadToken's leaves.

        A ticket has no end of its own: its epoch does, and that is the caller's to compare.
        """
        found, epoch, arrival, issued = TICKET.read(self._tickets, raw)
        _check_room(found, room)
        value = Ticket(found, int(epoch), int(arrival), int(issued))
        _check_issued(value.issued_at_ms, now_ms)
        return value

    def sign_appointment(self, value: Appointment) -> str:
        """Write an appointment. Raises ValueError for one that could not be read again."""
        return APPOINTMENT.write(self._appointments, value.room, value.network, value.at_ms)

    def read_appointment(self, raw: str, *, room: str) -> Appointment:
        """Read an appointment in ``room``. Raises only BadToken's leaves.

        Whose network it is, whether its time has come, and that it is kept once, is the caller's
        and the store's to see to.
        """
        found, network, at_ms = APPOINTMENT.read(self._appointments, raw)
        _check_room(found, room)
        return Appointment(found, network, int(at_ms))


def _check_room(found: str, room: str) -> None:
    if found != room:
        raise WrongRoom(f"signed for {found}, not for {room}")


def _check_issued(issued_at_ms: int, now_ms: int) -> None:
    if issued_at_ms > now_ms + FUTURE_SKEW_MS:
        raise FromTheFuture(f"issued {issued_at_ms - now_ms} ms from now")


def _check_end(end_ms: int, now_ms: int) -> None:
    if now_ms >= end_ms:
        raise Expired(end_ms)
