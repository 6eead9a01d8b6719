"""The verbs of shoppers, and of the shop that they are in: one blocking call each."""

from collections.abc import Sequence

from waitingroom.model import Actor
from waitingroom.outcomes import Entry, Express, JoinBatch, Leases, Standing
from waitingroom.store import verbs
from waitingroom.store.connection import Connection


class Shoppers(Connection):
    """What is done to places and leases. Operators' verbs come with :class:`.client.Store`."""

    def join(
        self,
        room: str,
        count: int = 1,
        *,
        networks: Sequence[str | None] | None = None,
        now_ms: int | None = None,
        seen: tuple[int, int] = (0, 0),
        appointments: Sequence[int] = (),
    ) -> JoinBatch:
        """See :func:`verbs.join`. ``networks`` overrides ``count``."""
        joiners = networks if networks is not None else [None] * count
        call = verbs.join(room, joiners, now_ms=now_ms, seen=seen, appointments=appointments)
        return verbs.read_join(self.run(call))

    def enter(
        self, room: str, epoch: int, arrival: int, number: int | None, *, now_ms: int | None = None
    ) -> Entry:
        """See :func:`verbs.enter`."""
        return verbs.read_entry(self.run(verbs.enter(room, epoch, arrival, number, now_ms)))

    def extend(
        self, room: str, epoch: int, arrival: int, number: int | None, *, now_ms: int | None = None
    ) -> Entry:
        """See :func:`verbs.extend`."""
        return verbs.read_entry(self.run(verbs.extend(room, epoch, arrival, number, now_ms)))

    def express(
        self, room: str, *, network: str | None = None, now_ms: int | None = None
    ) -> Express:
        """See :func:`verbs.express`."""
        return verbs.read_express(self.run(verbs.express(room, network, now_ms)))

    def standing(
        self, room: str, places: Sequence[tuple[int, int, int | None]]
    ) -> tuple[Standing, ...]:
        """See :func:`verbs.standing`."""
        return verbs.read_standing(self.run(verbs.standing(room, places)))

    def leave(
        self, room: str, epoch: int, arrival: int, number: int | None, *, now_ms: int | None = None
    ) -> Standing:
        """See :func:`verbs.leave`."""
        return verbs.read_leave(self.run(verbs.leave(room, epoch, arrival, number, now_ms)))

    def renew(self, room: str, leases: Sequence[str], *, now_ms: int | None = None) -> Leases:
        """See :func:`verbs.renew`. With no leases it only tells where the room stands."""
        return verbs.read_leases(self.run(verbs.renew(room, leases, now_ms)))

    def release(self, room: str, leases: Sequence[str], *, now_ms: int | None = None) -> Leases:
        """See :func:`verbs.release`."""
        return verbs.read_leases(self.run(verbs.release(room, leases, now_ms)))

    def redeem(self, room: str, epoch: int, nonce: str, *, staff: str = "") -> bool | None:
        """See :func:`verbs.redeem`. True the first time, False then, None for what is over."""
        return verbs.read_redeem(self.run(verbs.redeem(room, epoch, nonce, staff=staff)))

    def stock(
        self,
        room: str,
        left: int | None,
        *,
        actor: Actor | str,
        age_ms: int = 0,
        now_ms: int | None = None,
    ) -> int | None:
        """See :func:`verbs.stock`. Answers what is kept, which another report may have said."""
        call = verbs.stock(room, left, actor=actor, age_ms=age_ms, now_ms=now_ms)
        return verbs.read_stock(self.run(call))
