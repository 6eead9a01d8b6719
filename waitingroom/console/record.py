"""The record on the console: the newest entries to read, and all of them to take away."""

from collections.abc import Callable
from contextlib import suppress

from flask import Blueprint, Response, abort, render_template

from waitingroom.console import entries
from waitingroom.console.access import Access
from waitingroom.console.figures import moment
from waitingroom.console.knobs import zone_of
from waitingroom.errors import NoSuchRoom
from waitingroom.exports import csv_lines, json_lines
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM

SHOWN = 100
FORMS = {
    "jsonl": (json_lines, "application/x-ndjson"),
    "csv": (csv_lines, "text/csv; charset=utf-8"),
}


class RecordPages:
    """Over one store. A room’s record is for all; log-ins and accounts are for admins. ``zone``: in
    which times are told that belong to no room.
    """

    def __init__(self, store: Store, access: Access, zone: Callable[[], str]) -> None:
        self._store = store
        self._access = access
        self._zone = zone

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("record", __name__)
        look, rule = self._access.needs(Role.VIEWER), self._access.needs(Role.ADMIN)
        routes.get("/rooms/<room>/record")(look(self.room))
        routes.get("/rooms/<room>/record.<form>")(look(self.export))
        routes.get("/record")(rule(self.system))
        routes.get("/record.<form>")(rule(self.export_system))
        return routes

    def room(self, room: str) -> str:
        """The newest entries of a room's record."""
        return self._page(_a_room(room))

    def system(self) -> str:
        """The newest entries of what belongs to no room."""
        return self._page(SYSTEM)

    def _page(self, room: str) -> str:
        found = self._store.record.newest(room, SHOWN)
        name = "" if room == SYSTEM else room
        zone = self._zone_of(name)
        rows = [
            (moment(at.at_ms, zone), at, entries.detail(at, zone), entries.changes(at, zone))
            for at in found
        ]
        # Not against the keeper's log, which is on another machine perhaps: the command does that.
        verdict = self._store.record.verify(room)
        page = {"room": name, "rows": rows, "shown": SHOWN, "verdict": verdict}
        return render_template("record.html", zone=zone, **page)

    def _zone_of(self, room: str) -> str:
        """The room's; that of all where there is no such room, or none any more."""
        with suppress(NoSuchRoom):
            if room:
                return zone_of(self._store.status(room))
        return self._zone()

    def export(self, room: str, form: str) -> Response:
        """A room's whole record, as JSON lines or CSV."""
        return self._export(_a_room(room), form)

    def export_system(self, form: str) -> Response:
        """The whole record of what belongs to no room."""
        return self._export(SYSTEM, form)

    def _export(self, room: str, form: str) -> Response:
        if form not in FORMS:
            abort(404)
        return exported(self._store, room, form)


def exported(store: Store, room: str, form: str) -> Response:
    """A whole record as a file, in one of ``FORMS``."""
    lines, content_type = FORMS[form]
    # Read to its end before the answer begins: a store that goes away is then told as such.
    body = "".join(lines(store.record.entries(room)))
    name = "system" if room == SYSTEM else room
    response = Response(body, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="record-{name}.{form}"'
    return response


def _a_room(room: str) -> str:
    if room == SYSTEM:
        abort(404)
    return room
