"""A shopper's code, read aloud to support; and the page that hears of a second chance by itself."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from eyes import is_open_to_all, too_wide
from hours import Hours
from playwright.sync_api import Page, expect
from sales import Sale
from systems import eventually
from test_choices import SIGNALS
from test_every_state import DESKTOP, NARROW, is_pictured
from visitors import Tab, Visitor

from waitingroom.gate.plain import LONGEST_REFRESH_S
from waitingroom.operators import Role
from waitingroom.store.acts import who
from waitingroom.store.call import call

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
Bring = Callable[..., Page]
CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
SHORT = {"rate_per_min": 0, "call_timeout_ms": 1_000, "claim_grace_ms": 1_000}
CHOSEN = "if (origin !== 'null') localStorage['wr-choices'] = '%s'"
LONG_AWAY = """(key) => {
  const place = JSON.parse(localStorage[key]);
  localStorage[key] = JSON.stringify({ ...place, serving: 0 });
}"""
SEEN = """() => {
  window.seen = [];
  const note = () => { if (card.className != seen.at(-1)) seen.push(card.className); };
  new MutationObserver(note).observe(card, { attributes: true });
}"""
"""Each state that the page shows from now on."""
LOOK_MS = 36_000
"""The longest time between two looks of a page whose place has lapsed."""


def lapses(sale: Sale, visitor: Visitor, *, by_hand: bool = False) -> Tab:
    """A page whose turn has passed while its network was away. ``by_hand``: its shopper presses the
    button, and hears of it then. From then on the test winds its clock on.
    """
    visitor.context.clock.install()
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    visitor.context.set_offline(True)
    pass_by(sale)
    visitor.context.set_offline(False)
    if by_hand:
        tab.page.get_by_role("button", name="Enter the shop").click()
    tab.shows("lapsed")
    return tab


def pass_by(sale: Sale) -> None:
    """Number 1 is called, and nobody comes; after that there is time."""
    sale.set(rate_per_min=6_000)
    eventually(lambda: sale.status().lapsed >= 1, "the place has lapsed")
    sale.set(rate_per_min=600, claim_grace_ms=600_000)
    sale.is_heard()


def code_of(tab: Tab) -> str:
    """The code that stands on a page."""
    expect(tab.page.locator("#code dd")).to_have_text(CODE)
    return tab.page.locator("#code dd").inner_text()


def give(supporter: Page, code: str, why: str = "phone was dead") -> None:
    """What support does on the room's page for it."""
    supporter.get_by_label("The shopper’s code").fill(code)
    supporter.get_by_role("button", name="Find the place").click()
    expect(supporter.get_by_role("heading", name="Number 1", exact=True)).to_be_visible()
    supporter.get_by_label("Why").fill(why)
    supporter.get_by_role("button", name="Give a second chance").click()
    expect(supporter.locator("#told")).to_contain_text("Number 1 may go in until")


def support_calls_again(sale: Sale) -> None:
    """Number 1, without the console."""
    where = (1, 1, 1, "K7Q2-9MXD")
    sale.site.store.run(call("second_chance", sale.room, "", who("test"), *where))
    assert sale.status().counters.second_chances == 1
    sale.is_heard()


def test_a_lapsed_page_hears_of_its_second_chance_by_itself_and_goes_in(
    make_sale: Sales,
    come_with_a_browser: Come,
    operator: Bring,
) -> None:
    """Within one look, rung like any turn; the code that was read aloud is the one on the page."""
    sale = make_sale(**SHORT)
    visitor = come_with_a_browser(tolerates=(410,))
    visitor.context.grant_permissions(["notifications"], origin=sale.site.gate)
    visitor.context.add_init_script(SIGNALS)
    visitor.context.add_init_script(CHOSEN % '{"notify":true,"aloud":"some"}')
    tab = lapses(sale, visitor)
    tab.until("signals.length")  # of the turn that has passed
    # At once: time passes for the page as for us, and it may look before it is told to.
    tab.page.evaluate("sessionStorage.signals = ''")
    supporter = operator(Role.SUPPORT, f"/rooms/{sale.room}/support")
    give(supporter, code_of(tab).lower())
    sale.is_heard()
    tab.page.clock.run_for(LOOK_MS)
    tab.arrives(sale.shop_url)
    tab.page.goto(f"{sale.site.gate}/healthz")
    told = tab.page.evaluate("sessionStorage.signals")
    assert told.strip() == "shown: It is your turn, Winter sale"
    assert (sale.status().counters.entered, sale.status().counters.late) == (1, 1)


def test_whoever_goes_in_by_hand_gets_the_button_once_more(make_sale: Sales, come: Come) -> None:
    """With the time that there is, and no more time beside it; all tabs of the shopper show it.
    A page that was away while the line moved on never says that people are ahead."""
    sale = make_sale(**SHORT)
    visitor = come(tolerates=(410,))
    visitor.context.add_init_script(CHOSEN % '{"by_hand":true,"aloud":"some"}')
    tab = lapses(sale, visitor, by_hand=True)
    tab.page.evaluate(LONG_AWAY, f"wr-{sale.room}")
    tab.page.reload()
    tab.shows("lapsed")
    tab.page.evaluate(SEEN)
    support_calls_again(sale)
    tab.page.clock.run_for(LOOK_MS)
    tab.shows("called")
    assert tab.page.evaluate("seen") == ["lapsed", "called"]
    tab.says("lead", "The door is open. Please go in before")
    tab.says("alert", "It is your turn")
    expect(tab.page.get_by_role("button", name="Give me more time")).to_be_hidden()
    expect(tab.page.get_by_role("button", name="Take a new place")).to_be_hidden()
    tab.page.get_by_role("button", name="Enter the shop").click()
    tab.arrives(sale.shop_url)


@pytest.mark.parametrize("way", ["loads the page again", "comes back after the turn"])
def test_whoever_lapsed_keeps_the_code_until_they_take_a_new_place(
    make_sale: Sales, come: Come, way: str
) -> None:
    """A page that is loaded takes nobody's place away: support can call the lapsed one still, and
    its shopper, who has the button for a new one, goes in."""
    sale = make_sale(**SHORT)
    visitor = come(tolerates=(410,))
    if way == "loads the page again":
        tab = lapses(sale, visitor)
        code = code_of(tab)
        tab.page.reload()
    else:
        tab = visitor.opens(sale.url)
        tab.shows("waiting")
        code = code_of(tab)
        tab.page.goto("about:blank")
        pass_by(sale)
        visitor.context.clock.install()
        tab.page.goto(sale.url)
    other = visitor.opens(sale.url)
    for one in (tab, other):
        one.shows("lapsed")
        assert code_of(one) == code
        expect(one.page.get_by_role("button", name="Take a new place")).to_be_visible()
    other.page.close()
    tab.page.clock.run_for(LOOK_MS)
    assert sale.status().tail == 1
    support_calls_again(sale)
    tab.page.clock.run_for(LOOK_MS)
    tab.arrives(sale.shop_url)


def test_whoever_lapsed_takes_a_new_place_by_the_button_after_a_reload(
    make_sale: Sales, come: Come
) -> None:
    """It is another one, with another code, and a reload keeps that."""
    sale = make_sale(**SHORT)
    tab = lapses(sale, come(tolerates=(410,)))
    code = code_of(tab)
    sale.set(rate_per_min=0)
    tab.page.reload()
    tab.shows("lapsed")
    tab.page.get_by_role("button", name="Take a new place").click()
    tab.shows("waiting")
    tab.page.reload()
    tab.shows("waiting")
    assert code_of(tab) != code
    assert sale.status().tail == 2


def test_a_page_asks_about_its_place_only_when_somebody_got_a_second_chance(
    make_sale: Sales, come: Come
) -> None:
    """Else it reads what caches hold; and where it was somebody else's, it goes on waiting."""
    sale = make_sale(rate_per_min=0)
    visitor = come(tolerates=(410,))
    gone = {"status": 410, "json": {"error": "lapsed"}}
    for path in ("pass", "more-time"):
        visitor.context.route(f"**/{path}", lambda route: route.fulfill(**gone))
    hours = Hours(visitor, sale)
    tab = hours.opens(sale.url)
    hours.reads(tab, serving=1)
    tab.shows("lapsed")
    for _ in range(3):
        hours.reads(tab)
    assert visitor.watch.count("POST", "/more-time") == 0
    for _ in range(3):
        hours.reads(tab, second_chances=7)
    assert visitor.watch.count("POST", "/more-time") == 1
    tab.shows("lapsed")


def test_the_code_stays_in_every_state_of_the_place(make_sale: Sales, come: Come) -> None:
    """In line, paused, after a reload, in another tab, when given up, and when the sale is over."""
    sale = make_sale(rate_per_min=0)
    visitor = come()
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    code = code_of(tab)
    sale.act("pause", "Lunch.")
    tab.shows("paused")
    other = visitor.opens(sale.url)
    other.shows("paused")
    assert code_of(tab) == code_of(other) == code
    tab.page.get_by_text("Leave the line").click()
    tab.page.get_by_role("button", name="Yes, give up my place").click()
    for one in (tab, other):
        one.shows("left")
        assert code_of(one) == code
    late = come().opens(sale.url)
    late.shows("paused")
    sale.act("close")
    late.shows("closed")
    assert code_of(late) != code


def test_without_a_script_the_page_shows_the_code_and_looks_again(
    make_sale: Sales, come: Come
) -> None:
    """Every minute, unless it shall stand still; and the look that comes after it goes in."""
    sale = make_sale(**SHORT)
    visitor = come(java_script_enabled=False)
    tab = visitor.opens(sale.url)
    tab.page.get_by_role("button", name="Take a place in line").click()
    tab.shows("waiting")
    code = code_of(tab)
    tab.page.goto("about:blank")  # else its next look may come in time for the turn
    pass_by(sale)
    tab.page.goto(f"{sale.base}/wait?to={sale.path}")
    tab.shows("lapsed")
    assert code_of(tab) == code
    refresh = tab.page.locator("meta[http-equiv=refresh]")
    assert refresh.get_attribute("content") == str(LONGEST_REFRESH_S)
    tab.page.get_by_role("link", name="Let it stand still").click()
    expect(refresh).to_have_count(0)
    tab.shows("lapsed")
    tab.page.get_by_role("button", name="Take a new place").wait_for()
    support_calls_again(sale)
    tab.page.goto(f"{sale.base}/wait?to={sale.path}")
    tab.arrives(sale.shop_url)


def test_supports_page_can_be_read_by_everybody(
    make_sale: Sales,
    come: Come,
    operator: Bring,
    request: pytest.FixtureRequest,
) -> None:
    """On a phone of 320 pixels, in the dark, by a screen reader: each thing that it may say."""
    sale = make_sale(**SHORT)
    tab = lapses(sale, come(tolerates=(410,)))
    path = f"/rooms/{sale.room}/support"
    page = operator(Role.SUPPORT, path, tolerates=(404, 409))
    folder = request.config.getoption("--screenshots", default=None)

    def looked_at(name: str) -> None:
        is_open_to_all(page, name)
        page.set_viewport_size(NARROW)
        assert not too_wide(page), name
        if folder:
            is_pictured(Tab(page), f"support-{name}", Path(folder))
        page.set_viewport_size(DESKTOP)

    page.get_by_label("The shopper’s code").fill("K7Q2-9MXD")
    page.get_by_role("button", name="Find the place").click()
    expect(page.get_by_role("alert")).to_contain_text("may have been misheard")
    looked_at("unknown")
    page.get_by_label("The shopper’s code").fill(code_of(tab))
    page.get_by_role("button", name="Find the place").click()
    expect(page.get_by_role("button", name="Give a second chance")).to_be_visible()
    looked_at("found")
