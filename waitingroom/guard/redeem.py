"""Asking the room API, while a shopper waits, whether a handover is used for the first time.

It is the one call in a shopper's request, so it is bounded on the wall: 500 ms, name look-up and
all, whatever the other side does. No answer is not a no: the token is signed and 30 seconds
short, so the guard accepts it, and the reporter tells the API later.
"""

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

from waitingroom.clock import monotonic_ms
from waitingroom.guard.api import ApiAway, Redeemed, RoomApi

ANSWER_WITHIN_S = 0.5
LATE_ANSWER_S = 5.0
"""How long a call may go on that nobody waits for any more, in each step; its answer saves a
second report, which the API would take for a replay."""
QUIET_MS = 2_000
"""After a call without an answer, shoppers are not kept waiting for the API for so long."""
MOST_CALLS = 16
"""At a time; beyond that nobody waits."""

log = logging.getLogger("waitingroom.guard")


class Redeemer:
    """Safe between threads. ``later`` is told of each handover that the API has not heard of."""

    def __init__(
        self,
        api: RoomApi,
        later: Callable[[str, str], None],
        *,
        steady_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._api = api
        self._later = later
        self._steady_ms = steady_ms
        self._quiet_until_ms = 0
        self.after_fork()

    def after_fork(self) -> None:
        """In a new process: the calls under way are the other's."""
        self._free = BoundedSemaphore(MOST_CALLS)

    def ask(self, room: str, token: str, request_id: str = "") -> Redeemed | None:
        """The API's answer, or None when there was none within half a second."""
        quiet = self._steady_ms() < self._quiet_until_ms
        free = self._free
        if quiet or not free.acquire(blocking=False):
            self._later(room, token)
            return None
        answer: SimpleQueue[Redeemed | None] = SimpleQueue()
        # A thread, since no time limit of a socket covers the look-up of a name, nor their sum.
        call = Thread(target=self._call, args=(room, token, request_id, answer, free), daemon=True)
        try:
            call.start()
            return answer.get(timeout=ANSWER_WITHIN_S)
        except Empty:
            self._be_quiet("it took too long", request_id)
        except RuntimeError as error:
            free.release()
            self._later(room, token)
            about = {"event": "no_thread", "request_id": request_id}
            log.warning("no thread to ask the room API with: %s", error, extra=about)
        return None

    def _call(
        self,
        room: str,
        token: str,
        request_id: str,
        answer: SimpleQueue[Redeemed | None],
        free: BoundedSemaphore,
    ) -> None:
        try:
            late = LATE_ANSWER_S
            answer.put(self._api.redeem(room, token, timeout_s=late, request_id=request_id))
        except ApiAway as away:
            self._be_quiet(str(away), request_id)
            self._later(room, token)
            answer.put(None)
        finally:
            free.release()

    def _be_quiet(self, why: str, request_id: str) -> None:
        words = "a handover was accepted on its signature: the room API is away (%s)"
        log.warning(words, why, extra={"event": "room_api_away", "request_id": request_id})
        self._quiet_until_ms = self._steady_ms() + QUIET_MS
