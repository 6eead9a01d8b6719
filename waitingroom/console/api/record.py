"""Records by the API: the newest entries, all of them to take away, and whether one was edited."""

from dataclasses import asdict
from typing import Any

from flask import Response
from marshmallow import fields, validate

from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.schemas import Document, Flag, count, shown
from waitingroom.console.faults import Refused
from waitingroom.console.record import FORMS, exported
from waitingroom.exports import row
from waitingroom.operators import Role
from waitingroom.record import Head, Verdict
from waitingroom.store.client import Store
from waitingroom.store.keys import LOG_KEPT, SYSTEM

COUNT = {"count": count(1, LOG_KEPT, load_default=100, about="How many, the newest first.")}
DIGEST = validate.Regexp("^[0-9a-f]{64}$", error="must be 64 hexadecimal digits")
NOTED: dict[str, fields.Field[Any]] = {
    "seq": count(1, 2**53, about="With `hash`: an entry that was noted elsewhere, as in a log."),
    "hash": fields.String(validate=DIGEST),
}
TEXT = {"type": "string"}
VERDICT = shown(Verdict, ok=Flag(required=True))


class Entries(Document):
    """Entries of a record, each as its fields that are not empty."""

    entries = fields.List(fields.Dict(keys=fields.String(), values=fields.String()), required=True)


class Records:
    """Over one store. A room's record is for all; log-ins and accounts are for admins."""

    def __init__(self, store: Store, bearers: Bearers) -> None:
        self._store = store
        self._bearers = bearers

    def group(self) -> Group:
        """The operations."""
        group = Group("record", "What operators and time did.", self._bearers)
        look, rule = Role.VIEWER, Role.ADMIN
        at = "/rooms/<room>/record"
        group.add("GET", at, self.show_record, look, query=COUNT, answer=Entries)
        group.add("GET", f"{at}/verify", self.verify_record, look, query=NOTED, answer=VERDICT)
        group.add("GET", "/record", self.show_system, rule, query=COUNT, answer=Entries)
        group.add("GET", "/record/verify", self.verify_system, rule, query=NOTED, answer=VERDICT)
        for form in FORMS:
            kind = FORMS[form][1].partition(";")[0]
            room, system = getattr(self, f"export_{form}"), getattr(self, f"export_system_{form}")
            group.add("GET", f"{at}.{form}", room, look, answer=TEXT, content_type=kind)
            group.add("GET", f"/record.{form}", system, rule, answer=TEXT, content_type=kind)
        return group

    def show_record(self, room: str, query: dict[str, int]) -> Any:
        """The newest entries of a room's record."""
        return {"entries": [row(one) for one in self._store.record.newest(room, query["count"])]}

    def show_system(self, query: dict[str, int]) -> Any:
        """The newest entries of what belongs to no room: accounts, keys, log-ins."""
        return self.show_record(SYSTEM, query)

    def verify_record(self, room: str, query: dict[str, Any]) -> Any:
        """Whether anybody edited a room's record."""
        if len(query) == 1:
            told = "give both, seq and hash, or neither"
            raise Refused("bad_fields", told, fields=dict.fromkeys(("seq", "hash"), told))
        noted = [Head(query["seq"], query["hash"])] if query else []
        found = self._store.record.verify(room, noted)
        return asdict(found) | {"ok": not found.findings}

    def verify_system(self, query: dict[str, Any]) -> Any:
        """The same of what belongs to no room."""
        return self.verify_record(SYSTEM, query)

    def export_jsonl(self, room: str) -> Response:
        """A room's whole record, the oldest entry first: one JSON object a line."""
        return exported(self._store, room, "jsonl")

    def export_csv(self, room: str) -> Response:
        """The same for a spreadsheet."""
        return exported(self._store, room, "csv")

    def export_system_jsonl(self) -> Response:
        """The whole record of what belongs to no room: one JSON object a line."""
        return exported(self._store, SYSTEM, "jsonl")

    def export_system_csv(self) -> Response:
        """The same for a spreadsheet."""
        return exported(self._store, SYSTEM, "csv")
