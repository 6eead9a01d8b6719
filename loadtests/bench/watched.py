"""The gate while an operator watches: console open, a room's page asked each second, history kept.

Console and keeper are processes of their own, which wait (SIGSTOP) while they are not to count.
"""

import os
import re
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from loadtests.bench.measure import LEAST_BUSY, Pair, run_slot
from loadtests.bench.servers import HOST, ROOM, Bench, answering, free_ports, started
from waitingroom.clock import now_ms
from waitingroom.config import environment, foreign_environment
from waitingroom.operators import Operator, Role, hashed
from waitingroom.store.client import Store

EVERY_S = 1.0
PATIENCE_S = 5
SETTLED_S = 0.5
"""After waking: for the keeper to be in step again."""


class Watchers:
    """Console, keeper and the page that asks. Quiet until ``wake``."""

    def __init__(self, groups: list[int], page: OpenerDirector, url: str) -> None:
        self._groups, self._page, self._url = groups, page, url
        self._awake, self._ended = threading.Event(), threading.Event()
        self.answers = 0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(EVERY_S):
            if self._awake.is_set():
                with self._page.open(self._url, timeout=PATIENCE_S) as answer:
                    answer.read()
                self.answers += 1

    def wake(self) -> None:
        """Watch from now on."""
        for group in self._groups:
            os.killpg(group, signal.SIGCONT)
        self._awake.set()

    def rest(self) -> None:
        """Do nothing."""
        self._awake.clear()
        self._ended.wait(SETTLED_S)
        for group in self._groups:
            os.killpg(group, signal.SIGSTOP)

    def end(self) -> None:
        """For good."""
        self._ended.set()
        self._thread.join(PATIENCE_S)


@contextmanager
def watchers(running: Bench, folder: Path) -> Iterator[Watchers]:
    """Start them over the bench's store; at rest."""
    password = secrets.token_urlsafe(12)
    store = Store.connect(running.store_url)
    store.accounts.add(Operator("bench", Role.VIEWER, hashed(password), now_ms()), actor="bench")
    store.close()
    console, metrics = free_ports(2)
    env = {
        **foreign_environment(environment()),
        "REDIS_URL": running.store_url,
        "WAITINGROOM_DATA": str(folder),
        "WAITINGROOM_SECRET_KEYS": secrets.token_hex(32),
        "WAITINGROOM_SHOP_KEY": secrets.token_hex(32),
        "WAITINGROOM_GATE_PORT": str(running.subjects["status"].port),
        "WAITINGROOM_CONSOLE_PORT": str(console),
        "WAITINGROOM_METRICS_PORT": str(metrics),
    }
    with ExitStack() as stack:
        groups = [process.pid for process in started(stack, folder, env, console)]
        answering(console, folder / "console.log")
        page = logged_in(f"http://{HOST}:{console}", password)
        made = Watchers(groups, page, f"http://{HOST}:{console}/rooms/{ROOM}/live.json")
        stack.callback(made.wake)
        stack.callback(made.end)
        made.rest()
        yield made


def logged_in(url: str, password: str) -> OpenerDirector:
    """A browser that has a session."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{url}/login", timeout=PATIENCE_S) as page:
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    if found is None:
        raise RuntimeError("the console shows no form to log in")
    form = {"csrf_token": found[1], "name": "bench", "password": password, "to": "/"}
    with browser.open(Request(f"{url}/login", urlencode(form).encode()), timeout=PATIENCE_S):
        return browser


def watched_pairs(
    running: Bench, folder: Path, name: str, count: int, seconds: float
) -> list[Pair]:
    """``count`` pairs of slots of one subject: watched, not, not, watched."""
    pairs: list[Pair] = []
    subject = running.subjects[name]
    with watchers(running, folder) as watching:
        for number in range(1, count + 1):
            slots = []
            for watch in (True, False, False, True):
                if watch:
                    watching.wake()
                slots.append(run_slot(subject, seconds))
                if watch:
                    watching.rest()
            pair = Pair((slots[0], slots[3]), (slots[1], slots[2]))
            pairs.append(pair)
            note = " (disturbed)" if disturbed(pair) else ""
            print(f"watched {number} of {count}: {name} = {pair.ratio:.2f}{note}", flush=True)
        if watching.answers < count:
            raise RuntimeError("the page that watches got no answers")
    return pairs


def disturbed(pair: Pair) -> bool:
    """Whether the gate was short of processor while nobody watched: then others had it."""
    return any(slot.worker_busy < LEAST_BUSY for slot in pair.other)
