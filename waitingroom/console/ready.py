"""“Are we ready?”: the page that looks at everything before a sale."""

from flask import Blueprint, render_template, request

from waitingroom.config import ConsoleConfig
from waitingroom.console.access import Access
from waitingroom.console.survey import survey
from waitingroom.operators import Role
from waitingroom.readiness import MOST_PEOPLE
from waitingroom.ready import is_ready
from waitingroom.store.client import Store


class ReadyPages:
    """Over one store. Everything here looks and changes nothing."""

    def __init__(self, store: Store, access: Access, config: ConsoleConfig) -> None:
        self._store = store
        self._access = access
        self._config = config

    def blueprint(self) -> Blueprint:
        """The route."""
        routes = Blueprint("ready", __name__)
        routes.get("/rooms/<room>/ready")(self._access.needs(Role.VIEWER)(self.room))
        return routes

    def room(self, room: str) -> str | tuple[str, int]:
        """Every row, looked at now; ``?expected=`` people. 400 where that is no number."""
        typed = request.args.get("expected", "").strip()
        expected = people(typed)
        found = survey(self._store, self._config, room, expected=expected or 0)
        page = render_template(
            "ready.html",
            room=self._store.status(room),
            rows=found,
            ready=is_ready(found),
            typed=typed,
            problem="" if expected is not None else f"Type a whole number up to {MOST_PEOPLE:,}.",
        )
        return page if expected is not None else (page, 400)


def people(typed: str) -> int | None:
    """How many are expected: 0 for not said, None for what is no number of people."""
    plain = typed.replace(",", "").replace(" ", "").replace("\u202f", "")
    if not plain:
        return 0
    known = plain.isascii() and plain.isdigit() and len(plain) <= 9
    return int(plain) if known and int(plain) <= MOST_PEOPLE else None
