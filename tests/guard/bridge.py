"""Lets the guard's tests ask the ASGI guard as they ask the other: one request, there and back."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.test import run_wsgi_app

from waitingroom.guard import PASS_KEY
from waitingroom.guard.asgi import Guard
from waitingroom.guard.base import RELEASE_KEY

ORIGINAL = "test.environ"


def application(wsgi_app: Any) -> Any:
    """A WSGI shop as an ASGI application: it gets the request as it was, and the guard's words."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        environ = {**scope[ORIGINAL], PASS_KEY: scope[PASS_KEY], RELEASE_KEY: scope[RELEASE_KEY]}
        body, status, headers = run_wsgi_app(wsgi_app, environ, buffered=True)
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        start = {"type": "http.response.start", "status": int(status[:3]), "headers": raw}
        await send(start)
        await send({"type": "http.response.body", "body": b"".join(body)})

    return app


def scope_of(environ: dict[str, Any]) -> dict[str, Any]:
    """A request as an ASGI server makes it."""
    headers = [
        (name[5:].replace("_", "-").lower().encode(), value.encode("latin-1"))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    root = environ.get("SCRIPT_NAME", "")
    path = (root + environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": path,
        "root_path": root,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "headers": headers,
        "server": (environ.get("SERVER_NAME", ""), int(environ.get("SERVER_PORT") or 0)),
        ORIGINAL: environ,
    }


def bridged(guard: Guard) -> Callable[..., Iterable[bytes]]:
    """The guard as a WSGI application."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(guard(scope_of(environ), receive, send))
        finally:
            # Without more ado, as asyncio.run does not: that starts a thread to end threads.
            loop.close()
        start, body = sent
        assert all(name == name.lower() for name, _ in start["headers"])
        headers = [(n.decode().title(), v.decode("latin-1")) for n, v in start["headers"]]
        start_response(f"{start['status']} X", headers)
        return [body["body"]]

    return app
