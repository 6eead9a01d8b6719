"""Alarms and readiness by the API."""

from callers import Caller, refused

from waitingroom.operators import Role
from waitingroom.readiness import ROWS
from waitingroom.standing import Case, step
from waitingroom.store.client import Store
from waitingroom.store.keys import ALARM_STANDINGS


def test_alarms_that_hold_are_told(callers: dict[Role, Caller], store: Store, room: str) -> None:
    """In the words of the console."""
    case = Case("WaitingRoomStandsStill", room)
    now_ms = store.now_ms()
    for ago_ms in (120_000, 60_000, 0):
        at_ms = now_ms - ago_ms
        store.alarms.change(lambda kept: step(kept, {case: 10.0}, at_ms), lambda *_: None)  # noqa: B023
    told = callers[Role.VIEWER]("GET", "/alarms").json
    store.client.delete(ALARM_STANDINGS)
    (ours,) = [one for one in told if room in one["words"]]
    assert ours["name"] == case.name
    assert ours["words"] == f"Room {room}: nothing moves, and 10 people wait"
    assert ours.keys() == {"name", "severity", "words", "since", "to_do"}


def test_readiness_is_told_row_by_row(callers: dict[Role, Caller], room: str) -> None:
    """With the ids of the runbook, and the crowd that is expected."""
    viewer = callers[Role.VIEWER]
    told = viewer("GET", f"/rooms/{room}/readiness?expected=5000").json
    assert told["ready"] is False
    assert [row["id"] for row in told["rows"]] == list(ROWS)
    assert all(row["mend"] for row in told["rows"] if row["state"] == "not ready")
    assert told["rows"][0]["title"] == ROWS["ready-secrets"]
    for wrong in ("-1", "many", "1000000000"):
        refused(viewer("GET", f"/rooms/{room}/readiness?expected={wrong}"), 422, "bad_fields")
    refused(viewer("GET", "/rooms/none-such/readiness"), 404, "no_such_room")


def test_a_load_test_is_recorded_by_an_operator_and_by_no_viewer(
    callers: dict[Role, Caller], store: Store, room: str
) -> None:
    """With whose key it was, in the room's record."""
    done, path = {"people": 2_000, "passed": True, "about": "opening"}, f"/rooms/{room}/load-test"
    refused(callers[Role.VIEWER]("PUT", path, done), 403, "forbidden")
    for wrong in ({"people": 0}, {"passed": "yes"}, {"about": "two\nlines"}, {"more": 1}):
        refused(callers[Role.OPERATOR]("PUT", path, done | wrong), 422, "bad_fields")
    assert store.load_tests.last(room) is None
    answer = callers[Role.OPERATOR]("PUT", path, done)
    last = store.load_tests.last(room)
    assert last is not None
    assert answer.json == done | {"at_ms": last.at_ms}
    (entry,) = [one for one in store.record.newest(room, 3) if one.act == "load_test"]
    assert entry.text("detail") == "2000 people, passed: opening"
    elsewhere = callers[Role.OPERATOR]("PUT", "/rooms/none-such/load-test", done)
    refused(elsewhere, 404, "no_such_room")
