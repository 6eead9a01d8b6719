"""A wait of ten minutes, in seconds: what it costs the gate, and what it tells the shopper."""

import random
import re
from collections.abc import Callable

import pytest
from hours import Hours
from playwright.sync_api import Response, Route
from sales import Sale
from visitors import Tab, Visitor, hours_to_midday, zone_ahead

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
MOST_REQUESTS = 60
MOST_NOT_CACHEABLE = 3
MOVING = {"rate_per_min": 60, "velocity_per_min": 60}
SPOKEN = """
  globalThis.spoken = [];
  addEventListener('DOMContentLoaded', () => {
    for (const id of ['polite', 'alert']) {
      const said = ([{target}]) => spoken.push(`${id}: ${target.textContent}`);
      new MutationObserver(said).observe(document.getElementById(id), {childList: true});
    }
  });
"""
"""Notes what a screen reader is given to say."""
SHOWN = """
  globalThis.shown = [];
  addEventListener('DOMContentLoaded', () => {
    const big = document.getElementById('big');
    new MutationObserver(() => shown.push(big.textContent)).observe(big, {childList: true});
  });
"""


def heard(tab: Tab, times: int) -> list[str]:
    """What was said since this was asked last: so often, and not more often."""
    tab.until("times => spoken.length >= times", times)
    told: list[str] = tab.page.evaluate("spoken.splice(0)")
    assert len(told) == times, told
    return told


def test_ten_minutes_in_line_cost_few_requests(make_sale: Sales, come: Come) -> None:
    """From where the shop sends people until it opens: every request at the gate is counted.

    At most 60, and at most three that no cache may answer: the way to the page, ticket, pass.
    """
    sale = make_sale(rate_per_min=0)
    sale.crowd(600)
    visitor = come()
    hours = Hours(visitor, sale, turns_wait=False, **MOVING)
    dynamic: list[str] = []

    def note(response: Response) -> None:
        if "no-store" in response.headers.get("cache-control", "no-store"):
            dynamic.append(f"{response.request.method} {response.url}")

    visitor.context.on("response", note)
    tab = hours.opens(f"{sale.base}/go?to={sale.path}")
    tab.shows("waiting")
    sale.set(rate_per_min=60_000)
    sale.calls(601)
    while hours.passed_s < 660 and tab.page.url != sale.shop_url:
        hours.status["serving"] = min(601, hours.passed_s)
        hours.pass_by(tab, 2)
    assert 600 <= hours.passed_s < 640
    at_the_gate = [one for one in visitor.watch.asked if one.url.startswith(sale.site.gate)]
    assert len(at_the_gate) <= MOST_REQUESTS, len(at_the_gate)
    here = [one for one in dynamic if one.partition(" ")[2].startswith(sale.site.gate)]
    assert len(here) <= MOST_NOT_CACHEABLE, here


def test_a_shown_place_never_grows_whatever_the_documents_say(make_sale: Sales, come: Come) -> None:
    """Older documents after newer ones, jumps, pauses, another tab that is behind, reloads."""
    sale = make_sale(rate_per_min=0)
    sale.crowd(400)
    visitor = come()
    visitor.context.add_init_script(SHOWN)
    hours = Hours(visitor, sale, **MOVING, serving=0)
    tab = hours.opens(sale.url)
    tab.has_big("400")
    dice = random.Random(7)
    figures = ["400"]
    for step in range(36):
        serving = dice.randint(0, 10 * step)
        hours.reads(tab, serving=serving, phase=dice.choice(["open", "open", "paused", "draining"]))
        if step % 5 == 0:
            tab.page.evaluate(
                """async ([name, serving]) => {
                  const place = JSON.parse(localStorage[name]);
                  const behind = {...place, serving, number: null};
                  new BroadcastChannel(name).postMessage({place: behind});
                }""",
                [f"wr-{sale.room}", serving // 2],
            )
        if step % 12 == 11:
            figures += tab.page.evaluate("shown")
            tab.page.reload()
    figures += tab.page.evaluate("shown")
    numbers = [int(text) for text in figures if text.isdigit()]
    assert len(set(numbers)) > 8
    assert numbers == sorted(numbers, reverse=True)


def test_a_screen_reader_hears_what_matters_and_no_more(make_sale: Sales, come: Come) -> None:
    """When the place halves, the wait is of another size, the line pauses and goes on; politely.

    And at once, one time, when it is the turn. Ten minutes with nothing new are silent.
    """
    sale = make_sale(rate_per_min=0)
    sale.crowd(800)
    visitor = come()
    visitor.context.add_init_script(SPOKEN)
    visitor.context.route("**/pass", lambda _route: None)
    hours = Hours(visitor, sale, **MOVING)
    tab = hours.opens(sale.url)
    tab.has_big("800")
    (first,) = heard(tab, 1)
    assert first.startswith("polite: People ahead of you: 800. Your turn comes in 1")
    hours.reads(tab, serving=60)
    heard(tab, 0)
    hours.reads(tab, serving=410)
    assert heard(tab, 1)[0].startswith("polite: People ahead of you: 390. ")
    hours.pass_by(tab, 600, 10)
    heard(tab, 0)
    hours.reads(tab, velocity_per_min=240)
    hours.reads(tab, rate_per_min=240)
    heard(tab, 1)
    hours.reads(tab, phase="paused")
    hours.reads(tab, phase="open")
    assert [re.sub(r"\d+", "", line)[:37] for line in heard(tab, 2)] == [
        "polite: People ahead of you: . Nobody", "polite: People ahead of you: . Your t",
    ]  # fmt: skip
    hours.reads(tab, serving=801)
    hours.pass_by(tab, 60, 10)
    (turn,) = heard(tab, 1)
    assert turn.startswith("alert: Your number was called: It is your turn.")


def test_a_second_turn_is_said_like_the_first(make_sale: Sales, come: Come) -> None:
    """In the same words, which a region that still has them would not say again."""
    sale = make_sale(rate_per_min=0)
    visitor = come(tolerates=(410,))
    visitor.context.add_init_script(SPOKEN)
    asked: list[Route] = []
    # A list's own method would do, but Playwright marks its handlers with an attribute.
    visitor.context.route("**/pass", lambda route: asked.append(route))  # noqa: PLW0108
    hours = Hours(visitor, sale, **MOVING)
    tab = hours.opens(sale.url)
    with tab.page.expect_request("**/pass"):
        hours.reads(tab, serving=1)
    tab.shows("called")
    turns = "spoken.filter((line) => line.startsWith('alert: Your')).length"
    tab.until(f"{turns} == 1")
    asked[0].fulfill(status=410, json={"error": "lapsed"})
    tab.shows("lapsed")
    tab.until("spoken.at(-1) === 'alert: '")  # this state's words are there, and said
    tab.page.get_by_role("button", name="Take a new place").click()
    tab.shows("called")
    tab.until(f"{turns} == 2")


def test_a_shopper_sets_how_often_is_spoken(make_sale: Sales, come: Come) -> None:
    """Every change, or only the turn; and it is remembered."""
    sale = make_sale(rate_per_min=0)
    sale.crowd(800)
    visitor = come()
    visitor.context.add_init_script(SPOKEN)
    visitor.context.route("**/pass", lambda _route: None)
    hours = Hours(visitor, sale, **MOVING)
    tab = hours.opens(sale.url)
    tab.has_big("800")
    tab.page.get_by_text("When it is your turn").click()
    tab.page.get_by_label("A screen reader says").select_option("every change")
    heard(tab, 1)
    hours.reads(tab, serving=10)
    hours.reads(tab, serving=11)
    heard(tab, 2)
    tab.page.get_by_label("A screen reader says").select_option("only my turn")
    tab.page.reload()
    hours.reads(tab, serving=600)
    hours.reads(tab, phase="paused")
    hours.reads(tab, phase="open")
    heard(tab, 0)
    hours.reads(tab, serving=801)
    assert heard(tab, 1)[0].startswith("alert: ")


def test_a_line_that_has_stalled_is_told_with_the_time_of_the_last_call(
    make_sale: Sales, come: Come
) -> None:
    """After a minute in which nobody was called; and after a pause a minute counts anew."""
    sale = make_sale(rate_per_min=0)
    sale.crowd(100)
    visitor = come(timezone_id=zone_ahead(hours_to_midday()))
    hours = Hours(visitor, sale, **MOVING, serving=0)
    tab = hours.opens(sale.url)
    hours.reads(tab, serving=20)
    tab.says("lead", "Your turn comes in")
    hours.reads(tab, velocity_per_min=0)
    hours.pass_by(tab, 60, 10)
    since = r"^Nobody has been called since \d{1,2}:\d\d: the shop may be full\."
    tab.says("lead", re.compile(since))
    hours.reads(tab, phase="paused")
    tab.says("lead", "The organisers have paused the line.")
    hours.reads(tab, phase="open")
    tab.says("lead", "Nobody goes in just now")  # no range at velocity 0, and not stalled yet
    tab.has_big("80")
