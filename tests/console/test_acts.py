"""Acts on a room's page: who may, what is told, and when nothing is done."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from desks import PASSWORD, Desk, held, text

from waitingroom import clock
from waitingroom.console import acts
from waitingroom.console.ways import LONGEST_WAY_BACK
from waitingroom.errors import StoreDown
from waitingroom.model import Brand, DrawMethod, Phase, Settings
from waitingroom.operators import Role
from waitingroom.store.client import Store

People = dict[Role, str]
FORMS = [*(f"acts/{name}" for name in acts.ACTS), "knobs/pace"]


def send(desk: Desk, room: str, form: str, **fields: str):
    """A form as its page holds it, with what is typed over it."""
    page = desk.get(f"/rooms/{room}/{form}").text
    held = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    return desk.post(f"/rooms/{room}/{form}", held | fields, token=held["csrf_token"])


def test_each_act_is_done_told_and_logged_with_its_operator(
    operator: Desk, admin: Desk, room: str, store: Store, people: People
) -> None:
    """From pause to the next running."""
    for desk, name, fields, phase in (
        (operator, "pause", {"reason": "The till is slow."}, Phase.PAUSED),
        (operator, "resume", {}, Phase.OPEN),
        (operator, "drain", {}, Phase.DRAINING),
        (operator, "open", {}, Phase.OPEN),
        (operator, "close", {}, Phase.CLOSED),
        (operator, "open", {}, Phase.OPEN),
        (admin, "reset", {"name": room, "why": "a dry run", "cause": "bots"}, Phase.OPEN),
    ):
        answer = send(desk, room, f"acts/{name}", **fields)
        assert (answer.status_code, answer.location) == (303, f"/rooms/{room}")
        told = f"{acts.ACTS[name].done} The room is now {phase}"
        assert told in desk.get(answer.location).text
        assert told not in desk.get(answer.location).text, "told once"
        assert store.status(room).phase is phase
        last = next(one for one in store.record.newest(room, 3) if one.actor != "time")
        role = Role.ADMIN if desk is admin else Role.OPERATOR
        assert (last.actor, last.act) == (f"console:{people[role]}", name)
        assert last.text("why") == fields.get("why", fields.get("reason", ""))
    assert store.status(room).epoch == 3
    assert [one.text for one in store.status(room).news if one.code == "paused"] == [
        "The till is slow."
    ]


@pytest.mark.parametrize("name", acts.ACTS)
def test_every_act_takes_a_reason_for_shoppers(
    admin: Desk, room: str, store: Store, name: str
) -> None:
    """One of those that their pages have words for, their own words, or both; kept where the form
    comes back, and told to whoever looks at the room.
    """
    if name == "resume":
        store.act(room, "pause", actor="test")
    if name == "open":
        store.act(room, "drain", actor="test")
    fields = {"reason": "In <ten> minutes.", "name": room}
    wrong = send(admin, room, f"acts/{name}", cause="hail", **fields)
    assert wrong.status_code == 400
    assert "The reason has no code" in wrong.text
    assert "In &lt;ten&gt; minutes." in wrong.text
    assert send(admin, room, f"acts/{name}", cause="bots", **fields).status_code == 303
    told = next(one for one in reversed(store.status(room).news) if one.reason)
    assert (told.reason, told.text) == ("bots", "In <ten> minutes.")
    assert "visits by bots. In &lt;ten&gt; minutes." in admin.get(f"/rooms/{room}").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
@pytest.mark.parametrize("form", FORMS)
def test_who_only_looks_is_offered_nothing_and_refused_by_the_server(
    desk: Desk, people: People, room: str, store: Store, role: Role, form: str
) -> None:
    """403 for the form and for what it would send."""
    desk.log_in(people[role])
    page = desk.get(f"/rooms/{room}").text
    assert "What to do" not in page
    assert f'action="/rooms/{room}' not in page
    assert f'href="/rooms/{room}/acts' not in page
    before = store.status(room).version
    fields = {"version": str(before), "name": room, "rate_per_min": "5", "capacity": "5"}
    assert desk.get(f"/rooms/{room}/{form}").status_code == 403
    assert desk.get(f"/rooms/{room}/acts").status_code == 403
    answer = desk.post(f"/rooms/{room}/{form}", fields)
    assert answer.status_code == 403
    assert f"{people[role]} is {role}" in answer.text
    assert store.status(room).version == before


def test_a_reset_takes_an_admin(operator: Desk, room: str, store: Store) -> None:
    assert "Reset" not in operator.get(f"/rooms/{room}").text
    assert operator.get(f"/rooms/{room}/acts/reset").status_code == 403
    fields = {"version": str(store.status(room).version), "name": room}
    assert operator.post(f"/rooms/{room}/acts/reset", fields).status_code == 403
    assert store.status(room).epoch == 1


@pytest.mark.parametrize("typed", ["", "another", "ROOM"])
def test_a_reset_wants_the_rooms_name(admin: Desk, room: str, store: Store, typed: str) -> None:
    answer = send(admin, room, "acts/reset", name=typed)
    assert answer.status_code == 400
    assert f"type the room’s name, {room}" in answer.text
    assert store.status(room).epoch == 1
    assert "in line (5 people) loses their place" in answer.text


def test_a_reset_may_say_when_the_new_sale_opens(admin: Desk, room: str, store: Store) -> None:
    """In the room's own zone; what cannot be is said, told again, and resets nothing."""
    brand, seen = Brand(time_zone="Europe/Warsaw"), store.status(room).version
    store.brand(room, brand, actor="test", version=seen)
    form = text(admin.get(f"/rooms/{room}/acts/reset"))
    assert "Opening of the new sale, in Europe/Warsaw; empty is as it was" in form
    assert "It opens at once." in form
    for typed, why in (
        ("2024-03-01T14:00", "Opening must be a time to come; this one has passed."),
        ("tomorrow", "Opening: “tomorrow” is no time; write it like 2026-12-01T14:00."),
        ("2090-03-26T02:30", "Opening: 2090-03-26 02:30 does not exist in Europe/Warsaw"),
        ("2090-10-29T02:30", "Opening: 2090-10-29 02:30 is there twice in Europe/Warsaw"),
    ):
        answer = send(admin, room, "acts/reset", name=room, opens_at_ms=typed)
        assert answer.status_code == 400
        assert "Nothing was done: look at what is marked." in text(answer)
        assert text(answer).count(why) == 1
        assert held(answer, f"/rooms/{room}/acts/reset")["opens_at_ms"] == typed
    assert store.status(room).epoch == 1
    fields = {"name": room, "opens_at_ms": "2090-10-29T02:30", "fold_opens_at_ms": "1"}
    wrong = send(admin, room, "acts/reset", **fields | {"name": ""})
    assert re.search(r"It opens in \d+ d \d+ h\.", text(wrong)), "what it would do, with that time"
    assert send(admin, room, "acts/reset", **fields).status_code == 303
    found = store.status(room)
    assert (found.epoch, found.phase, found.opens_at_ms) == (2, Phase.EARLY, 3_812_923_800_000)


def test_no_other_act_takes_an_opening(operator: Desk, room: str, store: Store) -> None:
    """It would be left unheard."""
    answer = send(operator, room, "acts/pause", opens_at_ms="2090-10-29T02:30")
    assert (answer.status_code, store.status(room).phase) == (400, Phase.OPEN)
    assert "There is no field “opens_at_ms”" in answer.text


@pytest.mark.parametrize("form", FORMS)
def test_a_form_without_its_token_changes_nothing(
    admin: Desk, room: str, store: Store, form: str
) -> None:
    """Whoever made it."""
    before = store.status(room).version
    fields = {"version": str(before), "name": room, "rate_per_min": "5", "capacity": "5"}
    answer = admin.post(f"/rooms/{room}/{form}", fields, token="")
    assert answer.status_code == 400
    assert "nothing was changed" in answer.text
    assert store.status(room).version == before
    again = re.search(r'href="([^"]*)">Open the form again', answer.text)[1]
    assert again.startswith(f"/rooms/{room}/{form}?")
    assert admin.get(again.replace("&amp;", "&")).status_code == 200


def test_whatever_is_refused_is_logged_with_who_it_was(
    desk: Desk, people: People, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And whatever was done is not a warning."""
    desk.post("/login", {"name": "guess", "password": "guessed guessed", "to": "/"})
    desk.log_in(people[Role.VIEWER])
    desk.post(f"/rooms/{room}/acts/close", {"version": "1"})
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "a log-in failed, as nobody",
        "refused (401) '/login' to nobody who is logged in",
        f"refused (403) '/rooms/{room}/acts/close' to {people[Role.VIEWER]}",
    ]


@pytest.mark.parametrize("name", ["resume", "drain", "close", "reset"])
def test_an_act_on_a_page_that_others_made_old_is_told_and_not_done(
    admin: Desk, room: str, store: Store, name: str
) -> None:
    """With who it was; the form that comes back is fresh."""
    store.act(room, "pause", actor="ada", reason="first")
    old = str(store.status(room).version)
    store.act(room, "pause", actor="ben", reason="second")
    answer = send(admin, room, f"acts/{name}", version=old, name=room)
    assert answer.status_code == 409
    assert "Nothing of yours was done: ben changed this room" in answer.text
    assert (store.status(room).pause_reason, store.status(room).epoch) == ("second", 1)
    fresh = re.search(r'name="version" value="(\d+)"', answer.text)
    assert send(admin, room, f"acts/{name}", version=fresh[1], name=room).status_code == 303


def test_a_pause_works_from_however_old_a_page(operator: Desk, room: str, store: Store) -> None:
    """Whoever presses it means it."""
    store.set(room, {"capacity": 7}, actor="ada")
    assert send(operator, room, "acts/pause", version="1", reason="now").status_code == 303
    assert store.status(room).phase is Phase.PAUSED


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 400, "１"])
def test_a_form_that_is_not_whole_is_refused(
    operator: Desk, room: str, store: Store, version: str
) -> None:
    before = store.status(room)
    fields = {"rate_per_min": "5", "capacity": "5"}
    for form in ("acts/close", "knobs/pace"):
        assert send(operator, room, form, version=version, **fields).status_code == 400
    assert store.status(room).version == before.version


def test_what_makes_no_sense_now_is_told(operator: Desk, room: str, store: Store) -> None:
    """409, in the store's words, with the way back."""
    answer = send(operator, room, "acts/resume")
    assert answer.status_code == 409
    assert "The room is not paused." in answer.text
    assert f'href="/rooms/{room}"' in answer.text
    assert operator.get(f"/rooms/{room}/acts/explode").status_code == 404
    assert operator.get("/rooms/none/acts/pause").status_code == 404


def test_a_reason_is_text_of_at_most_500_characters(
    operator: Desk, room: str, store: Store
) -> None:
    for reason in ("x" * 501, "two\nlines", "turned \u202e round"):
        answer = send(operator, room, "acts/pause", reason=reason)
        assert answer.status_code == 400
        assert "The reason must" in answer.text
    assert store.status(room).phase is Phase.OPEN
    assert send(operator, room, "acts/pause", reason="<b>” & שלום").status_code == 303
    page = operator.get(f"/rooms/{room}").text
    assert "&lt;b&gt;” &amp; שלום" in page
    assert "<b>”" not in page
    assert "is now paused: &lt;b&gt;” &amp; שלום." in page
    send(operator, room, "acts/pause", reason="The till is slow.")
    assert "is now paused: The till is slow.</p>" in operator.get(f"/rooms/{room}").text


def test_the_longest_reason_is_told_within_a_cookie(operator: Desk, room: str) -> None:
    """Browsers drop a cookie of more than 4 kB, and the session's would be that one."""
    reason = "".join(chr(0x1F300 + at) for at in range(0x1F0) if chr(0x1F300 + at).isprintable())
    answer = send(operator, room, "acts/pause", reason=(reason * 2)[:500])
    assert answer.status_code == 303
    assert len(answer.headers["Set-Cookie"]) < 4_000
    assert "Paused. The room is now paused: 🌀" in operator.get(answer.location).text


@pytest.mark.parametrize("still_there", [True, False])
def test_what_was_typed_outlives_the_end_of_a_session(
    operator: Desk, people: People, room: str, store: Store, still_there: bool
) -> None:
    """Nothing is done; after the log-in the form stands there, filled in, to be sent."""
    page = operator.get(f"/rooms/{room}/acts/pause").text
    held = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    if still_there:
        operator.clock_ms += 10**8
    else:
        operator.client.delete_cookie("wr-console")
    fields = held | {"reason": "The till is slow & sad."}
    answer = operator.post(f"/rooms/{room}/acts/pause", fields, token=held["csrf_token"])
    assert answer.status_code == 401
    assert "nothing was changed" in answer.text
    assert store.status(room).phase is Phase.OPEN
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
    to = form["to"].replace("&amp;", "&")
    assert parse_qs(urlsplit(to).query) == {"reason": ["The till is slow & sad."]}
    login = {"name": people[Role.OPERATOR], "password": PASSWORD, "to": to}
    answer = operator.post("/login", login, token=form["csrf_token"])
    assert 'value="The till is slow &amp; sad."' in operator.get(answer.location).text
    assert store.status(room).phase is Phase.OPEN, "a look does nothing"


def test_more_than_an_address_may_hold_is_left_out_of_the_way_back(
    operator: Desk, room: str
) -> None:
    operator.clock_ms += 10**8
    answer = operator.post(f"/rooms/{room}/acts/pause", {"reason": "😀" * 500, "version": "1"})
    to = re.search(r'name="to" value="([^"]*)"', answer.text)[1]
    assert len(to) <= LONGEST_WAY_BACK
    assert to == f"/rooms/{room}/acts/pause"


def test_an_act_without_an_answer_is_told_as_such(
    operator: Desk, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows whether it was done, and nobody says so."""

    def silent(*_: object, **__: object) -> None:
        raise StoreDown("the store does not answer: unix:///secret/place")

    monkeypatch.setattr(Store, "act", silent)
    answer = send(operator, room, "acts/close")
    assert answer.status_code == 503
    assert "did not say whether this was done" in answer.text
    assert "secret" not in answer.text
    assert "data-again" not in answer.text, "a form is not sent again by itself"


def test_a_room_that_is_paused_before_its_opening_says_so(
    operator: Desk, room_id: str, store: Store
) -> None:
    """And may be resumed."""
    store.create(room_id, Settings(opens_at_ms=clock.now_ms() + 1_800_000), actor="test")
    send(operator, room_id, "acts/pause", reason="lunch")
    page = operator.get(f"/rooms/{room_id}").text
    assert re.search(r"early, opens in \d+:\d\d, paused: lunch<", page)
    assert ">Resume</button>" in page
    assert (
        "It stays paused until you resume it." in operator.get(f"/rooms/{room_id}/acts/open").text
    )
    assert send(operator, room_id, "acts/resume").status_code == 303
    assert ", paused" not in operator.get(f"/rooms/{room_id}").text


def test_a_room_that_is_open_counts_down_to_its_closing(
    operator: Desk, room: str, store: Store
) -> None:
    """Until it has come."""
    store.set(room, {"closes_at_ms": clock.now_ms() + 1_800_000}, actor="test")
    assert re.search(r"open, closes in (30:00|29:\d\d)<", operator.get(f"/rooms/{room}").text)
    send(operator, room, "acts/pause", reason="lunch")
    page = operator.get(f"/rooms/{room}").text
    assert re.search(r"paused, closes in \d\d:\d\d: lunch<", page)
    send(operator, room, "acts/close")
    assert "closes in" not in operator.get(f"/rooms/{room}").text


def test_what_an_act_will_do_is_told_of_the_room_as_it_is(store: Store, room_id: str) -> None:
    """How many it touches, and whether it can be taken back."""
    opens_at_ms = clock.now_ms() + 1_800_000
    store.create(room_id, Settings(opens_at_ms=opens_at_ms), actor="test")
    store.join(room_id, 1)
    early = store.status(room_id)
    told = "The sale opens now. Places by lot: 1 person so far. This cannot be undone."
    assert acts.ACTS["open"].tells(early) == told
    assert re.search(r"It opens in (30:00|29:\d\d)\.", acts.ACTS["reset"].tells(early))
    store.set(room_id, {"opens_at_ms": 0}, actor="test")
    assert "It opens when you open it." in acts.ACTS["reset"].tells(store.status(room_id))
    fifo = f"{room_id}-fifo"
    store.create(fifo, Settings(opens_at_ms=opens_at_ms, draw=DrawMethod.FIFO), actor="test")
    assert "lot" not in acts.ACTS["open"].tells(store.status(fifo))
