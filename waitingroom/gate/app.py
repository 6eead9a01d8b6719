"""The gate: an ASGI application. This module wires, routes and translates errors; no more."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

from waitingroom import clock, request_ids
from waitingroom.clients import Proxies
from waitingroom.codes import Codes
from waitingroom.config import GateConfig
from waitingroom.errors import NoSuchRoom, StoreDown, StoreUnfit, WaitingRoomError
from waitingroom.gate import branding, counts, entrance, lease, privacy, ticket, views, wait
from waitingroom.gate.context import Gate
from waitingroom.gate.http import (
    REQUEST_ID,
    Message,
    Refusal,
    Response,
    Send,
    json_response,
    refusal_response,
)
from waitingroom.gate.languages import LANGUAGES
from waitingroom.gate.line import Line
from waitingroom.gate.pages import Pages
from waitingroom.gate.request import Receive, Request, Scope
from waitingroom.gate.rooms import REFRESH_S, KnownRoom, Rooms
from waitingroom.gate.tally import Tally
from waitingroom.request_lines import RequestLines
from waitingroom.room_ids import is_room_id
from waitingroom.store.aclient import AsyncStore
from waitingroom.tokens import Keyring
from waitingroom.variables import LogRequests

Handler = Callable[[Gate, Request, KnownRoom], Awaitable[Response]]

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", ""): views.choose_language,
    ("GET", "go"): entrance.go,
    ("GET", "check"): lease.check,
    ("GET", "wait"): wait.show,
    ("GET", "status.json"): views.status,
    ("GET", "brand.css"): branding.style,
    ("GET", "logo"): branding.logo,
    ("POST", "ticket"): ticket.join,
    ("DELETE", "ticket"): ticket.leave,
    ("POST", "leave"): ticket.leave,
    ("POST", "pass"): entrance.enter,
    ("DELETE", "pass"): lease.release,
    ("POST", "more-time"): entrance.more_time,
}
"""What stands behind ``/{room}/…``."""
PARTS: dict[str, Handler] = {
    "": views.page,
    "privacy": privacy.show,
    "words.json": views.words,
}
"""What stands behind ``/{room}/{lang}/…``: the page in a language, and what belongs to it."""
NAMES = {(method, verb): f"{method} /{{room}}/{verb}".rstrip("/") for method, verb in ROUTES}
PART_NAMES = {part: f"GET /{{room}}/{{lang}}/{part}".rstrip("/") for part in PARTS}
"""What the counts call each route: the same whatever room, language or query."""

STORE_DOWN_MS = 2_000
log = logging.getLogger("waitingroom.gate")


class App:
    """One worker's application. Services are built at start-up, in the worker's own loop."""

    def __init__(
        self,
        config: GateConfig,
        now_ms: Callable[[], int] = clock.now_ms,
        store: AsyncStore | None = None,
    ) -> None:
        self._config = config
        self._store = store or AsyncStore.connect(config.store_url, replicas=config.replicas)
        self._rooms = Rooms(self._store)
        keyring = Keyring(config.keys)
        self.gate = Gate(
            rooms=self._rooms,
            line=Line(self._store, keyring, network_key=config.keys[0]),
            pages=Pages(prefix=urlsplit(config.public_url).path, templates=config.templates),
            keyring=keyring,
            codes=Codes(config.keys),
            public_url=config.public_url,
            clock=now_ms,
            proxies=Proxies(config.proxies, config.proxy_headers),
        )
        self._tally = Tally()
        self._lines = RequestLines(config.log_requests)
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI conversation."""
        if scope["type"] == "http":
            # Where each one leaves a line, none is answered without a look.
            quick = scope["method"] == "GET" and self._lines.which is not LogRequests.ALL
            ready = self._rooms.ready.get(scope["path"]) if quick else None
            if ready:
                self._tally.ready += 1
            for message in ready or await self._http(scope, receive):
                await send(message)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start and stop with the worker."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._rooms.refresh_now()
                if isinstance(self._rooms.problem, StoreUnfit):
                    await send(
                        {"type": "lifespan.startup.failed", "message": str(self._rooms.problem)}
                    )
                    return
                self._tasks = [
                    asyncio.create_task(self._rooms.keep_fresh()),
                    asyncio.create_task(self._keep_counts()),
                ]
                counts.begin()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tally.hand_on()
        await self._hand_on_waits()
        counts.WORKERS.set(0)
        await self._store.close()

    async def _keep_counts(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            self._tally.hand_on()
            await self._hand_on_waits()

    async def _hand_on_waits(self) -> None:
        """What the store does not take is let go: added twice, it would tell of nobody."""
        if found := self.gate.waits.take():
            with suppress(StoreDown):
                await self._store.add_waits(found)

    async def _http(self, scope: Scope, receive: Receive) -> tuple[Message, Message]:
        began_ns = time.perf_counter_ns()
        request = Request(scope, receive, self._config.body_limit)
        request.id = self._given_id(request)
        try:
            try:
                response = await self._answer(request)
            except WaitingRoomError as error:
                response = self._refuse(request, error)
        except Exception:
            # The last resort: no stack trace leaves the house, and the log has it.
            request.id = request.id or request_ids.fresh()
            about = {"event": "request_failed", "room": request.room, "request_id": request.id}
            log.exception("%s failed", request.route, extra=about)
            response = json_response(500, {"error": "error", "message": "something went wrong"})
        took_ns = time.perf_counter_ns() - began_ns
        self._tally.note(request.route, response.status, took_ns)
        if self._lines.wants(request.method, response.status):
            # Made only where a line has it: a header costs a join an eighth of its time.
            request.id = request.id or request_ids.fresh()
            self._lines.write(
                method=request.method,
                route=request.route,
                status=response.status,
                took_ns=took_ns,
                client=self.gate.side(request).client,
                request_id=request.id,
                room=request.room,
            )
        return response.messages(head=request.method == "HEAD", request_id=request.id)

    def _given_id(self, request: Request) -> str:
        """The id that a proxy of ours has given the request, "" for none."""
        given = request.headers.get(REQUEST_ID)
        if given is None:
            return ""
        peer = request.scope.get("client")
        trusted = peer is not None and self.gate.proxies.trusts(str(peer[0]))
        return request_ids.well_formed(given.decode("latin-1")) if trusted else ""

    async def _answer(self, request: Request) -> Response:
        start, _, rest = request.path.partition("/")
        if start:
            raise Refusal(400, "bad_request", "the address must be a path")
        first, slash, verb = rest.partition("/")
        method = "GET" if request.method == "HEAD" else request.method
        if first == "static" or (not slash and first in ("healthz", "readyz")):
            if method != "GET":
                raise _bad_method(method, "GET")
            request.route = f"GET /{first}"
            if first == "static":
                return views.static_file(self.gate, request, verb)
            return self._health(first)
        known = self._rooms.room(first)
        if known is None and not is_room_id(first):
            raise NoSuchRoom(first[:60])
        handler = self._handler(request, method, verb)
        known = known or await self._rooms.get(first)
        request.room = first
        return await handler(self.gate, request, known)

    def _handler(self, request: Request, method: str, verb: str) -> Handler:
        if handler := ROUTES.get((method, verb)):
            request.route = NAMES[method, verb]
            return handler
        lang, _, part = verb.partition("/")
        if lang in LANGUAGES and part in PARTS:
            if method == "GET":
                request.route = PART_NAMES[part]
                return PARTS[part]
            raise _bad_method(method, "GET")
        done = [name for name, routed in ROUTES if routed == verb]
        raise _bad_method(method, *done) if done else _nothing_here()

    def _health(self, name: str) -> Response:
        """The process is up; and, for ``readyz``, the store answers."""
        if name == "readyz" and (problem := self._rooms.problem):
            # Its own words name hosts and sockets: they are for the log, where they stand.
            raise _away(problem.code, "our records cannot be used now; the gate's log says why")
        return json_response(200, {"status": "ok"})

    def _refuse(self, request: Request, error: WaitingRoomError) -> Response:
        """The one table from errors to HTTP."""
        if isinstance(error, Refusal):
            refusal = error
        elif isinstance(error, NoSuchRoom):
            refusal = Refusal(404, error.code, str(error))
        elif isinstance(error, StoreDown | StoreUnfit):
            self._rooms.tell_refused(error)
            message = "we cannot reach our own records for a moment; your place is safe"
            refusal = _away(StoreDown.code, message)
        else:
            refusal = Refusal(500, error.code, "something went wrong")
        counts.REFUSED.labels(refusal.code).inc()
        if request.wants_html:
            return wait.notice(self.gate, request, refusal)
        return refusal_response(refusal)


def _away(code: str, message: str) -> Refusal:
    return Refusal(503, code, message, retry_after_ms=clock.jitter(STORE_DOWN_MS, 0.5))


def _nothing_here() -> Refusal:
    return Refusal(404, "not_found", "there is nothing here")


def _bad_method(method: str, *done: str) -> Refusal:
    """``done``: what would do; where GET does, HEAD does too."""
    allow = ", ".join((*done, "HEAD") if "GET" in done else done)
    headers = ((b"allow", allow.encode("ascii")),)
    return Refusal(405, "bad_method", f"{method[:20]} is not done here", headers=headers)


def create_app(config: GateConfig) -> App:
    """The factory that the server's start-up calls."""
    return App(config)
