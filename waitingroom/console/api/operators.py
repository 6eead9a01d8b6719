"""Operators and their keys by the API: for admins."""

from typing import Any

from marshmallow import fields

from waitingroom import clock
from waitingroom.bearer import KEY_NAME
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.schemas import Document, Whole, asked, many, pick, text
from waitingroom.operators import (
    LONGEST_PASSWORD,
    OPERATOR_NAME,
    SHORTEST_PASSWORD,
    Key,
    Operator,
    Role,
    checked_name,
    hashed,
    made_key,
)
from waitingroom.store.client import Store

NAME = text(60, shortest=1, required=True, form=f"^{OPERATOR_NAME.pattern}$")
KEY = text(40, shortest=1, required=True, form=f"^{KEY_NAME.pattern}$")
ROLE = pick(Role, required=True)
PASSWORD = text(LONGEST_PASSWORD, shortest=SHORTEST_PASSWORD, required=True)
NEW_OPERATOR = asked("NewOperator", name=NAME, role=ROLE, password=PASSWORD)
NEW_ROLE = asked("NewRole", role=ROLE)
NEW_PASSWORD = asked("NewPassword", password=PASSWORD)
NEW_KEY = asked("NewKey", name=KEY, role=ROLE)


class Holder(Document):
    """An operator or a key: all that may be told at any time."""

    name = fields.String(required=True)
    role = pick(Role, required=True)
    made_at_ms = Whole(required=True)


class ListedKey(Holder):
    """``used_at_ms``: when it was last used, to the minute; 0 for never."""

    used_at_ms = Whole(required=True)


class MadeKey(Holder):
    """A key that was made. ``key`` is what its holder sends; it is told this once."""

    key = fields.String(required=True)


class Operators:
    """Over one store."""

    def __init__(self, store: Store, bearers: Bearers) -> None:
        self._store = store
        self._bearers = bearers

    def group(self) -> Group:
        """The operations."""
        group = Group("operators", "Who may do what: people, and programs.", self._bearers)
        rule, one = Role.ADMIN, "/operators/<name>"
        new: dict[str, Any] = {"status": 201, "changes": True, "also": (409,)}
        person, program = {"body": NEW_OPERATOR, **new}, {"body": NEW_KEY, **new}
        change: dict[str, Any] = {"answer": Holder, "changes": True, "also": (409,)}
        gone: dict[str, Any] = {"status": 204, "changes": True, "also": (409,)}
        group.add("GET", "/operators", self.list_operators, rule, answer=many(Holder))
        group.add("POST", "/operators", self.add_operator, rule, answer=Holder, **person)
        group.add("PUT", f"{one}/role", self.set_role, rule, body=NEW_ROLE, **change)
        group.add("PUT", f"{one}/password", self.set_password, rule, body=NEW_PASSWORD, **change)
        group.add("DELETE", one, self.remove_operator, rule, **gone)
        group.add("GET", "/keys", self.list_keys, rule, answer=many(ListedKey))
        group.add("POST", "/keys", self.add_key, rule, answer=MadeKey, **program)
        group.add("DELETE", "/keys/<name>", self.revoke_key, rule, **gone)
        return group

    def list_operators(self) -> Any:
        """All operators of the console."""
        return self._store.accounts.all()

    def add_operator(self, body: dict[str, Any]) -> Any:
        """Make an operator."""
        name = checked_name(body["name"])
        made = Operator(name, body["role"], hashed(body["password"]), clock.now_ms())
        self._store.accounts.add(made, actor=self._bearers.actor())
        return made

    def set_role(self, name: str, body: dict[str, Any]) -> Any:
        """Let an operator do more, or less; ends their sessions."""
        actor = self._bearers.actor()
        return self._store.accounts.change(name, role=body["role"], actor=actor, keep_admin=True)

    def set_password(self, name: str, body: dict[str, Any]) -> Any:
        """Give an operator a new password; ends their sessions."""
        kept, actor = hashed(body["password"]), self._bearers.actor()
        return self._store.accounts.change(name, password=kept, actor=actor)

    def remove_operator(self, name: str) -> Any:
        """End an operator's account, and their sessions with it."""
        self._store.accounts.remove(name, actor=self._bearers.actor(), keep_admin=True)
        return ""

    def list_keys(self) -> Any:
        """All keys for this API: their names and roles, and when each was last used."""
        found = self._store.keys.all()
        used = self._store.keys.used(found)
        return [_told(one) | {"used_at_ms": used[one.name]} for one in found]

    def add_key(self, body: dict[str, Any]) -> Any:
        """Make a key; what opens is told this once."""
        key, made = made_key(body["name"], body["role"], clock.now_ms())
        self._store.keys.add(made, actor=self._bearers.actor())
        return _told(made) | {"key": key}

    def revoke_key(self, name: str) -> Any:
        """End a key at once."""
        self._store.keys.revoke(name, actor=self._bearers.actor())
        return ""


def _told(one: Key) -> dict[str, Any]:
    return {"name": one.name, "role": one.role, "made_at_ms": one.made_at_ms}
