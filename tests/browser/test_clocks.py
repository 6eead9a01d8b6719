"""A visitor's clock is wrong, and is set while they wait: the page goes by the server's, and by one
that cannot be set."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Route
from sales import Sale, Site, now_ms
from systems import eventually
from visitors import Tab, Visitor, hours_to_midday, zone_ahead

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
HOUR_MS = 3_600_000
STEPS_MS = (5 * HOUR_MS, -11 * HOUR_MS, 600_000, -600_000)
ZONES = ("Europe/Warsaw", "Pacific/Kiritimati", "Asia/Kathmandu", "America/St_Johns")


def left_s(tab: Tab) -> int:
    """What a countdown below a day says."""
    parts = [int(part) for part in tab.text("big").split(":")]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def now_year() -> int:
    """By the store's clock."""
    return datetime.fromtimestamp(now_ms() / 1000, UTC).year


def change_of(year: int, month: int) -> datetime:
    """When Europe sets its clocks: the last Sunday of March or October, 01:00 UTC."""
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=last.isoweekday() % 7)


@pytest.mark.parametrize("hours", [-30, 9_600])
def test_a_countdown_goes_on_while_the_clock_is_set(
    make_sale: Sales, come: Come, hours: int
) -> None:
    """By hours and by minutes, forth and back, on a clock that was wrong before."""
    sale = make_sale(opens_at_ms=now_ms() + 3_000_000)
    visitor = come(timezone_id=zone_ahead(hours_to_midday()))
    wrong_ms = hours * HOUR_MS
    visitor.context.clock.install(time=now_ms() + wrong_ms)
    tab = visitor.opens(sale.url)
    tab.shows("early")
    lead = tab.text("lead")
    for step_ms in STEPS_MS:
        visitor.context.clock.set_system_time(now_ms() + wrong_ms + step_ms)
        tab.wait(1.5)
        # A busy machine may come between two looks; a clock that was believed is off by minutes.
        opens_s = sale.status().opens_at_ms / 1000
        eventually(
            lambda opens_s=opens_s: abs(left_s(tab) - (opens_s - now_ms() / 1000)) < 3,
            f"the countdown is right after {step_ms} ms",
            10,
        )
        assert tab.text("lead") == lead


@pytest.mark.parametrize(("month", "minutes"), [(3, -1), (3, 1), (10, 30)])
def test_an_opening_after_a_change_of_the_clocks_has_its_own_local_time(
    make_sale: Sales, come: Come, month: int, minutes: int
) -> None:
    """A minute before and after summer time begins in Europe next year, and in the hour that comes
    twice; with its day, which is another one at the other side of the world."""
    opens_at = change_of(now_year() + 1, month) + timedelta(minutes=minutes)
    sale = make_sale(opens_at_ms=round(opens_at.timestamp() * 1000))
    for zone in ZONES:
        tab = come(timezone_id=zone).opens(sale.url)
        local = opens_at.astimezone(ZoneInfo(zone))
        tab.says("lead", f"Opening: {local:%A} {local.day} {local:%B} at {local:%H:%M} ")


def test_a_clock_that_is_set_back_holds_nobody_up_at_the_door(
    make_sale: Sales, come: Come, site: Site
) -> None:
    """Told to knock again in a while, with three hours more to go by the clock: in all the same."""
    sale = make_sale(rate_per_min=0)
    sale.crowd(1)
    visitor = come(tolerates=(409,))
    visitor.context.clock.install(time=now_ms())
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    visitor.context.set_offline(True)  # else it goes in before the shop is full
    sale.set(rate_per_min=600)
    sale.calls(2)
    assert sale.enter(1)
    sale.set(capacity=1)
    visitor.context.set_offline(False)
    tab.shows("full")
    visitor.context.clock.set_system_time(now_ms() - 3 * HOUR_MS)
    site.store.release(sale.room, ["1-1"])
    tab.arrives(sale.shop_url)


def test_a_clock_that_is_set_back_puts_no_appointment_off(make_sale: Sales, come: Come) -> None:
    """On a busy network, where the page takes its place when it was told to."""
    sale = make_sale(rate_per_min=0, join_limit=20)
    visitor = come(tolerates=(429,))
    visitor.context.clock.install(time=now_ms())
    native = {"Wr-Client": "native"}

    def first(route: Route) -> None:
        # Right before the visitor: three seconds later one more may join.
        while route.fetch(headers=native).status != 429:
            pass
        route.continue_()

    visitor.context.route("**/ticket", first, times=1)
    tab = visitor.opens(sale.url)
    tab.shows("too_many")
    visitor.context.clock.set_system_time(now_ms() - 3 * HOUR_MS)
    tab.shows("waiting")
