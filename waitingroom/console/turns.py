"""The routes by which operators act on a room: forms, results, and nothing on a stale page."""

from dataclasses import replace

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for

from waitingroom.console import reopening
from waitingroom.console.access import Access
from waitingroom.console.acts import ACTS, Act, offered
from waitingroom.console.figures import phase_text, stopped
from waitingroom.console.forms import Page, acting, surely, version, wrong_why
from waitingroom.console.posted import brief, moved
from waitingroom.console.turning import knobs_of
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting, VersionConflict
from waitingroom.model import Snapshot
from waitingroom.operators import Role
from waitingroom.reasons import Reason
from waitingroom.settings import LONGEST_TEXT, check_reason
from waitingroom.store.client import Store


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
        turn = self._access.needs(lambda name, **_: _act(name).role)
        routes.get("/acts")(self._access.needs(Role.OPERATOR, by_itself=True)(self.offer))
        routes.get("/acts/<name>")(turn(self.ask))
        fields = ("version", "cause", "reason", "name", "why")
        routes.post("/acts/<name>")(turn(takes(*fields)(self.act)))
        routes.post("/acts/reset", endpoint="reset", defaults={"name": "reset"})(
            turn(takes(*fields, *reopening.FIELDS)(self.act))
        )
        return routes

    def offer(self, room: str) -> str:
        """What may be done now, as the parts of the room's page that offer it."""
        offered = offer(self._store, self._store.status(room))
        return "".join(render_template(part, **offered) for part in ("at_once.html", "acts.html"))

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
        opening = reopening.opening(found, request.form)
        if opening.problem or wrong_why():
            problem = "Nothing was done: look at what is marked."
            return self._form(found, name, act, problem), 400
        if act.by_name and request.form.get("name", "").strip() != room:
            problem = f"Nothing was done: type the room’s name, {room}, to go on."
            return self._form(found, name, act, problem), 400
        based_on = None if name == "pause" else version()
        try:
            after = surely(lambda: self._do(room, name, reason, based_on, opening.at_ms))
        except VersionConflict:
            return self._form(self._store.status(room), name, act, moved(self._store, room)), 409
        # It travels in a cookie, which has an end.
        flash(f"{act.done} The room is now {stopped(brief(phase_text(after)))}")
        return redirect(url_for("pages.room", room=room), 303)

    def _do(
        self, room: str, name: str, reason: Reason, version: int | None, opens_at_ms: int
    ) -> Snapshot:
        """The room after it. What is due at once, like an opening, happens with the next look.
        ``opens_at_ms``: when a reset opens anew; 0 is as it was.
        """
        own = acting(self._access)
        # Where nothing else is said, what shoppers read is why.
        actor = own if own.why else self._access.actor(reason.in_words())
        if name == "open":
            self._store.open(room, actor=actor, reason=reason, version=version)
        elif name == "reset":
            self._store.reset(
                room, actor=actor, opens_at_ms=opens_at_ms, reason=reason, version=version
            )
        else:
            self._store.act(room, name, actor=actor, reason=reason, version=version)
        return self._store.status(room)

    def _form(self, room: Snapshot, name: str, act: Act, problem: str = "") -> str:
        opening = reopening.opening(room, request.values)
        opens_at_ms = opening.at_ms or room.opens_at_ms
        return render_template(
            "act.html",
            room=room,
            name=name,
            act=act,
            tells=act.tells(replace(room, opens_at_ms=opens_at_ms)),
            opening=opening.field if act.reopens else None,
            phase=phase_text(room),
            problem=problem,
            reason=Reason(
                request.values.get("cause", ""),
                request.values.get("reason", "")[: LONGEST_TEXT["reason"]],
            ),
        )


def offer(store: Store, room: Snapshot) -> dict[str, object]:
    """What a page needs to offer acts to whoever looks."""
    shown: dict[str, object] = {"room": room, "acts": offered(room, g.operator.role)}
    shown |= {"state": state(room), "knobs": None}
    if g.operator.role.may(Role.OPERATOR):
        shown |= knobs_of(store, room)
    return shown


def state(room: Snapshot) -> str:
    """Moves whenever something else may be offered than before."""
    return f"{room.version} {room.phase}"


def _act(name: str) -> Act:
    return ACTS.get(name) or abort(404)
