"""The synchronous store: commands, console, workers. Thin: each verb is run, and its reply read."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import redis

from waitingroom import brand
from waitingroom.errors import BadSetting, NoSuchRoom, StoreUnfit
from waitingroom.flow import Known
from waitingroom.model import Actor, Brand, Settings, Snapshot
from waitingroom.plan import Change, PlanStep
from waitingroom.reasons import Reason
from waitingroom.room_ids import why_no_room_id
from waitingroom.settings import (
    Value,
    check,
    check_not_too_late,
    check_plan,
    check_reason,
    check_together,
)
from waitingroom.store import acts, library, state
from waitingroom.store.accounts import Accounts
from waitingroom.store.alarms import Alarms
from waitingroom.store.call import Call
from waitingroom.store.faults import plain, translated
from waitingroom.store.history import HOUR, History
from waitingroom.store.keys import ROOMS, RoomKeys
from waitingroom.store.load_tests import LoadTests
from waitingroom.store.operator_keys import OperatorKeys
from waitingroom.store.record import Record
from waitingroom.store.shop_keys import ShopKeys
from waitingroom.store.shoppers import Shoppers
from waitingroom.store.shops import Shops
from waitingroom.store.staff import StaffPasses
from waitingroom.store.support import Support
from waitingroom.store.waits import WaitsKept
from waitingroom.whatif import WhatIf, what_if

SEED_BYTES = 32


class Store(Shoppers):
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
        if wrong := why_no_room_id(room):
            raise BadSetting("room", wrong)
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
        now = self.status(room, now_ms=now_ms)
        if version in (None, now.version):  # else the store says that somebody was quicker
            check_not_too_late(now, changes)
        check_together(acts.settings_of(now, **changes))
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

        Changes nothing. Refuses what :meth:`set` and :meth:`plan` would.
        """
        check(changes or {})
        check_plan(planned or ())
        now = self.status(room, now_ms=now_ms)
        check_not_too_late(now, changes or {})
        check_together(acts.settings_of(now, **(changes or {})))
        return self.foreseen(now, changes=changes, planned=planned)

    def foreseen(
        self,
        room: Snapshot,
        *,
        changes: Mapping[str, Value] | None = None,
        planned: Sequence[PlanStep] | None = None,
    ) -> WhatIf:
        """What :meth:`what_if` tells, of the room as it is there; nothing is refused."""
        known = Known.of(room, self.history.read(room.room, HOUR))
        return what_if(room, known, self.steps(room.room), changes=changes, planned=planned)

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
