"""A page whose clock the test turns, and whose status the test writes."""

from typing import Any

from playwright.sync_api import Error, Request, Route
from sales import Sale
from visitors import Tab, Visitor

from waitingroom.gate.status import HEADERS
from waitingroom.model import Poll

LONGEST_POLL_S = round(Poll().max_ms * 1.5 / 1000)
CACHEABLE = dict(HEADERS)[b"cache-control"].decode()
ASKING = """
  globalThis.asking = globalThis.begun = 0;
  const counted = (owner, name, counts = () => true) => {
    const really = owner[name];
    owner[name] = async function (...given) {
      if (!counts(...given)) return really.apply(this, given);
      asking += 1;
      begun += 1;
      try {
        return await really.apply(this, given);
      } finally {
        asking -= 1;
      }
    };
  };
  counted(globalThis, 'fetch', (url) => !(%s && String(url).endsWith('/pass')));
  counted(Response.prototype, 'json');
"""
"""How many answers the page's script waits for. Playwright hears of a request some time after the
page made it, and a page that was just clicked has asked although nobody here knows yet. ``begun``:
how many it ever waited for."""


def counts_answers(visitor: Visitor, *, turns_wait: bool = False) -> None:
    """Let :func:`is_asking` know of the pages that the visitor opens from now on."""
    visitor.context.add_init_script(ASKING % str(turns_wait).lower())


def is_asking(tab: Tab) -> bool:
    """Whether the page's script waits for an answer."""
    try:
        return bool(tab.page.evaluate("asking"))
    except Error as gone:
        if "context was destroyed" not in gone.message:
            raise
        return True  # on its way to another page


class Hours:
    """A visitor's time. ``status``: what every status document says other than the room's own.

    The page's clock stands still but for :meth:`pass_by`; what it asks of the gate is real.
    ``turns_wait``: time passes on while a turn is asked for, which some tests never answer.
    """

    def __init__(
        self, visitor: Visitor, sale: Sale, *, turns_wait: bool = True, **status: Any
    ) -> None:
        self.status = status
        self._turns_wait = turns_wait
        self.passed_s = 0
        self._visitor = visitor
        answer = visitor.context.request.get(f"{sale.base}/status.json")
        assert answer.ok, answer.text()
        self._document = answer.json()
        self._open: set[Request] = set()
        self._answers = 0
        visitor.context.on("request", self._asks)
        visitor.context.on("requestfinished", self._has)
        visitor.context.on("requestfailed", self._has)
        counts_answers(visitor, turns_wait=turns_wait)
        visitor.context.route("**/status.json", self._answer)
        visitor.context.clock.install(time=self._document["now_ms"])

    def opens(self, url: str) -> Tab:
        """In a new tab, which has asked what it asks first."""
        tab = self._visitor.opens(url)
        self._settle(tab)
        return tab

    def pass_by(self, tab: Tab, seconds: int, step_s: int = 2) -> None:
        """Let so much of the page's time pass, and what it asks meanwhile be answered."""
        for _ in range(0, seconds, step_s):
            self.passed_s += step_s
            self._visitor.context.clock.run_for(step_s * 1000)
            self._settle(tab)

    def reads(self, tab: Tab, **status: Any) -> None:
        """The status says something else, and the page has read it."""
        self._settle(tab)  # else what it asked before is answered with this, at another time
        self.status |= status
        before = self._answers
        for _ in range(0, LONGEST_POLL_S, 3):
            self.pass_by(tab, 3, 3)
            if self._answers > before:
                return
        raise AssertionError("the page does not look")

    def _asks(self, request: Request) -> None:
        if not (self._turns_wait and request.url.endswith("/pass")):
            self._open.add(request)

    def _has(self, request: Request) -> None:
        self._open.discard(request)

    def _settle(self, tab: Tab) -> None:
        for _ in range(3000):
            if not self._open and not is_asking(tab):
                return
            tab.wait(0.005)
        raise AssertionError(f"never answered: {[one.url for one in self._open]}")

    def _answer(self, route: Route) -> None:
        self._answers += 1
        now_ms = self._document["now_ms"] + self.passed_s * 1000
        document = self._document | {"now_ms": now_ms} | self.status
        route.fulfill(json=document, headers={"Cache-Control": CACHEABLE})
