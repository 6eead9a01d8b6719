"""A running system as the browser tests use it, and the rooms in it."""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import redis
from systems import Run, eventually, free_ports

from storefront.catalogue import DEMO
from waitingroom.errors import StoreDown
from waitingroom.model import DrawMethod, Settings, Snapshot
from waitingroom.run.child import kill, spawn
from waitingroom.run.parts import probe
from waitingroom.store.client import Store
from waitingroom.store.keys import ROOMS

ACTOR = "test"
ITEMS = tuple(goods.slug for goods in DEMO)


def now_ms() -> int:
    """The wall clock, as the store reads it."""
    return time.time_ns() // 10**6


def room_of(item: str) -> str:
    """The room that an item of the shop stands behind."""
    return f"the-{item}"


@dataclass
class Site:
    """A system that runs. ``origins``: every address that a browser may ask.

    ``rooms``: those of the test that runs.
    """

    run: Run
    store: Store
    origins: list[str] = field(init=False)
    rooms: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.origins = [self.gate, self.shop]

    @property
    def gate(self) -> str:
        """The gate's origin."""
        return str(self.run.note["gate_url"])

    @property
    def shop(self) -> str:
        """The shop's origin."""
        return str(self.run.note["shop_url"])

    def forgets(self) -> None:
        """The rooms of tests that are over: gate, keeper and console look at all that there are,
        twice a second."""
        if self.rooms:
            redis.Redis.from_url(self.run.note["store_url"]).srem(ROOMS, *self.rooms)
            self.rooms.clear()

    @contextmanager
    def without_store(self) -> Iterator[None]:
        """The store stands still, and its connections stay open: nobody starts it again."""
        process = psutil.Process(self.run.note["pids"]["store"])
        process.suspend()
        try:
            yield
        finally:
            process.resume()
            eventually(self._answers, "the store is back", 60)

    @contextmanager
    def shop_on(self, host: str, log: Path) -> Iterator[str]:
        """The same shop once more, under another host's name; its origin."""
        first = psutil.Process(self.run.note["pids"]["shop"])
        port = free_ports(1)[0]
        origin = f"http://{host}:{port}"
        here = urlsplit(self.shop).netloc
        words = [word.replace(here, f"127.0.0.1:{port}") for word in first.cmdline()]
        env = first.environ() | {"WAITINGROOM_SHOP_URL": origin}
        process = spawn(tuple(words), log=log, env=env)
        try:
            eventually(lambda: probe("127.0.0.1", port), "the other shop is up")
            yield origin
        finally:
            kill(process)

    def _answers(self) -> bool:
        try:
            self.store.ping()
        except StoreDown:
            return False
        return True


@dataclass
class Sale:
    """A room, what operators and the crowd do in it, and where people find it.

    ``path``: the page of the shop that they want.
    """

    site: Site
    room: str
    path: str

    @classmethod
    def made(cls, site: Site, room: str, path: str, knobs: Mapping[str, Any]) -> "Sale":
        """Open unless said otherwise, at 60 a minute, in the order of arrival."""
        wanted: dict[str, Any] = {
            "opens_at_ms": 1,
            "draw": DrawMethod.FIFO,
            "origins": (site.shop,),
            "title": "Winter sale",
        }
        site.store.create(room, Settings(**(wanted | dict(knobs))), actor=ACTOR)
        return cls(site, room, path)

    @property
    def shop_url(self) -> str:
        """The page of the shop."""
        return self.site.shop + self.path

    @property
    def base(self) -> str:
        """What every address of the room at the gate begins with."""
        return f"{self.site.gate}/{self.room}"

    @property
    def url(self) -> str:
        """The page of the room."""
        return f"{self.base}/en?to={quote(self.path, safe='')}"

    def status(self) -> Snapshot:
        """As it is now."""
        return self.site.store.status(self.room)

    def crowd(self, people: int) -> None:
        """So many others join, and never come when they are called."""
        self.site.store.join(self.room, people)

    def enter(self, number: int) -> bool:
        """One of the others enters (in a room without a draw)."""
        entry = self.site.store.enter(self.room, self.status().epoch, number, number)
        return entry.is_in

    def set(self, **knobs: Any) -> None:
        """Turn knobs."""
        self.site.store.set(self.room, knobs, actor=ACTOR)

    def act(self, name: str, reason: str = "") -> None:
        """pause, resume, drain, close."""
        self.site.store.act(self.room, name, actor=ACTOR, reason=reason)

    def open(self) -> None:
        """Open now."""
        self.site.store.open(self.room, actor=ACTOR)

    def reset(self) -> None:
        """Begin another epoch, which is open too."""
        self.site.store.reset(self.room, actor=ACTOR)

    def is_heard(self) -> None:
        """Wait until the gate knows the room as it is: each worker looks twice a second, so where
        one has looked after 0.6 s, both have; but for one that the machine held up, which some of
        these connections come to."""
        since_ms, url = now_ms() + 600, f"{self.base}/status.json"

        def has_looked() -> bool:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(json.load(answer)["now_ms"] > since_ms)

        eventually(lambda: all(has_looked() for _ in range(8)), "the gate has heard")

    def calls(self, number: int) -> None:
        """Wait until ``number`` is called."""
        eventually(lambda: self.status().serving >= number, f"number {number} is called")
