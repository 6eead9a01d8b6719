"""The page of a room's rehearsal: begin one, see it, end it."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for

from waitingroom import rehearsals
from waitingroom.console import drafts
from waitingroom.console.access import Access
from waitingroom.console.faults import Refused
from waitingroom.console.figures import number
from waitingroom.console.forms import Page, surely
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.rehearsals import Rehearsals, TooManyRehearsals


def _entry(name: str, label: str, low: int, high: int) -> drafts.Entry:
    about = f"{low} to {number(high)}"
    return drafts.Entry(name, label, about, drafts.whole(name, low, high), "number")


ENTRIES = (
    _entry("people", "People", 1, rehearsals.MOST_PEOPLE),
    _entry("minutes", "Minutes", rehearsals.SHORTEST_MIN, rehearsals.LONGEST_MIN),
)
USUAL = {"people": "100", "minutes": "10"}


class RehearsalPages:
    """Over one store."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access
        self._rehearsals = Rehearsals(store)

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("rehearsal", __name__, url_prefix="/rooms/<room>/rehearsal")
        turn = self._access.needs(Role.OPERATOR)
        routes.get("")(turn(self.show))
        routes.post("")(turn(takes(*drafts.names(ENTRIES))(self.begin)))
        routes.post("/end")(turn(takes()(self.end)))
        return routes

    def show(self, room: str) -> str:
        """The one that runs, or the form; with what was typed before a log-in."""
        return self._page(room, USUAL | dict(request.args), {})

    def begin(self, room: str) -> Page:
        """Begin one: 303 to its own room; 400 and 409 with the form again, and none begun."""
        values, problems = drafts.read(ENTRIES, request.form)
        if problems:
            return self._page(room, request.form, problems), 400
        actor = self._access.actor()
        try:
            one = surely(lambda: self._rehearsals.begin(room, **values, actor=actor))
        except (BadSetting, TooManyRehearsals) as wrong:
            return self._page(room, request.form, {}, f"None was begun: {wrong}."), 409
        flash(
            f"The rehearsal opens in {rehearsals.EARLY_MS // 1000} seconds. Turn its knobs as you "
            "would in the sale; the room that it is of goes on by itself."
        )
        return redirect(url_for("pages.room", room=one.room), 303)

    def end(self, room: str) -> Page:
        """End it: 303 to the page. One that has ended meanwhile is told to be over, too."""
        one = self._rehearsals.of(room)
        if one is None:
            raise Refused("wrong_phase", "there is no rehearsal of this room any more")
        actor = self._access.actor()
        surely(lambda: self._rehearsals.end(one.room, actor=actor))
        flash("The rehearsal is over. It is cleaned up within half a minute.")
        return redirect(url_for("rehearsal.show", room=room), 303)

    def _page(
        self, room: str, typed: Mapping[str, str], problems: Mapping[str, str], problem: str = ""
    ) -> str:
        found = self._store.status(room)
        return render_template(
            "rehearsal.html",
            room=found,
            is_one=rehearsals.is_rehearsal(room),
            running=self._rehearsals.of(room),
            fields=drafts.shown(ENTRIES, typed, problems),
            problem=problem,
        )
