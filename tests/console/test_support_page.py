"""Support's page: who may, what is told of a place, and when a second chance is given or not."""

import re

import pytest
from desks import Desk, text
from rooms import Room, make

from waitingroom.codes import Codes
from waitingroom.console.support import STATES, STEPS
from waitingroom.model import DrawMethod
from waitingroom.operators import Role
from waitingroom.places import REFUSED, ChanceCode, PlaceState, Step
from waitingroom.store.client import Store

People = dict[Role, str]
CODES = Codes([b"k" * 32])


@pytest.fixture
def room(store: Store, room_id: str) -> Room:
    """A line in which number 1 has lapsed, and 300 wait."""
    knobs = {"draw": DrawMethod.FIFO, "burst": 1, "rate_per_min": 60}
    made = make(store, room_id, **knobs, call_timeout_ms=1000, claim_grace_ms=60_000)
    store.join(room_id, 300)
    made.wind_on(70_000)
    return made


@pytest.fixture
def supporter(desk: Desk, people: People) -> Desk:
    """A browser of somebody of the role support."""
    assert desk.log_in(people[Role.SUPPORT]).status_code == 303
    return desk


def code_of(room: Room, arrival: int) -> str:
    return CODES.of(room.name, room.status().epoch, arrival)


def look(desk: Desk, room: Room, code: str):
    return desk.client.get(f"/rooms/{room.name}/support", query_string={"code": code},
                           headers={"Accept": "text/html"})  # fmt: skip


def give(desk: Desk, room: Room, code: str, why: str = "phone was dead", **more: str):
    return desk.post(f"/rooms/{room.name}/support", {"code": code, "why": why}, **more)


def test_a_code_shows_its_place_and_a_second_chance_is_given_and_told(
    supporter: Desk, people: People, room: Room, store: Store
) -> None:
    """As a shopper reads it aloud: in small letters, with a space."""
    assert f'href="/rooms/{room.name}/support"' in supporter.get(f"/rooms/{room.name}").text
    found = look(supporter, room, code_of(room, 1).lower().replace("-", " "))
    told = text(found)
    assert found.status_code == 200
    assert "Number 1 Lapsed: it was called, and nobody came in time." in told
    for step in ("Joined", "Called", "Lapsed"):
        assert re.search(rf" {step} \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d ", told), step
    answer = give(supporter, room, code_of(room, 1), why="The till <sent> them back.")
    assert answer.status_code == 303
    after = text(supporter.get(answer.location))
    assert re.search(r"Number 1 may go in until \d\d:\d\d:\d\d \(UTC\)", after)
    assert "Called: they may go in until" in after
    assert "Second chance 20" in after
    assert "None can be given: this place is called already" in after
    entry = store.record.newest(room.name, 1)[0]
    assert (entry.actor, entry.text("why")) == (
        f"console:{people[Role.SUPPORT]}",
        "The till <sent> them back.",
    )
    assert room.status().counters.second_chances == 1


def test_a_second_one_is_refused_with_the_time_of_the_first(supporter: Desk, room: Room) -> None:
    """Also where two pages showed the form at once."""
    assert give(supporter, room, code_of(room, 1)).status_code == 303
    again = give(supporter, room, code_of(room, 1))
    assert again.status_code == 409
    assert "Nothing was done: this place has had its second chance" in text(again)
    assert re.search(r"there is one for each: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(UTC\)\.", again.text)
    assert room.status().counters.second_chances == 1


@pytest.mark.parametrize("why", ["", " ", "no", "x" * 201])
def test_without_a_reason_nothing_is_done(supporter: Desk, room: Room, why: str) -> None:
    answer = give(supporter, room, code_of(room, 1), why=why)
    assert answer.status_code == 400
    assert "Nothing was done: say why, in 3 to 200 characters." in answer.text
    assert "Give a second chance" in answer.text, "the form is there again"
    assert room.status().counters.second_chances == 0


def test_who_waits_is_told_of_and_not_moved(supporter: Desk, room: Room) -> None:
    waits = look(supporter, room, code_of(room, 300))
    assert re.search(r"In line, with \d+ ahead\.", text(waits))
    assert "None can be given: this place was not called yet, and nobody is moved" in text(waits)
    assert "<button>Give a second chance" not in waits.text
    before = room.status().serving
    assert give(supporter, room, code_of(room, 300)).status_code == 409
    assert room.status().serving - before < 10, "no more than time calls"


def test_in_a_closed_room_it_says_so(supporter: Desk, room: Room) -> None:
    room.act("close")
    told = text(look(supporter, room, code_of(room, 1)))
    assert "None can be given: the sale is over: nobody goes in any more." in told
    assert give(supporter, room, code_of(room, 1)).status_code == 409


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("hello", "“hello” is not a code: it has eight letters and digits"),
        ("<b>x</b>", "“&lt;b&gt;x&lt;/b&gt;” is not a code"),
        ("K7Q2-9MXD", "a letter or digit may have been misheard"),
        ("x" * 3000, "is not a code"),
    ],
)
def test_a_wrong_code_gets_a_sentence(
    supporter: Desk, room: Room, code: str, sentence: str
) -> None:
    """404 with the form, whether it is looked up or sent."""
    for answer in (look(supporter, room, code), give(supporter, room, code)):
        assert answer.status_code == 404
        assert sentence in answer.text
        assert 'name="code"' in answer.text


def test_another_rooms_code_and_an_earlier_runnings_are_told_as_such(
    supporter: Desk, room: Room, store: Store
) -> None:
    other = make(store, f"{room.name}-b")
    store.join(other.name, 2)
    code = CODES.of(other.name, 1, 2)
    assert f"{code} is a place in the room “{other.name}”" in look(supporter, room, code).text
    old = code_of(room, 1)
    room.reset()
    assert f"{old} is of running 1 of this room" in look(supporter, room, old).text


def test_it_takes_the_role_support_and_a_token(
    supporter: Desk, store_url: str, people: People, room: Room
) -> None:
    viewer = Desk(store_url)
    viewer.log_in(people[Role.VIEWER])
    path = f"/rooms/{room.name}/support"
    assert path not in viewer.get(f"/rooms/{room.name}").text
    assert viewer.get(path).status_code == 403
    assert give(viewer, room, code_of(room, 1)).status_code == 403
    assert give(supporter, room, code_of(room, 1), token="").status_code == 400
    assert supporter.get("/rooms/nowhere/support").status_code == 404
    assert room.status().counters.second_chances == 0


def test_every_state_step_and_refusal_has_its_words() -> None:
    assert set(STATES) == set(PlaceState)
    assert set(STEPS) == set(Step)
    assert set(REFUSED) == set(ChanceCode) - {ChanceCode.CALLED}
