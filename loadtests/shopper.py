"""One shopper: speaks the whole protocol, as the page does or as an app.

Written straight down, since each shopper has a (green) thread of their own: whoever runs this
patches ``time.sleep``. Everything that chance decides comes from the plan.
"""

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from loadtests.plan import Character, Comes, Plan
from loadtests.records import Ended, Entered, Order, Place, Record, Seen

AGAIN_MS = 2_000
"""After an answer that says nothing better, such as none at all."""
_ONCE = re.compile(r'name="once" value="([^"]+)"')


class Ending(StrEnum):
    """How a visit ended."""

    BOUGHT = "bought"
    WENT = "went without buying"
    SOLD_OUT = "found it sold out"
    LEFT = "left the line"
    NEVER_CAME = "never came"
    LAPSED = "lapsed"
    TURNED_AWAY = "turned away"


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, as far as a shopper reads it.

    ``body``: {} unless it is a JSON object. ``url``: where redirects led. ``text``: a page's.
    """

    status: int
    sent_ms: int
    at_ms: int
    body: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    text: str = ""
    wait_ms: int = 0

    @property
    def error(self) -> str:
        """The code of a refusal."""
        return str(self.body.get("error", ""))

    @property
    def retry_after_ms(self) -> int:
        """When to ask again; a guess where the answer does not say."""
        return self.wait_ms or AGAIN_MS


class Client(Protocol):
    """How a shopper reaches gate and shop. Records every answer under the name of the call."""

    def arrive(self) -> Heard:
        """Open the shop as a browser does; the guard and the gate lead on from there."""

    def ask(self, call: str, method: str, path: str, body: dict[str, str] | None = None) -> Heard:
        """Ask the gate for ``/{room}/{path}``."""

    def hold(self, kind: str, token: str) -> None:
        """From now on show this ticket or pass (an app has no cookies)."""

    def look(self, call: str, url: str) -> Heard:
        """Open a page of the shop."""

    def buy(self, item: str, once: str) -> Heard:
        """Send the checkout's form, which gives the place in the shop back."""


def interval_ms(
    status: dict[str, Any], *, number: int | None, serving: int, now_ms: int, chance: float
) -> int:
    """When to read the status again, by the page's own rule. ``chance``: from 0 to 1."""
    poll, expected_ms = status["poll"], float("inf")
    if status["phase"] in ("scheduled", "early"):
        if status["opens_at_ms"]:
            expected_ms = status["opens_at_ms"] - now_ms
    elif number is not None and status["rate_per_min"]:
        quickest = max(status["rate_per_min"], status["velocity_per_min"])
        expected_ms = max(0, number - serving - 1) * 60_000 / quickest
    pause_ms = min(max(poll["min_ms"], expected_ms / poll["divisor"]), poll["max_ms"])
    return int(pause_ms * (0.85 + 0.3 * chance))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _sleep_ms(milliseconds: float) -> None:
    time.sleep(max(0.0, milliseconds / 1000))


class Shopper:
    """``n``: which of the crowd. ``record``: takes what the shopper sees and is told."""

    def __init__(
        self,
        n: int,
        plan: Plan,
        character: Character,
        client: Client,
        record: Callable[[Record], None],
    ) -> None:
        self._n = n
        self._plan = plan
        self._is = character
        self._client = client
        self._record = record
        self._chance = random.Random(f"{plan.crowd.seed} visit {n}")
        self._joined_ms = 0
        self._number: int | None = None
        self._serving = 0
        self._refreshed = False

    def visit(self) -> None:
        """The whole visit, and how it ended."""
        ending = self._visit()
        self._record(Ended(self._n, _now_ms(), ending))

    def _visit(self) -> Ending:
        at_once = not self._is.native and self._arrive()
        if not self._join():
            return Ending.TURNED_AWAY
        if at_once:
            return self._shop()
        self._joined_ms = _now_ms()
        if ending := self._wait():
            return ending
        if self._is.comes is Comes.NEVER:
            return Ending.NEVER_CAME
        if self._is.comes is Comes.LATE:
            _sleep_ms(1000 * self._is.reacts_after_s)
        return self._enter() or self._shop()

    def _arrive(self) -> bool:
        """Whether the way to the shop leads straight in, because nobody waits."""
        heard = self._client.arrive()
        inside = heard.status == 200 and self._is_shop(heard.url)
        if inside:
            self._record(Entered(self._n, heard.sent_ms, heard.at_ms))
        return inside

    def _is_shop(self, url: str) -> bool:
        return bool(self._plan.shop_url) and url.startswith(self._plan.shop_url + "/")

    # The line

    def _join(self) -> bool:
        """Ask for a place, or for the one that is held; False where there is none to be had."""
        while True:
            heard = self._client.ask("join", "POST", "ticket", {})
            if heard.status in (200, 201):
                self._settle(heard)
                return True
            if heard.error in ("closed", "sold_out"):
                return False
            _sleep_ms(heard.retry_after_ms)

    def _settle(self, heard: Heard) -> None:
        told = heard.body
        fresh = heard.status == 201
        place = (told["epoch"], told["arrival"], told["number"])
        self._record(Place(self._n, heard.at_ms, fresh, *place))
        self._number = told["number"]
        if "ticket" in told:
            self._client.hold("ticket", told["ticket"])

    def _wait(self) -> Ending | None:
        """Read the status until called; the ending of who does not get so far."""
        while True:
            status = self._read_status()
            if status is None:
                _sleep_ms(AGAIN_MS)
            elif status["phase"] == "closed" or status["stock"] == 0:
                return Ending.TURNED_AWAY
            elif self._has_come(self._is.leaves_after_s):
                return self._leave()
            elif self._number is None and status["drawn"] is not None:
                # The number is asked for once, at a random moment of the published window.
                _sleep_ms(self._chance.random() * status["poll"]["spread_ms"])
                self._join()
            elif self._number is not None and self._number <= self._serving:
                return None
            else:
                self._refresh_once()
                self._pause(status)

    def _has_come(self, after_s: float | None) -> bool:
        return after_s is not None and _now_ms() - self._joined_ms >= 1000 * after_s

    def _refresh_once(self) -> None:
        """A reload of the page: joins again with the ticket at hand, which must change nothing."""
        if not self._refreshed and self._has_come(self._is.refreshes_after_s):
            self._refreshed = True
            self._join()

    def _pause(self, status: dict[str, Any]) -> None:
        _sleep_ms(
            interval_ms(
                status,
                number=self._number,
                serving=self._serving,
                now_ms=_now_ms(),
                chance=self._chance.random(),
            )
        )

    def _read_status(self) -> dict[str, Any] | None:
        heard = self._client.ask("status", "GET", "status.json")
        if heard.status != 200 or "serving" not in heard.body:
            return None
        status = heard.body
        # The highest that was seen counts: a cache, or another worker, may be a moment behind.
        self._serving = max(self._serving, status["serving"])
        ahead = None if self._number is None else max(0, self._number - self._serving - 1)
        draw = status["draw"]
        self._record(
            Seen(
                self._n,
                heard.at_ms,
                *(status["now_ms"], status["epoch"], status["phase"], status["serving"]),
                *(status["drawn"], draw["commitment"], draw["seed"], ahead),
            )
        )
        return status

    def _leave(self) -> Ending:
        """Leave the line, and try the door all the same: it must stay shut."""
        while self._client.ask("leave", "DELETE", "ticket").status == 503:
            _sleep_ms(AGAIN_MS)
        self._client.ask("pass after leaving", "POST", "pass", {})
        return Ending.LEFT

    # The shop

    def _enter(self) -> Ending | None:
        """Knock, and keep each appointment to the millisecond, until inside."""
        to = {"to": self._plan.shop_url + "/"} if self._plan.shop_url else {}
        while True:
            heard = self._client.ask("pass", "POST", "pass", to)
            if heard.status == 200:
                self._record(Entered(self._n, heard.sent_ms, heard.at_ms))
                if "pass" in heard.body:
                    self._client.hold("pass", heard.body["pass"])
                if self._plan.shop_url:
                    self._client.look("shop", heard.body["redirect"])
                return None
            if heard.error == "lapsed":
                return Ending.LAPSED
            if heard.status in (400, 401, 403, 410):
                return Ending.TURNED_AWAY
            # From the answer on, not from the question: asking took its time as well.
            _sleep_ms(heard.at_ms + heard.retry_after_ms - _now_ms())

    def _shop(self) -> Ending:
        """Look around, then buy or just go."""
        _sleep_ms(500 * self._is.stays_s)
        item = "" if not self._plan.shop_url else self._choose()
        page = self._client.look("item", f"{self._plan.shop_url}/items/{item}") if item else None
        _sleep_ms(500 * self._is.stays_s)
        if not self._is.buys or page is None:
            return Ending.WENT
        form = _ONCE.search(page.text)
        return self._buy(item, form[1]) if form else Ending.SOLD_OUT

    def _choose(self) -> str:
        """The item that this one came for."""
        stock = self._plan.stock
        if self._is.wants_scarcest:
            return min(stock, key=lambda item: stock[item])
        return self._chance.choice(list(stock))

    def _buy(self, item: str, once: str) -> Ending:
        """Send the form; again if the shop asks for it, which never buys twice."""
        while True:
            heard = self._client.buy(item, once)
            if heard.status == 200:
                self._record(Order(self._n, item, heard.url.rpartition("/")[2]))
                return Ending.BOUGHT
            if heard.status == 409:
                return Ending.SOLD_OUT
            if heard.status not in (0, 503):
                return Ending.WENT
            _sleep_ms(heard.retry_after_ms)
