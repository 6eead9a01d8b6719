"""What the admins' pages of keys have in common: listed, shown once, revoked."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic

from flask import Blueprint, flash, redirect, render_template, url_for

from waitingroom.console.access import Access
from waitingroom.console.forms import Field, Page, Problems, acting, ask, once, surely, version
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting
from waitingroom.operators import NoSuchKey, Role
from waitingroom.store.kept_keys import K, KeptKeys

Cells = tuple[tuple[str, str], ...]
"""What a list tells of a key beside its name: label and text."""


class KeyPages(ABC, Generic[K]):
    """Over the keys of one kind. ``kind``: of the blueprint and the template; ``path``: where the
    pages are; ``what``: how one of them is called; ``where``: what to look at when in doubt;
    ``made_of``: the fields of the form for one more. ``zone``: in which times are told.
    """

    kind: ClassVar[str]
    path: ClassVar[str]
    what: ClassVar[str]
    where: ClassVar[str]
    made_of: ClassVar[tuple[str, ...]]

    def __init__(self, kept: KeptKeys[K], access: Access, zone: Callable[[], str]) -> None:
        self._kept = kept
        self._access = access
        self._zone = zone

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint(self.kind, __name__, url_prefix=self.path)
        rule = self._access.needs(Role.ADMIN)
        routes.get("")(rule(self.list))
        routes.post("")(rule(takes(*self.made_of)(self.add)))
        routes.get("/<name>/revoke")(rule(self.ask_to_revoke))
        routes.post("/<name>/revoke")(rule(takes("version", "why")(self.revoke)))
        return routes

    @abstractmethod
    def add(self) -> Page:
        """Make a key and show it, this once."""

    @abstractmethod
    def _cells(self, keys: Sequence[K], zone: str) -> Sequence[Cells]:
        """What the list tells of each."""

    @abstractmethod
    def _fields(self, problems: Problems) -> Sequence[Field]:
        """Of the form for one more."""

    @abstractmethod
    def _ending(self, found: K) -> tuple[str, ...]:
        """What revoking it will do, in sentences."""

    def list(self) -> str:
        """All of them, and the form for one more."""
        return self._list({})

    def _list(self, problems: Problems) -> str:
        keys, zone = self._kept.all(), self._zone()
        return render_template(
            f"{self.kind}.html",
            kind=self.kind,
            zone=zone,
            rows=list(zip([one.name for one in keys], self._cells(keys, zone), strict=True)),
            fields=self._fields(problems),
            problem=problems.get("", ""),
        )

    def _shown(self, name: str, text: str, lines: tuple[str, ...]) -> str:
        title = f"The {self.what} {name}"
        return once(title, text, lines, url_for(f"{self.kind}.list"))

    def ask_to_revoke(self, name: str) -> str:
        """What it will do."""
        return self._ask(self._found(name))

    def _found(self, name: str) -> K:
        for one in self._kept.all():
            if one.name == name:
                return one
        raise NoSuchKey(name)

    def _ask(self, found: K, problem: str = "") -> str:
        back, held = url_for(f"{self.kind}.list"), {"version": found.made_at_ms}
        told, title = self._ending(found), f"Revoke {found.name}"
        return ask(title, "Revoke", told, back, held=held, problem=problem)

    def revoke(self, name: str) -> Page:
        """End a key: 303 to the others."""
        found, made_at_ms = self._found(name), version()
        try:
            actor = acting(self._access)
        except BadSetting as wrong:
            return self._ask(found, f"The reason: {wrong.why}."), 400
        revoke = self._kept.revoke
        surely(lambda: revoke(name, actor=actor, made_at_ms=made_at_ms), self.where)
        flash(f"The {self.what} “{name}” opens nothing any more.")
        return redirect(url_for(f"{self.kind}.list"), 303)
