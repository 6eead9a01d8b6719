"""Entries of the record in words: who reads them need not know the store's own."""

import json

import pytest

from waitingroom.console.entries import LONGEST, changes, detail
from waitingroom.record import LogEntry

AT_MS = 1_795_749_266_000
AT = "2026-11-27 03:14:26 UTC"


def entry(act: str, detail: str = "", before: object = None, after: object = None) -> LogEntry:
    """One of the record."""
    told = {name: json.dumps(facts) for name, facts in (("before", before), ("after", after))}
    told = {name: facts for name, facts in told.items() if facts != "null"}
    return LogEntry("1-0", {"act": act, "detail": detail, **told})


TURNS: dict[str, tuple[object, object, str]] = {
    "rate_per_min": (60, 120, "Rate: 60 → 120 a minute"),
    "burst": (0, 5, "Burst: automatic → 5 at once"),
    "capacity": (0, 1500, "Capacity: no limit inside → at most 1,500 inside"),
    "session_ms": (900_000, 60_000, "Session: 15m → 1m"),
    "closes_at_ms": (0, AT_MS, f"Closing: when an operator closes it → {AT}"),
    "fifo": (0, 1, "Early places: by lot → first come, first served"),
    "joins": (1, 0, "New people: may join → may not join"),
    "message": ("", "7", "Message: none → “7”"),
    "phase": ("open", "paused", "Phase: open → paused"),
    "pause_code": ("", "bots", "Reason of the pause: – → visits by bots"),
    "stock": (None, 0, "Left in the shop: not reported → sold out"),
    "role": ("viewer", "admin", "Role: viewer → admin"),
    "brand": (
        json.dumps({"links": [["help", "https://a.example"]], "time_zone": ""}),
        json.dumps({"links": [["help", "https://b.example"]], "time_zone": ""}),
        "Look, links help: https://a.example → https://b.example",
    ),
}


@pytest.mark.parametrize("name", TURNS)
def test_a_change_is_told_from_what_to_what(name: str) -> None:
    """In the words and units that knobs have everywhere."""
    was, now, line = TURNS[name]
    before, after = ({name: fact, "generation": fact} for fact in (was, now))
    assert changes(entry("set", json.dumps(after), before, after)) == [line]


def test_a_rate_that_holds_everybody_is_told_as_that() -> None:
    """It has a unit of its own."""
    told = "Rate: 60 a minute → 0 a minute, which holds everybody"
    assert changes(entry("set", "", {"rate_per_min": 60}, {"rate_per_min": 0})) == [told]


def test_a_change_of_the_plan_tells_its_steps() -> None:
    """Those that came and went, each at its time; a long ramp by its ends."""
    one, other = f"{AT_MS} rate_per_min 77", f"{AT_MS} capacity 0"
    turned = entry("plan", other, {"plan": one}, {"plan": other})
    assert changes(turned) == [
        f"Out of the plan: Rate 77 a minute at {AT}",
        f"Planned: Capacity no limit inside at {AT}",
    ]
    assert detail(turned) == ""
    steps = [f"{AT_MS + 1000 * step} rate_per_min {60 + step}" for step in range(5)]
    (told,) = changes(entry("plan", "", {"plan": ""}, {"plan": ", ".join(steps)}))
    assert told == (
        f"Planned: 5 steps, from Rate 60 a minute at {AT} "
        "to Rate 64 a minute at 2026-11-27 03:14:30 UTC"
    )


def test_of_what_was_made_only_what_is_set_is_told() -> None:
    """A room has thirty knobs."""
    made = entry("create", "{}", after={"rate_per_min": 60, "burst": 0, "title": "", "epoch": 1})
    assert changes(made) == ["Rate: 60 a minute", "Running: 1"]
    assert changes(entry("operator_remove", "ada", before={"role": "viewer"})) == [
        "Role: viewer → –"
    ]


def test_the_detail_is_told_where_the_change_does_not_tell_it() -> None:
    """Times in words; what an undo took back by what it changed."""
    assert detail(entry("opened", f"due {AT_MS}", {"phase": "early"}, {"phase": "open"})) == (
        f"due {AT}"
    )
    undone = entry("undo", 'set {"rate_per_min": 9}', {"rate_per_min": 9}, {"rate_per_min": 8})
    assert (detail(undone), changes(undone)) == ("", ["Rate: 9 → 8 a minute"])
    assert detail(entry("staff_pass", "s-1 for ada")) == "s-1 for ada"


ODD = ("{", "[1]", '{"rate_per_min": "9" }', "[" * 10_000, "\ufffd{", r'{"title": "\ud800"}')


@pytest.mark.parametrize("facts", ODD)
@pytest.mark.parametrize("number", ["9" * 40, "253402300799999", "-1", "", "x"])
def test_an_entry_that_was_edited_is_told_as_far_as_it_can_be(facts: str, number: str) -> None:
    """The page of a record must show it, whatever somebody wrote there."""
    odd = json.dumps({"opens_at_ms": number, "stock": number, "brand": facts, "plan": facts})
    pairs = [(before, after) for before in (facts, odd) for after in (f"{before} ", "")]
    for before, after in pairs:
        for act, asked in (("set", ""), ("opened", f"due {number}"), ("plan", number)):
            fields = {"act": act, "detail": asked, "before": before, "after": after}
            found = LogEntry("1-0", fields)
            for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
                told = [detail(found, zone), *changes(found, zone)]
                assert all(len(line) <= LONGEST for line in told[1:])
                "".join(told).encode()  # as the page is sent
