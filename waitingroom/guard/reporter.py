"""Tells the room API who is active and who is done, in the background.

One daemon thread per process, started by the first request it serves (so after a server has
forked). A request only ever leaves a note in a bounded box: it never waits for the network, and
never fails because of it. At the end of the process the thread gets a moment to send what is left.
"""

import atexit
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread

from waitingroom.clock import monotonic_ms
from waitingroom.guard.api import ApiAway, CallRefused, NotYet, Redeemed, RoomApi
from waitingroom.guard.knowledge import RELEASE_GRACE_MS, Knowledge
from waitingroom.guard.outbox import LONGEST_AGE_MS, LONGEST_RETRY_MS, POLL_MS, Outbox, Pace
from waitingroom.tokens import Pass

CALL_TIMEOUT_S = 2.0
"""For each step of a call. Only the thread waits for it."""
LAST_CALL_TIMEOUT_S = 0.5
CLOSING_S = 1.5
"""How long the end of the process may wait for what is left to be sent."""

log = logging.getLogger("waitingroom.guard")


class Reporter:
    """The boxes and the thread. Every public method may be called from any thread, and is quick.

    ``now_ms`` is the wall clock that answers are dated with; the waits go by ``steady_ms``.
    """

    def __init__(
        self,
        api: RoomApi,
        rooms: Iterable[str],
        known: Knowledge,
        *,
        now_ms: Callable[[], int],
        steady_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._api = api
        self._known = known
        self._now_ms = now_ms
        self._steady_ms = steady_ms
        self._rooms = tuple(sorted(set(rooms)))
        self._empty()

    def _empty(self) -> None:
        self._boxes = {room: Outbox() for room in self._rooms}
        self._paces = {room: Pace() for room in self._rooms}
        self._marks = dict.fromkeys(self._rooms, "")
        self._changed = Condition()
        self._thread: Thread | None = None
        self._closing = False

    def after_fork(self) -> None:
        """In a new process: the thread stayed behind, and what it has to tell is its to tell."""
        self._empty()

    @property
    def dropped(self) -> int:
        """How much the bounds of the boxes have cost so far."""
        return sum(box.dropped for box in self._boxes.values())

    def renew(self, renewed: Pass) -> None:
        """Note that a shopper is active. Staff have no lease, and nothing to renew."""
        if not renewed.staff:
            with self._news(renewed.room) as box:
                box.renew(renewed.lease)

    def release(self, released: Pass) -> None:
        """Note that a shopper is done. Twice is the same as once."""
        if not released.staff:
            with self._news(released.room) as box:
                box.release(released.lease)

    def redeem_later(self, room: str, token: str) -> None:
        """Note that a handover was accepted on its signature."""
        with self._news(room) as box:
            box.redeem(token)

    def answered(self, room: str, *, failed: bool) -> None:
        """Count an answer of the shop's. It is told with the next call, and hurries none."""
        with self._changed:
            self._boxes[room].answered(failed=failed)

    def stock(self, room: str, left: int | None) -> None:
        """Note what is left. That nothing is, or something again, is told at once."""
        with self._changed:
            now_ms = self._steady_ms()
            if self._boxes[room].left(left, now_ms):
                self._paces[room].news(now_ms)
                self._changed.notify()
        self.wake()

    @contextmanager
    def _news(self, room: str) -> Iterator[Outbox]:
        with self._changed:
            yield self._boxes[room]
            self._paces[room].news(self._steady_ms())
            self._changed.notify()
        self.wake()

    def wake(self) -> None:
        """Start the thread if this process has none. A process that can have none goes on."""
        if self._thread is not None and self._thread.is_alive():
            return
        with self._changed:
            if self._closing or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = Thread(target=self._run, name="waitingroom-reporter", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:
                self._thread = None
                about = {"event": "no_thread"}
                log.warning("no thread to report to the room API with: %s", error, extra=about)
                return
        atexit.unregister(self.close)
        atexit.register(self.close)

    def close(self, patience_s: float = CLOSING_S) -> None:
        """Send what is left, for at most ``patience_s``, and stop for good. Twice does no harm."""
        with self._changed:
            self._closing = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(patience_s)
        atexit.unregister(self.close)

    def _run(self) -> None:
        while not self._closing:
            self.turn()
            with self._changed:
                if not self._closing:
                    self._changed.wait(self._wait_ms() / 1000)
        for room in self._rooms:
            if not self._boxes[room].is_empty:
                self._talk(room, LAST_CALL_TIMEOUT_S)

    def _wait_ms(self) -> int:
        now = self._steady_ms()
        return min(pace.wait_ms(now) for pace in self._paces.values())

    def turn(self) -> None:
        """One step: talk for each room that is due by now."""
        for room in self._rooms:
            if not self._closing and not self._paces[room].wait_ms(self._steady_ms()):
                self._talk(room, CALL_TIMEOUT_S)

    def _talk(self, room: str, timeout_s: float) -> None:
        """Tell everything about one room, or as much as one turn takes; learn from the answers."""
        pace = self._paces[room]
        try:
            self._send_releases(room, timeout_s)
            self._send_handovers(room, timeout_s)
            self._send_renewals(room, timeout_s)
            self._send_stock(room, timeout_s)
            self._send_health(room, timeout_s)
        except Exception as error:
            expected = isinstance(error, ApiAway)
            if not pace.failures or not expected:
                words = "the room API is away (%s); passes are checked offline meanwhile"
                about = {"event": "room_api_away", "room": room}
                log.warning(words, error, exc_info=None if expected else error, extra=about)
            # A room that is made later must not be heard of half a minute after its first order.
            longest_ms = POLL_MS if isinstance(error, NotYet) else LONGEST_RETRY_MS
            with self._changed:
                pace.failed(self._steady_ms(), longest_ms)
            return
        if pace.failures:
            log.info("the room API is back", extra={"event": "room_api_back", "room": room})
        with self._changed:
            pace.done(self._steady_ms(), more=bool(self._boxes[room]))

    def _send_releases(self, room: str, timeout_s: float) -> None:
        box = self._boxes[room]
        with self._changed:
            leases = box.take_releases()
        if leases:
            with self._returning(box.put_back_releases, leases):
                now_ms = self._now_ms()
                news = self._api.release(room, leases, now_ms=now_ms, timeout_s=timeout_s)
                # That these leases are over is no news: the guard gave them their last moments.
                self._known.learn(room, news.facts)

    def _send_handovers(self, room: str, timeout_s: float) -> None:
        box = self._boxes[room]
        with self._changed:
            tokens = box.take_handovers()
        while tokens:
            with self._returning(box.put_back_handovers, tokens):
                if self._api.redeem(room, tokens[0], timeout_s=timeout_s) is Redeemed.REFUSED:
                    # Used before, or simply too old to tell. Nobody can be told apart by it.
                    words = "a handover for %s that was accepted offline is refused now"
                    log.info(words, room, extra={"event": "handover_refused_late", "room": room})
            tokens = tokens[1:]

    def _send_renewals(self, room: str, timeout_s: float) -> None:
        """Also with nothing to renew: the answer says where the room stands."""
        box = self._boxes[room]
        with self._changed:
            leases = box.take_renewals()
        with self._returning(box.put_back_renewals, leases):
            now_ms = self._now_ms()
            mark = self._marks[room]
            news = self._api.renew(room, leases, now_ms=now_ms, timeout_s=timeout_s, mark=mark)
            self._marks[room] = news.mark
            self._known.learn(room, news.facts)
            for lease in news.ended:
                self._known.end(room, lease, at_ms=0)
            for lease in news.released:
                self._known.end(room, lease, at_ms=now_ms + RELEASE_GRACE_MS)

    def _send_stock(self, room: str, timeout_s: float) -> None:
        """What may not have arrived is told again, with its age: it is a level, not a count. A room
        API from before this call knows none yet, and hears it once it does.
        """
        box, now_ms = self._boxes[room], self._steady_ms()
        with self._changed:
            stock = box.take_stock(now_ms, last=self._closing)
        if stock is None:
            return
        age_ms = min(LONGEST_AGE_MS, now_ms - stock.at_ms)
        try:
            self._api.stock(room, stock.left, age_ms=age_ms, timeout_s=timeout_s)
        except CallRefused as error:
            about = {"event": "notes_refused"}
            log.warning("the room API will not take the stock: %s", error, extra=about)
        except BaseException as error:
            with self._changed:
                box.put_back_stock(stock)
            if not isinstance(error, NotYet):
                raise

    def _send_health(self, room: str, timeout_s: float) -> None:
        """What may have arrived is not told again: a failure must not count twice. A room API from
        before this call knows none.
        """
        with self._changed:
            answers, failures = self._boxes[room].take_health()
        if answers:
            with suppress(CallRefused, NotYet):
                self._api.health(room, answers, failures, timeout_s=timeout_s)

    @contextmanager
    def _returning(self, put_back: Callable[[list[str]], None], what: list[str]) -> Iterator[None]:
        """Put ``what`` back if the API is away; a call that it will never take is let go."""
        try:
            yield
        except CallRefused as error:
            about = {"event": "notes_refused"}
            log.warning("the room API will not take %d notes: %s", len(what), error, extra=about)
        except BaseException:
            with self._changed:
                put_back(what)
            raise
