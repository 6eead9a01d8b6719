"""Before the opening: the countdown, the draw, and one's own number out of it."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Route, expect
from sales import Sale, now_ms
from systems import eventually
from visitors import Tab, Visitor, hours_to_midday, zone_ahead

from waitingroom.draw import commitment, number_of
from waitingroom.model import DrawMethod

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
SLOW_S = 5
"""What a busy machine may add."""
READS = """performance.getEntriesByType('resource')
  .filter(({ name }) => name.endsWith('/status.json'))
  .map(({ startTime }) => performance.timeOrigin + startTime)"""
"""When a page has read the status, in ms since 1970, by its browser: a busy test hears late."""
PLANNED = """
  globalThis.planned = [];
  const later = setTimeout;
  globalThis.setTimeout = (work, ms) => {
    planned.push(performance.timeOrigin + performance.now() + ms);
    return later(work, ms);
  };
"""
"""When it means to, in the same ms: a busy machine lets it later."""
TICKING = re.compile(r"^(\d+ days? )?(\d\d:)?\d\d:\d\d$")


def opening_in(seconds: float) -> dict[str, object]:
    """Knobs of a room that opens then, by draw. 20 s before that pages ask every 2 s, so a test
    that is ready sooner opens the room itself."""
    return {"opens_at_ms": now_ms() + round(seconds * 1000), "draw": DrawMethod.SHUFFLE}


def seconds_left(tab: Tab) -> int:
    """What a short countdown says."""
    minutes, seconds = tab.text("big").split(":")
    return 60 * int(minutes) + int(seconds)


def arrival_of(visitor: Visitor, sale: Sale) -> int:
    """The arrival that a visitor's ticket carries: the fourth of its fields."""
    cookies = {cookie["name"]: cookie["value"] for cookie in visitor.context.cookies()}
    return int(cookies[f"wr-ticket-{sale.room}"].split(".")[3])


def test_a_countdown_runs_to_the_opening_by_the_servers_clock(make_sale: Sales, come: Come) -> None:
    """Second by second, and as a time of day; though the visitor's clock is a day behind."""
    ahead = hours_to_midday()
    sale = make_sale(**opening_in(50))
    visitor = come(timezone_id=zone_ahead(ahead))
    visitor.context.clock.install(time=now_ms() - 100_000_000)
    tab = visitor.opens(sale.url)
    tab.shows("early")
    tab.has_big(TICKING)
    opens_s = sale.status().opens_at_ms / 1000

    def is_right() -> bool:
        return abs(seconds_left(tab) - (opens_s - now_ms() / 1000)) < 2.5

    # A busy machine may come between two looks; the visitor's own clock is off by a day.
    eventually(is_right, "the countdown is right")
    first = seconds_left(tab)
    eventually(lambda: seconds_left(tab) <= first - 2, "it runs")
    eventually(is_right, "it is right still")
    expect(tab.page).to_have_title("Opens in less than a minute · Winter sale")
    opens_at = datetime.fromtimestamp(sale.status().opens_at_ms / 1000, UTC)
    there = opens_at + timedelta(hours=ahead)
    lead = tab.text("lead").replace("\u2060", "")
    assert lead.startswith(f"Opening: {there:%H:%M} GMT{ahead:+d}. ")
    assert "Places are drawn by the opening" in tab.text("lead")
    assert tab.page.locator("#commitment").text_content() == sale.status().commitment


def test_days_before_the_page_says_days(make_sale: Sales, come: Come) -> None:
    """And the opening's day and time where the visitor is."""
    sale = make_sale(**opening_in(2 * 86_400 + 3_700))
    tab = come(timezone_id="Asia/Tokyo").opens(sale.url)
    tab.has_big(re.compile(r"^2 days 01:0\d:\d\d$"))
    tab.says("lead", re.compile(r"Opening: \w+day,? \d+ \w+ at \d+:\d\d"))


def test_the_draw_gives_everybody_their_own_number_once(make_sale: Sales, come: Come) -> None:
    """The number is the one that anybody computes from the published seed and one's arrival.

    It is computed by the page, from a status document that anybody may cache, read at a moment of
    one's own within the published spread; and the page shows that it fits what was published. The
    others' numbers are other numbers.
    """
    sale = make_sale(rate_per_min=0, **opening_in(30))
    sale.crowd(6_000)  # spread: 3 s
    visitors = [come() for _ in range(4)]
    for visitor, dice in zip(visitors, (0.1, 0.35, 0.6, 0.85), strict=True):
        visitor.context.add_init_script(f"Math.random = () => {dice}")
        visitor.context.add_init_script(PLANNED)
    tabs = [visitor.opens(sale.url) for visitor in visitors]
    for tab in tabs:
        tab.shows("early")
    # They ask every three seconds, and so hear in time that it is sooner.
    sale.set(opens_at_ms=now_ms() + 8_000)
    promised = tabs[0].page.locator("#commitment").text_content()
    numbers = [tab.number for tab in tabs]
    room = sale.status()
    assert (room.drawn, room.spread_ms) == (6_004, 3_002)
    assert commitment(bytes.fromhex(room.seed or "")) == promised
    expected = [
        number_of(
            arrival_of(visitor, sale),
            seed=bytes.fromhex(room.seed or ""),
            room=room.room,
            epoch=room.epoch,
            drawn=6_004,
        )
        for visitor in visitors
    ]
    assert numbers == expected
    assert len(set(numbers)) == 4
    assert [visitor.watch.count("POST", "/ticket") for visitor in visitors] == [1, 1, 1, 1]
    reads = [[at_ms - room.opens_at_ms for at_ms in tab.page.evaluate(READS)] for tab in tabs]
    moments = sorted(next(at_ms for at_ms in times if at_ms > 0) for times in reads)
    for tab, times in zip(tabs, reads, strict=True):
        planned = [at_ms - room.opens_at_ms for at_ms in tab.page.evaluate("planned")]
        assert not [at_ms for at_ms in planned if -1_000 < at_ms < 0]
        # The first is of the page's coming.
        assert sum(at_ms < 0 for at_ms in times) <= 1 + sum(at_ms < 0 for at_ms in planned)
    assert moments[-1] < 3_000 + 1_000 * SLOW_S
    assert moments[-1] - moments[0] > 200
    tabs[0].says("news-list", "Places drawn: 6,004.")
    tabs[0].page.get_by_text("Check my place").click()
    tabs[0].says("seed", room.seed or "")
    arrival = arrival_of(visitors[0], sale)
    tabs[0].says(
        "published",
        f"room {sale.room} · epoch 1 · drawn 6004 · arrival {arrival} · number {numbers[0]}",
    )
    tabs[0].says("verdict", f"gives arrival {arrival} the number {numbers[0]}")
    told = subprocess.run(
        [sys.executable, "-m", *tabs[0].text("command").split()],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (told.returncode, f"has number {numbers[0]}:" in told.stdout) == (0, True), told


def test_whoever_is_drawn_first_goes_in_and_the_others_wait(make_sale: Sales, come: Come) -> None:
    """From *early* over the draw into the shop, without a touch."""
    sale = make_sale(rate_per_min=1, burst=1, **opening_in(20))
    tabs = [come().opens(sale.url) for _ in range(2)]
    for tab in tabs:
        tab.shows("early")
    sale.open()

    def inside() -> list[Tab]:
        tabs[0].wait(0.1)
        return [tab for tab in tabs if tab.page.url == sale.shop_url]

    (first,) = eventually(inside, "one of them is in")
    (other,) = (tab for tab in tabs if tab is not first)
    other.shows("waiting")
    other.has_big("You are next")
    assert other.number == 2


def test_a_page_that_came_before_the_line_joins_when_it_forms(make_sale: Sales, come: Come) -> None:
    """It says when the sale is, asks again when the line forms, and takes its place by itself."""
    sale = make_sale(early_at_ms=now_ms() + 45_000, opens_at_ms=now_ms() + 60_000)
    visitor = come(tolerates=(409,))

    def first(route: Route) -> None:
        # Right before it is told, since nobody knows when the page comes.
        sale.set(early_at_ms=now_ms() + 8_000)
        sale.is_heard()
        route.continue_()

    visitor.context.route("**/ticket", first, times=1)
    tab = visitor.opens(sale.url)
    tab.shows("not_yet")
    tab.has_big(TICKING)
    tab.shows("early")
    assert 0 <= now_ms() - sale.status().early_at_ms < 1_000 * (4 + SLOW_S)
    assert visitor.watch.count("POST", "/ticket") == 2


def test_without_javascript_early_waits_for_the_draw_too(make_sale: Sales, come: Come) -> None:
    """The page looks again by itself; the number is the drawn one, and on the turn it goes in."""
    sale = make_sale(rate_per_min=60, **opening_in(20))
    visitor = come(java_script_enabled=False)
    tab = visitor.opens(sale.url)
    assert "Opening:" in tab.text("lead")
    tab.page.get_by_role("button", name="Take a place in line").click()
    tab.shows("early")
    assert "Places are drawn" in tab.text("lead")
    sale.open()
    tab.arrives(sale.shop_url)


def test_whoever_reads_how_many_are_here_is_one_of_them(make_sale: Sales, come: Come) -> None:
    """Also where the gate has not counted them yet: nobody is shown "number 1" among 0 people."""
    sale = make_sale(opens_at_ms=now_ms() + 60_000)
    visitor = come()
    visitor.context.route(
        "**/status.json", lambda route: route.fulfill(json=route.fetch().json() | {"tail": 0})
    )
    tab = visitor.opens(sale.url)
    tab.shows("early")
    assert (tab.number, tab.text("here dd")) == (1, "1")
    tab.says("lead", "Your number is 1.")


def test_an_opening_is_never_told_later_than_it_is(make_sale: Sales, come: Come) -> None:
    """In the title, where two hours and a quarter are two hours: nobody shall come back late."""
    tab = come().opens(make_sale(opens_at_ms=now_ms() + 8_100_000).url)
    tab.shows("early")
    expect(tab.page).to_have_title("Opens in 2 hours · Winter sale")
