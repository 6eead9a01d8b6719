"""The shoppers' pages in every state and language, with a room's name and look, inside the console.

The gate's own preview, mounted: it has no store and hands nothing out, so nothing that is pressed
there reaches the real line. Its pages keep their own strict policy, and stand in nobody's frame.
"""

from pathlib import Path

from flask import Blueprint, request
from werkzeug.wrappers import Response

from waitingroom import clock
from waitingroom.console.access import Access
from waitingroom.gate.pages import Pages
from waitingroom.gate.preview import Preview
from waitingroom.gate.scenes import SCENES
from waitingroom.operators import Role
from waitingroom.store.client import Store

MOST_KEPT = 16
STATES, LANGUAGES = tuple(SCENES), Pages.languages
PAGES = {"script": "", "plain": "/plain", "privacy": "/privacy"}
"""The pages of a state, and how their addresses end."""
OPENED = frozenset({"", "plain", "privacy", *LANGUAGES})
"""How an address ends that somebody opens; all others the pages ask for by themselves."""


class Previews:
    """Over one store. ``templates``: an operator's folder, as the gate has it."""

    def __init__(self, store: Store, access: Access, templates: Path | None) -> None:
        self._store = store
        self._templates = templates
        self._pages: dict[str, Pages] = {}
        self._look = access.needs(Role.VIEWER)(self._answer)
        self._follow = access.needs(Role.VIEWER, by_itself=True)(self._answer)

    def blueprint(self) -> Blueprint:
        """The routes. Their forms change nothing, so they need no token."""
        routes = Blueprint("preview", __name__, url_prefix="/rooms/<room>/preview")
        for rule in ("/", "/<path:rest>"):
            routes.add_url_rule(rule, view_func=self.show, methods=["GET", "POST", "DELETE"])
        return routes

    def show(self, room: str, rest: str = "") -> Response:
        """A page, a file or an answer of the preview."""
        opened = request.method == "GET" and rest.rpartition("/")[2] in OPENED
        return (self._look if opened else self._follow)(room, rest)

    def page(self, room: str, state: str, lang: str, page: str = "") -> Response:
        """One of a state's ``PAGES``, 404 where it has none such; "" is the one with a script, or
        without where no script shows it.
        """
        shown = page or ("script" if SCENES[state].script else "plain")
        return self._answer(room, f"{state}/{lang}{PAGES[shown]}")

    def _answer(self, room: str, rest: str) -> Response:
        found = self._store.status(room)
        logo = self._store.logo(room) if found.brand.logo else b""
        app = Preview(self._pages_of(room), clock.now_ms, found, logo, back=f"/rooms/{room}")
        return Response.from_app(app, request.environ | {"PATH_INFO": f"/{rest}"})

    def _pages_of(self, room: str) -> Pages:
        """Their addresses begin with the room's own."""
        if room not in self._pages:
            if len(self._pages) >= MOST_KEPT:
                self._pages.clear()
            prefix = f"/rooms/{room}/preview"
            self._pages[room] = Pages(prefix=prefix, templates=self._templates)
        return self._pages[room]
