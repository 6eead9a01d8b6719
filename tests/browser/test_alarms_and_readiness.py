"""Alarms and readiness in a real browser, before a real system whose keeper looks by itself."""

from collections.abc import Callable

import pytest
from eyes import is_open_to_all
from playwright.sync_api import Page, expect
from sales import Sale, Site
from systems import eventually
from test_every_state import NARROW

from waitingroom.operators import Role
from waitingroom.readiness import ROWS
from waitingroom.standing import AlarmNotice, AlarmStanding, Case, Kept
from waitingroom.store.alarms import Alarms

pytestmark = pytest.mark.browser


def put(alarms: Alarms, case: Case, standing: AlarmStanding | None) -> None:
    """Let an alarm stand so, or (None) not any more. A keeper of the site's own may be quicker."""

    def stepped(kept: Kept) -> tuple[Kept, list[AlarmNotice]]:
        rest = {one: as_it_is for one, as_it_is in kept.items() if one != case}
        return rest if standing is None else rest | {case: standing}, []

    def is_so() -> bool:
        alarms.change(stepped, lambda *_: None)
        return (case in alarms.kept()) == (standing is not None)

    eventually(is_so, "it is kept")


def test_an_alarm_comes_and_goes_on_an_open_page_by_itself(
    operator: Callable[..., Page],
    make_sale: Callable[..., Sale],
    site: Site,
) -> None:
    """As the store has it: with what to do, on all rooms' page and the room's; open to all."""
    sale = make_sale(rate_per_min=0)
    rooms, room = operator(Role.VIEWER), operator(Role.VIEWER, f"/rooms/{sale.room}")
    case, told = Case("WaitingRoomNoShows", sale.room), f"Warning: Room {sale.room}:"
    alarms, now_ms = site.store.alarms, site.store.now_ms()
    # The site's own keeper sees that it does not hold, and ends it in a minute at the earliest.
    put(alarms, case, AlarmStanding(now_ms - 130_000, now_ms, now_ms + 600_000, 0.7))
    for page in (rooms, room):
        card = page.locator(".alarm", has_text=told)
        expect(card).to_contain_text("more than six in ten")
        expect(card).to_contain_text("docs/runbook.md#waitingroomnoshows")
        page.set_viewport_size(NARROW)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    is_open_to_all(room, "alarm")
    put(alarms, case, None)
    for page in (rooms, room):
        expect(page.locator(".alarm", has_text=told)).to_have_count(0)


def test_readiness_is_looked_at_by_the_system_itself(
    operator: Callable[..., Page],
    make_sale: Callable[..., Sale],
    site: Site,
) -> None:
    """Its own shop is asked and refuses; its keeper has told of clocks and workers."""
    sale = make_sale()
    page = operator(Role.VIEWER, f"/rooms/{sale.room}")
    page.get_by_role("link", name="Are we ready?").click()
    for id in ROWS:
        expect(page.locator(f"#{id}")).to_be_visible()
    eventually(site.store.alarms.beats, "the keeper has told")
    page.get_by_label("Expected people").fill("5,000")

    def in_time() -> bool:
        # A keeper that was held up as it looked at a clock takes it for wrong until it looks again.
        page.get_by_role("button", name="Look again").click()
        expect(page.locator("#ready-workers")).to_contain_text("5,000 people within a minute")
        return page.locator("#ready-clocks .state").inner_text() == "Ready"

    eventually(in_time, "the clocks are right")
    expect(page.locator("#ready-workers")).to_contain_text("5,000 people within a minute want 1")
    expect(page.locator("#ready-store .state")).to_have_text("Ready")
    expect(page.locator("#ready-secrets")).to_contain_text("To mend:")
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    is_open_to_all(page, "ready")
