"""What tests of the console share: who is there, and what a person reads on its pages."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Event, Thread

from playwright.sync_api import Page, expect
from sales import Site
from scenes import PHONE
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from waitingroom import console

PASSWORD = "a long enough password"
LONG_NAME = "a-very-long-name-of-somebody." * 2 + "x"
SHOW = "What would it do?"
REASON = "The till is slow."
SMALL_PHONES = ({"width": 390, "height": 664}, {"width": 360, "height": 640})
"""What a browser's own bars leave of them."""
FINGER_PX = 44
PATIENCE_S = 4
"""Less than the script has, which would then ask once more."""
LIVE_JS = Path(console.__file__).parent / "static" / "live.js"
LIVE_PAGE = (
    '<!doctype html><title>One</title><div id="told"></div>'
    '<p data-live="/live.json" data-figure="n">none</p><script src="/live.js"></script>'
)


@contextmanager
def answers_two_at_once() -> Iterator[tuple[str, Event]]:
    """A page of one figure with the console's own script: its address; and an event from which on
    a question is answered only when another one has come as well.
    """
    begun, change = Event(), Condition()
    waiting: list[object] = []

    @Request.application
    def app(request: Request) -> Response:
        if request.path == "/live.js":
            return Response(LIVE_JS.read_bytes(), mimetype="text/javascript")
        if request.path != "/live.json":
            return Response(LIVE_PAGE, mimetype="text/html")
        told = "first"
        if begun.is_set():
            with change:
                waiting.append(request)
                change.notify_all()
                both = change.wait_for(lambda: len(waiting) > 1, PATIENCE_S)
                told = "both" if both else "alone"
                # One that was alone has gone; once two have met, all is said.
                if not both:
                    waiting.remove(request)
        return Response(json.dumps({"figures": {"n": told}}), mimetype="application/json")

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", begun
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def shows(page: Page, name: str, text: str | re.Pattern[str]) -> None:
    """Wait until a figure has moved. How soon it does is one test's own subject."""
    expect(page.locator(f'[data-figure="{name}"]').first).to_have_text(text)


def has_looked(page: Page) -> None:
    """Wait until the page has shown what it was told: it asks again only then."""
    for _ in range(2):
        page.wait_for_event("response", lambda one: one.url.endswith("/live.json"))


def told(page: Page, text: str) -> None:
    """Wait for a result or a problem."""
    expect(page.locator("#told")).to_contain_text(text)


def is_in_sight(page: Page, name: str) -> None:
    """A button is seen on small phones without a swipe, under nothing, and a finger wide."""
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_visible()
    for viewport in SMALL_PHONES:
        page.set_viewport_size(viewport)
        assert page.evaluate("scrollY") == 0
        box = button.bounding_box()
        assert box
        assert box["height"] >= FINGER_PX
        assert box["y"] + box["height"] <= viewport["height"]
        assert box["x"] + box["width"] <= viewport["width"]
        # Playwright's own question whether anything lies above it.
        button.tap(trial=True)
    page.set_viewport_size(PHONE)


def makes_room(page: Page, site: Site, room: str) -> None:
    """An operator on a phone: from all rooms' page to that of a new one, titled Spring sale."""
    page.get_by_role("link", name="New room").tap()
    page.get_by_label("Id in the address").fill(room)
    page.get_by_label("Title").fill("Spring sale")
    page.get_by_label("Shops").fill(site.shop)
    page.get_by_role("button", name="Make the room").tap()
    told(page, f"/{room} within a second")


def ramps_and_takes_it_back(page: Page, was: int) -> None:
    """From ``was``, which is about 60, to 300 a minute, until the rate has moved."""
    page.get_by_role("link", name="Later, or little by little").tap()
    page.locator("#rate_per_min").fill("300")
    page.get_by_role("radio", name="Little by little").check()
    page.get_by_label("It takes").fill("38s")
    page.get_by_role("button", name=SHOW).tap()
    expect(page.locator("main")).to_contain_text("From now, over 38s, in 19 steps.")
    page.get_by_role("button", name="Apply").tap()
    told(page, f"Planned. Rate: {was} a minute → 300 a minute.")
    shows(page, "rate", re.compile(r"[7-9]\d"))
    page.get_by_role("button", name="Undo").tap()
    told(page, "Taken back: Rate")
    shows(page, "rate", str(was))


def pauses(page: Page) -> None:
    """With a reason of each kind."""
    page.get_by_label("Reason").select_option("overloaded")
    page.get_by_label("In your own words").fill(REASON)
    page.get_by_role("button", name="Pause with this reason").tap()
    told(page, f"Paused. The room is now paused: the shop is overloaded. {REASON}")
