"""A place is kept through everything that people and browsers do with a page."""

import re
import time
from collections.abc import Callable

import pytest
from hours import counts_answers, is_asking
from playwright.sync_api import Browser, Route, expect
from sales import Sale, Site
from systems import eventually
from visitors import Tab, Visitor

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
HELD = {"rate_per_min": 0}
"""Knobs of a room in which nobody moves."""


def behind(sale: Sale, people: int) -> Sale:
    """With so many before whoever comes next."""
    sale.crowd(people)
    return sale


HIDEABLE = """
  let hidden = false;
  Object.defineProperty(document, 'hidden', {get: () => hidden});
  globalThis.hide = (on) => { hidden = on; document.dispatchEvent(new Event('visibilitychange')); };
"""
"""Playwright keeps every page visible, and headless Chromium too; so a page is told."""
HAS_READ = """performance.getEntriesByType('resource')
  .some(({ name }) => name.endsWith('/status.json'))"""
"""Whether a page has read the status."""


def hide(tab: Tab, on: bool = True) -> None:
    """Tell the page that another tab is in front, or no longer."""
    tab.page.evaluate("on => hide(on)", on)


def test_a_reload_keeps_the_place_and_says_that_it_does(make_sale: Sales, come: Come) -> None:
    """However often; and no number of people ahead is ever larger than before."""
    sale = behind(make_sale(**HELD), 30)
    visitor = come()
    tab = visitor.opens(sale.url)
    tab.has_big("30")
    for _ in range(3):
        tab.page.reload()
        tab.has_big("30")
        tab.says("note", "Refreshing is safe; your place is kept.")
    assert tab.number == 31
    assert sale.status().tail == 31


def test_two_tabs_have_one_place_and_one_of_them_asks(make_sale: Sales, come: Come) -> None:
    """The tab in front learns and tells the other; when the turn comes one goes in.

    The other says so, with the way to go on.
    """
    sale = behind(make_sale(**HELD), 30)
    visitor = come()
    first, second = visitor.opens(sale.url), visitor.opens(sale.url)
    for tab in (first, second):
        tab.has_big("30")
    assert (sale.status().tail, first.number, second.number) == (31, 31, 31)
    second.wait(0.1)  # in which is told what was asked until now
    asked, since_s = visitor.watch.count("GET", "/status.json"), time.monotonic()
    second.wait(4)
    more = visitor.watch.count("GET", "/status.json") - asked
    assert more <= 1 + (time.monotonic() - since_s) / (0.85 * 2)
    sale.set(rate_per_min=6_000)
    second.arrives(sale.shop_url)
    first.shows("entered")
    expect(first.page.locator("#shop")).to_have_attribute("href", sale.shop_url)
    expect(first.page).to_have_title(re.compile("^You are in"))
    assert visitor.watch.count("POST", "/pass") == 1
    assert sale.status().counters.entered == 1


def test_two_tabs_at_the_same_moment_take_one_place(make_sale: Sales, come: Come) -> None:
    """A session that is restored opens both at once."""
    sale = make_sale(**HELD)
    visitor = come()
    pages = [visitor.context.new_page() for _ in range(3)]
    for page in pages:
        page.evaluate("url => { location.href = url }", sale.url)
    for page in pages:
        Tab(page).has_big("You are next")
    assert sale.status().tail == 1


def test_when_the_tab_that_asks_is_closed_the_other_goes_on(make_sale: Sales, come: Come) -> None:
    """It is not the leader that waits, but the shopper."""
    sale = behind(make_sale(**HELD), 30)
    visitor = come()
    first, second = visitor.opens(sale.url), visitor.opens(sale.url)
    second.has_big("30")
    second.page.close()
    sale.set(rate_per_min=6_000)
    first.arrives(sale.shop_url)


def test_a_hidden_tab_keeps_the_place_and_catches_up_when_it_is_looked_at(
    make_sale: Sales, come: Come
) -> None:
    """Hidden it asks a third as often; in front again it asks at once, and shows what is."""
    sale = behind(make_sale(rate_per_min=60, claim_grace_ms=60_000), 3_000)
    sale.set(rate_per_min=0)
    visitor = come()
    visitor.context.add_init_script(HIDEABLE)
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    before = tab.ahead
    hide(tab)
    sale.set(rate_per_min=6_000)
    sale.calls(200)
    sale.set(rate_per_min=0)
    sale.is_heard()
    tab.wait(1)
    assert visitor.watch.count("GET", "/status.json") <= 2
    hide(tab, False)
    tab.says("serving dd", f"{sale.status().serving:,}")
    assert tab.ahead < before
    assert tab.number == 3_001


def test_a_hidden_tab_enters_by_itself(make_sale: Sales, come: Come) -> None:
    """Whoever works in another tab meanwhile does not lose the turn."""
    sale = behind(make_sale(**HELD), 10)
    visitor = come()
    visitor.context.add_init_script(HIDEABLE)
    tab = visitor.opens(sale.url)
    tab.has_big("10")
    hide(tab)
    sale.set(rate_per_min=6_000)
    tab.arrives(sale.shop_url)


def test_of_two_tabs_the_one_that_is_looked_at_asks(make_sale: Sales, come: Come) -> None:
    """Browsers slow a hidden tab's clock down to a tick a minute: it must not be the one to ask."""
    sale = behind(make_sale(**HELD), 10)
    visitor = come()
    visitor.context.add_init_script(HIDEABLE)
    counts_answers(visitor)
    first, second = visitor.opens(sale.url), visitor.opens(sale.url)
    for tab in (first, second):
        tab.has_big("10")
        tab.until(HAS_READ)  # itself: it has its place by the other's word too
    hide(second)
    hide(first, False)

    def begun(tab: Tab) -> int:
        return int(tab.page.evaluate("begun"))

    def asks(tab: Tab, times: int) -> None:
        # An answer is waited for twice: until it comes, and until it is read.
        until = begun(tab) + 2 * times
        eventually(lambda: (tab.wait(0.1), begun(tab) >= until)[1], "the tab asks")

    asks(first, 2)  # the first of them may be from before, when it did not lead
    # What the second asked as it still led may go on.
    eventually(lambda: (second.wait(0.02), not is_asking(second))[1], "it has every answer")
    before = begun(second)
    asks(first, 2)
    assert begun(second) == before


def test_a_computer_that_was_asleep_wakes_up_in_its_place(
    make_sale: Sales, come_with_a_browser: Come
) -> None:
    """A laptop closed for a while: the page asks at once, and shows what is."""
    sale = behind(make_sale(**HELD), 3_000)
    visitor = come_with_a_browser()
    tab = visitor.opens(sale.url)
    tab.has_big("3,000")
    with visitor.asleep():
        fell_asleep_s = time.monotonic()
        sale.set(rate_per_min=6_000)
        sale.calls(200)
        sale.set(rate_per_min=0)
        sale.is_heard()
        time.sleep(max(0, 6 - (time.monotonic() - fell_asleep_s)))
    tab.says("serving dd", f"{sale.status().serving:,}")
    assert tab.number == 3_001


def test_a_browser_that_was_closed_comes_back_to_its_place(
    make_sale: Sales, come: Come, browser: Browser
) -> None:
    """The ticket is a cookie that outlives the session; nothing else is needed."""
    sale = behind(make_sale(**HELD), 30)
    first = come()
    tab = first.opens(sale.url)
    tab.has_big("30")
    kept = first.context.storage_state()
    first.context.close()
    sale.crowd(5)
    with_memory = come(storage_state=kept)
    cookies_only = come(storage_state={"cookies": kept["cookies"], "origins": []})
    for visitor in (with_memory, cookies_only):
        tab = visitor.opens(sale.url)
        tab.has_big("30")
        tab.says("note", "Refreshing is safe")
    assert sale.status().tail == 36


def test_a_shown_place_never_grows_though_a_cache_is_behind(make_sale: Sales, come: Come) -> None:
    """An older document after a newer one: what was seen counts, also after a reload."""
    sale = behind(make_sale(**HELD, claim_grace_ms=60_000), 30)
    visitor = come()
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    old = visitor.context.request.get(f"{sale.base}/status.json").text()
    sale.set(rate_per_min=60)
    sale.calls(4)
    sale.set(rate_per_min=0)
    serving = sale.status().serving
    tab.says("serving dd", str(serving))
    shown = tab.ahead
    visitor.context.route("**/status.json", lambda route: behind_the_time(route, old))
    asked = visitor.watch.count("GET", "/status.json")
    eventually(
        lambda: (tab.wait(0.1), visitor.watch.count("GET", "/status.json") > asked + 1)[1],
        "the old document was read",
    )
    assert tab.ahead == shown
    tab.page.reload()
    tab.says("serving dd", str(serving))
    assert tab.ahead == shown


def behind_the_time(route: Route, document: str) -> None:
    """Answer with a document from before."""
    route.fulfill(body=document, content_type="application/json")


def test_the_number_of_people_ahead_only_falls(make_sale: Sales, come: Come) -> None:
    """Every figure that was ever shown, in a line that moves with no-shows in it."""
    sale = behind(make_sale(**HELD, call_timeout_ms=1_000, poll_max_ms=2_000), 1_000)
    visitor = come()
    visitor.context.add_init_script(
        """addEventListener('DOMContentLoaded', () => {
          const big = document.getElementById('big');
          const note = () => localStorage.shown = `${localStorage.shown ?? ''} ${big.textContent}`;
          if (big) new MutationObserver(note).observe(big, {childList: true});
        })"""
    )
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    tab.page.reload()
    tab.has_big("1,000")
    sale.set(rate_per_min=600)
    for _ in range(3):
        shown = tab.text("big")
        tab.until("shown => big.textContent !== shown", shown)
    sale.set(rate_per_min=60_000)
    tab.arrives(sale.shop_url)
    (state,) = (
        origin["localStorage"]
        for origin in visitor.context.storage_state()["origins"]
        if origin["origin"] == sale.site.gate
    )
    noted = next(item["value"] for item in state if item["name"] == "shown").replace(",", "")
    figures = [int(word) for word in noted.split() if word.isdigit()]
    assert len(figures) > 3
    assert figures == sorted(figures, reverse=True)


def test_a_place_that_a_browser_lost_is_told(make_sale: Sales, come: Come) -> None:
    """Cookies cleared: a new place, and a sentence that says why it is another."""
    sale = behind(make_sale(**HELD), 30)
    visitor = come()
    tab = visitor.opens(sale.url)
    tab.has_big("30")
    visitor.context.clear_cookies()
    tab.page.reload()
    tab.says("note", "your browser did not show the earlier one")
    assert tab.number == 32


def test_a_page_without_memory_or_locks_still_waits_and_enters(
    make_sale: Sales, come: Come
) -> None:
    """Old browsers and strict settings: no storage, no locks, no channel, no newer functions."""
    sale = behind(make_sale(**HELD), 30)
    visitor = come()
    visitor.context.add_init_script(
        """for (const name of ['localStorage', 'sessionStorage'])
             Object.defineProperty(window, name, {get() { throw new Error('blocked') }});
           Object.defineProperty(Navigator.prototype, 'locks', {value: undefined});
           delete window.BroadcastChannel;
           AbortSignal.timeout = undefined;
           Array.prototype.findLast = undefined;
           Intl.NumberFormat.prototype.formatRange = undefined;
           Intl.DateTimeFormat.prototype.formatRange = undefined;"""
    )
    tab = visitor.opens(sale.url)
    tab.has_big("30")
    tab.page.reload()
    tab.has_big("30")
    sale.set(rate_per_min=6_000)
    tab.arrives(sale.shop_url)


def test_whoever_comes_back_after_a_visit_gets_a_new_place(
    make_sale: Sales, come: Come, site: Site
) -> None:
    """While the visit lasts, the same visit (see the whole way); after it a new place is given,
    without a word of a place lost."""
    sale = make_sale()
    visitor = come(tolerates=(410,))
    tab = visitor.opens(sale.url)
    tab.arrives(sale.shop_url)
    sale.set(rate_per_min=0)
    site.store.release(sale.room, ["1-1"])
    tab.page.goto(sale.url)
    tab.has_big("You are next")
    tab.says("note", "Refreshing is safe")
    assert tab.number == 2
