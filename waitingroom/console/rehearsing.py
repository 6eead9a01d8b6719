"""What the keeper does for rehearsals: it sends their people, and takes away what is over."""

import logging
import threading
from contextlib import suppress

from waitingroom.clock import monotonic_ms
from waitingroom.crowd.crowd import Crowd, arrivals
from waitingroom.crowd.rehearsing import Rehearser
from waitingroom.crowd.shopper import Sale
from waitingroom.errors import WaitingRoomError
from waitingroom.rehearsals import EARLY_MS, KEPT_MS, Rehearsal
from waitingroom.store.client import Store
from waitingroom.store.rehearsals import Rehearsals

THREADS = 4
"""A rehearsal's people, up to 500, in a process that also keeps the history."""
log = logging.getLogger("waitingroom.keeper")


class Rehearsing:
    """Over one store. ``gate_url``: where the gate answers on this machine."""

    def __init__(self, store: Store, gate_url: str) -> None:
        self._store = store
        self._rehearsals = Rehearsals(store)
        self._gate_url = gate_url

    def look(self, now_ms: int) -> None:
        """One round. Of several keepers one sends a rehearsal's people; each may take it away.

        Where that one ends, its people stay away, and the rehearsal ends at its time all the same.
        """
        for one in self._rehearsals.all():
            if now_ms >= one.until_ms + KEPT_MS:
                self._rehearsals.clean_up(one)
                log.info("the rehearsal %s is over and cleaned up", one.room)
            elif now_ms < one.until_ms and self._rehearsals.claim_crowd(one, now_ms):
                self._send(one, one.until_ms - now_ms)

    def _send(self, one: Rehearsal, lasts_ms: int) -> None:
        sale, start_ms = Sale(self._gate_url, "", one.room), monotonic_ms()

        def give_back(lease: str) -> None:
            with suppress(WaitingRoomError):
                self._store.release(one.room, [lease])

        def run() -> None:
            people = (
                (
                    start_ms + at_ms,
                    Rehearser(n, sale, until_ms=start_ms + lasts_ms, give_back=give_back),
                )
                for n, at_ms in enumerate(arrivals(one.people, EARLY_MS / 1000))
            )
            crowd = Crowd(people)
            crowd.run(THREADS)
            log.info("the people of %s are through: %s", one.room, dict(crowd.endings))

        # Not waited for: whoever ends the keeper ends them, too.
        threading.Thread(target=run, name=one.room, daemon=True).start()
