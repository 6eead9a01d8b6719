"""Every state at twice the zoom, and with letters of twice the size: nothing is lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from eyes import broken_figures, opens_all, out_of_reach, previewed, too_wide
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from seldom import seldom
from visitors import SWITCHES

from waitingroom.gate.languages import LANGUAGES
from waitingroom.gate.plain import Notice
from waitingroom.gate.scenes import SCENES, snapshot_of, view_of

pytestmark = pytest.mark.browser
ZOOMED = {"viewport": {"width": 640, "height": 512}, "device_scale_factor": 2}
"""A window of 1280 by 1024, zoomed to 200 %."""
SMALL_PHONE = {"width": 320, "height": 568}
LARGE_LETTERS = {"webkit": {"webprefs": {"default_font_size": 32}}}
"""Chromium's own setting, twice what it is."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A preview of no room."""
    with previewed() as address:
        yield address


@pytest.fixture
def zoomed(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who sees the page twice as large."""
    context = browser.new_context(**ZOOMED)
    yield context
    context.close()


@pytest.fixture
def large_letters(
    playwright: Playwright, chromium_path: str, tmp_path: Path
) -> Iterator[BrowserContext]:
    """Somebody who has set letters twice as large in the browser, on the smallest phone."""
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(LARGE_LETTERS))
    context = playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=chromium_path, args=SWITCHES, viewport=SMALL_PHONE
    )
    yield context
    context.close()


def shown(page: Page, address: str, lang: str) -> Iterator[str]:
    """Every scene one after the other, with a script and without, all panels open; its name."""
    for name, scene in SCENES.items():
        if scene.script:
            page.goto(f"{address}/{name}/{lang}")
            seen = f"{scene.state} away" if scene.away else scene.state
            expect(page.locator("#card")).to_have_class(seen)
            expect(page.locator("#chip")).not_to_be_empty()
            opens_all(page)
            yield name
        view = view_of(name, snapshot_of(name, None, 0))
        if view is not None:
            page.goto(f"{address}/{name}/{lang}/plain")
            state = view.value if isinstance(view, Notice) else view.state.value
            expect(page.locator("#card")).to_have_class(state)
            opens_all(page)
            yield f"{name} without a script"
    page.goto(f"{address}/waiting/{lang}/privacy")
    yield "privacy"


def is_whole(page: Page, shown: Iterator[str]) -> None:
    """In each scene."""
    looks = (too_wide, broken_figures, out_of_reach)
    wrong = {name: found for name in shown if (found := [one for at in looks for one in at(page)])}
    assert not wrong


@pytest.mark.parametrize("lang", seldom(LANGUAGES))
def test_nothing_is_lost_at_twice_the_zoom(zoomed: BrowserContext, address: str, lang: str) -> None:
    """WCAG 2.2, 1.4.4 and 1.4.10: no word, no button, and no scrolling sideways."""
    page = zoomed.new_page()
    assert page.evaluate("[innerWidth, devicePixelRatio]") == [640, 2]
    is_whole(page, shown(page, address, lang))


@pytest.mark.parametrize("lang", seldom(LANGUAGES, "de"))
def test_nothing_is_lost_with_letters_twice_as_large_on_a_small_phone(
    large_letters: BrowserContext, address: str, lang: str
) -> None:
    """By the browser's setting, which the page's sizes follow."""
    page = large_letters.new_page()
    page.goto(address)
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "32px"
    is_whole(page, shown(page, address, lang))
