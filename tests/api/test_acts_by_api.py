"""What operators do to a room, by the API: with the reason that shoppers read, and as a whole."""

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest
from callers import Caller, refused

from waitingroom.model import Settings
from waitingroom.operators import Role
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
    refused(ada("POST", f"/rooms/{room_id}/drain"), 409, "wrong_phase")
    for act in ("open", "pause", "resume", "drain", "open", "close"):
        answer = ada("POST", f"/rooms/{room_id}/{act}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"] == f'"{store.status(room_id).version}"'
        phases.append(answer.json["phase"])
    assert phases == ["open", "paused", "open", "draining", "open", "closed"]
    for act in ("pause", "resume", "drain", "close"):
        refused(ada("POST", f"/rooms/{room_id}/{act}"), 409, "wrong_phase")


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
    past = {"name": room, "opens_at_ms": store.status(room).now_ms - 86_400_000}
    assert "opens_at_ms" in refused(boss("POST", path, past), 422, "bad_setting")["fields"]
    assert store.status(room).epoch == 1
    assert boss("POST", path, {"name": room}).json["epoch"] == 2


@pytest.mark.parametrize(("length", "status"), [(500, 200), (501, 422)])
def test_the_longest_reason_for_the_record_fits_into_an_address(
    url: str, ada: Caller, room: str, store: Store, length: int, status: int
) -> None:
    """Of characters that take twelve bytes there; a longer one is refused by us, not by the web
    server, whose answer would be no JSON.
    """
    why = "\U0001f3ab" * length
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        bearer = {"Authorization": f"Bearer {ada.key}"}
        connection.request("POST", f"/api/v1/rooms/{room}/pause?why={quote(why)}", headers=bearer)
        assert connection.getresponse().status == status
    (entry,) = store.record.newest(room, 1)
    assert (entry.text("why") == why) is (status == 200)
