"""Answers, refusals and cookies that we set: a thin layer over ASGI."""

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from werkzeug.http import dump_cookie

from waitingroom import request_ids
from waitingroom.errors import WaitingRoomError

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

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

    def messages(self, *, head: bool = False, request_id: str = "") -> tuple[Message, Message]:
        """What the server is sent; for HEAD without the body. With the request's id, but in what
        a cache may keep: that is the same for everybody.
        """
        length = (b"content-length", str(len(self.body)).encode())
        headers = list(self.headers) if self.status in (204, 304) else [*self.headers, length]
        if request_id and NO_STORE in self.headers:
            headers.append((REQUEST_ID, request_id.encode("ascii")))
        return (
            {"type": "http.response.start", "status": self.status, "headers": headers},
            {"type": "http.response.body", "body": b"" if head else self.body},
        )


_AS_IT_IS = re.compile(r"[A-Za-z0-9._-]*")
NO_STORE = (b"cache-control", b"no-store")
REQUEST_ID = request_ids.HEADER.lower().encode()
NO_SNIFF = (b"x-content-type-options", b"nosniff")
JSON_TYPE = (b"content-type", b"application/json")
JSON_HEADERS = (JSON_TYPE, NO_STORE, NO_SNIFF)


def json_response(status: int, value: Mapping[str, Any], *more: tuple[bytes, bytes]) -> Response:
    """A JSON answer that no cache keeps."""
    return Response(status, orjson.dumps(value), (*JSON_HEADERS, *more))


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
