"""What one process of the shop has learned: where its rooms stand, which passes have ended.

All of it is bounded, safe between threads, and lost with the process. A process that has heard
nothing yet (or not for long) goes by signatures and times alone: that is how the shop goes on
without the gate. So a pass that was released through one process is refused by the others only
once their reporter has heard of it: within some seconds, or when the room API is back.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock

from waitingroom.model import Outside
from waitingroom.tokens import Handover, Pass

MOST_REMEMBERED = 100_000
"""Entries of each kind; about 20 MB at worst. The oldest makes room for a new one."""
RELEASE_GRACE_MS = 10_000
"""How long a pass that this shop released still counts here, so that a second click on “buy”,
or a browser that lost the answer, gets the order page and not the line. The place is free at once.
"""
USED_MARGIN_MS = 60_000
"""How far beyond its end a used handover is remembered: clocks may step back."""
OUTSIDE_HOLDS_MS = 600_000
"""How long the word that there is no sale is good for. An open shop must not become a closed one
because the room API is away for a minute; a sale must not begin unguarded because it is for long.
"""


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """Where a room stands, as the room API said at ``heard_at_ms``. Zeros: nothing is known.

    ``outside``: there is no sale (the room is scheduled or closed). ``shop``: what the room wants
    of the shop then; None where that is the shop's own business.
    """

    epoch: int = 0
    staff_epoch: int = 0
    outside: bool = False
    heard_at_ms: int = 0
    shop: Outside | None = None

    def sale_on(self, now_ms: int) -> bool:
        """Whether the guard has to take it that there is a sale: yes, unless told otherwise."""
        return not self.outside or now_ms - self.heard_at_ms > OUTSIDE_HOLDS_MS


class Knowledge:
    """The facts, the ended leases and the used handovers of one process."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._facts: dict[str, RoomFacts] = {}
        # Lease → the moment from which it no longer counts; nonce → when it may be forgotten.
        self._ended: dict[Hashable, int] = {}
        self._used: dict[Hashable, int] = {}
        self._lock = Lock()

    def after_fork(self) -> None:
        """In a new process: what was learned stays true, the lock may be held by nobody."""
        self._lock = Lock()

    def facts(self, room: str) -> RoomFacts:
        """The room's facts, all zeros before the first answer."""
        return self._facts.get(room, _NOTHING)

    def learn(self, room: str, facts: RoomFacts) -> None:
        """Take the room API's word, also for a lower epoch: only the store can know."""
        self._facts[room] = facts

    def ended(self, credential: Pass, now_ms: int) -> bool:
        """Whether a signed pass counts no more: its epoch is over, or its lease was released."""
        facts = self.facts(credential.room)
        if credential.epoch < (facts.staff_epoch if credential.staff else facts.epoch):
            return True
        ended_at_ms = self._ended.get((credential.room, credential.lease))
        return ended_at_ms is not None and now_ms >= ended_at_ms

    def end(self, room: str, lease: str, *, at_ms: int) -> None:
        """Let a lease count no more from ``at_ms`` on; an earlier end that is known stays."""
        key = (room, lease)
        with self._lock:
            self._remember(self._ended, key, min(at_ms, self._ended.get(key, at_ms)))

    def releasing(self, credential: Pass) -> bool:
        """Whether this lease has been released, though it may still count for a moment."""
        return (credential.room, credential.lease) in self._ended

    def first_use(self, handover: Handover, now_ms: int) -> bool:
        """Note that a handover is being used; False when this process has seen it before."""
        key = (handover.room, handover.nonce)
        with self._lock:
            while self._used and now_ms >= next(iter(self._used.values())):
                del self._used[next(iter(self._used))]
            if key in self._used:
                return False
            self._remember(self._used, key, handover.expires_at_ms + USED_MARGIN_MS)
            return True

    def _remember(self, where: dict[Hashable, int], key: Hashable, value: int) -> None:
        where[key] = value
        if len(where) > self._most:
            del where[next(iter(where))]


_NOTHING = RoomFacts()
