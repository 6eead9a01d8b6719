"""Rooms made, cloned and edited in the console: what is taken over, refused, and served at once."""

import pytest
from desks import Desk, held, text
from test_brand import SVG

from waitingroom import clock
from waitingroom.brand import read_logo
from waitingroom.model import Brand, DrawMethod, Phase, Settings
from waitingroom.operators import Role
from waitingroom.store.client import Store

People = dict[Role, str]
GOOD = {
    "title": "Spring sale",
    "origins": "https://shop.example.com/\nhttps://www.example.com",
    "rate_per_min": "120",
    "capacity": "40",
    "draw": "fifo",
}


@pytest.fixture
def room(store: Store, room_id: str) -> str:
    """A sale that runs, in a room with a look and five in line."""
    settings = Settings(
        rate_per_min=0, capacity=70, opens_at_ms=clock.now_ms(), title="Winter", message="Today",
        origins=("https://shop.example.com",), join_limit=9,
    )  # fmt: skip
    store.create(room_id, settings, actor="test")
    store.join(room_id, 5)
    look = Brand(colours=(("light-accent", "#003399"),), logo=read_logo(SVG))
    store.brand(room_id, look, logo=SVG, actor="test", version=store.status(room_id).version)
    return room_id


def test_a_room_is_made_as_it_was_typed(operator: Desk, people: People, store: Store, room_id: str):
    """It waits for its opening; who made it is in its record, and what the shop needs is told."""
    assert 'href="/new"' in operator.get("/").text
    answer = operator.post("/new", GOOD | {"room": room_id})
    assert (answer.status_code, answer.location) == (303, f"/rooms/{room_id}")
    made = store.status(room_id)
    assert (made.title, made.rate_per_min, made.capacity) == ("Spring sale", 120, 40)
    assert (made.draw, made.phase) == (DrawMethod.FIFO, Phase.EARLY)
    assert made.origins == ("https://shop.example.com", "https://www.example.com")
    assert store.record.newest(room_id, 1)[0].actor == f"console:{people[Role.OPERATOR]}"
    told = text(operator.get(answer.location))
    assert f"http://gate.example/{room_id} within a second" in told
    assert f"waitingroom room keys {room_id}" in told


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("room", "", "Id must be 1 to 40 small letters"),
        ("room", "Spring!", "Id must be 1 to 40 small letters"),
        ("room", "static", "Id cannot be “static”"),
        ("title", "x" * 81, "Title must have at most 80 characters."),
        ("title", "two\nlines", "Title must not hold line breaks"),
        ("origins", "shop.example.com", "Shops cannot be so: &#34;shop.example.com&#34; is no"),
        ("rate_per_min", "-1", "Rate must be a whole number from 0 to 1,000,000"),
        ("rate_per_min", "9" * 13, "Rate must be a whole number"),
        ("capacity", "", "Capacity must be a whole number"),
        ("draw", "alphabet", "Order of those who come early must be one of the two."),
    ],
)
def test_each_wrong_field_has_a_sentence_and_nothing_is_made(
    operator: Desk, store: Store, room_id: str, field: str, typed: str, said: str
) -> None:
    """What was typed stays, also in the other fields."""
    answer = operator.post("/new", GOOD | {"room": room_id} | {field: typed})
    assert answer.status_code == 400
    assert said in answer.text
    assert f'aria-describedby="{field}-problem"' in answer.text
    if field != "rate_per_min":
        assert 'value="120"' in answer.text
    assert room_id not in store.rooms()


def test_an_id_that_is_taken_is_told_and_the_room_there_stays(
    operator: Desk, store: Store, room: str
):
    before = store.status(room)
    answer = operator.post("/new", GOOD | {"room": room})
    assert answer.status_code == 409
    assert f"There is a room “{room}” already" in answer.text
    assert store.status(room).version == before.version
    itself = operator.post("/new", GOOD | {"room": room, "like": room})
    assert itself.status_code == 400
    assert "a clone needs an id of its own" in itself.text


def test_a_clone_has_the_settings_and_the_look_and_nothing_else(
    operator: Desk, store: Store, room: str
) -> None:
    """None of the people, the times, the message, the seed; the room itself is not touched."""
    page = operator.get(f"/new?like={room}").text
    assert 'value="Winter"' in page
    before, record = store.status(room), store.record.heads([room])
    other = f"{room}-b"
    answer = operator.post("/new", GOOD | {"room": other, "like": room, "title": "Winter two"})
    assert answer.status_code == 303
    made = store.status(other)
    assert (made.title, made.join_limit, made.capacity) == ("Winter two", 9, 40)
    assert (made.brand, store.logo(other)) == (before.brand, SVG)
    assert (made.tail, made.opens_at_ms, made.message, made.epoch) == (0, 0, "", 1)
    assert made.commitment != before.commitment
    assert store.record.heads([room]) == record
    assert store.status(room).version == before.version


def test_what_is_cloned_must_be_there(operator: Desk, store: Store, room_id: str) -> None:
    for like in ("nowhere", "../x", "x" * 99):
        assert operator.get("/new", **{}).status_code == 200
        answer = operator.post("/new", GOOD | {"room": room_id, "like": like})
        assert answer.status_code == 404
    assert room_id not in store.rooms()


def test_names_and_texts_are_edited_on_what_was_seen(operator: Desk, store: Store, room: str):
    """A page that others made old changes nothing, says who it was, and keeps what was typed."""
    version = str(store.status(room).version)
    fields = {"version": version, "title": "Late winter", "message": "", "origins": ""}
    answer = operator.post(f"/rooms/{room}/edit", fields | {"why": "it snows"})
    assert answer.status_code == 303
    assert store.record.newest(room, 1)[0].text("why") == "it snows"
    assert "Changed: Title, Message, Shops." in text(operator.get(answer.location))
    now = store.status(room)
    assert (now.title, now.message, now.origins) == ("Late winter", "", ())
    stale = operator.post(f"/rooms/{room}/edit", fields | {"title": "Mine"})
    assert stale.status_code == 409
    assert "Nothing of yours was done" in stale.text
    assert 'value="Mine"' in stale.text
    wrong = operator.post(f"/rooms/{room}/edit", fields | {"origins": "nonsense"})
    assert wrong.status_code == 400
    assert store.status(room).version == now.version


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_making_and_editing_rooms_takes_an_operator(
    desk: Desk, people: People, store: Store, room: str, role: Role
) -> None:
    """Others are not offered it, and are refused."""
    desk.log_in(people[role])
    version = store.status(room).version
    assert "/new" not in desk.get("/").text + desk.get(f"/rooms/{room}").text
    fields = GOOD | {"room": f"{room}-c", "version": str(version)}
    for path in ("/new", f"/rooms/{room}/edit"):
        assert desk.get(path).status_code == 403
        assert desk.post(path, fields).status_code == 403
        assert desk.post(path, fields, token="").status_code == 400
    assert f"{room}-c" not in store.rooms()
    assert store.status(room).version == version


@pytest.mark.parametrize("form", ["edit", "brand", "acts/close", "new"])
def test_a_why_that_cannot_be_kept_is_marked_and_nothing_is_lost(
    operator: Desk, store: Store, room: str, form: str
) -> None:
    """Nor done: each form comes back as it was typed."""
    before = store.status(room).version
    address = "/new" if form == "new" else f"/rooms/{room}/{form}"
    mine = {"new": "title", "edit": "title", "brand": "imprint"}.get(form, "reason")
    typed = {mine: "https://mine.example", "why": "x" * 501}
    typed |= {"room": "mine"} if form == "new" else {}
    page = held(operator.get(address), address)
    page.pop("logo", "")
    answer = operator.post(address, page | typed)
    assert answer.status_code == 400
    assert "Why may have at most 500 characters" in answer.text
    assert "look at what is marked." in answer.text
    assert 'value="https://mine.example"' in answer.text
    assert (store.status(room).version, "mine" in store.rooms()) == (before, False)
