"""From the shop's address through the line into the shop, to an order: a real browser all along."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sales import Sale, Site
from systems import eventually
from visitors import Tab, Visitor

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]


def buys(tab: Tab) -> str:
    """Buy one of the item that the tab shows; the order's number."""
    tab.page.fill("#email", "ada@example.org")
    tab.page.click("form button")
    tab.page.wait_for_url("**/orders/*")
    expect(tab.page.locator("h1")).to_have_text("Thank you. It is yours.")
    return tab.page.locator("strong").first.inner_text()


def lease_is_free(sale: Sale) -> None:
    """The place in the shop went to the next: the shop's guard reported the checkout."""
    eventually(lambda: sale.status().counters.released == 1, "the lease is released")
    assert sale.status().leases == 0


def test_from_the_shop_through_the_line_to_an_order(make_sale: Sales, come: Come) -> None:
    """Shop, guard, gate, a place that moves up, in by itself, the wanted page, an order."""
    sale = make_sale(item=True, rate_per_min=60)
    sale.crowd(40)
    visitor = come()
    tab = visitor.opens(sale.shop_url)
    assert tab.page.url.startswith(f"{sale.base}/en?to=")
    tab.shows("waiting")
    assert tab.number == 41
    first = tab.ahead
    assert 0 < first <= 40
    eventually(lambda: (tab.wait(0.05), 0 < tab.ahead < first)[1], "the place moves up")
    sale.set(rate_per_min=6_000)
    tab.arrives(sale.shop_url)
    assert re.fullmatch(r"[A-Z0-9-]+", buys(tab))
    lease_is_free(sale)
    asked = [f"{one.method} {one.path}" for one in visitor.watch.asked]
    assert asked.count(f"POST /{sale.room}/ticket") == 1
    assert asked.count(f"POST /{sale.room}/pass") == 1


def test_the_same_way_without_javascript(make_sale: Sales, come: Come) -> None:
    """A form to join, a page that looks again by itself, and on the turn straight into the shop.

    The page that was wanted is kept all the way, though the page with the form is everybody's.
    """
    sale = make_sale(item=True, rate_per_min=60)
    sale.crowd(40)
    visitor = come(java_script_enabled=False)
    tab = visitor.opens(sale.shop_url)
    tab.page.get_by_role("button", name="Take a place in line").click()
    tab.shows("waiting")
    assert tab.number == 41
    assert tab.page.url.startswith(f"{sale.base}/wait?to=")
    assert re.fullmatch(r"\d+", tab.text("big"))
    sale.set(rate_per_min=6_000)
    tab.arrives(sale.shop_url)
    buys(tab)
    lease_is_free(sale)
    assert visitor.watch.count("POST", "/ticket") == 1


def test_where_nobody_waits_there_is_no_page_between(make_sale: Sales, come: Come) -> None:
    """Express entry: shop, gate and back, without a page of the gate or a click."""
    for javascript in (True, False):
        sale = make_sale(item=True)
        visitor = come(java_script_enabled=javascript)
        tab = visitor.opens(sale.shop_url)
        assert tab.page.url == sale.shop_url
        assert not visitor.watch.count("GET", "/en")
        buys(tab)
        lease_is_free(sale)


def test_whoever_is_inside_stays_inside_and_reloads_as_they_like(
    make_sale: Sales, come: Come
) -> None:
    """A reload, another tab, the gate's page once more: no second place, no second entry."""
    sale = make_sale(item=True)
    visitor = come()
    tab = visitor.opens(sale.shop_url)
    tab.page.reload()
    other = visitor.opens(sale.shop_url)
    assert other.page.url == sale.shop_url
    gate = visitor.opens(sale.url)
    gate.arrives(sale.shop_url)
    status = sale.status()
    assert (status.tail, status.counters.entered, status.leases) == (1, 1, 1)


class TestAShopOnAnotherHost:
    """Cookies of 127.0.0.1 do not reach localhost: the pass is handed over in the address."""

    def test_through_the_line(
        self, make_sale: Sales, come: Come, other_shop: str, site: Site
    ) -> None:
        """In by itself; the handover is good once and gone from the address afterwards."""
        sale = make_sale(item=True, rate_per_min=60, origins=(other_shop,))
        sale.crowd(20)
        visitor = come()
        visitor.watch.origins = [site.gate, other_shop]
        tab = visitor.opens(other_shop + sale.path)
        assert tab.page.url.startswith(f"{sale.base}/en?to=")
        sale.set(rate_per_min=6_000)
        tab.arrives(other_shop + sale.path)
        self.handed_over_once(visitor, other_shop)
        buys(tab)
        lease_is_free(sale)

    @pytest.mark.parametrize("javascript", [True, False])
    def test_at_once(
        self, make_sale: Sales, come: Come, other_shop: str, site: Site, javascript: bool
    ) -> None:
        """Where nobody waits: straight back, with a handover."""
        sale = make_sale(item=True, origins=(other_shop,))
        visitor = come(java_script_enabled=javascript)
        visitor.watch.origins = [site.gate, other_shop]
        tab = visitor.opens(f"{other_shop}{sale.path}?colour=green")
        assert tab.page.url == f"{other_shop}{sale.path}?colour=green"
        self.handed_over_once(visitor, other_shop)
        names = {cookie["name"]: cookie["domain"] for cookie in visitor.context.cookies()}
        assert names[f"wr-ticket-{sale.room}"] == "127.0.0.1"
        assert f"wr-pass-{sale.room}" in {
            cookie["name"] for cookie in visitor.context.cookies(other_shop)
        }

    def test_without_javascript(
        self, make_sale: Sales, come: Come, other_shop: str, site: Site
    ) -> None:
        """The form's answer leads to the other host, which the policy of the page allows."""
        sale = make_sale(item=True, rate_per_min=0, origins=(other_shop,))
        sale.crowd(20)
        visitor = come(java_script_enabled=False)
        visitor.watch.origins = [site.gate, other_shop]
        tab = visitor.opens(other_shop + sale.path)
        sale.set(rate_per_min=6_000)
        sale.calls(20)
        tab.page.get_by_role("button", name="Take a place in line").click()
        tab.arrives(other_shop + sale.path)
        self.handed_over_once(visitor, other_shop)

    @staticmethod
    def handed_over_once(visitor: Visitor, shop: str) -> None:
        """One address with a handover was asked for, and it was the shop's."""
        handed = [one.url for one in visitor.watch.asked if "wr_handover=" in one.url]
        assert len(handed) == 1
        assert handed[0].startswith(shop)
