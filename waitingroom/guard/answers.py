"""What the guard itself answers, and what it does to an answer that carries its cookie."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import dump_cookie, parse_cache_control_header

from waitingroom.guard import counts
from waitingroom.guard.passes import cookie_names
from waitingroom.guard.paths import Refused
from waitingroom.request_ids import HEADER
from waitingroom.tokens import Pass, RoomKeyring

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Headers = list[tuple[str, str]]

_SHARED_CACHE_HEADERS = frozenset(
    {"cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control", "x-accel-expires"}
)
"""What some shared caches believe rather than ``Cache-Control``."""

_REFUSALS = {
    "not_allowed": ("403 Forbidden", "the guard has no rule for this address"),
    "ambiguous_path": (
        "400 Bad Request",
        "this address has more than one reading; write it plainly",
    ),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the guard's own, a WSGI application. No cache may keep any of them.

    It is written by hand since a response object would touch up ``Location``, which repeats a
    visitor's query byte for byte.
    """

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def named(self, request_id: str) -> "Answer":
        """The answer to the request of this id."""
        return replace(self, headers=(*self.headers, (HEADER, request_id)))

    @property
    def whole_headers(self) -> Headers:
        """All headers of the answer."""
        length = ("Content-Length", str(len(self.body)))
        return [*self.headers, ("Cache-Control", "no-store"), length]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer the request."""
        start_response(self.status, self.whole_headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [self.body]


def to_gate(gate: str, room: str, way_back: str) -> Answer:
    """303 to where the room's tickets and passes are."""
    counts.refused(counts.NO_PASS)
    return _see_other(f"{gate}/{room}/go?to={quote(way_back, safe='')}")


def no_pass(gate: str, room: str) -> Answer:
    """401 for a program, which is told where a pass is to be had."""
    counts.refused(counts.NO_PASS)
    body = {
        "error": "no_pass",
        "message": "this needs a pass of the waiting room",
        "room_url": f"{gate}/{room}",
    }
    challenge = ("WWW-Authenticate", f'WaitingRoom realm="{room}"')
    return _json("401 Unauthorized", body, challenge)


def refused(verdict: Refused) -> Answer:
    """A path that no pass would open."""
    counts.refused(verdict.code)
    status, message = _REFUSALS[verdict.code]
    return _json(status, {"error": verdict.code, "message": message})


def arrived(url: str, *cookies: tuple[str, str]) -> Answer:
    """303 to the page without its handover, of which no ``Referer`` tells either."""
    return _see_other(url, ("Referrer-Policy", "no-referrer"), *cookies)


def _see_other(url: str, *headers: tuple[str, str]) -> Answer:
    return Answer("303 See Other", (("Location", url), *headers))


def _json(status: str, body: dict[str, str], *headers: tuple[str, str]) -> Answer:
    kind = ("Content-Type", "application/json")
    return Answer(status, (kind, *headers), json.dumps(body).encode())


def pass_cookie(name: str, raw: str, max_age_ms: int, *, secure: bool) -> tuple[str, str]:
    """The header that puts a pass in the browser, while it is good; "" and 0 take it out."""
    cookie = dump_cookie(
        name,
        raw,
        max_age=-(-max_age_ms // 1000),
        # Counted from its arrival, whatever the shopper's own clock says.
        sync_expires=False,
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    return "Set-Cookie", cookie


def given_pass(keyring: RoomKeyring, value: Pass, now_ms: int, *, secure: bool) -> tuple[str, str]:
    """The header that gives ``value`` to the browser."""
    name = cookie_names(value.room)[0 if secure else 1]
    raw = keyring.sign_pass(value)
    return pass_cookie(name, raw, value.expires_at_ms - now_ms, secure=secure)


def private(headers: Headers) -> Headers:
    """The application's headers, such that no shared cache keeps an answer with a pass in it."""
    said = ", ".join(value for name, value in headers if name.lower() == "cache-control")
    control = parse_cache_control_header(said, cls=ResponseCacheControl)
    if not control.no_store:
        control.public = False
        control.s_maxage = None
        control.private = True
    unsafe = _SHARED_CACHE_HEADERS | {"cache-control"}
    kept = [(name, value) for name, value in headers if name.lower() not in unsafe]
    return [*kept, ("Cache-Control", control.to_header())]
