"""One operator, one phone, one sale: from an empty form to the record taken away."""

import csv
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from consoles import REASON, SHOW, makes_room, pauses, ramps_and_takes_it_back, shows, told
from playwright.sync_api import Page, expect
from sales import Sale, Site
from visitors import Tab, Visitor

from waitingroom.model import Phase
from waitingroom.operators import Role

pytestmark = pytest.mark.browser
CROWD = 120
"""Two minutes at the rate of a new room: a page so far back asks about every twelve seconds."""
HEARD_MS = 45_000
ACTS = ("create", "open", "plan", "undo", "pause", "close")
"""What the operator did, as the record has it; the steps of the ramp are time's own."""


def taken_away(page: Page, link: str) -> Path:
    """The file behind a link of the record's page."""
    with page.expect_download() as download:
        page.get_by_role("link", name=link).tap()
    return Path(download.value.path())


def hears(shopper: Tab, state: str) -> None:
    """Wait until the page that has stood open all the time shows it."""
    expect(shopper.page.locator("#card")).to_have_class(
        re.compile(rf"^{state}( away)?$"), timeout=HEARD_MS
    )


def hash_of(entry: dict[str, str]) -> str:
    """As docs/operations.md tells anybody to: not our own function."""
    fields = {name: text for name, text in entry.items() if name not in ("id", "hash")}
    text = b"".join(
        b"%s=%d:%s\n" % (name.encode(), len(value.encode()), value.encode())
        for name, value in sorted(fields.items())
    )
    return hashlib.sha256(text).hexdigest()


def test_an_operators_day_on_a_phone(
    operator: Callable[..., Page],
    come: Callable[..., Visitor],
    site: Site,
    room_id: str,
) -> None:
    """The role *operator* is enough for all of it; what a person sees is asserted at each step."""
    made, sale = f"{room_id}-day", Sale(site, f"{room_id}-day", "/healthz")
    page = operator(Role.OPERATOR)
    expect(page.locator("header")).to_contain_text("operator, operator")

    # A room.
    makes_room(page, site, made)
    expect(page.get_by_role("heading", level=1)).to_have_text("Spring sale")

    # Its pages, before anybody is there.
    room = page.url
    page.get_by_role("link", name="Preview the shoppers").tap()
    state = page.locator("section", has=page.get_by_role("heading", name="paused", exact=True))
    state.get_by_role("link", name="The page").tap()
    expect(page.locator("#card")).to_have_class("paused")
    expect(page.locator("h1")).to_have_text("Spring sale")
    assert sale.status().tail == 0
    page.goto(room)

    # Open.
    page.get_by_role("link", name="Open now").tap()
    expect(page.locator("main")).to_contain_text("The sale opens now.")
    page.get_by_role("button", name="Open now").tap()
    told(page, "Opened. The room is now open")
    sale.crowd(CROWD)
    shows(page, "waiting", re.compile(r"^(1[0-2]\d|9\d)$"))
    shopper = come().opens(sale.url)
    # A page of the second of the opening may come before the gate knows of it.
    hears(shopper, "waiting")
    expect(shopper.page.locator("h1")).to_have_text("Spring sale")

    # What if? Nothing is changed by asking.
    before = sale.status()
    page.get_by_label("Rate").fill("300")
    page.get_by_role("button", name=SHOW).tap()
    expect(page.locator("main")).to_contain_text("Nothing is changed yet.")
    expect(page.locator(".whatif")).to_be_visible()
    for line in ("The first tenth go in", "Half go in", "The last goes in", "Stock ends"):
        expect(page.locator(".whatif")).to_contain_text(line)
    expect(page.locator(".whatif")).to_contain_text("not reported")
    page.get_by_role("link", name="Back to the room").tap()
    now = sale.status()
    assert (now.version, now.rate_per_min) == (before.version, before.rate_per_min)

    # A ramp, stopped and taken back by one touch.
    ramps_and_takes_it_back(page, before.rate_per_min)

    # A pause, whose reason is read in the shopper's pocket.
    pauses(page)
    hears(shopper, "paused")
    expect(shopper.page.locator("#lead")).to_contain_text(
        f"Reason: the shop is overloaded. {REASON}"
    )

    # Closed.
    page.get_by_role("link", name="Close …").tap()
    expect(page.locator("main")).to_contain_text("is told so")
    page.get_by_role("button", name="Close").tap()
    told(page, "Closed.")
    shows(page, "phase", re.compile("closed", re.IGNORECASE))
    hears(shopper, "closed")
    assert sale.status().phase is Phase.CLOSED

    # And what was done, to take away.
    page.get_by_role("link", name="What was done").tap()
    expect(page.locator("ol.news")).to_contain_text(REASON)
    lines = taken_away(page, "JSON lines").read_text("utf-8").splitlines()
    table = list(csv.DictReader(taken_away(page, "CSV").read_text("utf-8").splitlines()))
    entries = [json.loads(line) for line in lines]
    assert [one["hash"] for one in table] == [one["hash"] for one in entries]
    prev = ""
    for seq, entry in enumerate(entries, 1):
        assert (int(entry["seq"]), entry.get("prev", "")) == (seq, prev)
        prev = entry["hash"]
        assert hash_of(entry) == prev
    mine = [one for one in entries if one["actor"] == f"console:{Role.OPERATOR}"]
    assert [one["act"] for one in mine] == list(ACTS)
    assert REASON in next(one["why"] for one in mine if one["act"] == "pause")
    assert {one["from"] for one in mine} == {"127.0.0.1"}
    assert site.store.record.verify(made).findings == []
    page.get_by_role("link", name="Back to the room").tap()
    shows(page, "phase", re.compile("closed", re.IGNORECASE))
