"""The admins' pages of operators: who may use the console, and as what."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for

from waitingroom import zones
from waitingroom.console.access import Access
from waitingroom.console.faults import Refused, sentence
from waitingroom.console.forms import (
    Field,
    Page,
    Problems,
    acting,
    ask,
    is_me,
    once,
    sent,
    surely,
    told_moment,
    typed,
    version,
)
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting
from waitingroom.operators import (
    SHORTEST_PASSWORD,
    BadOperator,
    LastAdmin,
    NoSuchOperator,
    Operator,
    OperatorExists,
    OperatorMoved,
    Role,
    check_password,
    checked_name,
    hashed,
    made_password,
)
from waitingroom.store.accounts import Accounts

ROLES = {
    Role.VIEWER: "viewer: looks",
    Role.SUPPORT: "support: also helps single shoppers",
    Role.OPERATOR: "operator: also turns knobs, pauses, opens, closes",
    Role.ADMIN: "admin: also makes operators, keys and staff passes, and resets",
}
WHERE = "the operators"


class OperatorPages:
    """Over the accounts of a store. ``zone``: in which times are told."""

    def __init__(self, accounts: Accounts, access: Access, zone: Callable[[], str]) -> None:
        self._accounts = accounts
        self._access = access
        self._zone = zone

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("operators", __name__, url_prefix="/operators")
        rule = self._access.needs(Role.ADMIN)
        routes.get("")(rule(self.list))
        routes.post("")(rule(takes("name", "role", "password")(self.add)))
        routes.get("/<name>")(rule(self.show))
        # Where a form that was sent after the session's end is found again.
        routes.get("/<name>/role", endpoint="role")(rule(self.show))
        routes.post("/<name>/role")(rule(takes("version", "role", "why")(self.change_role)))
        routes.get("/<name>/password", endpoint="password")(rule(self.show))
        routes.post("/<name>/password")(rule(takes("version", "password")(self.change_password)))
        routes.get("/<name>/remove")(rule(self.ask_to_remove))
        routes.post("/<name>/remove")(rule(takes("version", "why")(self.remove)))
        return routes

    def list(self) -> str:
        """All of them, and the form for one more."""
        return self._list({})

    def _list(self, problems: Problems) -> str:
        role = typed("role", Role.OPERATOR)
        fields = [
            Field(
                "name", "Name", "lower-case letters, digits and . _ @ -",
                text=typed("name"), problem=problems.get("name", ""),
            ),
            role_field(role, problems),
            _password_field(problems),
        ]  # fmt: skip
        zone = self._zone()
        rows = [(one, told_moment(one.made_at_ms, zone)) for one in self._accounts.all()]
        return render_template("operators.html", rows=rows, fields=fields, zone=zone)

    def add(self) -> Page:
        """Make an operator; a password that we made is shown this once."""
        name, password, made = sent("name"), *_password()
        problems, role = {}, role_sent()
        try:
            checked_name(name)
        except BadOperator as wrong:
            problems["name"] = sentence(str(wrong))
        problems |= _wrong_password(password)
        if role is None:
            problems["role"] = "Choose one of these."
        if problems or role is None:
            return self._list(problems), 400
        self._access.make_one()
        wanted = Operator(name, role, hashed(password), self._access.now_ms())
        try:
            surely(lambda: self._accounts.add(wanted, actor=self._access.actor()), WHERE)
        except OperatorExists as wrong:
            return self._list({"name": sentence(str(wrong))}), 409
        told = f"“{name}” may use the console, as {role}."
        return self._done(told, name, password if made else "")

    def _done(self, told: str, name: str, password: str) -> Page:
        """To the list, with a word; or by way of the page that shows a password once."""
        back = url_for("operators.list")
        if password:
            lines = (told, "Give it to them by a way that only they read; they may change it then.")
            return once(f"The password of {name}", password, lines, back)
        flash(told)
        return redirect(back, 303)

    def show(self, name: str) -> str:
        """One of them, and what may be changed."""
        return self._show(self._found(name), {})

    def _found(self, name: str) -> Operator:
        found = self._accounts.find(name)
        if found is None:
            raise NoSuchOperator(name[:60])
        return found

    def _show(self, found: Operator, problems: Problems) -> str:
        return render_template(
            "operator.html",
            one=found,
            made=zones.shown(found.made_at_ms, self._zone()),
            me=is_me(found.name),
            role_field=role_field(typed("role", found.role), problems),
            password_field=_password_field(problems),
            problem=problems.get("", ""),
        )

    def change_role(self, name: str) -> Page:
        """Let them do more, or less; their sessions end."""
        found, role, generation = self._found(name), role_sent(), version()
        if role is None:
            return self._show(found, {"role": "Choose one of these."}), 400
        if role is found.role:
            flash(f"Nothing was changed: “{name}” is {role}.")
            return redirect(url_for("operators.show", name=name), 303)
        actor = acting(self._access)
        try:
            surely(
                lambda: self._accounts.change(
                    name,
                    role=role,
                    actor=actor,
                    generation=generation,
                    keep_admin=True,
                ),
                WHERE,
            )
        except (LastAdmin, OperatorMoved) as wrong:
            return self._show(self._found(name), {"": sentence(str(wrong))}), 409
        flash(f"“{name}” is {role} now; every session of theirs has ended.")
        return redirect(url_for("operators.list"), 303)

    def change_password(self, name: str) -> Page:
        """Give them a new password; their sessions end."""
        found, generation, (password, made) = self._found(name), version(), _password()
        if is_me(name):
            raise Refused("bad_request", "change your own password on the page of your account")
        if problems := _wrong_password(password):
            return self._show(found, problems), 400
        self._access.make_one()
        try:
            surely(
                lambda: self._accounts.change(
                    name,
                    password=hashed(password),
                    actor=self._access.actor(),
                    generation=generation,
                ),
                WHERE,
            )
        except OperatorMoved as wrong:
            return self._show(self._found(name), {"": sentence(str(wrong))}), 409
        told = f"“{name}” has a new password; every session of theirs has ended."
        return self._done(told, name, password if made else "")

    def ask_to_remove(self, name: str) -> str:
        """What it will do."""
        return self._ask(self._found(name))

    def _ask(self, found: Operator, problem: str = "") -> str:
        own = ("This is your own account: you will be logged out.",) if is_me(found.name) else ()
        told = (
            f"The account of {found.name}, {found.role}, ends, and every session of it at once. "
            "What they did stays in the record.",
            *own,
        )
        back, held = url_for("operators.show", name=found.name), {"version": found.generation}
        return ask(f"Remove {found.name}", "Remove", told, back, held=held, problem=problem)

    def remove(self, name: str) -> Page:
        """End an account: 303 to the others."""
        found, generation = self._found(name), version()
        try:
            actor = acting(self._access)
            surely(
                lambda: self._accounts.remove(
                    name, actor=actor, generation=generation, keep_admin=True
                ),
                WHERE,
            )
        except BadSetting as wrong:
            return self._ask(found, f"The reason: {wrong.why}."), 400
        except (LastAdmin, OperatorMoved) as wrong:
            return self._ask(self._found(name), sentence(str(wrong))), 409
        flash(f"“{name}” may use the console no more.")
        return redirect(url_for("operators.list"), 303)


def role_sent() -> Role | None:
    """The role that a form names; None where it is none."""
    text = request.form.get("role", "")
    return Role(text) if text in set(Role) else None


def _password() -> tuple[str, bool]:
    """What was typed, or a new one; and whether it is a new one."""
    text = request.form.get("password", "")
    return (text, False) if text else (made_password(), True)


def _wrong_password(password: str) -> dict[str, str]:
    try:
        check_password(password)
    except BadOperator as wrong:
        return {"password": sentence(str(wrong))}
    return {}


def role_field(role: str, problems: Problems) -> Field:
    """The choice of a role, where ``role`` is chosen."""
    options = tuple((one.value, about) for one, about in ROLES.items())
    problem = problems.get("role", "")
    return Field("role", "Role", kind="select", text=role, options=options, problem=problem)


def _password_field(problems: Problems) -> Field:
    return Field(
        "password",
        "Password",
        f"{SHORTEST_PASSWORD} characters or more; leave it empty, and one is made and shown once",
        kind="password",
        problem=problems.get("password", ""),
        autocomplete="new-password",
    )
