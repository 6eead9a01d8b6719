"""The guard as ASGI middleware: for FastAPI, Starlette, Django and whatever else speaks ASGI 3.

    app.add_middleware(Guard, gate=…, api=…, shop_key=…, keys=[…], rooms={"/": "demo"})

The rules are those of :mod:`waitingroom.guard.wsgi`. Nothing here blocks the event loop: the one
call that a shopper may wait for (half a second, at a handover) is made in a thread. A websocket is
checked when it begins, and lasts as long as the application lets it; without a pass its handshake
is denied (401 in JSON where the server can send that, else 403). Runs on asyncio.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from waitingroom.guard.answers import Answer
from waitingroom.guard.base import Admission, BaseGuard
from waitingroom.links import split_handover
from waitingroom.request_ids import ENVIRON_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

NO_PASS_CODE = 4401
"""How a websocket is closed that was not let in, by servers that cannot answer its handshake."""
_SCHEMES = {"https": "https", "wss": "https"}
_BEGINNINGS = frozenset({"http.response.start", "websocket.accept"})


class Guard(BaseGuard[Application]):
    """An ASGI application around another. See :class:`~waitingroom.guard.base.BaseGuard`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the conversation through, or end it."""
        kind = scope["type"]
        if kind == "lifespan":
            await self._app(scope, receive, send)
            return
        if kind not in ("http", "websocket"):
            raise ValueError(f"the guard knows no {kind!r}, and lets nothing through unseen")
        environ = environ_of(scope)
        found = await self._decide(environ)
        if isinstance(found, Admission):
            await self._let_in(found, environ[ENVIRON_KEY], scope, receive, send)
        elif kind == "http":
            await _answer(found, send, "http.response", head=scope["method"] == "HEAD")
        else:
            await _deny(found, scope, receive, send)

    async def _decide(self, environ: "WSGIEnvironment") -> Answer | Admission:
        """Only a handover is worth a thread: all else is decided in microseconds."""
        if split_handover(environ["QUERY_STRING"])[0] is not None:
            with suppress(_NoThread):
                return await _in_thread(partial(self.decide, environ))
        # In a process that can have no thread nobody asks the API, and so nobody waits for it.
        return self.decide(environ)

    async def _let_in(
        self, found: Admission, request_id: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def sending(message: Message) -> None:
            if message["type"] in _BEGINNINGS:
                found.answered(message.get("status", 101))
                message = {**message, "headers": _with(found, message.get("headers", ()))}
            await send(message)

        seen = {**scope, ENVIRON_KEY: request_id}
        found.mark(seen)
        try:
            await self._app(seen, receive, sending)
        except Exception:
            found.answered(500)
            raise


class _NoThread(Exception):
    """This process can start no thread."""


async def _in_thread(work: Callable[[], Answer | Admission]) -> Answer | Admission:
    try:
        future = asyncio.get_running_loop().run_in_executor(None, work)
    except RuntimeError as error:
        raise _NoThread from error
    return await future


def environ_of(scope: Scope) -> "WSGIEnvironment":
    """A request as :class:`BaseGuard` knows it: the words of CGI, each byte shown as latin-1."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    # Servers differ in whether the path holds the root; frameworks take it off where it does.
    inside = path[len(root) :] if path == root or path.startswith(f"{root}/") else path
    host, port = scope.get("server") or ("", None)
    environ = {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": _shown(root),
        "PATH_INFO": _shown(inside),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "wsgi.url_scheme": _SCHEMES.get(scope.get("scheme", "http"), "http"),
        "SERVER_NAME": host or "",
        "SERVER_PORT": str(port or ""),
    }
    if ENVIRON_KEY in scope:
        environ[ENVIRON_KEY] = scope[ENVIRON_KEY]
    for name, value in scope["headers"]:
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        parted = "; " if name == b"cookie" else ", "
        environ[key] = f"{environ[key]}{parted}{text}" if key in environ else text
    if scope["type"] == "websocket":
        # A handshake is no navigation, whatever it says, and swaps no handover.
        environ |= {"REQUEST_METHOD": "WEBSOCKET", "HTTP_SEC_FETCH_MODE": "websocket"}
    return environ


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _with(found: Admission, headers: Any) -> list[tuple[bytes, bytes]]:
    said = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return [_raw(name, value) for name, value in found.on(said)]


def _raw(name: str, value: str) -> tuple[bytes, bytes]:
    return name.lower().encode("latin-1"), value.encode("latin-1")


async def _answer(answer: Answer, send: Send, what: str, *, head: bool = False) -> None:
    await send(
        {
            "type": f"{what}.start",
            "status": int(answer.status[:3]),
            "headers": [_raw(name, value) for name, value in answer.whole_headers],
        }
    )
    await send({"type": f"{what}.body", "body": b"" if head else answer.body})


async def _deny(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Turn a websocket away, once it has asked."""
    await receive()
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await _answer(answer, send, "websocket.http.response")
    else:
        await send({"type": "websocket.close", "code": NO_PASS_CODE, "reason": "no pass"})
