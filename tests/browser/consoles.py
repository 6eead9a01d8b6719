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
