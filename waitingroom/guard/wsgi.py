"""The guard itself: WSGI middleware that lets in who has a pass, and sends others to the gate.

    app.wsgi_app = Guard(app.wsgi_app, gate=…, api=…, shop_key=…, keys=[…], rooms={"/": "demo"})

It needs nobody to check a pass: with the gate and the room API down, shoppers inside go on. Where
a proxy ends TLS, put a ``ProxyFix`` around it, not inside; or name the shop's address (``shop``).
"""

import os
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from waitingroom import clock
from waitingroom.guard import answers, counts
from waitingroom.guard.api import RoomApi
from waitingroom.guard.knowledge import RELEASE_GRACE_MS, Knowledge
from waitingroom.guard.passes import best_pass, cookie_names, slid
from waitingroom.guard.paths import InRoom, Open, Refused
from waitingroom.guard.redeem import Redeemer
from waitingroom.guard.reporter import Reporter
from waitingroom.guard.settings import GuardSettings, Outside
from waitingroom.guard.swap import Swap
from waitingroom.guard.visit import Visit
from waitingroom.tokens import Pass

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PASS_KEY = "waitingroom.pass"  # noqa: S105 - the name of a place, not a secret
"""Where the application finds the shopper's :class:`~waitingroom.tokens.Pass`, or None."""
RELEASE_KEY = "waitingroom.release"


class Guard:
    """A WSGI application around another. The words are those of :meth:`GuardSettings.of`.

    Safe between threads, and across the forks of a server that loads the application first.
    Raises :class:`ValueError` for words that cannot be meant.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        gate: str,
        api: str,
        shop_key: str,
        keys: Iterable[str],
        rooms: Mapping[str, str],
        allow: Iterable[str] = (),
        outside: str = Outside.BLOCKED,
        shop: str = "",
        now_ms: Callable[[], int] = clock.now_ms,
    ) -> None:
        settings = GuardSettings.of(
            gate=gate,
            api=api,
            shop_key=shop_key,
            keys=keys,
            rooms=rooms,
            allow=allow,
            outside=outside,
            shop=shop,
        )
        self._set_up(app, settings, now_ms)

    @classmethod
    def of(
        cls,
        app: "WSGIApplication",
        settings: GuardSettings,
        *,
        now_ms: Callable[[], int] = clock.now_ms,
    ) -> "Guard":
        """A guard from settings that are checked already."""
        guard = cls.__new__(cls)
        guard._set_up(app, settings, now_ms)
        return guard

    def _set_up(
        self, app: "WSGIApplication", settings: GuardSettings, now_ms: Callable[[], int]
    ) -> None:
        self._app = app
        self._settings = settings
        self._now_ms = now_ms
        self._known = Knowledge()
        self._reporter: Reporter | None = None
        self._redeemer: Redeemer | None = None
        if settings.api:
            api = RoomApi(settings.api, settings.shop_key)
            self._reporter = Reporter(api, settings.keyrings, self._known, now_ms=now_ms)
            self._redeemer = Redeemer(api, self._reporter.redeem_later)
        self._swap = Swap(settings.keyrings, self._known, self._redeemer)
        _GUARDS.add(self)

    def after_fork(self) -> None:
        """In a new process: threads and held locks stayed behind. Called by itself."""
        self._known.after_fork()
        if self._reporter and self._redeemer:
            self._reporter.after_fork()
            self._redeemer.after_fork()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Let the request through, or answer it. Waits for nobody but, at a handover, the API."""
        # Only ours to say: a server could take an environment from elsewhere.
        environ[PASS_KEY] = None
        environ.pop(RELEASE_KEY, None)
        if self._reporter is not None:
            self._reporter.wake()
        verdict = self._settings.rules.decide(environ.get("PATH_INFO", ""))
        match verdict:
            case Open():
                return self._app(environ, start_response)
            case Refused():
                return answers.refused(verdict)(environ, start_response)
            case InRoom():
                return self._in_room(verdict, environ)(environ, start_response)

    def _in_room(self, where: InRoom, environ: "WSGIEnvironment") -> "WSGIApplication":
        """Who answers a request that needs a pass: the application, or one of our answers."""
        now_ms = self._now_ms()
        visit = Visit.of(environ, self._settings.shop)
        current = self._current(where.room, visit, now_ms)
        welcome = current is not None or not self._guarded(where.room, now_ms)
        if visit.handover is not None and visit.method == "GET":
            cookie = self._swap.cookie(where.room, visit, current, now_ms)
            if cookie is not None:
                return answers.arrived(visit.url, cookie)
            if welcome:
                return answers.arrived(visit.url)
        elif welcome:
            return self._app if current is None else self._admit(visit, current, now_ms)
        if visit.navigates:
            way_back = visit.way_back(where.prefix)
            return answers.to_gate(self._settings.gate, where.room, way_back)
        return answers.no_pass(self._settings.gate, where.room)

    def _guarded(self, room: str, now_ms: int) -> bool:
        """Whether the room wants passes now: always, but outside a sale where that is left open."""
        return self._settings.outside is Outside.BLOCKED or self._known.facts(room).sale_on(now_ms)

    def _current(self, room: str, visit: Visit, now_ms: int) -> Pass | None:
        """The pass that a request carries, if it counts."""
        raws = [raw for name in cookie_names(room) for raw in visit.cookie(name)]
        found = best_pass(raws, self._settings.keyrings[room], self._known, now_ms)
        if raws and found is None:
            counts.refused(counts.BAD_PASS)
        return found

    def _admit(self, visit: Visit, current: Pass, now_ms: int) -> "WSGIApplication":
        """The application, with the pass at hand and a later one for the browser when it is due."""

        def admitted(
            environ: "WSGIEnvironment", start_response: "StartResponse"
        ) -> Iterable[bytes]:
            environ[PASS_KEY] = current
            environ[RELEASE_KEY] = partial(self._release, current)
            renewed = None if self._known.releasing(current) else slid(current, now_ms)
            if renewed is not None and self._reporter is not None:
                self._reporter.renew(renewed)

            def start(status: str, headers: answers.Headers, *rest: Any) -> Any:
                # Only now is it known whether the shopper has checked out.
                cookies = self._cookies(visit, current, renewed, now_ms)
                return start_response(
                    status, [*answers.private(headers), *cookies] if cookies else headers, *rest
                )

            return self._app(environ, start)

        return admitted

    def _cookies(
        self, visit: Visit, current: Pass, renewed: Pass | None, now_ms: int
    ) -> answers.Headers:
        """What the browser's pass becomes: nothing after a release, a later one, or what it is."""
        names = cookie_names(current.room)
        if self._known.releasing(current):
            present = [name for name in names if visit.cookie(name)]
            return [answers.pass_cookie(name, "", 0, secure=name == names[0]) for name in present]
        if renewed is None:
            return []
        keyring = self._settings.keyrings[renewed.room]
        secure = visit.secure or bool(visit.cookie(names[0]))
        return [answers.given_pass(keyring, renewed, now_ms, secure=secure)]

    def _release(self, current: Pass) -> bool:
        """Give the shopper's place back. Staff have none, and keep their way in."""
        if current.staff:
            return False
        ends_at_ms = self._now_ms() + RELEASE_GRACE_MS
        self._known.end(current.room, current.lease, at_ms=ends_at_ms)
        if self._reporter is not None:
            self._reporter.release(current)
        return True

    def release(self, environ: "WSGIEnvironment") -> bool:
        """See :func:`release`."""
        return release(environ)

    def close(self) -> None:
        """Send what is left to the room API and stop, within 1.5 s. Done at the process's end."""
        if self._reporter is not None:
            self._reporter.close()


def release(environ: "WSGIEnvironment") -> bool:
    """The shopper has checked out: free their place in the shop, and take their pass.

    Call it while answering, before the answer begins, once the order is safe. Waits for nothing.
    Twice is the same as once. False where there is nothing to give back: an allow-listed path, a
    staff pass, no guard, or no sale.
    """
    give_back = environ.get(RELEASE_KEY)
    return bool(give_back()) if callable(give_back) else False


_GUARDS: weakref.WeakSet[Guard] = weakref.WeakSet()


def _after_fork() -> None:
    for guard in list(_GUARDS):
        guard.after_fork()


os.register_at_fork(after_in_child=_after_fork)
