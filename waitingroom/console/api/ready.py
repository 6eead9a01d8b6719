"""Before and during a sale, by the API: are we ready, which alarms hold, and load tests."""

from dataclasses import asdict
from typing import Any

from marshmallow import fields

from waitingroom import clock
from waitingroom.config import ConsoleConfig
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.schemas import (
    Document,
    Flag,
    asked,
    count,
    many,
    pick,
    shown,
    text,
    whole,
)
from waitingroom.console.attention import attention
from waitingroom.console.ready import MOST_EXPECTED
from waitingroom.console.survey import survey
from waitingroom.errors import NoSuchRoom
from waitingroom.operators import Role
from waitingroom.readiness import LoadTest, State
from waitingroom.ready import is_ready
from waitingroom.store.client import Store

EXPECTED = {
    "expected": count(0, MOST_EXPECTED, load_default=0, about="How many people; 0: not said.")
}
DONE = asked(
    "NewLoadTest",
    people=whole(1, MOST_EXPECTED, required=True, about="How many came."),
    passed=Flag(required=True, metadata={"description": "Whether every rule held."}),
    about=text(200, load_default="", about="What was tried, in a few words."),
)


class _Row(Document):
    id = fields.String(required=True)
    title = fields.String(required=True)
    state = pick(State, required=True)
    says = fields.String(required=True)
    mend = fields.String(required=True)


class Readiness(Document):
    """Whether no row fails, and every row; docs/runbook.md has an entry for each ``id``."""

    room = fields.String(required=True)
    ready = Flag(required=True)
    rows = fields.List(fields.Nested(_Row), required=True)


class Alarm(Document):
    """An alarm that holds, in words, and what to do about it."""

    name = fields.String(required=True)
    severity = fields.String(required=True)
    words = fields.String(required=True)
    since = fields.String(required=True)
    to_do = fields.String(required=True)


class Ready:
    """Over one store."""

    def __init__(self, store: Store, bearers: Bearers, config: ConsoleConfig) -> None:
        self._store = store
        self._bearers = bearers
        self._config = config

    def group(self) -> Group:
        """The operations."""
        group = Group("ready", "Before and during a sale: readiness and alarms.", self._bearers)
        look, at = Role.VIEWER, "/rooms/<room>"
        group.add("GET", f"{at}/ready", self.check_ready, look, query=EXPECTED, answer=Readiness)
        group.add("GET", "/alarms", self.list_alarms, look, answer=many(Alarm))
        new: dict[str, Any] = {"answer": shown(LoadTest), "status": 201, "changes": True}
        tests = f"{at}/load-tests"
        group.add("POST", tests, self.add_load_test, Role.OPERATOR, body=DONE, based=False, **new)
        return group

    def check_ready(self, room: str, query: dict[str, int]) -> Any:
        """Look at everything before a sale, and say how to mend what fails."""
        found = survey(self._store, self._config, room, expected=query["expected"])
        rows = [asdict(row) | {"title": row.title} for row in found]
        return {"room": room, "ready": is_ready(found), "rows": rows}

    def list_alarms(self) -> Any:
        """The alarms that hold, the critical first."""
        return attention(self._store.alarms.seen())

    def add_load_test(self, room: str, body: dict[str, Any]) -> Any:
        """Record a load test, for readiness to show."""
        if room not in self._store.rooms():
            raise NoSuchRoom(room)
        done = LoadTest(clock.now_ms(), body["people"], body["passed"], body["about"])
        told = f"{done.people} people, {'passed' if done.passed else 'failed'}"
        detail = f"{told}: {done.about}" if done.about else told
        self._store.note(room, "load_test", detail, actor=self._bearers.actor())
        self._store.load_tests.record(room, done)
        return done
