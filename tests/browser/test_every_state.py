"""Every state of the pages, light and dark: axe finds nothing, and nothing is cut off."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from eyes import SCHEMES, is_open_to_all, opens_all, too_wide
from sales import Sale, Site
from scenes import PHONE, WITH_SCRIPT, WITHOUT, Stage
from seldom import seldom
from visitors import Tab, Visitor

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
"""Also what a phone's window is at twice the zoom, about."""
DESKTOP = {"width": 1280, "height": 800}
SIZES = {"phone": PHONE, "narrow": NARROW, "desktop": DESKTOP}
ALL_DRAWN = """async () => {
  const pictures = [...document.images];
  for (const one of pictures) one.loading = "eager";
  await Promise.all(pictures.map((one) => one.decode().catch(() => null)));
}"""
"""Else a picture of the page shows charts of the scheme before, and none below the window."""
HTML = "text/html; charset=utf-8"


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where pictures go, if somebody wants them."""
    folder = request.config.getoption("--screenshots", default=None)
    return Path(folder) if folder else None


def read_by_a_script(tab: Tab, reader: Visitor, site: Site) -> Tab:
    """The same page in a browser that runs scripts, since axe is one. It does not look again."""
    html = re.sub("<meta http-equiv=.refresh[^>]*>", "", tab.page.content())
    reader.context.route("**/read", lambda route: route.fulfill(body=html, content_type=HTML))
    return reader.opens(f"{site.gate}/read")


def fits(tab: Tab) -> None:
    """Nothing is wider than the window, however narrow; no word of the card is cut off."""
    tab.page.set_viewport_size(NARROW)
    assert not too_wide(tab.page)
    tab.page.set_viewport_size(PHONE)


def is_pictured(tab: Tab, name: str, folder: Path, as_well: str = "") -> None:
    """Each size and scheme, the whole page."""
    folder.mkdir(parents=True, exist_ok=True)
    for size, viewport in SIZES.items():
        tab.page.set_viewport_size(viewport)
        for scheme in SCHEMES:
            tab.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            tab.wait(0.05)  # browsers choose another source of a picture in a task of its own
            tab.page.evaluate(ALL_DRAWN)
            tab.page.screenshot(
                path=folder / f"{name}{as_well}-{size}-{scheme}.png", full_page=True
            )


@pytest.mark.parametrize(
    ("name", "script"),
    seldom(
        [*((name, True) for name in WITH_SCRIPT), *((name, False) for name in WITHOUT)],
        *((name, True) for name in WITH_SCRIPT),
        *((name, False) for name in ("not_yet", "waiting_far", "lapsed")),
    ),
)
def test_every_state_can_be_read_by_everybody(
    make_sale: Callable[..., Sale],
    come: Callable[..., Visitor],
    come_with_a_browser: Callable[..., Visitor],
    site: Site,
    pictures: Path | None,
    name: str,
    script: bool,
) -> None:
    """Also by a screen reader, in the dark, and on a window of 320 pixels.

    With ``--screenshots FOLDER`` it is pictured too.
    """
    state, play = (WITH_SCRIPT if script else WITHOUT)[name]
    stage = Stage(site, make_sale, come, come_with_a_browser, script)
    with stage.until_the_end:
        tab = play(stage)
        tab.shows(state)
        if pictures:
            is_pictured(tab, name if script else f"{name}-plain", pictures)
        opens_all(tab.page)
        tab.wait(0.1)
        if pictures:
            is_pictured(tab, name if script else f"{name}-plain", pictures, "-open")
        checked = tab if script else read_by_a_script(tab, come(viewport=PHONE), site)
        is_open_to_all(checked.page)
        fits(checked)
