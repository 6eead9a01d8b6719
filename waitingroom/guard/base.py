"""What every guard does, whatever its server speaks: who comes in, with which pass, and goes.

A request is known here by the words of CGI (``PATH_INFO``, ``HTTP_COOKIE`` …), as WSGI has them;
:mod:`waitingroom.guard.wsgi` and :mod:`waitingroom.guard.asgi` carry them in and the answers out.
"""

import os
import weakref
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from waitingroom import clock
from waitingroom.guard import answers, counts
from waitingroom.guard.api import RoomApi
from waitingroom.guard.knowledge import RELEASE_GRACE_MS, Knowledge
from waitingroom.guard.passes import best_pass, cookie_names
from waitingroom.guard.paths import InRoom, Open, Refused
from waitingroom.guard.redeem import Redeemer
from waitingroom.guard.reporter import Reporter
from waitingroom.guard.settings import GuardSettings
from waitingroom.guard.swap import Swap
from waitingroom.guard.visit import Visit
from waitingroom.model import Outside
from waitingroom.request_ids import ENVIRON_KEY, fresh, well_formed
from waitingroom.tokens import Pass

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

App = TypeVar("App")

PASS_KEY = "waitingroom.pass"  # noqa: S105 - the name of a place, not a secret
"""Where the application finds the shopper's :class:`~waitingroom.tokens.Pass`, or None."""
RELEASE_KEY = "waitingroom.release"
MOST_LEFT = 1_000_000_000
"""The room API takes no more."""


class BaseGuard(Generic[App]):
    """A guard before ``app``. The words are those of :meth:`GuardSettings.of`.

    Safe between threads, and across the forks of a server that loads the application first.
    Raises :class:`ValueError` for words that cannot be meant.
    """

    def __init__(
        self,
        app: App,
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
        cls, app: App, settings: GuardSettings, *, now_ms: Callable[[], int] = clock.now_ms
    ) -> Self:
        """A guard from settings that are checked already."""
        guard = cls.__new__(cls)
        guard._set_up(app, settings, now_ms)
        return guard

    def _set_up(self, app: App, settings: GuardSettings, now_ms: Callable[[], int]) -> None:
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

    def decide(self, environ: "WSGIEnvironment") -> "answers.Answer | Admission":
        """Let a request through, or answer it. Waits for nobody but, at a handover, the API."""
        if self._reporter is not None:
            self._reporter.wake()
        # Of whoever stands before us and may be believed; a header of the client's is not.
        request_id = well_formed(str(environ.get(ENVIRON_KEY, ""))) or fresh()
        environ[ENVIRON_KEY] = request_id
        found = self._decided(environ)
        return found.named(request_id) if isinstance(found, answers.Answer) else found

    def _decided(self, environ: "WSGIEnvironment") -> "answers.Answer | Admission":
        verdict = self._settings.rules.decide(environ.get("PATH_INFO", ""))
        match verdict:
            case Open():
                return NOBODY
            case Refused():
                return answers.refused(verdict)
            case InRoom():
                return self._in_room(verdict, environ)

    def _in_room(self, where: InRoom, environ: "WSGIEnvironment") -> "answers.Answer | Admission":
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
            return NOBODY if current is None else self._admit(visit, current, now_ms)
        if visit.navigates:
            way_back = visit.way_back(where.prefix)
            return answers.to_gate(self._settings.gate, where.room, way_back)
        return answers.no_pass(self._settings.gate, where.room)

    def _guarded(self, room: str, now_ms: int) -> bool:
        """Whether the room wants passes now: always, but outside a sale where that is left open."""
        facts = self._known.facts(room)
        return (facts.shop or self._settings.outside) is Outside.BLOCKED or facts.sale_on(now_ms)

    def _current(self, room: str, visit: Visit, now_ms: int) -> Pass | None:
        """The pass that a request carries, if it counts."""
        if (shown := self._borne(room, visit, now_ms)) is not None:
            return shown
        raws = [raw for name in cookie_names(room) for raw in visit.cookie(name)]
        found = best_pass(raws, self._settings.keyrings[room], self._known, now_ms)
        # A bearer token may be the shop's own, and no bad pass.
        if raws and found is None:
            counts.refused(counts.BAD_PASS)
        return found

    def _borne(self, room: str, visit: Visit, now_ms: int) -> Pass | None:
        """The pass that an app shows as a bearer token, if it counts."""
        return best_pass(visit.bearer, self._settings.keyrings[room], self._known, now_ms)

    def _admit(self, visit: Visit, current: Pass, now_ms: int) -> "Admission":
        renewed = None if self._known.releasing(current) else current.slid(now_ms)
        if renewed is not None and self._reporter is not None:
            self._reporter.renew(renewed)
        return Admission(
            current,
            lambda: self._handed(visit, current, renewed, now_ms),
            lambda: self._release(current),
            lambda status: self._answered(current.room, status),
        )

    def _handed(
        self, visit: Visit, current: Pass, renewed: Pass | None, now_ms: int
    ) -> answers.Headers:
        """What the holder's pass becomes: nothing after a release, a later one, or what it is."""
        names = cookie_names(current.room)
        if self._known.releasing(current):
            present = [name for name in names if visit.cookie(name)]
            return [answers.pass_cookie(name, "", 0, secure=name == names[0]) for name in present]
        if renewed is None:
            return []
        keyring = self._settings.keyrings[renewed.room]
        # A token that is no pass beside a good cookie: a script that could read no cookie would be
        # told the pass in a header.
        if self._borne(current.room, visit, now_ms) is not None:
            return [("Wr-Pass", keyring.sign_pass(renewed))]
        secure = visit.secure or bool(visit.cookie(names[0]))
        return [answers.given_pass(keyring, renewed, now_ms, secure=secure)]

    def _answered(self, room: str, status: int) -> None:
        """Count the shop's answer to somebody inside."""
        if self._reporter is not None:
            self._reporter.answered(room, failed=status >= 500)

    def _release(self, current: Pass) -> bool:
        """Give the shopper's place back. Staff have none, and keep their way in."""
        if current.staff:
            return False
        ends_at_ms = self._now_ms() + RELEASE_GRACE_MS
        self._known.end(current.room, current.lease, at_ms=ends_at_ms)
        if self._reporter is not None:
            self._reporter.release(current)
        return True

    def release(self, environ: Mapping[str, Any]) -> bool:
        """See :func:`release`."""
        return release(environ)

    def stock(self, room: str, left: int | None) -> None:
        """The shop has so much left for this room's sale, as of now; None: it is not reported.

        Call it where you have read it, as often as you like: the last one is told within seconds,
        the end of it at once. Waits for nothing. With 0 nobody joins or comes in until there is
        more. Raises :class:`ValueError` for a room that is not guarded here, or no such number.
        """
        if room not in self._settings.keyrings:
            raise ValueError(f"{room!r} is no room of this guard")
        whole = isinstance(left, int) and not isinstance(left, bool)
        if left is not None and not (whole and 0 <= left <= MOST_LEFT):
            raise ValueError(f"left must be a whole number to {MOST_LEFT}, or None")
        if self._reporter is not None:
            self._reporter.stock(room, left)

    def close(self) -> None:
        """Send what is left to the room API and stop, within 1.5 s. Done at the process's end."""
        if self._reporter is not None:
            self._reporter.close()


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that goes through to the application.

    ``current``: the holder's pass, None where none is asked for. ``handed``: the headers that go
    with the answer, known only when it begins, since the shopper may have checked out meanwhile.
    ``answered``: to be told the answer's status, which is 500 where the application broke.
    """

    current: Pass | None
    handed: Callable[[], answers.Headers]
    release: Callable[[], bool] | None
    answered: Callable[[int], None] = lambda _status: None

    def mark(self, request: MutableMapping[str, Any]) -> None:
        """Tell the application, in what it is given of the request. Only ours to say: a server
        could take an environment from elsewhere.
        """
        request[PASS_KEY] = self.current
        request[RELEASE_KEY] = self.release

    def on(self, headers: answers.Headers) -> answers.Headers:
        """The application's headers, and ours."""
        handed = self.handed()
        return [*answers.private(headers), *handed] if handed else headers


NOBODY = Admission(None, list, None)
"""No pass was asked for."""


def release(request: Mapping[str, Any]) -> bool:
    """The shopper has checked out: free their place in the shop, and take their pass.

    ``request``: WSGI's environment or ASGI's scope. Call it while answering, before the answer
    begins, once the order is safe. Waits for nothing. Twice is the same as once. False where there
    is nothing to give back: an allow-listed path, a staff pass, no guard, or no sale.
    """
    give_back = request.get(RELEASE_KEY)
    return bool(give_back()) if callable(give_back) else False


_GUARDS: "weakref.WeakSet[BaseGuard[Any]]" = weakref.WeakSet()


def _after_fork() -> None:
    for guard in list(_GUARDS):
        guard.after_fork()


os.register_at_fork(after_in_child=_after_fork)
