"""What a handler sees of a request. Parsing of cookies and headers is Werkzeug's."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.http import parse_cookie, parse_options_header

from waitingroom.clients import Side
from waitingroom.gate.http import Refusal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

FORM = "application/x-www-form-urlencoded"
MOST_FORM_FIELDS = 20
BODY_WITHIN_S = 10
"""A client that declares a body and does not send it holds a connection for no longer than this."""

_PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
"""What browsers have called it over the years."""
_ASCII = bytes(range(128)) + b"?" * 128
"""Other software on the same host may set cookies in any encoding. Ours are ASCII."""


@dataclass
class Request:
    """What a handler sees of a request. ``body_limit``: bytes of the body that we read."""

    scope: Scope
    receive: Receive
    body_limit: int
    path: str = field(init=False)
    method: str = field(init=False)
    headers: dict[bytes, bytes] = field(init=False)
    """By lower-case name; of several lines the last counts (but see :attr:`cookies`)."""
    sent: dict[str, str] = field(init=False, default_factory=dict)
    """The body's fields, once :meth:`fields` has read them."""
    side: Side | None = field(init=False, default=None)
    """Who asks, by which scheme and host, once the gate has looked (:meth:`.context.Gate.side`)."""
    route: str = field(init=False, default="none")
    """What counts and logs call it: one of the routes that exist, or that it is none."""
    room: str = field(init=False, default="")
    """The room that it asks for, where there is one of that name."""
    id: str = field(init=False, default="")
    """What logs and the answer call it."""

    def __post_init__(self) -> None:
        self.path = self.scope["path"]
        self.method = self.scope["method"]
        self.headers = dict(self.scope["headers"])

    def header(self, name: bytes) -> str:
        """One header as text, "" where it is not sent."""
        value = self.headers.get(name)
        return value.decode("latin-1") if value else ""

    @property
    def cookies(self) -> Mapping[str, str]:
        """Cookies by name, of all their lines. Not kept: most requests that look have none."""
        if b"cookie" not in self.headers:
            return {}
        lines = (value for name, value in self.scope["headers"] if name == b"cookie")
        return parse_cookie(b"; ".join(lines).translate(_ASCII).decode("ascii"))

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
    def is_framed(self) -> bool:
        """Whether a page shows the answer in a frame of its own."""
        return self.headers.get(b"sec-fetch-dest") in (b"iframe", b"frame", b"embed", b"object")

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
            async with asyncio.timeout(BODY_WITHIN_S) as patience:
                return await self._received(patience)
        except TimeoutError:
            raise Refusal(408, "too_slow", "the body did not arrive in time") from None

    async def _received(self, patience: asyncio.Timeout) -> bytes:
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
            # gunicorn waits in `wait_for`, which before Python 3.12 forgets that it was to end
            # where something comes at that moment.
            if patience.expired():
                raise TimeoutError

    def _too_large(self) -> Refusal:
        # The server hangs up on what it did not read; a client that is still sending is told so.
        return Refusal(
            413,
            "too_large",
            f"the body may have {self.body_limit} bytes at most",
            headers=((b"connection", b"close"),),
        )

    async def fields(self, *allowed: str) -> dict[str, str]:
        """The body's fields, from a form or a JSON object of texts; others are refused."""
        raw = await self.body()
        if not raw:
            return {}
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
