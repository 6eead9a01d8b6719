"""What is planned for a room, the way to take a step back, and the undo of the last change."""

from contextlib import suppress

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from waitingroom.console import forecasts, plans
from waitingroom.console.access import Access
from waitingroom.console.faults import Refused
from waitingroom.console.forms import acting, surely, version
from waitingroom.console.knobs import zone_of
from waitingroom.console.posted import MOST_LOOKED_AT, brief
from waitingroom.console.whole import takes
from waitingroom.errors import VersionConflict
from waitingroom.model import Snapshot
from waitingroom.operators import Role
from waitingroom.plan import PlanStep
from waitingroom.ramps import without
from waitingroom.store.client import Store

MOST_TRIES = 5
"""Of an undo, which steps of a plan may outrun."""


class PlanPages:
    """Over one store. Every change is based on the version that its form showed."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("plan", __name__, url_prefix="/rooms/<room>")
        turn = self._access.needs(Role.OPERATOR)
        routes.get("/plan")(self._access.needs(Role.VIEWER)(self.show))
        routes.get("/plan/<key>")(turn(self.ask))
        routes.post("/plan/<key>")(turn(takes("version", "why")(self.drop)))
        routes.post("/undo")(turn(takes("version")(self.undo)))
        return routes

    def show(self, room: str) -> str:
        """What is planned, with the way to take it out for those who may."""
        found = self._store.status(room)
        listed = plans.planned(self._store.steps(room), zone_of(found))
        return render_template("plan.html", room=found, planned=listed)

    def ask(self, room: str, key: str) -> str:
        """What taking one out would do."""
        found = self._store.status(room)
        one, left = self._without(found, key)
        told = self._store.what_if(room, planned=left)
        return render_template(
            "unplan.html",
            room=found,
            one=one,
            rows=forecasts.rows(told, zone_of(found)),
            sentences=forecasts.sentences(told),
        )

    def drop(self, room: str, key: str) -> Response:
        """Take one out: 303 to the plan; 409, and nothing done, where the room has moved."""
        found, based_on = self._store.status(room), version()
        self._refuse_moved(found, based_on)
        one, left = self._without(found, key)
        actor = acting(self._access)
        try:
            surely(lambda: self._store.plan(room, left, actor=actor, version=found.version))
        except VersionConflict as error:
            raise self._moved(self._store.status(room), based_on) from error
        flash(brief(f"Taken out of the plan: {one.when}, {one.what}."))
        return redirect(url_for("plan.show", room=room), 303)

    def undo(self, room: str) -> Response:
        """Take the last change back: 303 to the room; 409, and nothing done, where that is over.

        Steps of the plan that are followed meanwhile are part of it, or none of its business.
        """
        based_on, actor = version(), self._access.actor()
        for _ in range(MOST_TRIES):
            found = self._store.status(room)
            last = self._store.last_change(found)
            steps = self._store.steps(room)
            told = plans.undoing(found, last, steps) if last else "the last change"
            self._refuse_moved(found, based_on)
            with suppress(VersionConflict):
                now = found.version
                surely(lambda: self._store.undo(room, actor=actor, version=now))  # noqa: B023
                flash(brief(f"Taken back: {told}."))
                return redirect(url_for("pages.room", room=room), 303)
        raise self._moved(self._store.status(room), based_on)

    def _without(self, room: Snapshot, key: str) -> tuple[plans.Planned, tuple[PlanStep, ...]]:
        steps = self._store.steps(room.room)
        one = next((one for one in plans.planned(steps, zone_of(room)) if one.key == key), None)
        if one is None:
            abort(404, "this is not planned any more: its time has come, or somebody took it out")
        return one, without(steps, one.steps)

    def _refuse_moved(self, room: Snapshot, based_on: int) -> None:
        """Steps of the plan are no surprise; anybody's act is."""
        moved = room.version - based_on
        entries = self._store.record.newest(room.room, MOST_LOOKED_AT) if moved else []
        if not plans.only_planned(entries, moved):
            raise self._moved(room, based_on)

    def _moved(self, room: Snapshot, based_on: int) -> Refused:
        entries = self._store.record.newest(room.room, MOST_LOOKED_AT)
        told = " ".join(plans.meanwhile(entries, room.version - based_on, zone_of(room)))
        return Refused(
            "version_conflict",
            f"nothing of yours was done: the room was changed after your page was shown. {told}",
        )
