"""A shop in another language behind nginx, in a real browser: the line below ``/wr``, an outage."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gates import Native
from playwright.sync_api import Browser, Page, expect
from rooms import Room, make
from seldom import seldom
from sites import Site, site
from systems import eventually

from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store

pytestmark = pytest.mark.browser
AWAY: dict[str, tuple[Callable[[Site], None], Callable[[Site], None]]] = {
    "stopped": (Site.stop_gate, Site.start_gate),
    "frozen": (
        lambda made: made.signal_gate(signal.SIGSTOP),
        lambda made: made.signal_gate(signal.SIGCONT),
    ),
}
"""How a gate goes, and how it comes back."""


@pytest.fixture
def behind(embedded: EmbeddedStore, tmp_path: Path, room_id: str) -> Iterator[tuple[Site, Room]]:
    """A site, and its room with a line."""
    store = Store.connect(embedded.url, timeout_s=10)
    with site(embedded.url, tmp_path, f"{room_id}-b") as made:
        yield made, make(store, made.room, origins=(made.origin,), rate_per_min=300, burst=2)
    store.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a profile of its own; nothing may go wrong in it."""
    made = []
    faults: list[str] = []

    def one(**options: object) -> Page:
        context = browser.new_context(**options)
        made.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield one
    for context in made:
        context.close()
    assert not faults


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_a_shopper_waits_below_the_path_and_lands_on_the_wanted_page(
    behind: tuple[Site, Room], open_page: Callable[..., Page], script: bool
) -> None:
    """The page's script and its form both go by the path; cookies are the shop's own host's."""
    made, room = behind
    room.set(rate_per_min=0)
    for _ in range(20):
        Native(made, f"wr/{room.name}").join()
    page = open_page(java_script_enabled=script)
    page.goto(f"{made.origin}/item?id=1")
    assert page.url.startswith(f"{made.origin}/wr/{room.name}/en?to=")
    if not script:
        page.click("form button")
        page.wait_for_url(f"{made.origin}/wr/{room.name}/wait?to=*")
    expect(page.locator("#card")).to_have_class("waiting")
    room.set(rate_per_min=6_000)
    page.wait_for_url(f"{made.origin}/item?id=1", timeout=30_000)
    expect(page.locator("body")).to_contain_text('"lease":"1-21"')


@pytest.mark.parametrize("how", seldom(["stopped", "frozen"], "frozen"))
def test_the_static_page_finds_its_way_back_by_itself(
    behind: tuple[Site, Room], open_page: Callable[..., Page], how: str
) -> None:
    """Calm words, no sideways scrolling on a phone, and no hand needed when the gate is back."""
    made, _ = behind
    goes, comes = AWAY[how]
    goes(made)
    page = open_page(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page.goto(f"{made.origin}/item?id=1")
    expect(page.locator("h1")).to_have_text("Please wait a moment")
    widths = [page.locator(one).bounding_box() for one in ("main", "h1", "ul")]
    assert all(box is not None and box["x"] + box["width"] <= 320 for box in widths)
    comes(made)
    eventually(
        lambda: (page.wait_for_timeout(200), re.search(r"/item\?id=1$", page.url))[1],
        "the shop's page",
    )
    expect(page.locator("body")).to_contain_text('"lease":"1-1"')
