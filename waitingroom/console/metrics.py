"""What Prometheus is told, on a port of its own: the rooms as they are now, and the gate's counts.

Rooms are read from the store as Prometheus asks, once a second at most. Their names are the only
label that others choose, and there are as many as rooms. While the store is away no room is told
of: a gap is the truth.
"""

import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.multiprocess import MultiProcessCollector

from waitingroom import clock
from waitingroom.config import KeeperConfig
from waitingroom.errors import StoreDown, StoreUnfit
from waitingroom.model import Phase, ShopHealth, Snapshot
from waitingroom.store.client import Store
from waitingroom.waits import BOUNDS_S, Waits

KEPT_MS = 1_000
"""For how long an answer of the store does for whoever asks next."""
CLIENT_TIMEOUT_S = 10
log = logging.getLogger("waitingroom.metrics")


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of a room, labelled ``room``. ``counter``: only grows, but for a reset."""

    name: str
    about: str
    of: Callable[[Snapshot], float]
    counter: bool = False


def _counted(name: str, about: str, of: Callable[[Snapshot], float]) -> Figure:
    return Figure(f"waitingroom_room_{name}", about, of, counter=True)


def _measured(name: str, about: str, of: Callable[[Snapshot], float]) -> Figure:
    return Figure(f"waitingroom_room_{name}", about, of)


ROOM = (
    _measured("waiting", "Numbers that have not been called yet.", lambda room: room.waiting),
    _measured("open_calls", "Called, and neither come nor given up.", lambda room: room.open_calls),
    _measured("at_door", "Called and come, waiting for the door.", lambda room: room.at_door),
    _measured("inside", "Places taken in the shop (leases).", lambda room: room.leases),
    _measured("capacity", "The most inside at a time; 0 for no cap.", lambda room: room.capacity),
    _measured(
        "rate_per_second",
        "The set rate: most entries a second (the knob says it a minute).",
        lambda room: room.rate_per_min / 60,
    ),
    _counted("joined", "Places in line given out.", lambda room: room.tail),
    _counted("called", "Numbers called.", lambda room: room.counters.called),
    _counted("entered", "Entries into the shop.", lambda room: room.counters.entered),
    _counted("late", "Entries after the call had timed out.", lambda room: room.counters.late),
    _counted("no_shows", "Calls that nobody answered in time.", lambda room: room.counters.no_show),
    _counted(
        "refused",
        "Knocks of called shoppers who were asked to wait: at the door, or before a full shop.",
        lambda room: room.counters.refused,
    ),
    _counted("left", "People who left the line.", lambda room: room.counters.left),
    _counted("released", "Leases given back by the shop.", lambda room: room.counters.released),
    _counted(
        "second_chances",
        "Lapsed places that support let come once more.",
        lambda room: room.counters.second_chances,
    ),
    _counted("expired", "Leases that ended by themselves.", lambda room: room.counters.expired),
)
STOCK = "waitingroom_room_stock"
STOCK_ABOUT = "What the shop has left, where it reports that."
PHASE = "waitingroom_room_phase"
PHASE_ABOUT = "1 for the phase that the room is in, 0 for the others."
SHOP: dict[str, tuple[str, Callable[[ShopHealth], float]]] = {
    "waitingroom_room_shop_answers": (
        "Answers of the shop to people with a pass, as its guards have told.",
        lambda shop: shop.answers,
    ),
    "waitingroom_room_shop_failures": (
        "Those among them that were failures of the shop's (5xx).",
        lambda shop: shop.failures,
    ),
}
WAIT = "waitingroom_room_wait_seconds"
WAIT_ABOUT = (
    "How long people had waited when they went in: from joining, or from the opening if later."
)
TOLD = "waitingroom_room_told"
TOLD_ABOUT = "Entries of people who had been told a time when they came."
KEPT = "waitingroom_room_told_kept"
KEPT_ABOUT = "Those of them who were in by that time."
STORE_UP = "waitingroom_store_up"
STORE_UP_ABOUT = "Whether the store has told of the rooms, just now."
WORKERS = "waitingroom_gate_workers_configured"
WORKERS_ABOUT = "How many workers the gate should have."
Seen = tuple[dict[str, Snapshot], dict[str, Waits], dict[str, ShopHealth]]
"""Of one look, by room."""


class RoomFigures:
    """All rooms, as a collector. Whoever asks while another does waits, and gets the same."""

    def __init__(
        self,
        read: Callable[[], dict[str, Snapshot]],
        read_waits: Callable[[Mapping[str, int]], dict[str, Waits]],
        shops: Callable[[Sequence[str]], dict[str, ShopHealth]] = lambda _rooms: {},
    ) -> None:
        self._read = read
        self._read_waits = read_waits
        self._shops = shops
        self._lock = threading.Lock()
        self._seen: Seen | None = None
        self._until_ms = 0

    def collect(self) -> Iterator[Metric]:
        """One family after another, as the library wants them."""
        seen = self._rooms()
        yield GaugeMetricFamily(STORE_UP, STORE_UP_ABOUT, value=seen is not None)
        rooms, waits, shops = seen or ({}, {}, {})
        phases = GaugeMetricFamily(PHASE, PHASE_ABOUT, labels=["room", "phase"])
        for name, room in rooms.items():
            for phase in Phase:
                phases.add_metric([name, phase], room.phase is phase)
        yield phases
        for figure in ROOM:
            family = CounterMetricFamily if figure.counter else GaugeMetricFamily
            told = family(figure.name, figure.about, labels=["room"])
            for name, room in rooms.items():
                told.add_metric([name], figure.of(room))
            yield told
        stock = GaugeMetricFamily(STOCK, STOCK_ABOUT, labels=["room"])
        for name, room in rooms.items():
            if room.stock is not None:
                stock.add_metric([name], room.stock)
        yield stock
        for metric, (about, of) in SHOP.items():
            counted = CounterMetricFamily(metric, about, labels=["room"])
            for name, shop in shops.items():
                counted.add_metric([name], of(shop))
            yield counted
        yield from _waits(waits)

    def _rooms(self) -> Seen | None:
        """None while the store cannot say."""
        with self._lock:
            if clock.monotonic_ms() >= self._until_ms:
                try:
                    rooms = self._read()
                    waits = self._read_waits({name: one.epoch for name, one in rooms.items()})
                    self._seen = rooms, waits, self._shops(list(rooms))
                except (StoreDown, StoreUnfit):
                    self._seen = None
                self._until_ms = clock.monotonic_ms() + KEPT_MS
            return self._seen


def _waits(found: Mapping[str, Waits]) -> Iterator[Metric]:
    """How long people waited, and how well what they were told was kept."""
    waited = HistogramMetricFamily(WAIT, WAIT_ABOUT, labels=["room"])
    told = CounterMetricFamily(TOLD, TOLD_ABOUT, labels=["room"])
    kept = CounterMetricFamily(KEPT, KEPT_ABOUT, labels=["room"])
    ends = [*(f"{bound:.1f}" for bound in BOUNDS_S), "+Inf"]
    for room, waits in found.items():
        buckets = list(zip(ends, accumulate(waits.counts), strict=True))
        waited.add_metric([room], buckets, waits.sum_ms / 1000)
        told.add_metric([room], waits.told)
        kept.add_metric([room], waits.kept)
    yield from (waited, told, kept)


class GateCounts:
    """What all workers of the gate have counted, as a collector. ``workers``: there should be."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._workers = workers

    def collect(self) -> Iterable[Metric]:
        """Nothing of theirs where a file just came or went: Prometheus asks again soon."""
        configured = GaugeMetricFamily(WORKERS, WORKERS_ABOUT, value=self._workers)
        try:
            files = [str(file) for file in sorted(self._folder.glob("*.db"))]
            counts = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        except (OSError, struct.error) as error:
            about = {"event": "counts_unread"}
            log.warning("the gate's counts cannot be read now: %s", error, extra=about)
            return [configured]
        return [configured, *counts]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Without the library's question to the DNS, which may take long to say nothing."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_TIMEOUT_S

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line every few seconds would tell nobody anything."""


def application(config: KeeperConfig, store: Store) -> Callable[..., Iterable[bytes]]:
    """``GET /metrics``, as WSGI; 404 for anything else."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RoomFigures(store.statuses, store.waits.totals, store.shops.of))
    registry.register(GateCounts(config.gate_counts, config.gate_workers))
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            body: Iterable[bytes] = metrics(environ, start_response)
            return body
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"there is nothing here but /metrics\n"]

    return app


def serve(config: KeeperConfig, store: Store) -> None:
    """Answer from threads of their own, for as long as the process lives.

    A port that cannot be had is logged: the history is worth keeping without it.
    """
    host, port = config.metrics_host, config.metrics_port
    kind = _Server6 if ":" in host else _Server
    try:
        server = make_server(host, port, application(config, store), kind, _Handler)
    except OSError as error:
        log.error(
            "no metrics: port %d on %s cannot be used: %s",
            *(port, host, error.strerror),
            extra={"event": "no_metrics"},
        )
        return
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
