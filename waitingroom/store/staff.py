"""Staff passes in the store: made, listed, revoked. What was made is recorded in the same step."""

import json
from collections.abc import Callable
from typing import Any

import redis

from waitingroom.model import Actor
from waitingroom.staff import StaffPass, check_pass, new_lease
from waitingroom.store.call import Call, Reply, call, clock, who
from waitingroom.store.faults import translated
from waitingroom.store.keys import MOST_STAFF_PASSES, staff_key


class StaffPasses:
    """Those of every room. Raises ``StoreDown`` like every other use of the store."""

    def __init__(self, client: "redis.Redis", run: Callable[[Call], Reply]) -> None:
        self._redis = client
        self._run = run

    def make(
        self,
        room: str,
        name: str,
        lasts_ms: int,
        *,
        actor: Actor | str,
        now_ms: int | None = None,
    ) -> StaffPass:
        """One more; whoever calls signs it. What is not in the record does not exist.

        Raises ``BadSetting``, ``NoSuchRoom``, ``TooManyPasses``. Called twice there are two.
        """
        check_pass(name, lasts_ms)
        lease, acting = new_lease(), who(actor)
        args = (clock(now_ms), acting, lease, name, lasts_ms, MOST_STAFF_PASSES)
        epoch, at_ms = self._run(call("staff_pass", room, *args, extra=[staff_key(room)]))
        by = json.loads(acting)["actor"]
        return StaffPass(room, lease, name, by, epoch, at_ms, at_ms + lasts_ms)

    def revoke(
        self, room: str, lease: str, *, actor: Actor | str, now_ms: int | None = None
    ) -> bool:  # fmt: skip
        """End one. False where it was over already. Raises ``NoSuchRoom``, ``NoSuchPass``."""
        args = (clock(now_ms), who(actor), lease)
        return bool(self._run(call("revoke_pass", room, *args, extra=[staff_key(room)])))

    def all(self, room: str) -> list[StaffPass]:
        """Those that are remembered, the newest first."""
        with translated(None):
            found: Any = self._redis.hgetall(staff_key(room))
        passes = [read_pass(room, lease, raw) for lease, raw in found.items()]
        return sorted(passes, key=lambda one: (-one.made_at_ms, one.lease))

    def revoked(self, room: str) -> list[str]:
        """The leases of those that are signed and count no more. A guard that starts anew has heard
        of none, so they are told again and again.
        """
        return [one.lease for one in self.all(room) if one.revoked_at_ms]


def read_pass(room: str, lease: bytes, raw: bytes) -> StaffPass:
    """What the store keeps of one."""
    value = json.loads(raw)
    return StaffPass(
        room=room,
        lease=lease.decode(),
        name=value["name"],
        by=value["by"],
        epoch=int(value["epoch"]),
        made_at_ms=int(value["made_at_ms"]),
        until_ms=int(value["until_ms"]),
        revoked_at_ms=int(value["revoked_at_ms"]),
        revoked_by=value["revoked_by"],
    )
