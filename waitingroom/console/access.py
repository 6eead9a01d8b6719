"""Who may see and do what: logging in, sessions, roles. Sessions are Flask's own signed cookies."""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import (
    Blueprint,
    Flask,
    current_app,
    g,
    redirect,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response

from waitingroom.clients import Proxies, blurred, network_of
from waitingroom.console.faults import Refused, answer
from waitingroom.console.requests import client_of
from waitingroom.console.ways import ask_to_log_in, form, safe, with_what_was_typed
from waitingroom.errors import StoreDown
from waitingroom.model import Actor
from waitingroom.operators import Operator, Role, is_password_of
from waitingroom.store.accounts import Accounts
from waitingroom.store.keys import LOGIN_TTL_S
from waitingroom.store.record import Record

CONSOLE = "console:"
"""Before an operator's name in the record: whoever acted by way of the console."""
IDLE_S = 30 * 60
"""A session ends so long after the last page that was asked for; what a page asks by itself does
not count."""
LONGEST_S = 12 * 3_600
MOST_FAILURES = 10
"""Within a quarter of an hour, from a network; then not even the right password does. Those that
are being looked at meanwhile, one a thread, are not counted yet."""
MOST_FOR_A_NAME = 100
"""From wherever; more, so that no single network shuts an operator out by failing in their name."""
MOST_MADE = 100
"""Secrets that an operator makes within a quarter of an hour: whoever has their session must not
drive all else out of the record."""

DIGEST_HEX = 32
SHUT_OUT = "Too many failed attempts. Wait a quarter of an hour, then try again."
log = logging.getLogger("waitingroom.console")
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
    """Logging in and out, over the accounts of a store. ``public_url``: where operators come to."""

    accounts: Accounts
    record: Record
    now_ms: Callable[[], int]
    proxies: Proxies
    public_url: str

    def register(self, app: Flask, keys: tuple[bytes, ...]) -> CSRFProtect:
        """Sessions, protection against forged requests (answered), and the two routes."""
        secure = self.public_url.startswith("https:")
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
        app.register_error_handler(CSRFError, self._without_token)
        return CSRFProtect(app)

    def show(self) -> str:
        """The form."""
        return form(safe(request.args.get("to")))

    def log_in(self) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
        """Begin a session: 303; 401 for a wrong name or password, 429 after too many of them."""
        name, password = request.form.get("name", "").strip(), request.form.get("password", "")
        to = safe(request.form.get("to"))
        operator = self.accounts.find(name)
        tried = self._tried(name, operator)
        if self._is_shut_out(*tried):
            return form(to, SHUT_OUT, name), 429, {"Retry-After": str(LOGIN_TTL_S)}
        good = is_password_of(operator, password)
        if operator is None or not good:
            self._note_failure(operator)
            self._count_failure(*tried)
            problem = "This name and this password do not belong together."
            return form(to, problem, name), 401
        self.record.note("log_in", operator.role, actor=self._actor(operator.name))
        session.clear()
        session.permanent = True
        now_s = self.now_ms() // 1000
        session.update(
            id=secrets.token_hex(16),
            name=operator.name,
            generation=operator.generation,
            since_s=now_s,
            seen_s=now_s,
        )
        return redirect(to, 303)

    def confirm(self, password: str) -> bool:
        """Whether it is the password of whoever asks; guesses count as those at the log-in do.

        Raises :class:`Refused` after too many.
        """
        tried = self._tried(g.operator.name, g.operator)
        if self._is_shut_out(*tried):
            raise Refused("too_many", SHUT_OUT, retry_after_s=LOGIN_TTL_S)
        if is_password_of(g.operator, password):
            return True
        self._count_failure(*tried)
        return False

    def make_one(self) -> None:
        """Count a secret that whoever asks makes. Raises :class:`Refused` after too many."""
        (made,) = self.accounts.failed(f"makes:{g.operator.name}")
        if made > MOST_MADE:
            told = f"you made {MOST_MADE} within a quarter of an hour; wait, then make more"
            raise Refused("too_many", told, retry_after_s=LOGIN_TTL_S)

    def stay(self, operator: Operator) -> None:
        """Let this session alone outlive the change of its operator's account."""
        session["generation"] = operator.generation

    def _tried(self, name: str, operator: Operator | None) -> tuple[str, str]:
        """Whom a failure counts against. A name that is nobody's is hashed: people type their
        password there.
        """
        typed = hmac.digest(_secret(), b"name:" + name.encode(), "sha256").hex()
        whom = f"name:{operator.name}" if operator else f"nobody:{typed[:DIGEST_HEX]}"
        return whom, f"network:{self.network()}"

    def _is_shut_out(self, name: str, network: str) -> bool:
        of_name, of_network = self.accounts.failures(name, network)
        return of_name >= MOST_FOR_A_NAME or of_network >= MOST_FAILURES

    def log_out(self) -> Response:
        """End the session, also for whoever has a copy of its cookie."""
        if operator := self.who():
            self.record.note("log_out", "", actor=self._actor(operator.name))
        if ended := session.get("id"):
            self.accounts.end_session(ended, LONGEST_S)
        session.clear()
        return redirect(url_for("access.show"), 303)

    def who(self, *, by_itself: bool = False) -> Operator | None:
        """Whose session this is, where it still holds. ``by_itself``: nobody asked, a page did."""
        now_s, name, known = self.now_ms() // 1000, session.get("name"), session.get("id")
        if not name or not known:
            return None
        if now_s - session["since_s"] > LONGEST_S or now_s - session["seen_s"] > IDLE_S:
            return None
        operator = self.accounts.in_session(name, known)
        if operator is None or operator.generation != session["generation"]:
            return None
        if not by_itself and now_s != session["seen_s"]:
            session["seen_s"] = now_s
        return operator

    def needs(
        self, role: Role | Callable[..., Role], *, by_itself: bool = False
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Only for operators who may do what ``role`` may; others log in first, or are refused.

        ``role``: or what names it, of the view's arguments. ``by_itself``: what pages ask without
        their reader, which keeps no session alive.
        """

        def made(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def checked(*args: P.args, **kwargs: P.kwargs) -> R:
                operator = self.who(by_itself=by_itself)
                if operator is None:
                    return cast(R, ask_to_log_in(by_itself))
                g.operator = operator
                needed = role if isinstance(role, Role) else role(*args, **kwargs)
                if not operator.role.may(needed):
                    raise Refused(
                        "forbidden",
                        f"this takes the role {needed}; {operator.name} is {operator.role}",
                    )
                return view(*args, **kwargs)

            return checked

        return made

    def actor(self, why: str = "") -> Actor:
        """Whoever asks for the view that this is called in, for the record."""
        return self._actor(g.operator.name, why)

    def _actor(self, name: str = "", why: str = "") -> Actor:
        return Actor(f"{CONSOLE}{name}" if name else "console", self.client(), why)

    def _note_failure(self, operator: Operator | None) -> None:
        """In the log. Not the name that was typed, unless it is somebody's: people type their
        password there.
        """
        about = {"event": "log_in_failed", "client": blurred(self.client())}
        log.warning("a log-in failed, as %s", operator.name if operator else "nobody", extra=about)

    def _count_failure(self, name: str, network: str) -> None:
        """Recorded is only who is shut out: a flood of guesses must not drive all else out."""
        of_name, of_network = self.accounts.failed(name, network)
        for whom, shut_out in (
            (name, of_name == MOST_FOR_A_NAME),
            (network, of_network == MOST_FAILURES),
        ):
            if shut_out:
                self.record.note("log_in_throttled", whom, actor=self._actor())

    def client(self) -> str:
        """The address that the request comes from, as told by our proxies."""
        return client_of(self.proxies)

    def network(self) -> str:
        """A name for the network of that address."""
        return network_of(self.client(), _secret())

    def _without_token(self, _error: CSRFError) -> Any:
        """A form that holds no token of its sender's session: too old, or not one of ours."""
        if request.endpoint == "access.log_in":
            problem = f"This page was too old, or did not come from {self.public_url}."
            to, name = safe(request.form.get("to")), request.form.get("name", "")
            return form(to, f"{problem} Log in again.", name), 400
        with suppress(StoreDown):
            # For the log, which tells whose form it was.
            g.operator = self.who(by_itself=True)
        if "name" not in session:
            return ask_to_log_in(by_itself=False)
        told = "this form is of an earlier session, or not one of ours; nothing was changed"
        typed = "" if request.endpoint == "access.log_out" else with_what_was_typed()
        return answer("bad_request", told, 400, form=typed)


def _secret() -> bytes:
    return str(current_app.secret_key).encode()
