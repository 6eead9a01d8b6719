"""How often a page asks, and what it says of the time: against the protocol's own formulas."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route
from sales import Sale
from visitors import Visitor

from waitingroom.eta import Shop, wait_range
from waitingroom.gate.catalog import NO_BREAK, Catalog

pytestmark = pytest.mark.browser
RECORDER = """
  const roll = {dice};
  Math.random = () => roll;
  globalThis.delays = [];
  const later = setTimeout;
  globalThis.setTimeout = (work, ms, ...more) => {{
    delays.push(ms);
    return later(work, ms, ...more);
  }};
"""


@pytest.mark.parametrize(
    ("people", "middle_ms", "dice"),
    [(2, 2_000, 0.5), (182, 18_000, 0), (182, 18_000, 0.999999), (4_000, 30_000, 0.999999)],
)
def test_a_page_asks_ten_times_a_wait_within_bounds_and_never_in_step_with_others(
    make_sale: Callable[..., Sale],
    come: Callable[..., Visitor],
    people: int,
    middle_ms: int,
    dice: float,
) -> None:
    """At 60 a minute: near 2 s, three minutes away 18 s, far away 30 s, each 15 % more or less."""
    sale = make_sale(rate_per_min=60)
    sale.act("pause")
    sale.crowd(people)
    sale.is_heard()  # of the pause, if it had heard of the room before
    visitor = come()
    visitor.context.add_init_script(RECORDER.format(dice=dice))
    tab = visitor.opens(sale.url)
    tab.shows("paused")
    tab.until("delays.length")
    assert tab.page.evaluate("delays[0]") == pytest.approx(middle_ms * (0.85 + 0.3 * dice), abs=5)


SPEEDS = [
    *((60, 55, None), (60, 12, None), (60, 200, None), (600, 900, None), (7_000, 6_000, None)),
    *((60, 60, Shop(500, 20)), (60, 12, Shop(0, 15)), (600, 1_400, Shop(2_001, 3)), (1, 1, None)),
]
"""Rate, velocity, and what a capacity makes of them."""


def test_the_expected_time_is_the_protocols_range(
    make_sale: Callable[..., Sale], come: Callable[..., Visitor]
) -> None:
    """Rounded outward, by the rate and by how quick it really goes; as the plain pages say it."""
    sale = make_sale(rate_per_min=0)
    sale.crowd(2_000)
    visitor = come()
    speeds: dict[str, Any] = {}

    def answer(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | speeds)

    visitor.context.route("**/status.json", answer)
    tab = visitor.opens(sale.url)
    tab.says("lead", "no estimate")
    for rate, velocity, shop in SPEEDS:
        speeds.update(rate_per_min=rate, velocity_per_min=velocity, shop=shop and shop._asdict())
        tab.page.reload()
        tab.says("lead", "Your turn comes in")
        found = wait_range(2_000, rate_per_min=rate, velocity_per_min=velocity, shop=shop)
        low_s, high_s = found or (0, 0)
        shown = re.sub(rf"\s|{NO_BREAK}", " ", tab.text("lead")).replace("– ", "–")
        span = Catalog("en").span(low_s, high_s).replace(NO_BREAK, "")
        assert shown.startswith(f"Your turn comes in {span}, at about "), (rate, velocity)


def test_an_answer_that_is_none_is_asked_for_again(
    make_sale: Callable[..., Sale], come: Callable[..., Visitor]
) -> None:
    """A network's own page, or half a document, where the status should be: the page lives on."""
    sale = make_sale(rate_per_min=0)
    sale.crowd(5)
    visitor = come()
    tab = visitor.opens(sale.url)
    tab.has_big("5")
    visitor.context.route("**/status.json", lambda route: route.fulfill(body="<h1>Log in</h1>"))
    tab.says("chip", "Reconnecting")
    tab.has_big("5")
    visitor.context.unroute("**/status.json")
    sale.act("pause", "Lunch.")
    tab.says("lead", "Lunch.")
