"""The system itself by the API: what runs, who asks, and which passes ended lately."""

from typing import Any

from flask import g
from marshmallow import fields

from waitingroom import __version__
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.operators import Holder
from waitingroom.console.api.schemas import Document, text
from waitingroom.console.releases import Releases
from waitingroom.operators import Role
from waitingroom.store.client import Store

SINCE = {"since": text(40, load_default="", about="The last `mark`; else all that is remembered.")}


class Running(Document):
    """What runs. ``warning``: what the store is set up without, "" for nothing."""

    version = fields.String(required=True)
    rooms = fields.List(fields.String(), required=True)
    warning = fields.String(required=True)


class Released(Document):
    """Leases that are over, and the mark of the newest."""

    mark = fields.String(required=True)
    released = fields.List(fields.String(), required=True)


class System:
    """Over one store. ``releases``: the room API's memory."""

    def __init__(self, store: Store, bearers: Bearers, releases: Releases) -> None:
        self._store = store
        self._bearers = bearers
        self._releases = releases

    def group(self) -> Group:
        """The operations."""
        group = Group("system", "What runs, and who asks.", self._bearers)
        look = Role.VIEWER
        group.add("GET", "/system", self.show_running, look, answer=Running)
        group.add("GET", "/me", self.show_caller, look, answer=Holder)
        group.add(
            "GET", "/rooms/<room>/releases", self.list_releases, look, query=SINCE, answer=Released
        )
        return group

    def show_running(self) -> Any:
        """The version that runs, its rooms, and what is to be known of its store."""
        warning = self._store.check_fitness()
        return {"version": __version__, "rooms": self._store.rooms(), "warning": warning}

    def show_caller(self) -> Any:
        """The key that asks: its name, and what it may do."""
        return g.key

    def list_releases(self, room: str, query: dict[str, str]) -> Any:
        """The leases of a room that were released lately, through this console."""
        self._store.status(room)
        mark, released = self._releases.since(room, query["since"])
        return {"mark": mark, "released": released}
