"""The alarms that hold stand on the console, in words, with what to do."""

from collections.abc import Iterator

import pytest
from desks import Desk

from waitingroom.alarms import ALARMS
from waitingroom.beats import SILENT_MS, Beat
from waitingroom.console.figures import clock_time
from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.standing import Case, step
from waitingroom.store.client import Store
from waitingroom.store.keys import ALARM_STANDINGS, KEEPERS

MINUTE_MS = 60_000
FORGED = "WaitingRoomForgedCredentials"


@pytest.fixture
def viewer(store: Store, desk: Desk, people: dict[Role, str]) -> Iterator[Desk]:
    """A viewer's browser; nothing is the matter, and nothing is left behind."""
    store.client.delete(ALARM_STANDINGS, KEEPERS)
    assert desk.log_in(people[Role.VIEWER]).status_code == 303
    yield desk
    store.client.delete(ALARM_STANDINGS, KEEPERS)


def begin(store: Store, *cases: Case, value: float = 1_500) -> int:
    """Let alarms begin now; when that is."""
    now_ms = store.now_ms()
    held = dict.fromkeys(cases, value)
    for ago_ms in (2 * MINUTE_MS, MINUTE_MS, 0):
        store.alarms.change(lambda kept: step(kept, held, now_ms - ago_ms), lambda *_: None)  # noqa: B023
    return now_ms


def test_an_alarm_stands_on_the_pages_of_what_it_concerns(
    store: Store, viewer: Desk, room_id: str
) -> None:
    """A room's on its own page and on that of all; a system's everywhere; the critical first."""
    other = f"{room_id}-b"
    for name in (room_id, other):
        store.create(name, Settings(opens_at_ms=0), actor="test")
    still = Case("WaitingRoomStandsStill", room_id)
    began_ms = begin(store, Case(FORGED, "a:8003"), still)
    words = f"Room {room_id}: nothing moves, and 1,500 people wait"
    page = viewer.get("/").text
    assert f"<strong>Critical: <bdi>{words}</bdi></strong>" in page
    assert page.index(words) < page.index("Forged credentials on a:8003")
    for part in (ALARMS[still.name].to_do, f"since {clock_time(began_ms)} UTC"):
        assert part in page
    assert "docs/runbook.md#waitingroomstandsstill" in page
    live = viewer.get("/live.json").json["alarms"]
    assert [(one["severity"], one["name"]) for one in live] == [
        ("Critical", still.name),
        ("Warning", FORGED),
    ]
    shown = {
        name: [one["name"] for one in viewer.get(f"/rooms/{name}/live.json").json["alarms"]]
        for name in (room_id, other)
    }
    assert shown == {room_id: [still.name, FORGED], other: [FORGED]}
    assert words in viewer.get(f"/rooms/{room_id}").text
    assert words not in viewer.get(f"/rooms/{other}").text


def test_what_has_not_held_for_long_enough_is_no_alarm(store: Store, viewer: Desk) -> None:
    now_ms = store.now_ms()
    case = Case(FORGED, "a:8003")
    store.alarms.change(lambda kept: step(kept, {case: 9.0}, now_ms), lambda *_: None)
    assert viewer.get("/live.json").json["alarms"] == []


def test_a_keeper_that_looks_no_more_is_missed_by_the_console_itself(
    store: Store, viewer: Desk
) -> None:
    """It may have been the only one."""
    now_ms = store.now_ms()
    for silent_ms, shown in ((SILENT_MS, []), (2 * MINUTE_MS, ["WaitingRoomMetricsAway"])):
        store.alarms.beat("a:8003", Beat(now_ms - silent_ms, 0, 2), [])
        assert [one["name"] for one in viewer.get("/live.json").json["alarms"]] == shown
    assert "Nothing watches a:8003" in viewer.get("/").text


def test_alarms_of_a_later_version_are_left_out(store: Store, viewer: Desk) -> None:
    """Two versions may work side by side; a beat with more to say is read as far as it goes."""
    now_ms = store.now_ms()
    store.client.hset(ALARM_STANDINGS, "WaitingRoomBoils spring", "[1, 2, 3, 4]")
    told = f'{{"at_ms": {now_ms}, "skew_ms": 0, "workers_configured": 1, "more": 1}}'
    store.client.hset(KEEPERS, "a:8003", told)
    assert viewer.get("/").status_code == 200
    assert store.alarms.beats()["a:8003"].workers_configured == 1
