"""The pages on which operators turn knobs: a form, what it would do, and only then the turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from waitingroom import zones
from waitingroom.console import forecasts, plans, typed
from waitingroom.console.access import Access
from waitingroom.console.faults import STATUS
from waitingroom.console.forms import Page, acting, surely, version
from waitingroom.console.knobs import GROUPS, KNOBS, QUICK, Group, shown, zone_of
from waitingroom.console.posted import MOST_LOOKED_AT, brief
from waitingroom.console.typed import Typed
from waitingroom.console.wishes import Wish, wish
from waitingroom.errors import BadSetting, VersionConflict
from waitingroom.model import Snapshot
from waitingroom.operators import Role
from waitingroom.store.client import Store

NAMES = {"over_ms": "over", "at_ms": "at", "plan": "at", "when": "when"}
"""By what the store complains of: the field that it was typed in."""


def knobs_of(store: Store, room: Snapshot) -> dict[str, object]:
    """What the room's own page shows of its knobs: the quick ones, the ways to all, the undo."""
    last, steps = store.last_change(room), store.steps(room.room)
    return {
        "knobs": typed.form(room, QUICK, {}, Typed("UTC")),
        "groups": GROUPS,
        "undoing": plans.undoing(room, last, steps) if last else "",
        "planned": len(plans.planned(steps, "UTC")),
    }


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form of a group of knobs that was sent, and the room that it met."""

    name: str
    group: Group
    room: Snapshot
    form: Mapping[str, str]
    found: Typed
    notices: tuple[str, ...]


class KnobPages:
    """Over one store. What is applied is what was shown: the version that was looked at."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("knobs", __name__, url_prefix="/rooms/<room>/knobs")
        turn = self._access.needs(Role.OPERATOR)
        routes.get("")(self._access.needs(Role.VIEWER)(self.all))
        routes.get("/<name>")(turn(self.show))
        routes.post("/<name>")(turn(self.turn))
        return routes

    def all(self, room: str) -> str:
        """Every knob as it is, with the way to its form for those who may turn it."""
        found = self._store.status(room)
        zone = zone_of(found)
        rows = {
            name: [(KNOBS[one].label, shown(one, getattr(found, one), zone)) for one in group.names]
            for name, group in GROUPS.items()
        }
        return render_template("knobs.html", room=found, groups=GROUPS, rows=rows)

    def show(self, room: str, name: str) -> str:
        """The form; with what was typed before a log-in."""
        group, found = _group(name), self._store.status(room)
        # Nobody has sent it, so nothing is wrong with it yet.
        return self._form(_Sent(name, group, found, request.args, _empty(found, request.args), ()))

    def turn(self, room: str, name: str) -> Page:
        """Show what it would do, or do it: 303 to the room. 400 for what cannot be, and 409 where
        the room is not what was shown: then nothing is changed, and the page says who moved it.
        """
        group, found, based_on = _group(name), self._store.status(room), version()
        read = typed.read(found, group, request.form)
        notices = self._moved(found, based_on, read)
        sent = _Sent(name, group, found, request.form, read, notices)
        if read.problems:
            return self._form(sent), 400
        if not read.changes or request.form.get("step") == "edit":
            return self._form(sent, _nothing(sent)), 409 if notices and _applies() else 200
        try:
            wanted = wish(found, self._store.steps(room), read)
            if _applies() and not notices:
                return self._apply(sent, wanted)
            return self._preview(sent, wanted), 409 if _applies() else 200
        except BadSetting as wrong:
            if wrong.field == "why":
                read.problems["why"] = f"The reason: {wrong.why}."
                return self._preview(sent, wanted), 400
            _complain(read, wrong)
            return self._form(sent), STATUS[wrong.code]

    def _apply(self, sent: _Sent, wanted: Wish) -> Page:
        room, based_on, actor = sent.room.room, sent.room.version, acting(self._access)
        emptying = self._emptying(sent.room, wanted)
        try:
            if wanted.planned is None:
                changes = wanted.changes or {}
                surely(lambda: self._store.set(room, changes, actor=actor, version=based_on))
            else:
                steps = wanted.planned
                surely(lambda: self._store.plan(room, steps, actor=actor, version=based_on))
        except VersionConflict:
            return self.turn(room, sent.name)
        told = "; ".join(f"{one.label}: {one.before} → {one.after}" for one in wanted.lines)
        done = f"{'Done' if wanted.planned is None else 'Planned'}. {told}. {wanted.when}"
        flash(" ".join([brief(done), *emptying]))
        return redirect(url_for("pages.room", room=room), 303)

    def _emptying(self, room: Snapshot, wanted: Wish) -> list[str]:
        """How long it takes until a lowered capacity is kept, for whoever has lowered it."""
        capacity = (wanted.changes or {}).get("capacity")
        if not capacity or int(capacity) >= room.leases:  # type: ignore[arg-type]
            return []
        told = self._store.what_if(room.room, changes=wanted.changes)
        return [forecasts.emptying(told.after)] if told.after.capacity_in_s else []

    def _preview(self, sent: _Sent, wanted: Wish) -> str:
        told = self._store.what_if(sent.room.room, changes=wanted.changes, planned=wanted.planned)
        zone = sent.found.zone
        return render_template(
            "preview.html",
            wanted=wanted,
            # What was looked at: whoever changes it in between is told of.
            version=min(told.version, sent.room.version),
            rows=forecasts.rows(told, zone),
            sentences=forecasts.sentences(told),
            **_page(sent),
        )

    def _form(self, sent: _Sent, note: str = "") -> str:
        return render_template("knobform.html", note=note, version=sent.room.version, **_page(sent))

    def _moved(self, room: Snapshot, based_on: int, read: Typed) -> tuple[str, ...]:
        """Who has moved the room since the page was shown, and what; nothing where nobody has, or
        its plan has moved other knobs, as it was known to.
        """
        if room.version == based_on:
            return ()
        entries = self._store.record.newest(room.room, MOST_LOOKED_AT)
        if plans.only_planned(entries, room.version - based_on, read.changes):
            return ()
        told = plans.meanwhile(entries, room.version - based_on, read.zone)
        return tuple(told) or ("An act came first.",)


def _page(sent: _Sent) -> dict[str, Any]:
    found = sent.found
    return {
        "room": sent.room,
        "name": sent.name,
        "group": sent.group,
        "form": typed.form(
            sent.room, sent.group.names, sent.form, found, planned=sent.group.planned
        ),
        "kept": _kept(sent),
        "problems": found.problems,
        "notices": sent.notices,
        "zone": found.zone,
        "zones": zones.names(),
        "when": sent.form.get("when", typed.AT),
        "at": sent.form.get("at", ""),
        "over": sent.form.get("over", ""),
        "folds": typed.folds(found, "at"),
        "replace": found.replace,
    }


def _kept(sent: _Sent) -> list[tuple[str, str]]:
    """What else of the form is sent again with its knobs."""
    names = ("zone", "when", "at", "over", "replace")
    folds = [name for name in sent.form if name.startswith("fold_")]
    given = [(name, sent.form[name]) for name in (*names, *folds) if name in sent.form]
    return [*given, ("was_zone", sent.found.zone)] if sent.group.timed else given


def _group(name: str) -> Group:
    return GROUPS.get(name) or abort(404)


def _empty(room: Snapshot, args: Mapping[str, str]) -> Typed:
    return Typed(zone_of(room, args.get("zone", "")))


def _applies() -> bool:
    return request.form.get("step") == "apply"


def _nothing(sent: _Sent) -> str:
    if sent.form.get("step") == "edit":
        return ""
    if sent.form.get("was_zone", sent.found.zone) != sent.found.zone:
        return f"Times are now shown in {sent.found.zone}; nothing was changed."
    return "Nothing is different from how it is set: nothing was changed."


def _complain(found: Typed, wrong: BadSetting) -> None:
    name = NAMES.get(wrong.field, wrong.field)
    label = KNOBS[name].label if name in KNOBS else "This"
    found.problems[name if name in found.changes or name in NAMES.values() else "form"] = (
        f"{label} {wrong.why}."
    )
