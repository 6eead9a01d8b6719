"""The guard as WSGI middleware: lets in who has a pass, and sends others to the gate.

    app.wsgi_app = Guard(app.wsgi_app, gate=…, api=…, shop_key=…, keys=[…], rooms={"/": "demo"})

It needs nobody to check a pass: with the gate and the room API down, shoppers inside go on. Where
a proxy ends TLS, put a ``ProxyFix`` around it, not inside; or name the shop's address (``shop``).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from waitingroom.guard.answers import Answer, Headers
from waitingroom.guard.base import BaseGuard
from waitingroom.request_ids import CURRENT, ENVIRON_KEY, About

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Application = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]


class Guard(BaseGuard[Application]):
    """A WSGI application around another. See :class:`~waitingroom.guard.base.BaseGuard`."""

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Let the request through, or answer it."""
        found = self.decide(environ)
        CURRENT.set(About(environ[ENVIRON_KEY]))
        if isinstance(found, Answer):
            return found(environ, start_response)
        found.mark(environ)

        def start(status: str, headers: Headers, *rest: Any) -> Any:
            found.answered(int(status[:3]))
            return start_response(status, found.on(headers), *rest)

        try:
            return self._app(environ, start)
        except Exception:
            found.answered(500)
            raise
