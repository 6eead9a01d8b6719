"""What operators do to a room, by the API: with the reason that shoppers read, and as a whole."""

import pytest
from callers import Caller, refused

from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.readiness import ROWS
from waitingroom.reasons import Cause
from waitingroom.store.client import Store


@pytest.fixture
def ada(callers: dict[Role, Caller]) -> Caller:
    """A program with an operator's key."""
    return callers[Role.OPERATOR]


def test_a_sale_from_opening_to_closing(ada: Caller, room_id: str, store: Store) -> None:
    """Each act answers with the room as it then is; what makes no sense then is 409."""
    store.create(room_id, Settings(opens_at_ms=0), actor="test")
    phases = []
    for act in ("open", "pause", "resume", "drain", "open", "close"):
        answer = ada("POST", f"/rooms/{room_id}/{act}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"] == f'"{store.status(room_id).version}"'
        phases.append(answer.json["phase"])
    assert phases == ["open", "paused", "open", "draining", "open", "closed"]
    refused(ada("POST", f"/rooms/{room_id}/pause"), 409, "wrong_phase")


def test_shoppers_read_the_reason_and_the_record_has_why(
    ada: Caller, room: str, store: Store
) -> None:
    """Two things: one is for everybody, the other for those who keep the record."""
    said = {"cause": "stock", "reason": "Back at noon"}
    assert ada("POST", f"/rooms/{room}/pause?why=the+count+is+off", said).status_code == 200
    found = store.status(room)
    assert (found.news[-1].code, found.pause_reason) == ("paused", "Back at noon")
    assert Cause.STOCK in str(ada("GET", f"/rooms/{room}").json["news"][-1])
    (entry,) = store.record.newest(room, 1)
    assert entry.text("why") == "the count is off"
    for wrong in ({"cause": "boredom"}, {"reason": "a\nb"}, {"reason": "x" * 501}, {"more": 1}):
        told = refused(ada("POST", f"/rooms/{room}/pause", wrong), 422, "bad_fields")
        assert told["fields"].keys() == wrong.keys()


@pytest.mark.parametrize("name", ["", "another", "ROOM"])
def test_a_reset_wants_the_rooms_name(
    callers: dict[Role, Caller], room: str, store: Store, name: str
) -> None:
    """So that nobody resets another by mistake."""
    boss, path = callers[Role.ADMIN], f"/rooms/{room}/reset"
    assert "name" in refused(boss("POST", path, {"name": name}), 422, "bad_fields")["fields"]
    refused(boss("POST", path), 422, "bad_fields")
    assert store.status(room).epoch == 1
    assert boss("POST", path, {"name": room}).json["epoch"] == 2


def test_readiness_is_told_row_by_row_and_a_load_test_is_one_of_them(
    ada: Caller, room: str
) -> None:
    """As the page and the command tell it."""
    told = ada("GET", f"/rooms/{room}/ready?expected=1000").json
    assert [row["id"] for row in told["rows"]] == list(ROWS)
    assert told["ready"] == all(row["state"] != "not ready" for row in told["rows"])
    done = {"people": 4_321, "passed": True, "about": "a dry run"}
    assert ada("POST", f"/rooms/{room}/load-tests", done).status_code == 201
    rows = {row["id"]: row for row in ada("GET", f"/rooms/{room}/ready").json["rows"]}
    assert "4,321" in rows["ready-load-test"]["says"]
    nowhere = ada("POST", "/rooms/nowhere/load-tests", done)
    refused(nowhere, 404, "no_such_room")
    refused(ada("GET", f"/rooms/{room}/ready?expected=many"), 422, "bad_fields")
    assert ada("GET", "/alarms").status_code == 200
