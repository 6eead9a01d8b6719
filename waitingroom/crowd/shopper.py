"""A simulated shopper: speaks the public protocol over HTTP, with cookies, as a browser does.

A shopper is a small state machine. ``step`` does one thing and says in how many milliseconds the
next is due, so that a few threads carry a whole crowd.
"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Any

from waitingroom import clock

TIMEOUT_S = 10
GONE = "no_such_room"
AGAIN_MS = 2_000
"""After an answer that says nothing better, such as none at all."""
ITEM = re.compile(r'href="(/items/[^"/]+)"')
ONCE = re.compile(r'name="once" value="([^"]+)"')
"""The shop's own pages, as far as a buyer's hands know them."""


@dataclass(frozen=True, slots=True)
class Sale:
    """Where the crowd goes. URLs without a trailing slash."""

    gate_url: str
    shop_url: str
    room: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: 0 for nobody there. ``url``: where the redirects led."""

    status: int
    url: str = ""
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body, {} unless it is a JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Browser:
    """A cookie jar and the headers of a browser; follows redirects. One shopper's own."""

    def __init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        # No proxy: the crowd visits its own machine.
        self._opener = urllib.request.build_opener(jar, urllib.request.ProxyHandler({}))

    def get(self, url: str, *, accept: str = "text/html") -> Answer:
        """Open a page, or read a document for one."""
        navigates = accept == "text/html"
        headers = {
            "Accept": accept,
            "Sec-Fetch-Mode": "navigate" if navigates else "cors",
            "Sec-Fetch-Dest": "document" if navigates else "empty",
        }
        return self._send(urllib.request.Request(url, headers=headers))  # noqa: S310 - our own URLs

    def post(self, url: str, form: dict[str, str] | None = None) -> Answer:
        """Post from a page of the same site: a form, or an empty JSON object."""
        parts = urllib.parse.urlsplit(url)
        headers = {
            "Accept": "text/html" if form else "application/json",
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
            "Origin": f"{parts.scheme}://{parts.netloc}",
            "Sec-Fetch-Site": "same-origin",
        }
        body = urllib.parse.urlencode(form).encode() if form else b"{}"
        return self._send(urllib.request.Request(url, body, headers))  # noqa: S310 - our own URLs

    def _send(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                return Answer(response.status, response.url, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.url, error.read())
        except (OSError, HTTPException):
            return Answer(0)


class Ending(StrEnum):
    """How a shopper's visit ended."""

    BOUGHT = "bought"
    LOOKED = "looked"
    NEVER_CAME = "never came"
    TURNED_AWAY = "turned away"


@dataclass
class Shopper:
    """``n``: which of the crowd; decides what this one does. ``ending``: None while it goes on.

    ``lease``: what a visit goes by in the store. ``way_in``: where the gate sends who has a pass,
    with a handover if need be. ``items``: what the shop's front page has on offer.
    """

    n: int
    sale: Sale
    browser: Browser = field(default_factory=Browser)
    number: int | None = None
    lease: str = ""
    way_in: str = ""
    items: list[str] = field(default_factory=list)
    ending: Ending | None = None
    next: Callable[[], int] | None = None

    @property
    def comes_when_called(self) -> bool:
        """One in five does not."""
        return self.n % 5 != 4

    @property
    def buys(self) -> bool:
        """Two in three of those who are inside do; the others just go."""
        return self.n % 3 != 0

    def step(self) -> int | None:
        """Do the next thing; milliseconds until the one after, None at the end."""
        pause_ms = (self.next or self.arrive)()
        return None if self.ending else pause_ms

    def _room(self, path: str) -> str:
        return f"{self.sale.gate_url}/{self.sale.room}/{path}"

    def _end(self, ending: Ending) -> int:
        self.ending = ending
        return 0

    def arrive(self) -> int:
        """Open the shop; its guard sends who has no pass to the room's page."""
        answer = self.browser.get(self.sale.shop_url + "/")
        if answer.status != 200:
            return AGAIN_MS
        self.next = self.shop if answer.url.startswith(self.sale.shop_url) else self.join
        return 0

    def join(self) -> int:
        """Ask for a ticket, as the page does; with one, for its number."""
        answer = self.browser.post(self._room("ticket"))
        told = answer.json()
        if answer.status in (200, 201):
            self.number = told.get("number")
            self.lease = f"{told.get('epoch')}-{told.get('arrival')}"
            self.next = self.wait
            return 0
        over = answer.status == 409 and told.get("error") != "not_yet"
        if over or told.get("error") == GONE:
            return self._end(Ending.TURNED_AWAY)
        return int(told.get("retry_after_ms") or AGAIN_MS)

    def wait(self) -> int:
        """Read the status; as often as it asks for."""
        status = self.browser.get(self._room("status.json"), accept="application/json").json()
        over = status.get("phase") == "closed" or status.get("stock") == 0
        if status.get("error") == GONE or over:
            return self._end(Ending.TURNED_AWAY)
        if "phase" not in status:
            return AGAIN_MS
        poll = status["poll"]
        if status["drawn"] is None:
            return int(min(poll["max_ms"], max(poll["min_ms"], AGAIN_MS)))
        if self.number is None:
            self.next = self.join
            # Each at another moment of the published window, as the pages do.
            return int(poll["spread_ms"] * self.n * 0.618 % (poll["spread_ms"] or 1))
        ahead = self.number - status["serving"]
        if ahead <= 0:
            self.next = self.enter
            return 0
        rate = status["velocity_per_min"] or status["rate_per_min"] or 1
        pause_ms = ahead * 60_000 / rate / poll["divisor"]
        return clock.jitter(round(min(poll["max_ms"], max(poll["min_ms"], pause_ms))))

    def enter(self) -> int:
        """Called: trade the ticket for a pass, knocking again when the door says so."""
        if not self.comes_when_called:
            return self._end(Ending.NEVER_CAME)
        answer = self.browser.post(self._room("pass"))
        if answer.status == 200:
            self.way_in = str(answer.json().get("redirect", ""))
            self.next = self.shop
            return 0
        if answer.status in (401, 403, 404, 410):
            return self._end(Ending.TURNED_AWAY)
        return int(answer.json().get("retry_after_ms") or AGAIN_MS)

    def shop(self) -> int:
        """Inside: look around for a few seconds, longer or shorter."""
        shown = self.browser.get(urllib.parse.urljoin(self.sale.shop_url + "/", self.way_in))
        self.items = ITEM.findall(shown.body.decode(errors="replace"))
        self.next = self.finish
        return 3_000 + self.n * 700 % 6_000

    def finish(self) -> int:
        """Buy, which gives the place in the shop back; or just go, which lets it expire."""
        if not self.buys or not self.items:
            return self._end(Ending.LOOKED)
        item = self.sale.shop_url + self.items[self.n % len(self.items)]
        once = ONCE.search(self.browser.get(item).body.decode(errors="replace"))
        form = {"once": once[1] if once else "", "email": f"shopper{self.n}@example.com"}
        bought = self.browser.post(f"{item}/checkout", form)
        return self._end(Ending.BOUGHT if bought.status == 200 else Ending.LOOKED)
