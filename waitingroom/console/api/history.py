"""Figures by the API: of now, and as they were."""

from enum import StrEnum
from typing import Any

from marshmallow import fields

from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.schemas import Document, Whole, many, pick, shown
from waitingroom.console.room_figures import RoomFigures
from waitingroom.history import Sample
from waitingroom.live import LATELY_MS, Live
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.history import HOUR, SALE
from waitingroom.waits import Waited


class Span(StrEnum):
    """How far back: the last hour finely, or the last two days."""

    HOUR = "hour"
    SALE = "sale"


GRAINS = {Span.HOUR: HOUR, Span.SALE: SALE}
SPAN = {"span": pick(Span, load_default=Span.HOUR, about="The last hour, or the last two days.")}


class Waits(Document):
    """How long people waited who went in: over the last hour, and since this running began."""

    hour = fields.Nested(shown(Waited), required=True)
    sale = fields.Nested(shown(Waited), required=True)


ROOM_FIGURES: type[Document] = type(
    "RoomFigures",
    (shown(Live),),
    {
        "capacity_in_s": Whole(required=True, allow_none=True),
        "waits": fields.Nested(Waits, required=True),
        "__doc__": Live.__doc__,
    },
)


class Kept(Document):
    """A room's history: a sample every ``every_ms``, in order of time."""

    room = fields.String(required=True)
    every_ms = Whole(required=True)
    samples = fields.List(fields.Nested(shown(Sample)), required=True)


class Figures:
    """Over one store."""

    def __init__(self, store: Store, bearers: Bearers) -> None:
        self._store = store
        self._bearers = bearers

    def group(self) -> Group:
        """The operations."""
        group = Group("figures", "What the console's charts are made of.", self._bearers)
        look, live = Role.VIEWER, shown(Live)
        at = "/rooms/<room>"
        group.add("GET", "/figures", self.all_figures, look, answer=many(live))
        group.add("GET", f"{at}/figures", self.room_figures, look, answer=ROOM_FIGURES)
        group.add("GET", f"{at}/history", self.room_history, look, query=SPAN, answer=Kept)
        return group

    def all_figures(self) -> Any:
        """The figures of every room, as they are now."""
        rooms = self._store.statuses()
        since_ms = {name: room.now_ms - LATELY_MS for name, room in rooms.items()}
        lately = self._store.history.lately(since_ms)
        return [Live.of(room, lately[name]) for name, room in rooms.items()]

    def room_figures(self, room: str) -> Any:
        """The figures of a room, as they are now."""
        return RoomFigures.of(self._store, self._store.status(room)).document()

    def room_history(self, room: str, query: dict[str, Span]) -> Any:
        """The figures of a room as they were, of which its charts are drawn."""
        self._store.status(room)
        grain = GRAINS[query["span"]]
        samples = self._store.history.read(room, grain)
        return {"room": room, "every_ms": grain.every_ms, "samples": samples}
