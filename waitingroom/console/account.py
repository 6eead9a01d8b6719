"""Everybody's own page: another password, and when and from where they logged in lately."""

from collections.abc import Callable

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from waitingroom.console.access import CONSOLE, Access
from waitingroom.console.faults import sentence
from waitingroom.console.figures import moment
from waitingroom.console.forms import Field, Page, Problems, surely
from waitingroom.console.whole import takes
from waitingroom.operators import SHORTEST_PASSWORD, BadOperator, Role, check_password, hashed
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM

LOOKED_AT = 1_000
"""Of the newest entries of the record, for log-ins."""
SHOWN = 10
WHERE = "this page (log in with the new password)"


class AccountPages:
    """Over one store."""

    def __init__(self, store: Store, access: Access, zone: Callable[[], str]) -> None:
        self._store = store
        self._access = access
        self._zone = zone

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("account", __name__, url_prefix="/account")
        own = self._access.needs(Role.VIEWER)
        routes.get("")(own(self.show))
        routes.post("")(own(takes("current", "password", "again")(self.change_password)))
        return routes

    def show(self) -> str:
        """Who they are to us."""
        return self._show({})

    def _show(self, problems: Problems) -> str:
        hint = f"{SHORTEST_PASSWORD} characters or more"
        fields = [
            _field("current", "Password now", "", problems, "current-password"),
            _field("password", "New password", hint, problems, "new-password"),
            _field("again", "New password, once more", "", problems, "new-password"),
        ]
        zone = self._zone()
        log_ins = self._log_ins(zone)
        return render_template("account.html", fields=fields, log_ins=log_ins, zone=zone)

    def _log_ins(self, zone: str) -> list[tuple[str, str]]:
        """When, and from where, the newest first."""
        actor = f"{CONSOLE}{g.operator.name}"
        entries = self._store.record.newest(SYSTEM, LOOKED_AT)
        own = [one for one in entries if one.act == "log_in" and one.actor == actor]
        return [(moment(one.at_ms, zone), one.text("from")) for one in own[:SHOWN]]

    def change_password(self) -> Page:
        """A new password; all their sessions end but this one."""
        password, problems = request.form.get("password", ""), {}
        try:
            check_password(password)
        except BadOperator as wrong:
            problems["password"] = sentence(str(wrong))
        if password != request.form.get("again", ""):
            problems["again"] = "This is not the same as above."
        # Looked at last, so that a slip in the new one costs no attempt.
        if not problems and not self._access.confirm(request.form.get("current", "")):
            problems["current"] = "This is not your password."
        if problems:
            return self._show(problems), 400
        changed = surely(
            lambda: self._store.accounts.change(
                g.operator.name,
                password=hashed(password),
                actor=self._access.actor(),
                generation=g.operator.generation,
            ),
            WHERE,
        )
        self._access.stay(changed)
        flash("Your password is another now; every other session of yours has ended.")
        return redirect(url_for("account.show"), 303)


def _field(
    name: str, label: str, hint: str, problems: Problems, autocomplete: str
) -> Field:  # fmt: skip
    problem = problems.get(name, "")
    return Field(name, label, hint, "password", problem=problem, autocomplete=autocomplete)
