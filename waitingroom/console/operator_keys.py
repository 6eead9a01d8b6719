"""The admins' page of operators' keys for the API: made, shown once, listed, revoked."""

from collections.abc import Callable, Sequence

from waitingroom.console.access import Access
from waitingroom.console.faults import sentence
from waitingroom.console.forms import (
    Field,
    Page,
    Problems,
    last_used,
    sent,
    surely,
    told_moment,
    typed,
)
from waitingroom.console.key_pages import Cells, KeyPages
from waitingroom.console.operators import role_field, role_sent
from waitingroom.operators import BadOperator, Key, KeyExists, Role, made_key
from waitingroom.store.operator_keys import OperatorKeys


class OperatorKeyPages(KeyPages[Key]):
    """Over the operators' keys of a store."""

    kind = "operator_keys"
    path = "/keys"
    what = "key"
    where = "the keys for programs"
    made_of = ("name", "role")

    def __init__(self, keys: OperatorKeys, access: Access, zone: Callable[[], str]) -> None:
        super().__init__(keys, access, zone)
        self._keys = keys

    def _cells(self, keys: Sequence[Key], zone: str) -> Sequence[Cells]:
        used = self._keys.used(keys)
        return [
            (
                ("Role", one.role),
                ("Made", told_moment(one.made_at_ms, zone)),
                ("Last used", told_moment(used[one.name], zone)),
            )
            for one in keys
        ]

    def _fields(self, problems: Problems) -> Sequence[Field]:
        return [
            Field(
                "name", "Name", "which program it is for: lower-case letters, digits and _ -",
                text=typed("name"), problem=problems.get("name", ""),
            ),
            role_field(typed("role", Role.VIEWER), problems),
        ]  # fmt: skip

    def add(self) -> Page:
        """Make a key and show it, this once."""
        name, role = sent("name"), role_sent()
        if role is None:
            return self._list({"role": "Choose one of these."}), 400
        try:
            text, made = made_key(name, role, self._access.now_ms())
        except BadOperator as wrong:
            return self._list({"name": sentence(str(wrong))}), 400
        self._access.make_one()
        actor = self._access.actor()
        try:
            surely(lambda: self._keys.add(made, actor=actor), self.where)
        except KeyExists as wrong:
            return self._list({"name": sentence(str(wrong))}), 409
        lines = (
            f"Whoever has it is {role} by the API, as an operator of that role is here.",
            "A program sends it with each request, as “Authorization: Bearer” and the key.",
        )
        return self._shown(name, text, lines)

    def _ending(self, found: Key) -> tuple[str, ...]:
        used = self._keys.used([found])[found.name]
        return (
            f"The key, which is {found.role}, is refused from the next request on: a program that "
            "has it can do nothing here any more. Give it another key first.",
            last_used(used, self._zone()),
        )
