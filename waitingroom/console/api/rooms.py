"""Rooms by the API: where they stand, and what operators do to them."""

from typing import Any

from waitingroom import clock
from waitingroom.console.acts import ACTS
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.schemas import Whole, asked, many, moment, pick, shown, text
from waitingroom.console.faults import Refused
from waitingroom.model import Snapshot
from waitingroom.operators import Role
from waitingroom.reasons import Cause, Reason
from waitingroom.settings import LONGEST_TEXT, check_to_come
from waitingroom.store.client import Store

ROOM = shown(Snapshot, waiting=Whole(required=True))
"""A room as every operation tells it, and ``waitingroom room show --json``."""
_WHY: dict[str, Any] = {
    "cause": pick(Cause, about="What shoppers read, each in their language."),
    "reason": text(LONGEST_TEXT["reason"], about="What shoppers read, in your words."),
}
REASON = asked("Reason", **_WHY)
RESET = asked(
    "Reset",
    name=text(40, required=True, about="The room's id, once more."),
    opens_at_ms=moment(about="When the new running opens; 0: as it was."),
    **_WHY,
)


SAID = {"cause": "stock", "reason": "Back at noon"}
"""An example of a body."""


def etag(room: Snapshot) -> dict[str, str]:
    """The header that tells the version that a change of a room is based on."""
    return {"ETag": f'"{room.version}"'}


def with_version(room: Snapshot, status: int = 200) -> tuple[Snapshot, int, dict[str, str]]:
    """A room, with its version."""
    return room, status, etag(room)


class Rooms:
    """Over one store."""

    def __init__(self, store: Store, bearers: Bearers) -> None:
        self._store = store
        self._bearers = bearers

    def group(self) -> Group:
        """The operations."""
        group = Group("rooms", "Where rooms stand, and what is done to them.", self._bearers)
        group.add("GET", "/rooms", self.list_rooms, Role.VIEWER, answer=many(ROOM))
        group.add("GET", "/rooms/<room>", self.show_room, Role.VIEWER, answer=ROOM, etag=True)
        for name in ("pause", "resume", "open", "drain", "close"):
            self._add_act(group, name, body=REASON, body_required=False, example=SAID)
        self._add_act(group, "reset", body=RESET)
        return group

    def list_rooms(self) -> Any:
        """All rooms, as they are now."""
        return list(self._store.statuses().values())

    def show_room(self, room: str) -> Any:
        """A room, as it is now."""
        return with_version(self._store.status(room))

    def _add_act(self, group: Group, name: str, **more: Any) -> None:
        rule, view = f"/rooms/<room>/{name}", getattr(self, name)
        group.add("POST", rule, view, ACTS[name].role, answer=ROOM, changes=True, **more)

    def pause(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """Nobody goes in until it is resumed; everybody keeps their place."""
        return self._act("pause", room, version, body)

    def resume(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """People are called and go in again."""
        return self._act("resume", room, version, body)

    def drain(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """Nobody joins, is called or goes in any more; those inside finish."""
        return self._act("drain", room, version, body)

    def close(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """The sale ends."""
        return self._act("close", room, version, body)

    def _act(self, name: str, room: str, version: int | None, body: dict[str, Any]) -> Any:
        actor, reason = self._bearers.actor(), _reason(body)
        self._store.act(room, name, actor=actor, reason=reason, version=version)
        return with_version(self._store.status(room))

    def open(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """The sale opens now; after draining it goes on, after closing it begins anew."""
        actor, reason = self._bearers.actor(), _reason(body)
        self._store.open(room, actor=actor, reason=reason, version=version)
        return with_version(self._store.status(room))

    def reset(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """A new running begins: every ticket and pass that was given out ends."""
        if body["name"] != room:
            told = f"must be the room's id, {room}, so that nobody resets another by mistake"
            raise Refused("bad_fields", f"name: {told}", fields={"name": told})
        actor, opens_at_ms = self._bearers.actor(), body.get("opens_at_ms", 0)
        check_to_come({"opens_at_ms": opens_at_ms}, clock.now_ms())
        more: dict[str, Any] = {"reason": _reason(body), "version": version}
        self._store.reset(room, actor=actor, opens_at_ms=opens_at_ms, **more)
        return with_version(self._store.status(room))


def _reason(body: dict[str, Any]) -> Reason:
    return Reason(str(body.get("cause", "")), body.get("reason", ""))
