"""The synchronous store: commands, console, workers. Thin: each verb is run, and its reply read."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import redis

from waitingroom import brand
from waitingroom.errors import BadSetting, NoSuchRoom, StoreUnfit
from waitingroom.flow import Known
from waitingroom.model import (
    ROOM_ID,
    Actor,
    Brand,
    Change,
    PlanStep,
    Settings,
    Snapshot,
    is_room_id,
)
from waitingroom.outcomes import Entry, Express, JoinBatch, Leases, Standing
from waitingroom.reasons import Reason
from waitingroom.settings import Value, check, check_plan, check_reason, check_together
from waitingroom.store import acts, library, state, verbs
from waitingroom.store.accounts import Accounts
from waitingroom.store.alarms import Alarms
from waitingroom.store.call import Call
from waitingroom.store.connection import Connection
from waitingroom.store.faults import plain, translated
from waitingroom.store.history import HOUR, History
from waitingroom.store.keys import ROOMS, RoomKeys
from waitingroom.store.load_tests import LoadTests
from waitingroom.store.operator_keys import OperatorKeys
from waitingroom.store.record import Record
from waitingroom.store.shop_keys import ShopKeys
from waitingroom.store.shops import Shops
from waitingroom.store.staff import StaffPasses
from waitingroom.store.support import Support
from waitingroom.store.waits import WaitsKept
from waitingroom.whatif import WhatIf, what_if

SEED_BYTES = 32


class Store(Connection):
    """All verbs, one blocking call each. Share one between threads; redis-py pools connections."""

    def __init__(self, client: "redis.Redis") -> None:
        super().__init__(client)
        self.accounts = Accounts(client, self.run)
        self.keys = OperatorKeys(client, self.run)
        self.alarms = Alarms(client)
        self.history = History(client)
        self.load_tests = LoadTests(client, self.run)
        self.record = Record(client, self.run)
        self.shops = Shops(client)
        self.support = Support(self.run, self.status, self.statuses)
        self.shop_keys = ShopKeys(client, self.run)
        self.staff = StaffPasses(client, self.run)
        self.waits = WaitsKept(client)

    # Shoppers

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

    # The shop

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

    # Operators

    def rooms(self) -> list[str]:
        """All rooms by name."""
        found = plain(lambda: self._redis.smembers(ROOMS))
        return sorted(name.decode() if isinstance(name, bytes) else name for name in found)

    def status(self, room: str, *, now_ms: int | None = None) -> Snapshot:
        """The room as it is now."""
        return self._snapshot(room, state.status(room, now_ms=now_ms))

    def statuses(self) -> dict[str, Snapshot]:
        """Every room as it is now, in one round trip; one that cannot be read is left out."""
        rooms = self.rooms()
        found: dict[str, Snapshot] = {}
        for room in rooms[:1]:
            # Also loads the library where the server does not have it.
            with suppress(NoSuchRoom, StoreUnfit):
                found[room] = self.status(room)
        calls = {room: state.status(room) for room in rooms[1:]}
        with translated(None):
            pipeline = self._redis.pipeline(transaction=False)
            for call in calls.values():
                name = library.function_name(call.verb)
                pipeline.fcall(name, len(call.keys), *call.keys, *call.args)
            answers = pipeline.execute(raise_on_error=False)
        for room, answer in zip(calls, answers, strict=True):
            if not isinstance(answer, Exception):
                found[room] = state.read_status(room, answer)
        return found

    def _snapshot(self, room: str, call: Call) -> Snapshot:
        return state.read_status(room, self.run(call))

    def create(
        self,
        room: str,
        settings: Settings,
        *,
        actor: Actor | str,
        look: Brand | None = None,
        logo: bytes = b"",
        now_ms: int | None = None,
    ) -> Snapshot:
        """Make a room with a fresh seed, which nobody sees before the draw. ``look``: its brand."""
        if not is_room_id(room):
            raise BadSetting("room", f"{room!r} is no room's name: {ROOM_ID.pattern}")
        changes = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
        del changes["test_clock"]
        check(changes)
        check_together(settings)
        brand.check(look or Brand())
        more: dict[str, str | bytes] = {}
        if look is not None:
            more = {"brand": brand.dumps(look), "logo": logo}
        # Listed first: a crash in between leaves a name without a room, which `rooms` users skip.
        plain(lambda: self._redis.sadd(ROOMS, room))
        seed = secrets.token_bytes(SEED_BYTES)
        call = acts.create(room, settings, seed, actor=actor, more=more, now_ms=now_ms)
        return self._snapshot(room, call)

    def set(
        self,
        room: str,
        changes: Mapping[str, Value],
        *,
        actor: Actor | str,
        version: int | None = None,
        now_ms: int | None = None,
    ) -> Snapshot:
        """Turn knobs; checked against what the room is at ``version`` (None: whatever it is).

        Without a version, two operators who turn one knob each at the same moment may end with
        settings that contradict each other; the next change is then told so.
        """
        check(changes)
        check_together(acts.settings_of(self.status(room, now_ms=now_ms), **changes))
        call = acts.change(room, changes, actor=actor, version=version, now_ms=now_ms)
        return self._snapshot(room, call)

    def brand(
        self,
        room: str,
        wanted: Brand,
        *,
        actor: Actor | str,
        version: int,
        logo: bytes | None = None,
        now_ms: int | None = None,
    ) -> Snapshot:
        """How the room looks and speaks, based on the room at ``version``.

        ``logo``: its bytes where it is another than before; b"" for none any more.
        """
        brand.check(wanted)
        call = acts.brand(
            room, brand.dumps(wanted), logo, actor=actor, version=version, now_ms=now_ms
        )
        return self._snapshot(room, call)

    def logo(self, room: str) -> bytes:
        """The bytes of the room's logo; b"" for none."""
        found: Any = plain(lambda: self._redis.hget(RoomKeys.of(room).texts, "logo"))
        body: bytes = found or b""
        return body

    def plan(
        self,
        room: str,
        steps: Sequence[PlanStep],
        *,
        actor: Actor | str,
        version: int | None = None,
        now_ms: int | None = None,
    ) -> Snapshot:
        """Replace the knob plan with ``steps``: see :func:`waitingroom.settings.check_plan`."""
        check_plan(steps)
        call = acts.plan(room, steps, actor=actor, version=version, now_ms=now_ms)
        return self._snapshot(room, call)

    def steps(self, room: str) -> tuple[PlanStep, ...]:
        """The plan's steps to come. Whoever changes them looks at the room first, and bases the
        change on the version that it had then: a step that is followed meanwhile moves it.
        """
        keys = RoomKeys.of(room)
        with translated(None):
            pipeline = self._redis.pipeline()
            pipeline.lrange(keys.plan, 0, -1)
            pipeline.hget(keys.texts, "ramps")
            return acts.read_steps(*pipeline.execute())

    def what_if(
        self,
        room: str,
        *,
        changes: Mapping[str, Value] | None = None,
        planned: Sequence[PlanStep] | None = None,
        now_ms: int | None = None,
    ) -> WhatIf:
        """What knobs turned now, or another plan, would do; see :func:`whatif.what_if`.

        Changes nothing. Refuses what :meth:`set` and :meth:`plan` would, but for what the room has
        become too late for.
        """
        check(changes or {})
        check_plan(planned or ())
        now = self.status(room, now_ms=now_ms)
        check_together(acts.settings_of(now, **(changes or {})))
        known = Known.of(now, self.history.read(room, HOUR))
        return what_if(now, known, self.steps(room), changes=changes, planned=planned)

    def last_change(self, room: Snapshot) -> Change | None:
        """What :meth:`undo` would take back of the room as it is there, or None."""
        key = RoomKeys.of(room.room).texts
        raw: Any = plain(lambda: self._redis.hget(key, "undo"))
        return acts.read_change(raw, room.version)

    def undo(
        self,
        room: str,
        *,
        actor: Actor | str,
        version: int | None = None,
        now_ms: int | None = None,
    ) -> Snapshot:
        """Take the last change of knobs, brand or plan back: see :func:`acts.undo`."""
        return self._snapshot(room, acts.undo(room, actor=actor, version=version, now_ms=now_ms))

    def act(
        self,
        room: str,
        name: str,
        *,
        actor: Actor | str,
        reason: Reason | str = "",
        version: int | None = None,
        now_ms: int | None = None,
    ) -> Snapshot:
        """pause, resume, drain, close or revoke_staff. ``WrongPhase`` where it makes no sense;
        ``VersionConflict`` where the room is not at ``version`` (None: whatever it is).
        """
        why = _checked(reason)
        call = acts.act(room, name, actor=actor, reason=why, version=version, now_ms=now_ms)
        return self._snapshot(room, call)

    def open(
        self,
        room: str,
        *,
        actor: Actor | str,
        reason: Reason | str = "",
        version: int | None = None,
        now_ms: int | None = None,
    ) -> Snapshot:
        """Open now; a draining room opens again, a closed one begins a new epoch."""
        return self._begin(room, "open", reason, actor=actor, version=version, now_ms=now_ms)

    def reset(
        self,
        room: str,
        *,
        actor: Actor | str,
        opens_at_ms: int = 0,
        reason: Reason | str = "",
        version: int | None = None,
        now_ms: int | None = None,
    ) -> Snapshot:
        """Begin a new epoch: all tickets and passes of the old end. 0 keeps the opening time."""
        check({"opens_at_ms": opens_at_ms})
        more = {"opens_at_ms": opens_at_ms, "version": version, "now_ms": now_ms}
        return self._begin(room, "reset", reason, actor=actor, **more)

    def _begin(self, room: str, name: str, reason: Reason | str, **more: Any) -> Snapshot:
        seed = secrets.token_bytes(SEED_BYTES)
        return self._snapshot(room, acts.begin(room, name, seed, reason=_checked(reason), **more))

    def note(self, room: str, act: str, detail: str, *, actor: Actor | str) -> tuple[int, int, int]:
        """Record an act that happens outside the store; answers (epoch, staff epoch, now)."""
        return acts.read_note(self.run(acts.note(room, act, detail, actor=actor)))


def _checked(reason: Reason | str) -> Reason:
    given = Reason.of(reason)
    check_reason(given)
    return given
