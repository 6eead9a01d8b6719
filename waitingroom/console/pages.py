"""The operators' pages: all rooms at a glance, and one room as it is now."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request

from waitingroom.console.access import Access
from waitingroom.console.attention import Shown, attention
from waitingroom.console.charts import CHARTS, draw
from waitingroom.console.figures import figures, news
from waitingroom.console.knobs import common_zone, zone_of
from waitingroom.console.room_figures import HOUR_MS, RoomFigures
from waitingroom.console.turns import offer, state
from waitingroom.live import LATELY_MS
from waitingroom.model import Snapshot
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.history import SALE

SPANS = ("hour", "sale")


class Pages:
    """Over one store. Everything here looks and changes nothing."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("pages", __name__)
        look = self._access.needs(Role.VIEWER)
        follow = self._access.needs(Role.VIEWER, by_itself=True)
        routes.get("/")(look(self.rooms))
        routes.get("/part")(follow(self.part_rooms))
        routes.get("/live.json")(follow(self.live_rooms))
        routes.get("/rooms/<room>")(look(self.room))
        routes.get("/rooms/<room>/live.json")(follow(self.live_room))
        routes.get("/rooms/<room>/<span>/<name>.svg")(follow(self.chart))
        return routes

    def rooms(self) -> str:
        """All rooms."""
        return render_template("rooms.html", **self._all())

    def part_rooms(self) -> str:
        """The table of all rooms, for the page to put in place of an older one."""
        return render_template("table.html", **self._all())

    def _all(self) -> dict[str, Any]:
        rooms = self._store.statuses()
        return {
            "rooms": rooms,
            "figures": self._figures(rooms),
            "state": " ".join(rooms),
            "alarms": self._alarms(rooms),
            # Of a newer version, or a moment before they are made.
            "unread": [name for name in self._store.rooms() if name not in rooms],
        }

    def live_rooms(self) -> Response:
        """The figures of all rooms, for the page to show."""
        rooms = self._store.statuses()
        shown = {
            f"{room} {name}": text
            for room, told in self._figures(rooms).items()
            for name, text in told.items()
        }
        return jsonify(state=" ".join(rooms), figures=shown, alarms=self._alarms(rooms))

    def _alarms(self, rooms: Mapping[str, Snapshot]) -> list[Shown]:
        zones = {name: zone_of(room) for name, room in rooms.items()}
        return attention(self._store.alarms.seen(), "", common_zone(rooms.values()), zones)

    def _figures(self, rooms: Mapping[str, Snapshot]) -> dict[str, dict[str, str]]:
        since_ms = {name: room.now_ms - LATELY_MS for name, room in rooms.items()}
        lately = self._store.history.lately(since_ms)
        return {name: figures(room, lately[name]) for name, room in rooms.items()}

    def room(self, room: str) -> str:
        """One room."""
        found = self._store.status(room)
        zone = zone_of(found)
        return render_template(
            "room.html",
            figures=self._of(found),
            charts=CHARTS,
            news=news(found, zone),
            zone=zone,
            alarms=attention(self._store.alarms.seen(), room, zone),
            **offer(self._store, found),
        )

    def live_room(self, room: str) -> Response:
        """The figures and news of one room, for the page to show."""
        found = self._store.status(room)
        zone = zone_of(found)
        return jsonify(
            state=state(found),
            figures=self._of(found),
            news=news(found, zone),
            alarms=attention(self._store.alarms.seen(), room, zone),
        )

    def _of(self, room: Snapshot) -> dict[str, str]:
        """Everything that a room's own page shows."""
        return RoomFigures.of(self._store, room).in_words()

    def chart(self, room: str, span: str, name: str) -> Response:
        """A chart of the last hour or the whole sale; ``?dark`` on dark ground, ``?narrow`` for
        phones.
        """
        if span not in SPANS or name not in CHARTS:
            abort(404)
        found = self._store.status(room)
        if span == "hour":
            # Not the last that was kept: after a night without us that is another day's hour.
            samples = self._store.history.lately({room: found.now_ms - HOUR_MS})[room]
        else:
            samples = self._store.history.read(room, SALE)
            # Its newest moments are not in yet, and at first there are none at all.
            newer = self._store.history.lately({room: samples[-1].at_ms if samples else 0})
            samples += newer[room]
        ours = [one for one in samples if one.epoch == found.epoch]
        dark, narrow = ("dark" in request.args), ("narrow" in request.args)
        drawn = draw(name, ours, zone_of(found), dark=dark, narrow=narrow)
        response = make_response(drawn)
        response.content_type = "image/svg+xml; charset=utf-8"
        return response
