"""A system with a room and a crowd in it, and what may be done to it."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import redis
from chaos_crowd import Shop, crowd
from chaos_ledger import Ledger
from systems import Folder, Run, eventually

from waitingroom import clock
from waitingroom.errors import StoreDown
from waitingroom.model import Settings, Snapshot
from waitingroom.store.client import Store

ROOM = "sale"
CLIENTS = 12
SETTINGS = Settings(rate_per_min=1_200, burst=20, call_timeout_ms=20_000)
"""Twenty a second; nobody's place lapses while a test runs."""


class Watch(threading.Thread):
    """Asks the store itself for its serving number, again and again."""

    def __init__(self, store_url: str) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.seen: list[int] = []
        self._store = Store.connect(store_url)

    def run(self) -> None:
        """Look until told to stop."""
        while not self.stop.wait(0.02):
            try:
                self.seen.append(self._store.status(ROOM).serving)
            except StoreDown:
                continue
        self._store.close()


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """The process stands still meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@dataclass
class Chaos:
    """One system, and what its crowd was told. ``settings``: of its one room."""

    run: Run
    settings: Settings
    ledger: Ledger
    clients: int = CLIENTS

    @property
    def gate_url(self) -> str:
        """Where the gate listens."""
        return str(self.run.note["gate_url"])

    @property
    def store_url(self) -> str:
        """Where the store listens."""
        return str(self.run.note["store_url"])

    def pid(self, part: str) -> int:
        """The process that is a part now, 0 between two starts."""
        return int(self.run.note["pids"][part])

    def snapshot(self) -> Snapshot:
        """The room, from the store itself."""
        store = Store.connect(self.store_url, timeout_s=10)
        try:
            return store.status(ROOM)
        finally:
            store.close()

    def redis(self) -> "redis.Redis":
        """A plain client of the store."""
        return redis.Redis.from_url(self.store_url)

    def gate_workers(self) -> list[psutil.Process]:
        """The gate's worker processes."""
        return psutil.Process(self.pid("gate")).children()

    def kill_store(self) -> None:
        """End the store as a crash does; returns when it was started again."""
        pid = eventually(lambda: self.pid("store"), "a store runs")
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: self.pid("store") not in (0, pid), "the store is started again")

    def goes_on(self, *, entering: bool = True) -> None:
        """The line moves: people join, and enter."""
        self.ledger.await_more("join", 201, 3)
        if entering:
            self.ledger.await_more("knock", 200, 3)

    def shop(self) -> Shop:
        """The shop's side of the room API."""
        secrets = json.loads((Path(self.run.note["data"]) / "secrets.json").read_text())
        return Shop(self.run.note["console_url"], secrets["shop_key"], ROOM)

    @contextmanager
    def under_load(self, seed: object) -> Iterator[None]:
        """A crowd comes and goes meanwhile; the store's serving number never falls (M3)."""
        watch = Watch(self.store_url)
        watch.start()
        try:
            many = self.clients
            with crowd(self.ledger, ROOM, self.gate_url, self.shop(), clients=many, seed=seed):
                yield
        finally:
            watch.stop.set()
            watch.join(10)
        assert watch.seen == sorted(watch.seen)


def start(folder: Folder, *, opens_in_ms: int = 0, breaks: bool = False, **changes: Any) -> Chaos:
    """A system whose room opens now, or in some seconds and is early until then."""
    run = folder.up()
    opens_at_ms = clock.now_ms() + opens_in_ms
    settings = replace(SETTINGS, opens_at_ms=opens_at_ms, **changes)
    chaos = Chaos(run, settings, Ledger(breaks=breaks))
    workers = int(folder.env["WAITINGROOM_GATE_WORKERS"])
    eventually(lambda: len(chaos.gate_workers()) == workers, "every worker of the gate is there")
    store = Store.connect(chaos.store_url, timeout_s=10)
    store.create(ROOM, settings, actor="test")
    store.close()
    return chaos


def until_s(moment_ms: int) -> float:
    """Seconds until a moment of the wall clock."""
    return max(0.0, moment_ms / 1000 - time.time())
