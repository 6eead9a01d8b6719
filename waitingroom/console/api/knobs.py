"""Knobs by the API: turned now, little by little, at a time; what that would do; taken back."""

from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

from marshmallow import fields, validate

from waitingroom import clock
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.rooms import ROOM, etag, with_version
from waitingroom.console.api.schemas import (
    Document,
    Flag,
    Setting,
    Whole,
    asked,
    moment,
    of_type,
    shown,
    text,
    whole,
)
from waitingroom.console.faults import Refused
from waitingroom.console.last_change import LastChange, last_change
from waitingroom.model import Settings, Snapshot
from waitingroom.operators import Role
from waitingroom.plan import PlanStep, Ramp
from waitingroom.ramps import RAMPED, joined, ramp, value_at
from waitingroom.room_ids import ID_WANTS, ROOM_ID
from waitingroom.settings import (
    FIXED_AT_CREATION,
    LATEST_MS,
    LEAST_BUT_0,
    LONGEST_ORIGIN,
    LONGEST_TEXT,
    MOMENTS,
    MOST_ORIGINS,
    ORIGIN,
    PLANNABLE,
    RANGES,
    Value,
    check_to_come,
    to_come,
)
from waitingroom.store.acts import settings_of
from waitingroom.store.client import Store
from waitingroom.whatif import WhatIf

LONGEST = 500
"""Characters of a text that has no limit of its own here; the settings' own check comes after."""


def _knob(name: str, hint: Any) -> Any:
    if least := LEAST_BUT_0.get(name):
        return whole(*RANGES[name], either=({"enum": [0]}, {"minimum": least}))
    if name in RANGES:
        return whole(*RANGES[name])
    if hint is str:
        return text(LONGEST_TEXT.get(name, LONGEST))
    if name == "origins":
        origin = fields.String(metadata={"pattern": ORIGIN, "maxLength": LONGEST_ORIGIN})
        return fields.List(origin, metadata={"maxItems": MOST_ORIGINS})
    return of_type(hint, required=False)


ROOM_NAME = fields.String(
    required=True,
    validate=validate.Regexp(f"^{ROOM_ID.pattern}$", error=f"cannot name a room; {ID_WANTS}"),
)
KNOBS = {
    name: _knob(name, hint)
    for name, hint in get_type_hints(Settings).items()
    if name not in FIXED_AT_CREATION
}
"""Each knob, as it may be turned."""
SET = asked("Knobs", (1, None), **KNOBS)
NEW_ROOM = asked("NewRoom", room=ROOM_NAME, **KNOBS)
REPLACE = Flag(metadata={"description": "Drop what is planned for the same knob and time."})
_RAMPED = RANGES["capacity"]
_RAMP: dict[str, fields.Field[Any]] = {
    "knob": fields.String(required=True, validate=validate.OneOf(RAMPED)),
    "to": whole(*_RAMPED, required=True),
    "from": whole(*_RAMPED, about="Where the knob is then, if nothing is said."),
    "over_ms": whole(0, RANGES["closes_at_ms"][1], required=True, about="How long it takes."),
    "at_ms": moment(about="When it begins; now, if nothing is said."),
    "replace": REPLACE,
}
RAMP = asked("NewRamp", **_RAMP)
PLANNED = asked("PlannedKnobs", (1, None), **{name: KNOBS[name] for name in sorted(PLANNABLE)})
SCHEDULE = asked(
    "Schedule",
    at_ms=moment(required=True, about="When the knobs are turned."),
    knobs=fields.Nested(PLANNED, required=True),
    replace=REPLACE,
)
RAMP_OF = asked(
    "RampOfStep",
    field=fields.String(required=True, validate=validate.OneOf(RAMPED)),
    begins_ms=moment(required=True),
    ends_ms=moment(required=True),
    first=whole(*_RAMPED, required=True),
    last=whole(*_RAMPED, required=True),
)
STEP = asked(
    "Step",
    at_ms=moment(required=True),
    field=fields.String(required=True, validate=validate.OneOf(sorted(PLANNABLE))),
    value=Setting(required=True),
    ramp=fields.Nested(RAMP_OF, allow_none=True),
)
STEPS = asked("Steps", steps=fields.List(fields.Nested(STEP), required=True))
WISH = asked(
    "Wish",
    (1, 1),
    knobs=fields.Nested(SET),
    ramp=fields.Nested(RAMP),
    schedule=fields.Nested(SCHEDULE),
    steps=fields.List(fields.Nested(STEP)),
)


SLOWER = {"rate_per_min": 120}
GENTLY = {"knob": "rate_per_min", "to": 300, "over_ms": 600_000}
LATER = {"at_ms": LATEST_MS - 1, "knobs": {"rate_per_min": 60, "joins": False}}
NEW = {"room": "spring", "rate_per_min": 60, "origins": ["https://shop.example.com"]}
"""Examples of bodies."""


class SettingsNow(Document):
    """A room's knobs, and the version that a change is based on."""

    room = fields.String(required=True)
    version = Whole(required=True)
    knobs = fields.Nested(shown(Settings), required=True)


class PlanNow(Document):
    """A room's plan, and the version that a change is based on."""

    room = fields.String(required=True)
    version = Whole(required=True)
    steps = fields.List(fields.Nested(shown(PlanStep)), required=True)


class Knobs:
    """Over one store. A change of the plan is based on the room as it is looked at, where it names
    no version: nobody's plan is lost.
    """

    def __init__(self, store: Store, bearers: Bearers) -> None:
        self._store = store
        self._bearers = bearers

    def group(self) -> Group:
        """The operations."""
        group = Group("knobs", "Knobs, the plan of what they become, and what-if.", self._bearers)
        look, turn = Role.VIEWER, Role.OPERATOR
        changed: dict[str, Any] = {"answer": ROOM, "changes": True}
        planned: dict[str, Any] = {"answer": PlanNow, "changes": True}
        at = "/rooms/<room>"
        wish: dict[str, Any] = {"answer": shown(WhatIf), "example": {"knobs": SLOWER}}
        wish |= {"also": (409,)}
        later: dict[str, Any] = {"body": SCHEDULE, "example": LATER}
        new: dict[str, Any] = {"answer": ROOM, "status": 201, "changes": True, "also": (409,)}
        new |= {"etag": True, "example": NEW}
        group.add("POST", "/rooms", self.create_room, turn, body=NEW_ROOM, **new)
        group.add("GET", f"{at}/knobs", self.show_knobs, look, answer=SettingsNow, etag=True)
        group.add("PATCH", f"{at}/knobs", self.set_knobs, turn, body=SET, example=SLOWER, **changed)
        group.add("POST", f"{at}/what-if", self.what_if, look, body=WISH, **wish)
        last: dict[str, Any] = {"answer": shown(LastChange), "etag": True, "also": (409,)}
        group.add("GET", f"{at}/undo", self.show_last_change, look, **last)
        group.add("POST", f"{at}/undo", self.undo, turn, **changed)
        group.add("POST", f"{at}/ramp", self.ramp_knob, turn, body=RAMP, example=GENTLY, **planned)
        group.add("POST", f"{at}/schedule", self.schedule, turn, **later, **planned)
        group.add("GET", f"{at}/plan", self.show_plan, look, answer=PlanNow, etag=True)
        group.add("PUT", f"{at}/plan", self.replace_plan, turn, body=STEPS, **planned)
        group.add("DELETE", f"{at}/plan", self.clear_plan, turn, **planned)
        return group

    def create_room(self, body: dict[str, Any]) -> Any:
        """Make a room; knobs that are not named are as in any new room."""
        given = dict(body)
        room = given.pop("room")
        changes = _changes(given) if given else {}
        check_to_come(changes, clock.now_ms())
        settings = Settings(**changes)  # type: ignore[arg-type]
        self._store.create(room, settings, actor=self._bearers.actor())
        # A room that opens now does so when it is looked at.
        return with_version(self._store.status(room), 201)

    def show_knobs(self, room: str) -> Any:
        """A room's knobs."""
        found = self._store.status(room)
        told = {"room": room, "version": found.version, "knobs": settings_of(found)}
        return told, 200, etag(found)

    def set_knobs(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """Turn the knobs that are named; takes effect at once."""
        changes, actor = self._turned(room, body), self._bearers.actor()
        return with_version(self._store.set(room, changes, actor=actor, version=version))

    def _turned(self, room: str, body: Mapping[str, Any]) -> dict[str, Value]:
        changes = _changes(body)
        if MOMENTS & changes.keys():
            found = self._store.status(room)
            check_to_come(changes, found.now_ms, settings_of(found))
        return changes

    def what_if(self, room: str, body: dict[str, Any]) -> Any:
        """What one of these would do to the people in line now; changes nothing."""
        if len(body) != 1:
            told = "name one of knobs, ramp, schedule and steps"
            raise Refused("bad_fields", told, fields={"the document": told})
        if "knobs" in body:
            return self._store.what_if(room, changes=self._turned(room, body["knobs"]))
        ((kind, wanted),) = body.items()
        found, there = self._store.status(room), self._store.steps(room)
        if kind == "steps":
            return self._store.what_if(room, planned=_steps(found, wanted))
        make = _ramped if kind == "ramp" else _scheduled
        return self._store.what_if(room, planned=make(found, there, wanted))

    def show_last_change(self, room: str) -> Any:
        """The last change, and what taking it back would do; changes nothing."""
        found = last_change(self._store, room)
        return found, 200, {"ETag": f'"{found.version}"'}

    def undo(self, room: str, version: int | None) -> Any:
        """Take the last change of knobs, brand or plan back."""
        actor = self._bearers.actor()
        return with_version(self._store.undo(room, actor=actor, version=version))

    def show_plan(self, room: str) -> Any:
        """What is planned."""
        return self._told(self._store.status(room))

    def ramp_knob(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """Turn the rate or the capacity little by little."""
        found, there = self._store.status(room), self._store.steps(room)
        return self._plan(found, version, _ramped(found, there, body))

    def schedule(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """Turn knobs at a time."""
        found, there = self._store.status(room), self._store.steps(room)
        return self._plan(found, version, _scheduled(found, there, body))

    def replace_plan(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """Plan these steps, and nothing else."""
        found = self._store.status(room)
        return self._plan(found, version, _steps(found, body["steps"]))

    def clear_plan(self, room: str, version: int | None) -> Any:
        """Drop all that is planned."""
        return self._plan(self._store.status(room), version, ())

    def _plan(self, room: Snapshot, version: int | None, steps: Sequence[PlanStep]) -> Any:
        based_on, actor = room.version if version is None else version, self._bearers.actor()
        return self._told(self._store.plan(room.room, steps, actor=actor, version=based_on))

    def _told(self, room: Snapshot) -> Any:
        steps = self._store.steps(room.room)
        told = {"room": room.room, "version": room.version, "steps": steps}
        return told, 200, etag(room)


def _changes(body: Mapping[str, Any]) -> dict[str, Value]:
    if not body:
        told = "name at least one knob"
        raise Refused("bad_fields", told, fields={"the document": told})
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in body.items()
    }


def _steps(room: Snapshot, given: Sequence[Mapping[str, Any]]) -> list[PlanStep]:
    # One that came due since its sender looked is followed at once, and meant so.
    to_come(min((one["at_ms"] for one in given), default=room.now_ms), room.now_ms)
    return [
        PlanStep(
            one["at_ms"],
            one["field"],
            one["value"],
            Ramp(**one["ramp"]) if one.get("ramp") else None,
        )
        for one in given
    ]


def _ramped(
    room: Snapshot, there: Sequence[PlanStep], body: Mapping[str, Any]
) -> Sequence[PlanStep]:
    field, begins_ms = body["knob"], to_come(body.get("at_ms", room.now_ms), room.now_ms)
    then = value_at(there, field, getattr(room, field), begins_ms)
    first = body.get("from", then)
    over_ms = body["over_ms"]
    made = ramp(field, first, body["to"], begins_ms=begins_ms, over_ms=over_ms, was=then)
    return joined(there, made, replace=body.get("replace", False))


def _scheduled(
    room: Snapshot, there: Sequence[PlanStep], body: Mapping[str, Any]
) -> Sequence[PlanStep]:
    at_ms = to_come(body["at_ms"], room.now_ms)
    more = [PlanStep(at_ms, field, value) for field, value in _changes(body["knobs"]).items()]  # type: ignore[arg-type]
    return joined(there, more, replace=body.get("replace", False))
