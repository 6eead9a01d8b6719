"""What tests of the console share: who is there, and what a person reads on its pages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from playwright.sync_api import Page, expect
from sales import Site

PASSWORD = "a long enough password"
LONG_NAME = "a-very-long-name-of-somebody." * 2 + "x"
SHOW = "What would it do?"
REASON = "The till is slow."
SOON_MS = 2_000
"""By when a figure has moved."""


@contextmanager
def frozen_store(site: Site) -> Iterator[None]:
    """The store stands still, and its connections stay open."""
    process = psutil.Process(site.run.note["pids"]["store"])
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def figure(page: Page, name: str) -> str:
    """What stands there now."""
    return page.locator(f'[data-figure="{name}"]').first.inner_text()


def shows(page: Page, name: str, text: str | re.Pattern[str], within_ms: int = SOON_MS) -> None:
    """Wait until a figure has moved."""
    expect(page.locator(f'[data-figure="{name}"]').first).to_have_text(text, timeout=within_ms)


def told(page: Page, text: str) -> None:
    """Wait for a result or a problem."""
    expect(page.locator("#told")).to_contain_text(text)


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
    shows(page, "rate", re.compile(r"[7-9]\d"), within_ms=10_000)
    page.get_by_role("button", name="Undo").tap()
    told(page, "Taken back: Rate")
    shows(page, "rate", str(was))


def pauses(page: Page) -> None:
    """With a reason of each kind."""
    page.get_by_label("Reason").select_option("overloaded")
    page.get_by_label("In your own words").fill(REASON)
    page.get_by_role("button", name="Pause").tap()
    told(page, f"Paused. The room is now paused: the shop is overloaded. {REASON}")
