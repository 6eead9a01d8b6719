"""A room in its operator's colours, with a logo; and the page on privacy: axe finds nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from eyes import is_open_to_all, opens_all, previewed
from playwright.sync_api import Browser, Page, expect
from seldom import seldom
from test_brand import SVG

from waitingroom.brand import check, read_logo
from waitingroom.gate.scenes import SAMPLE, SCENES
from waitingroom.model import Brand

pytestmark = pytest.mark.browser
LINKS = (("help", "https://shop.example/help"), ("imprint", "https://shop.example/imprint"))
ACCENTS = Brand(
    colours=(("dark-accent", "#ffcc00"), ("light-accent", "#003399")),
    links=LINKS,
    logo=read_logo(SVG),
)
FAINTEST = replace(
    ACCENTS,
    colours=(
        *(("light-accent", "#c02222"), ("light-background", "#dfdfdf"), ("light-card", "#dfdfdf")),
        *(("dark-accent", "#ff8888"), ("dark-background", "#404040"), ("dark-card", "#404040")),
    ),
)
"""Each of its colours is as near to its ground as we take it."""
BRANDS = {"accents": ACCENTS, "faintest": FAINTEST, "none": Brand()}
STATES = ("early", "waiting", "paused", "called", "door", "sold-out", "bounced", "reconnecting")
"""One of each look: calm, warned, called, ended, away."""


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens the page of an address in a new tab."""
    context = browser.new_context(locale="en-GB")

    def one(address: str) -> Page:
        page = context.new_page()
        page.goto(address)
        return page

    yield one
    context.close()


def branded(name: str) -> Iterator[str]:
    """A preview with a brand that an operator may choose."""
    check(BRANDS[name])
    room = replace(SAMPLE, title="Winter sale", message="Two for one", brand=BRANDS[name])
    with previewed(room, SVG if BRANDS[name].logo else b"") as address:
        yield address


@pytest.fixture(params=BRANDS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """In each brand."""
    yield from branded(request.param)


COLOURED = [name for name, brand in BRANDS.items() if brand.colours]


@pytest.fixture(params=seldom(COLOURED, COLOURED[0]))
def branded_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """In each brand that has colours; without, every state is looked at elsewhere."""
    yield from branded(request.param)


def test_everybody_can_read_about_privacy(look: Callable[[str], Page], address: str) -> None:
    """In light and dark, in any brand."""
    page = look(f"{address}/waiting/en/privacy")
    expect(page.get_by_role("heading", level=2)).to_have_text("Cookies and privacy")
    is_open_to_all(page)


def test_a_branded_page_can_be_read_by_everybody(
    look: Callable[[str], Page], branded_address: str
) -> None:
    """With a script and without, all panels open; its picture and its colours are there."""
    for name in STATES:
        scene = SCENES[name]
        page = look(f"{branded_address}/{name}/en")
        seen = f"{scene.state} away" if scene.away else scene.state
        expect(page.locator("#card")).to_have_class(seen)
        # Not wait_for_function: it looks again by eval, which the page's policy forbids.
        page.locator("header img").evaluate("image => image.decode()")
        ours = "document.querySelectorAll('link[rel=stylesheet]').length"
        assert page.evaluate(ours) == 2
        opens_all(page)
        is_open_to_all(page, name)
        page.goto(f"{branded_address}/{name}/en/plain")
        # It can be told to stand still, which axe cannot know.
        page.evaluate("document.querySelector('meta[http-equiv]')?.remove()")
        opens_all(page)
        is_open_to_all(page, f"{name} without a script")
        page.close()
