"""What operators do to a line, and what shoppers do, on a page that is open all the time."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sales import Sale
from systems import eventually
from visitors import Tab, Visitor

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
POLL_S = 2 * 1.15 + 0.5
"""The longest time between two looks near the front, and what a gate may be behind."""


def waits(visitor: Visitor, sale: Sale) -> Tab:
    """Somebody with a place in line."""
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    return tab


def test_a_pause_and_its_reason_are_on_the_page_by_the_next_look(
    make_sale: Sales, come: Come
) -> None:
    """With the place, which stays; said aloud once; and when the line goes on the turn comes."""
    sale = make_sale(rate_per_min=0)
    sale.crowd(5)
    visitor = come()
    tab = waits(visitor, sale)
    sale.act("pause", "The till is being mended.")
    sale.is_heard()
    tab.wait(0.1)  # in which is told what it has asked until now
    asked = visitor.watch.count("GET", "/status.json")
    tab.shows("paused")
    # One may have been on its way with the news of before.
    assert visitor.watch.count("GET", "/status.json") - asked <= 2
    tab.says("lead", "nobody loses a place. The till is being mended.")
    tab.says("news-list", "Paused. The till is being mended.")
    tab.says("polite", "The till is being mended.")
    assert (tab.text("big"), tab.number) == ("5", 6)
    expect(tab.page).to_have_title("Paused · Winter sale")
    sale.set(rate_per_min=6_000)
    sale.act("resume")
    tab.arrives(sale.shop_url)


def test_a_pause_without_a_reason_says_who_paused(make_sale: Sales, come: Come) -> None:
    """And the reason of an earlier pause is not shown again. One of digits alone stays as typed."""
    sale = make_sale(rate_per_min=0)
    tab = waits(come(), sale)
    sale.act("pause", "Lunch.")
    tab.says("lead", "Lunch.")
    sale.act("resume", "2027")
    tab.shows("waiting")
    tab.says("news-list", "The line goes on. 2027")
    sale.act("pause")
    tab.says("lead", "The organisers have paused the line.")


def test_a_sale_that_ends_and_goes_on_keeps_the_place(make_sale: Sales, come: Come) -> None:
    """Draining lets nobody in; back from it the place is what it was."""
    sale = make_sale(rate_per_min=0)
    sale.crowd(5)
    tab = waits(come(), sale)
    sale.act("drain")
    tab.shows("draining")
    expect(tab.page.locator("#leave")).to_be_hidden()
    sale.open()
    tab.shows("waiting")
    tab.has_big("5")
    assert sale.status().tail == 6


def test_a_sale_that_is_closed_says_so_and_offers_no_place(make_sale: Sales, come: Come) -> None:
    """To who waits and to who comes; and what the browser kept of a place is gone."""
    sale = make_sale(rate_per_min=0)
    visitor = come()
    tab = waits(visitor, sale)
    sale.act("close")
    tab.shows("closed")
    tab.until(f"localStorage['wr-{sale.room}'] === 'null'")
    other = come(tolerates=(409,)).opens(sale.url)
    other.shows("closed")
    for page in (tab.page, other.page):
        expect(page.get_by_role("button")).to_have_count(0)
        expect(page).to_have_title("Closed · Winter sale")
    assert sale.status().tail == 1


def test_a_place_that_lapsed_is_told_and_a_new_one_is_taken_by_hand(
    make_sale: Sales, come: Come
) -> None:
    """The network was away when the number was called: the page says what happened."""
    sale = make_sale(rate_per_min=0, call_timeout_ms=1_000, claim_grace_ms=1_000)
    visitor = come(tolerates=(410,))
    tab = waits(visitor, sale)
    visitor.context.set_offline(True)
    sale.set(rate_per_min=6_000)
    eventually(lambda: sale.status().lapsed >= 1, "the place has lapsed")
    sale.set(rate_per_min=0)
    visitor.context.set_offline(False)
    tab.shows("lapsed")
    assert sale.status().tail == 1
    tab.page.get_by_role("button", name="Take a new place").click()
    tab.shows("waiting")
    assert tab.number == 2


def test_whoever_leaves_gives_the_place_up_and_may_come_again(make_sale: Sales, come: Come) -> None:
    """Two clicks, so that nobody leaves by mistake; every tab says so, also loaded again, and takes
    no other place unless it is asked to; that is the last."""
    sale = make_sale(rate_per_min=0)
    visitor = come()
    other, tab = waits(visitor, sale), waits(visitor, sale)
    sale.crowd(4)
    tab.page.get_by_text("Leave the line").click()
    assert sale.status().counters.left == 0
    tab.page.get_by_role("button", name="Yes, give up my place").click()
    for one in (tab, other):
        one.shows("left")
        one.page.reload()
        one.shows("left")
    assert (sale.status().counters.left, sale.status().tail) == (1, 5)
    tab.page.get_by_role("button", name="Take a new place").click()
    for one in (tab, other):
        one.shows("waiting")
        one.page.reload()
        one.shows("waiting")
        assert one.number == 6


def test_whoever_left_and_comes_from_the_shop_again_is_in_line_again(
    make_sale: Sales, come: Come
) -> None:
    """Who comes anew wants in; a page that is only loaded again (a phone does so by itself) waits
    for the button."""
    sale = make_sale(rate_per_min=0)
    visitor = come()
    tab = waits(visitor, sale)
    tab.page.get_by_text("Leave the line").click()
    tab.page.get_by_role("button", name="Yes, give up my place").click()
    tab.shows("left")
    tab.page.goto(f"{sale.base}/go?to={sale.path}")
    tab.shows("waiting")
    assert sale.status().tail == 2


def test_the_tab_that_goes_in_says_that_it_is_the_turn_and_no_more(
    make_sale: Sales, come: Come
) -> None:
    """At once, one time; what other tabs say then ("one of your tabs went in") is not for its
    listener."""
    sale = make_sale(rate_per_min=0)
    visitor = come()
    visitor.context.add_init_script(
        """addEventListener('DOMContentLoaded', () => {
          for (const id of ['polite', 'alert']) {
            const one = document.getElementById(id);
            const said = () => { localStorage.said += `|${id}: ${one.textContent}`; };
            if (one) new MutationObserver(said).observe(one, {childList: true});
          }
        })"""
    )
    tab = waits(visitor, sale)
    tab.says("polite", "People ahead of you")
    tab.page.evaluate("localStorage.said = ''")
    sale.set(rate_per_min=6_000)
    tab.arrives(sale.shop_url)
    tab.page.goto(f"{sale.site.gate}/healthz")
    said = tab.page.evaluate("localStorage.said")
    assert said == (
        "|alert: Your number was called: It is your turn. The door is open. You are let in now."
    )


def test_after_two_bounces_a_page_stops_until_it_is_asked(make_sale: Sales, come: Come) -> None:
    """A shop that sends people back each time: no loop, a sentence, and a button."""
    sale = make_sale()
    visitor = come()
    tab = visitor.opens(sale.url)
    tab.arrives(sale.shop_url)
    tab.page.goto(sale.url)
    tab.arrives(sale.shop_url)
    tab.page.goto(sale.url)
    tab.shows("bounced")
    asked = visitor.watch.count("GET", "/status.json")
    tab.wait(POLL_S)
    assert visitor.watch.count("GET", "/status.json") == asked
    assert visitor.watch.count("POST", "/pass") == 2
    tab.page.get_by_role("button", name="Try the shop again").click()
    tab.arrives(sale.shop_url)


def test_a_very_slow_network_is_enough(make_sale: Sales, come: Come) -> None:
    """0.8 s there and back, 20 kB a second: a place, and in by itself."""
    sale = make_sale(rate_per_min=0)
    visitor = come()
    page = visitor.context.new_page()
    conditions = {"offline": False, "latency": 800, "downloadThroughput": 20_000}
    devtools = visitor.context.new_cdp_session(page)
    devtools.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": 20_000})
    page.goto(sale.url, wait_until="commit")
    tab = Tab(page)
    tab.shows("waiting")
    sale.set(rate_per_min=6_000)
    tab.arrives(sale.shop_url)
