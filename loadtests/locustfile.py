"""What Locust runs: one user per shopper of the plan in ``LOADTEST_PLAN`` (a file).

``python -m loadtests.run`` starts this with a system and judges what it wrote down. Locust patches
this process for gevent; of the product only pure modules are used in here.
"""

import os
import time
from itertools import count
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, LoadTestShape, events, task
from locust.exception import StopUser

from loadtests.plan import Plan, arrivals_ms, character
from loadtests.records import Answer, Recorder, Sender
from loadtests.shapes import users_at
from loadtests.shopper import Heard, Shopper

PLAN = Plan.read(Path(os.environ["LOADTEST_PLAN"]))
ARRIVALS_MS = arrivals_ms(PLAN.crowd)
RECORDER = Recorder(Path(PLAN.records).open("a", encoding="utf-8"))  # noqa: SIM115 - for good
NUMBERS = count()
through = 0


def now_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


class Opening(LoadTestShape):
    """The plan's crowd: some early, a spike at the opening, a tail."""

    def tick(self) -> tuple[int, float] | None:
        """How many users by now."""
        return users_at(
            now_ms(),
            ARRIVALS_MS,
            opens_at_ms=PLAN.opens_at_ms,
            ends_at_ms=PLAN.ends_at_ms,
            through=through,
        )


class Visitor(FastHttpUser):
    """A user: one shopper, and the way in which they reach gate and shop."""

    host = PLAN.gate_url
    concurrency = 1
    network_timeout = 15.0
    connection_timeout = 15.0

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._n = next(NUMBERS)
        self._character = character(self._n, PLAN.crowd, PLAN.call_timeout_ms)
        self._held: dict[str, str] = {}

    @task
    def visit(self) -> None:
        """The shopper's one visit; then idle, so that the shape's count of users holds."""
        global through  # noqa: PLW0603 - one process, one count
        if self._n >= len(ARRIVALS_MS):
            raise StopUser
        due_ms = PLAN.opens_at_ms + ARRIVALS_MS[self._n]
        time.sleep(max(0, due_ms - now_ms()) / 1000)
        Shopper(self._n, PLAN, self._character, self, RECORDER.add).visit()
        through += 1
        while True:
            time.sleep(60)

    def arrive(self) -> Heard:
        """The shop's front page, or the room's where no shop runs; and what the page loads."""
        html = {"Accept": "text/html", "Accept-Language": "en"}
        url = f"{PLAN.shop_url}/" if PLAN.shop_url else f"{PLAN.gate_url}/{PLAN.room}"
        heard = self._send("arrive", "GET", url, headers=html)
        if heard.url.startswith(PLAN.gate_url):
            for name in ("page.css", "page.js"):
                self._send("static", "GET", f"{PLAN.gate_url}/static/{name}")
        return heard

    def ask(self, call: str, method: str, path: str, body: dict[str, str] | None = None) -> Heard:
        """A call of the protocol, by cookie or by ``Authorization``."""
        headers = {"Accept": "application/json"}
        if self._character.native:
            headers["Wr-Client"] = "native"
            if "ticket" in self._held:
                headers["Authorization"] = f"Bearer {self._held['ticket']}"
        elif method != "GET":
            headers |= {"Origin": PLAN.gate_url, "Sec-Fetch-Site": "same-origin"}
        url = f"{PLAN.gate_url}/{PLAN.room}/{path}"
        return self._send(call, method, url, headers=headers, json=body)

    def hold(self, kind: str, token: str) -> None:
        """An app keeps its credentials itself."""
        self._held[kind] = token

    def look(self, call: str, url: str) -> Heard:
        """A page of the shop, redirects followed."""
        return self._send(call, "GET", url, headers={"Accept": "text/html", **self._shown()})

    def buy(self, item: str, once: str) -> Heard:
        """The checkout's form."""
        url = f"{PLAN.shop_url}/items/{item}/checkout"
        headers = {"Accept": "text/html", "Origin": PLAN.shop_url, **self._shown()}
        form = {"once": once, "email": f"shopper-{self._n}@example.org"}
        return self._send(f"buy {item}", "POST", url, headers=headers, data=form)

    def _shown(self) -> dict[str, str]:
        """An app's pass, in the cookie that the shop looks for."""
        held = self._held.get("pass")
        return {"Cookie": f"wr-pass-{PLAN.room}={held}"} if held else {}

    def _send(self, call: str, method: str, url: str, **more: Any) -> Heard:
        sent_ms = now_ms()
        with self.client.request(method, url, name=call, catch_response=True, **more) as response:
            # The verdict judges; to Locust only a missing answer is a failure.
            if response.status_code:
                response.success()
        heard = _heard(response, sent_ms)
        RECORDER.add(
            Answer(self._n, call, sent_ms, heard.at_ms, heard.status, heard.error, heard.wait_ms)
        )
        return heard


def _heard(response: Any, sent_ms: int) -> Heard:
    """What a shopper reads of an answer; of one that did not come, nothing."""
    if not response.status_code:
        return Heard(0, sent_ms, now_ms())
    body = _object_in(response)
    whole_s = response.headers.get("retry-after", "0")
    return Heard(
        response.status_code,
        sent_ms,
        now_ms(),
        body,
        url=response.url or "",
        text="" if body else response.text or "",
        wait_ms=int(body.get("retry_after_ms") or 1000 * int(whole_s)),
    )


def _object_in(response: Any) -> dict[str, Any]:
    """The answer's JSON object, {} where it is none."""
    if "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@events.test_start.add_listener
def _flush_often(**_: Any) -> None:
    def flush() -> None:
        while True:
            gevent.sleep(1)
            RECORDER.flush()

    gevent.spawn(flush)


@events.quitting.add_listener
def _say_how_busy(**_: Any) -> None:
    busy = time.process_time() / max(0.001, time.monotonic() - STARTED)
    RECORDER.add(Sender(round(busy, 3)))
    RECORDER.flush()


STARTED = time.monotonic()
