"""Keeps every room's history, whether or not anybody looks, and tells Prometheus: a process.

``python -m waitingroom.console.keeper`` samples all rooms every five seconds and writes what it
saw to the store (:mod:`waitingroom.store.history`). A second one beside it does no harm. It also
notes in its log where the record of each room ends: whoever writes a record anew in the store
does not reach what was noted elsewhere (docs/decisions/audit.md). And it serves the metrics
(:mod:`waitingroom.console.metrics`), on a port and from threads of their own; and it looks at the
alarms (:mod:`waitingroom.console.watch`).
"""

import http.client
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from waitingroom import clock, logs
from waitingroom.config import KeeperConfig, environment, load_config
from waitingroom.console import metrics
from waitingroom.console.metrics import GateCounts
from waitingroom.console.notices import Post
from waitingroom.console.rehearsing import Rehearsing
from waitingroom.console.watch import Watch
from waitingroom.errors import StoreDown, StoreUnfit
from waitingroom.history import Sample
from waitingroom.record import Head
from waitingroom.store.client import Store
from waitingroom.store.history import HOUR
from waitingroom.store.keys import SYSTEM

GATE_TIMEOUT_S = 1.0
log = logging.getLogger("waitingroom.keeper")


class Keeper:
    """One round after another. ``gate_url``: where the gate answers on this machine. ``watch``: who
    looks at the alarms, where anybody does."""

    def __init__(self, store: Store, gate_url: str, watch: Watch | None = None) -> None:
        self._store = store
        self._gate_url = gate_url
        self._watch = watch
        self._rehearsing = Rehearsing(store, gate_url)
        self._away = False
        self._heads: dict[str, Head] = {}

    def sample(self) -> None:
        """Look at every room once and keep what was seen. Nothing is kept while the store is away:
        charts then have a gap, which is the truth.
        """
        began = time.perf_counter_ns()
        try:
            rooms = self._store.statuses()
            store_us = _us_since(began) // max(1, len(rooms))
            gate_us = gate_latency_us(self._gate_url)
            shops = self._store.shops.of(list(rooms))
            samples = {
                name: Sample.of(room, store_us=store_us, gate_us=gate_us, shop=shops[name])
                for name, room in rooms.items()
            }
            self._store.history.add(samples)
            self._store.waits.note(rooms)
            self._note_heads([SYSTEM, *rooms])
            if self._watch:
                self._watch.look(rooms, samples)
            self._rehearsing.look(clock.now_ms())
        except (StoreDown, StoreUnfit) as error:
            if self._watch:
                self._watch.lose()
            if not self._away:
                log.warning("%s", error, extra={"event": "store_away"})
            self._away = True
        else:
            if self._away:
                log.warning("the store answers again", extra={"event": "store_back"})
            self._away = False

    def _note_heads(self, rooms: Sequence[str]) -> None:
        """One line for each record that has another end than when we last looked."""
        for room, head in self._store.record.heads(rooms).items():
            if self._heads.get(room) != head:
                about = {"event": "record_head", "room": room}
                log.info("record %s %d %s", room, head.seq, head.hash, extra=about)
                self._heads[room] = head

    def run(self, ended: Callable[[float], bool]) -> None:
        """A round at each multiple of five seconds, until ``ended(wait_s)`` says so."""
        while not ended(until_next_s(clock.now_ms())):
            try:
                self.sample()
            except Exception:
                # A bug here must not end the history of every room for good.
                log.exception("a round failed", extra={"event": "round_failed"})
        if self._watch:
            with suppress(StoreDown):
                self._watch.end()


def until_next_s(now_ms: int) -> float:
    """Seconds until the next sample is due: in the middle of its slot, whoever's clock it is."""
    every_ms = HOUR.every_ms
    return (every_ms - (now_ms - every_ms // 2) % every_ms) / 1000


def gate_latency_us(url: str) -> int:
    """How long the gate took to say that it is up; -1 where it did not within a second."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port or 80, timeout=GATE_TIMEOUT_S
    )
    began = time.perf_counter_ns()
    try:
        connection.request("GET", "/healthz")
        ok = connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return -1
    finally:
        connection.close()
    return _us_since(began) if ok else -1


def _us_since(began_ns: int) -> int:
    return (time.perf_counter_ns() - began_ns) // 1000


def main() -> None:
    """Run until told to end."""
    logs.set_up_from_environment("keeper")
    config = load_config(environment()).keeper()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    store = Store.connect(config.store_url)
    metrics.serve(config, store)
    log.info("the history is kept from now on", extra={"event": "started"})
    Keeper(store, config.gate_url, watch_of(config, store)).run(ended.wait)
    log.info("ended as asked", extra={"event": "ended"})


def watch_of(config: KeeperConfig, store: Store) -> Watch:
    """The alarms' look at this system, whose jobs go into the store that the rooms are in."""
    post = Post(store.client, mails=config.alarm_mails, webhook=config.alarm_webhook)
    counts = GateCounts(config.gate_counts, config.gate_workers)
    system = f"{socket.gethostname()}:{config.metrics_port}"
    marker = config.gate_counts.with_name("store-away")
    return Watch(store, system, counts.collect, post, marker, now_ms=clock.now_ms)


if __name__ == "__main__":
    main()
