"""Requests and answers: a thin layer over ASGI. Parsing of cookies and headers is Werkzeug's."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.http import dump_cookie, parse_cookie, parse_options_header

from waitingroom.errors import WaitingRoomError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

FORM = "application/x-www-form-urlencoded"
MOST_FORM_FIELDS = 20
BODY_WITHIN_S = 10
"""A client that declares a body and does not send it holds a connection for no longer than this."""
TICKET_KEPT_S = 7 * 24 * 3600
"""How long a browser keeps a ticket: longer than any sale waits."""


class Refusal(WaitingRoomError):
    """A request that is answered with an error. ``retry_after_ms``: 0 where waiting is no help."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry_after_ms: int = 0,
        more: Mapping[str, Any] | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_ms = retry_after_ms
        self.more = dict(more or {})
        self.headers = headers
        if retry_after_ms:
            self.headers = (*headers, retry_after(retry_after_ms))


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer. ``headers``: as ASGI wants them, lower-case names."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send, *, head: bool) -> None:
        """Write it out; for HEAD without its body."""
        length = (b"content-length", str(len(self.body)).encode())
        headers = list(self.headers) if self.status in (204, 304) else [*self.headers, length]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else self.body})


_PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
"""What browsers have called it over the years."""
_ASCII = bytes(range(128)) + b"?" * 128
"""Other software on the same host may set cookies in any encoding. Ours are ASCII."""
_AS_IT_IS = re.compile(r"[A-Za-z0-9._-]*")
NO_STORE = (b"cache-control", b"no-store")
NO_SNIFF = (b"x-content-type-options", b"nosniff")
JSON_TYPE = (b"content-type", b"application/json")
JSON_HEADERS = (JSON_TYPE, NO_STORE, NO_SNIFF)
encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""Compact JSON. One encoder for all: ``json.dumps`` with options builds one a call."""


def json_response(status: int, value: Mapping[str, Any], *more: tuple[bytes, bytes]) -> Response:
    """A JSON answer that no cache keeps."""
    return Response(status, encode(value).encode(), (*JSON_HEADERS, *more))


def redirect(location: str, *more: tuple[bytes, bytes]) -> Response:
    """303: fetch the other page with GET. Never cached: where it leads depends on who asks."""
    # A location is ASCII; what came in as text was checked and is quoted by its maker.
    where = (b"location", location.encode("ascii"))
    return Response(303, b"", (where, NO_STORE, (b"referrer-policy", b"no-referrer"), *more))


def retry_after(milliseconds: int) -> tuple[bytes, bytes]:
    """The header in whole seconds, never early."""
    return (b"retry-after", str(-(-milliseconds // 1000)).encode())


def refusal_response(refusal: Refusal) -> Response:
    """A refusal in JSON."""
    value: dict[str, Any] = {"error": refusal.code, "message": str(refusal), **refusal.more}
    if refusal.retry_after_ms:
        value["retry_after_ms"] = refusal.retry_after_ms
    return json_response(refusal.status, value, *refusal.headers)


def set_cookie(name: str, value: str, *, secure: bool, seconds: int) -> tuple[bytes, bytes]:
    """A cookie that scripts cannot read and other sites cannot send with a post."""
    if _AS_IT_IS.fullmatch(value) is None:
        raise ValueError("our cookies hold what needs no quoting")
    start, end = _cookie_around(name, secure, seconds)
    return (b"set-cookie", start + value.encode("ascii") + end)


@lru_cache(maxsize=1024)
def _cookie_around(name: str, secure: bool, seconds: int) -> tuple[bytes, bytes]:
    """What stands before and behind a cookie's value: the same for a whole crowd."""
    text = dump_cookie(
        name,
        "VALUE",
        max_age=seconds,
        sync_expires=False,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    start, _, end = text.partition("VALUE")
    return start.encode("ascii"), end.encode("ascii")


@dataclass
class Request:
    """What a handler sees of a request. ``body_limit``: bytes of the body that we read."""

    scope: Scope
    receive: Receive
    body_limit: int
    path: str = field(init=False)
    method: str = field(init=False)
    headers: dict[bytes, bytes] = field(init=False)
    """By lower-case name. Lines of cookies are joined; of others the last counts."""
    sent: dict[str, str] = field(init=False, default_factory=dict)
    """The body's fields, once :meth:`fields` has read them."""

    def __post_init__(self) -> None:
        self.path = self.scope["path"]
        self.method = self.scope["method"]
        found: dict[bytes, bytes] = {}
        for name, value in self.scope["headers"]:
            if name == b"cookie" and name in found:
                found[name] += b"; " + value
            else:
                found[name] = value
        self.headers = found

    def header(self, name: bytes) -> str:
        """One header as text, "" where it is not sent."""
        value = self.headers.get(name)
        return value.decode("latin-1") if value else ""

    @property
    def cookies(self) -> Mapping[str, str]:
        """Cookies by name. Not kept: most requests that look have none."""
        raw = self.headers.get(b"cookie")
        return parse_cookie(raw.translate(_ASCII).decode("ascii")) if raw else {}

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters; the first of a name counts."""
        raw = self.scope["query_string"].decode("latin-1")
        try:
            pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS)
        except ValueError:
            raise Refusal(400, "bad_request", "the query has too many parameters") from None
        return dict(reversed(pairs))

    @property
    def is_form(self) -> bool:
        """Whether the body is a form's, and no JSON."""
        declared = self.header(b"content-type")
        return bool(declared) and parse_options_header(declared)[0].lower() == FORM

    @property
    def wants_redirects(self) -> bool:
        """Whether a browser without JavaScript posts this: pages follow, and cookies."""
        return self.is_form and not self.is_native

    @property
    def is_native(self) -> bool:
        """Whether an app asks, which gets its credentials in the JSON."""
        return self.headers.get(b"wr-client") == b"native"

    @property
    def wants_html(self) -> bool:
        """Whether a person looks at the answer."""
        return b"text/html" in self.headers.get(b"accept", b"")

    @property
    def comes_from_our_page(self) -> bool:
        """Whether a page of ours led here, as far as the browser says: no typed address, no link
        from elsewhere."""
        return self.headers.get(b"sec-fetch-site") == b"same-origin"

    @property
    def is_prefetch(self) -> bool:
        """Whether a browser only looks ahead: nothing may be handed out for that."""
        purpose = b" ".join(self.headers.get(name, b"") for name in _PURPOSES)
        return any(word in purpose for word in (b"prefetch", b"prerender", b"preview"))

    @property
    def is_navigation(self) -> bool:
        """Whether somebody goes to this address, and no image or script of a page asks for it."""
        mode = self.headers.get(b"sec-fetch-mode", b"navigate")
        return self.method == "GET" and mode == b"navigate" and not self.is_prefetch

    async def body(self) -> bytes:
        """The whole body. 413 above the limit; 408 where it does not come, or not in time."""
        declared = self.headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > self.body_limit:
            raise self._too_large()
        if declared in (b"", b"0") and b"transfer-encoding" not in self.headers:
            return b""
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                return await self._received()
        except TimeoutError:
            raise Refusal(408, "too_slow", "the body did not arrive in time") from None

    async def _received(self) -> bytes:
        parts = bytearray()
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise TimeoutError
            parts += message.get("body", b"")
            if len(parts) > self.body_limit:
                raise self._too_large()
            if not message.get("more_body"):
                return bytes(parts)

    def _too_large(self) -> Refusal:
        return Refusal(413, "too_large", f"the body may have {self.body_limit} bytes at most")

    async def fields(self, *allowed: str) -> dict[str, str]:
        """The body's fields, from a form or a JSON object of texts; others are refused."""
        raw = await self.body()
        found = self._form(raw) if self.is_form else self._json(raw)
        for name in found:
            if name not in allowed:
                raise Refusal(400, "unknown_field", f"there is no field {name[:40]!r} here")
        self.sent = found
        return found

    def _form(self, raw: bytes) -> dict[str, str]:
        try:
            pairs = parse_qsl(
                raw.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS
            )
        except ValueError:
            raise Refusal(400, "bad_request", "the body is no form in UTF-8") from None
        return dict(pairs)

    @staticmethod
    def _json(raw: bytes) -> dict[str, str]:
        if not raw:
            return {}
        try:
            value = json.loads(raw.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise Refusal(400, "bad_request", "the body is no JSON in UTF-8") from None
        if not isinstance(value, dict):
            raise Refusal(400, "bad_request", "the body must be a JSON object")
        for name, text in value.items():
            if not isinstance(text, str):
                raise Refusal(400, "bad_request", f"the field {name[:40]!r} must be text")
        return value
