"""Who may see and do what: logging in, sessions, roles. Sessions are Flask's own signed cookies."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Blueprint, Flask, g, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from waitingroom.console.faults import Refused
from waitingroom.model import Actor
from waitingroom.operators import Operator, Role, is_password_of
from waitingroom.store.accounts import Accounts
from waitingroom.store.record import Record

IDLE_S = 30 * 60
"""A session ends so long after the last page that was asked for; what a page asks by itself does
not count."""
LONGEST_S = 12 * 3_600
MOST_FAILURES = 10
"""Within a quarter of an hour, of a name or a network; then not even the right password does."""

P = ParamSpec("P")
R = TypeVar("R")


class _Sessions(SecureCookieSessionInterface):
    """Flask's, with the digest and the salt that the rest of our credentials have."""

    salt = "waitingroom.console"
    digest_method = staticmethod(hashlib.sha256)


def session_key(master: bytes) -> str:
    """What sessions are signed with: derived, so that it opens nothing else."""
    return hmac.digest(master, b"waitingroom.console", "sha256").hex()


@dataclass(frozen=True, slots=True)
class Access:
    """Logging in and out, over the accounts of a store."""

    accounts: Accounts
    record: Record
    now_ms: Callable[[], int]

    def register(self, app: Flask, keys: tuple[bytes, ...], *, secure: bool) -> CSRFProtect:
        """Sessions, protection against forged requests (answered), and the two routes."""
        app.secret_key = session_key(keys[-1])
        app.config.update(
            SECRET_KEY_FALLBACKS=[session_key(key) for key in keys[:-1]],
            SESSION_COOKIE_NAME="__Host-wr-console" if secure else "wr-console",
            SESSION_COOKIE_SECURE=secure,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Strict",
            SESSION_REFRESH_EACH_REQUEST=False,
            PERMANENT_SESSION_LIFETIME=timedelta(seconds=IDLE_S),
            WTF_CSRF_TIME_LIMIT=None,
        )
        app.session_interface = _Sessions()
        routes = Blueprint("access", __name__)
        routes.get("/login")(self.show)
        routes.post("/login")(self.log_in)
        routes.post("/logout")(self.log_out)
        app.register_blueprint(routes)
        return CSRFProtect(app)

    def show(self) -> str:
        """The form."""
        return render_template("login.html", name="", problem="", to=_safe(request.args.get("to")))

    def log_in(self) -> Response | tuple[str, int]:
        """Begin a session: 303; 401 for a wrong name or password, 429 after too many of them."""
        name, password = request.form.get("name", "").strip(), request.form.get("password", "")
        to = _safe(request.form.get("to"))
        tried = (f"name:{name[:60]}", f"network:{request.remote_addr}")
        if max(self.accounts.failures(*tried)) >= MOST_FAILURES:
            problem = "Too many failed attempts. Wait a quarter of an hour, then try again."
            return render_template("login.html", name=name[:60], problem=problem, to=to), 429
        operator = self.accounts.find(name)
        good = is_password_of(operator, password)
        if operator is None or not good:
            self._count_failure(tried)
            problem = "This name and this password do not belong together."
            return render_template("login.html", name=name[:60], problem=problem, to=to), 401
        self.record.note("log_in", operator.role, actor=_actor(operator.name))
        session.clear()
        session.permanent = True
        now_s = self.now_ms() // 1000
        session.update(
            name=operator.name, generation=operator.generation, since_s=now_s, seen_s=now_s
        )
        return redirect(to, 303)

    def log_out(self) -> Response:
        """End the session."""
        if operator := self.who():
            self.record.note("log_out", "", actor=_actor(operator.name))
        session.clear()
        return redirect(url_for("access.show"), 303)

    def _count_failure(self, tried: tuple[str, ...]) -> None:
        """Recorded is only who is shut out: a flood of guesses must not drive all else out."""
        counts = zip(tried, self.accounts.failed(*tried), strict=True)
        for shut_out in (whom for whom, count in counts if count == MOST_FAILURES):
            self.record.note("log_in_throttled", shut_out, actor=_actor())

    def actor(self, why: str = "") -> Actor:
        """Whoever asks for the view that this is called in, for the record."""
        return _actor(g.operator.name, why)

    def who(self) -> Operator | None:
        """Whose session this is, where it still holds."""
        now_s, name = self.now_ms() // 1000, session.get("name")
        if not name or now_s - session["since_s"] > LONGEST_S or now_s - session["seen_s"] > IDLE_S:
            return None
        operator = self.accounts.find(name)
        if operator is None or operator.generation != session["generation"]:
            return None
        if "live" not in (request.endpoint or "") and now_s != session["seen_s"]:
            session["seen_s"] = now_s
        return operator

    def needs(self, role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Only for operators who may do what ``role`` may; others log in first, or are refused."""

        def made(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def checked(*args: P.args, **kwargs: P.kwargs) -> R:
                operator = self.who()
                if operator is None:
                    return cast(R, _ask_to_log_in())
                if not operator.role.may(role):
                    raise Refused(
                        "forbidden",
                        f"this takes the role {role}; {operator.name} is {operator.role}",
                    )
                g.operator = operator
                return view(*args, **kwargs)

            return checked

        return made


def _actor(name: str = "", why: str = "") -> Actor:
    return Actor(f"console:{name}" if name else "console", request.remote_addr or "", why)


def _ask_to_log_in() -> Response:
    session.clear()
    if request.method != "GET" or request.accept_mimetypes.best == "application/json":
        raise Refused("unauthorized", "log in first: your session has ended")
    return redirect(url_for("access.show", to=request.full_path.rstrip("?")), 303)


def _safe(to: str | None) -> str:
    """A path of ours to go to after the log-in; the front page for anything else."""
    plain = to and to.startswith("/") and not to.startswith("//")
    good = plain and all(" " < character <= "~" and character != "\\" for character in to or "")
    return (to or "/") if good else "/"


def context() -> dict[str, Any]:
    """What every page knows."""
    return {"operator": g.get("operator")}
