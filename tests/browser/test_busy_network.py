"""A room with a join limit, and many people behind one address."""

import time
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import Route
from sales import Sale
from visitors import Visitor

from waitingroom.appointments import APPOINTMENT_KEPT_MS

Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
LIMIT = 20


def neighbours_join(visitor: Visitor, sale: Sale) -> None:
    """As many as the network may at once, right before the visitor asks for the first time; and one
    more, whose appointment takes what comes back three seconds later, should this take so long."""

    def joins() -> bool:
        try:
            urlopen(Request(f"{sale.base}/ticket", method="POST"), timeout=10).close()
        except HTTPError as refused:
            assert refused.code == 429, refused.read()
            return False
        return True

    def first(route: Route) -> None:
        while joins():
            pass
        route.continue_()

    visitor.context.route("**/ticket", first, times=1)


def test_a_page_over_the_limit_says_when_and_takes_its_place_by_itself(
    make_sale: Sales, come: Come
) -> None:
    """An appointment some six seconds away, and kept: two requests in all."""
    sale = make_sale(rate_per_min=1, burst=1, join_limit=LIMIT)
    visitor = come(tolerates=(429,))
    neighbours_join(visitor, sale)
    tab = visitor.opens(sale.url)
    tab.shows("too_many")
    tab.says("lead", "tries again in less than a minute")
    tab.shows("waiting")
    assert visitor.watch.count("POST", "/ticket") == 2


def test_without_javascript_it_is_a_page_that_says_so(make_sale: Sales, come: Come) -> None:
    """The form is there again, and helps once the time has come."""
    sale = make_sale(rate_per_min=1, burst=1, join_limit=LIMIT)
    visitor = come(java_script_enabled=False, tolerates=(429,))
    neighbours_join(visitor, sale)
    tab = visitor.opens(sale.url)
    tab.page.get_by_role("button", name="Take a place in line").click()
    tab.says("lead", "Many people join from your network")
    (told,) = (one for one in visitor.context.cookies() if one["name"] == f"wr-turn-{sale.room}")
    # It ends with the appointment, and is rounded down to a second.
    due_s = told["expires"] + 1 - APPOINTMENT_KEPT_MS / 1000
    tab.wait(max(0, due_s - time.time()))
    tab.page.get_by_role("button").first.click()
    tab.shows("waiting")
