"""The ways to the log-in and back, with what was typed into a form meanwhile."""

from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request, session, url_for

from waitingroom.console.faults import Refused

NOT_TYPED = frozenset({"csrf_token", "version", "password", "current", "again"})
"""Fields that come back by no address: passwords would stay in the browser's history."""
LONGEST_WAY_BACK = 2_000
"""Characters; what was typed is left out of a longer one."""


def form(to: str, problem: str = "", name: str = "") -> str:
    """The log-in's, which leads on ``to`` a path of ours."""
    return render_template("login.html", name=name.strip()[:60], problem=problem, to=to)


def ask_to_log_in(by_itself: bool) -> Any:
    """The way to the log-in and back. What was typed into a form comes back with it."""
    if by_itself:
        # Nothing is cleared: a log-in in another tab may have begun a session meanwhile.
        raise Refused("unauthorized", "log in first: your session has ended")
    # A link on another site comes without the session's cookie (SameSite=Strict); the log-in's own
    # would then take its place. Asked once more by a page of ours the cookie comes along.
    if request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        return render_template("again.html", here=request.full_path.rstrip("?"))
    session.clear()
    if request.method == "GET":
        return redirect(url_for("access.show", to=request.full_path.rstrip("?")), 303)
    if request.endpoint == "access.log_out":
        return redirect(url_for("access.show"), 303)
    problem = "Your session had ended, so nothing was changed. Log in, then send the form again."
    return form(with_what_was_typed(), problem), 401


def with_what_was_typed() -> str:
    """The address of the form that was sent, which shows it as it was."""
    typed = {name: text for name, text in request.form.items() if name not in NOT_TYPED}
    to = f"{request.path}?{urlencode(typed)}"
    return to if len(to) <= LONGEST_WAY_BACK else request.path


def safe(to: str | None) -> str:
    """A path of ours to go to after the log-in; the front page for anything else."""
    plain = to and to.startswith("/") and not to.startswith("//")
    good = plain and all(" " < character <= "~" and character != "\\" for character in to or "")
    return (to or "/") if good else "/"
