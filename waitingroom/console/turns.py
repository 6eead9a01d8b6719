"""The routes by which operators act on a room: forms, results, and nothing on a stale page."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from waitingroom.console import knobs
from waitingroom.console.access import CONSOLE, Access
from waitingroom.console.acts import ACTS, Act, offered
from waitingroom.console.faults import Refused
from waitingroom.console.figures import phase_text
from waitingroom.errors import BadSetting, StoreDown, VersionConflict
from waitingroom.model import Snapshot
from waitingroom.operators import Role
from waitingroom.reasons import Reason
from waitingroom.settings import LONGEST_TEXT, check_reason
from waitingroom.store.client import Store

LONGEST_NUMBER = 15
LONGEST_TOLD = 200
T = TypeVar("T")
Page = str | tuple[str, int] | Response


class Turns:
    """Over one store. Every change is based on the version that its form showed, but for a pause:
    whoever presses that means it, whatever else happened.
    """

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("turns", __name__, url_prefix="/rooms/<room>")
        turn = self._access.needs(Role.OPERATOR)
        routes.get("/acts")(self._access.needs(Role.OPERATOR, by_itself=True)(self.offer))
        routes.get("/acts/<name>")(turn(self.ask))
        routes.post("/acts/<name>")(turn(self.act))
        routes.get("/knobs")(turn(self.show_knobs))
        routes.post("/knobs")(turn(self.set_knobs))
        return routes

    def offer(self, room: str) -> str:
        """What may be done now, as a part of the room's page."""
        return render_template("acts.html", **offer(self._store.status(room)))

    def ask(self, room: str, name: str) -> str:
        """The act's form, with what it will do."""
        return self._form(self._store.status(room), name, _act(name))

    def act(self, room: str, name: str) -> Page:
        """Do it: 303 to the room; 400 and 409 with the form again, and nothing done."""
        act, found = _act(name), self._store.status(room)
        reason = Reason(request.form.get("cause", ""), request.form.get("reason", "").strip())
        try:
            check_reason(reason)
        except BadSetting as wrong:
            return self._form(found, name, act, f"The reason {wrong.why}."), 400
        if act.by_name and request.form.get("name", "").strip() != room:
            problem = f"Nothing was done: type the room’s name, {room}, to go on."
            return self._form(found, name, act, problem), 400
        version = None if name == "pause" else _version()
        try:
            after = surely(lambda: self._do(room, name, reason, version))
        except VersionConflict:
            return self._form(self._store.status(room), name, act, self._moved(room)), 409
        # It travels in a cookie, which has an end.
        flash(f"{act.done} The room is now {phase_text(after)[:LONGEST_TOLD]}.")
        return redirect(url_for("pages.room", room=room), 303)

    def _do(self, room: str, name: str, reason: Reason, version: int | None) -> Snapshot:
        """The room after it. What is due at once, like an opening, happens with the next look."""
        actor = self._access.actor(reason.in_words())
        if name == "open":
            self._store.open(room, actor=actor, reason=reason, version=version)
        elif name == "reset":
            self._store.reset(room, actor=actor, reason=reason, version=version)
        else:
            self._store.act(room, name, actor=actor, reason=reason, version=version)
        return self._store.status(room)

    def _form(self, room: Snapshot, name: str, act: Act, problem: str = "") -> str:
        return render_template(
            "act.html",
            room=room,
            name=name,
            act=act,
            tells=act.tells(room),
            phase=phase_text(room),
            problem=problem,
            reason=Reason(
                request.values.get("cause", ""),
                request.values.get("reason", "")[: LONGEST_TEXT["reason"]],
            ),
        )

    def show_knobs(self, room: str) -> str:
        """The form; with what was typed before a log-in."""
        return self._knobs(self._store.status(room), request.args)

    def set_knobs(self, room: str) -> Page:
        """Turn them: 303 to the room; 400 and 409 with the form again, and nothing changed."""
        found, version = self._store.status(room), _version()
        typed, problems = knobs.read(request.form)
        if problems:
            form = knobs.form(found, request.form, problems)
            # Still of the page that was shown first: this one does not tell what the room is now.
            return render_template("knobs.html", room=found, version=version, form=form), 400
        changes = {name: value for name, value in typed.items() if value != getattr(found, name)}
        actor = self._access.actor()
        try:
            if changes or version != found.version:
                surely(lambda: self._store.set(room, changes, actor=actor, version=version))
        except VersionConflict:
            now = self._store.status(room)
            problem = f"{self._moved(room)} It is set to {knobs.said(now)}."
            return self._knobs(now, request.form, problem), 409
        flash(knobs.turned(found, changes))
        return redirect(url_for("pages.room", room=room), 303)

    def _knobs(self, room: Snapshot, typed: Mapping[str, str], problem: str = "") -> str:
        form = knobs.form(room, knobs.kept(typed))
        return render_template(
            "knobs.html", room=room, version=room.version, form=form, problem=problem
        )

    def _moved(self, room: str) -> str:
        """That somebody else was there first, and who."""
        (last,) = self._store.record.newest(room, 1)
        who = last.actor.removeprefix(CONSOLE)
        return (
            f"Nothing of yours was done: {who} changed this room after your page was shown "
            f"(the last act: {last.act}). Look again, then send it once more."
        )


def offer(room: Snapshot) -> dict[str, object]:
    """What a page needs to offer acts to whoever looks."""
    return {
        "room": room,
        "acts": offered(room, g.operator.role),
        "knobs": knobs.form(room, {}) if g.operator.role.may(Role.OPERATOR) else None,
        "state": state(room),
    }


def state(room: Snapshot) -> str:
    """Moves whenever something else may be offered than before."""
    return f"{room.version} {room.phase}"


def _act(name: str) -> Act:
    act = ACTS.get(name)
    if act is None:
        abort(404)
    if not g.operator.role.may(act.role):
        raise Refused("forbidden", f"this takes the role {act.role}; yours is {g.operator.role}")
    return act


def _version() -> int:
    """What the form was based on."""
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise Refused("bad_request", "this form is not whole; nothing was changed. Open it again")
    return int(text)


def surely(change: Callable[[], T]) -> T:
    """Do it, or say honestly that nobody knows whether it was done."""
    try:
        return change()
    except StoreDown as error:
        raise Refused(
            "store_down",
            "the store did not say whether this was done. Look at the room before you do it again",
        ) from error
