"""What needs attention, and whether a room is ready, by the API."""

from typing import Any

from marshmallow import fields

from waitingroom import clock
from waitingroom.config import ConsoleConfig
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.schemas import (
    Document,
    Flag,
    Text,
    asked,
    count,
    many,
    shown,
    text,
    whole,
)
from waitingroom.console.attention import Shown, attention
from waitingroom.console.survey import survey
from waitingroom.operators import Role
from waitingroom.readiness import LONGEST_ABOUT, MOST_PEOPLE, LoadTest, Row
from waitingroom.ready import is_ready
from waitingroom.store.client import Store

EXPECTED = {"expected": count(0, MOST_PEOPLE, about="How many people are expected; 0: not said.")}
DONE = asked(
    "LoadTestDone",
    people=whole(1, MOST_PEOPLE, required=True, about="How many came."),
    passed=Flag(required=True, metadata={"description": "Whether every rule held."}),
    about=text(LONGEST_ABOUT, about="What was tried, in a few words."),
)


class Readiness(Document):
    """Every row, looked at now. ``ready``: none of them fails."""

    ready = Flag(required=True)
    rows = fields.List(fields.Nested(shown(Row, title=Text(required=True))), required=True)


class Watching:
    """Over one store, with the settings that readiness looks at."""

    def __init__(self, store: Store, bearers: Bearers, config: ConsoleConfig) -> None:
        self._store = store
        self._bearers = bearers
        self._config = config

    def group(self) -> Group:
        """The operations."""
        group = Group("watching", "What needs attention, and what is ready.", self._bearers)
        group.add("GET", "/alarms", self.list_alarms, Role.VIEWER, answer=many(shown(Shown)))
        group.add(
            "GET",
            "/rooms/<room>/readiness",
            self.show_readiness,
            Role.VIEWER,
            answer=Readiness,
            query=EXPECTED,
        )
        group.add(
            "PUT",
            "/rooms/<room>/load-test",
            self.record_load_test,
            Role.OPERATOR,
            answer=shown(LoadTest),
            body=DONE,
            changes=True,
            based=False,
        )
        return group

    def list_alarms(self) -> Any:
        """The alarms that hold, the critical first."""
        return attention(self._store.alarms.seen())

    def show_readiness(self, room: str, query: dict[str, int]) -> Any:
        """Whether a room is ready for its sale, and how to mend what is not."""
        rows = survey(self._store, self._config, room, expected=query.get("expected", 0))
        return {"ready": is_ready(rows), "rows": rows}

    def record_load_test(self, room: str, body: dict[str, Any]) -> Any:
        """Record a load test of this room's system."""
        done = LoadTest(clock.now_ms(), body["people"], body["passed"], body.get("about", ""))
        self._store.load_tests.record(room, done, actor=self._bearers.actor())
        return done
