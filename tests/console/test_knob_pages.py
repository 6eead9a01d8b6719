"""Knobs on the console's pages: shown, then turned, planned or taken back; nothing is lost."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from desks import Desk, held, text
from systems import eventually
from werkzeug.test import TestResponse

from waitingroom import clock
from waitingroom.console.knobs import GROUPS, KNOBS
from waitingroom.console.posted import LONGEST_TOLD
from waitingroom.console.room_figures import RoomFigures
from waitingroom.model import Brand, DrawMethod, Settings, WhileNoSale
from waitingroom.operators import Role
from waitingroom.outcomes import lease_id
from waitingroom.plan import PlanStep
from waitingroom.ramps import ramp
from waitingroom.store.client import Store

MINUTE = 60_000
ZONES = ("UTC", "Europe/Warsaw")
TYPED = {"rate_per_min", "capacity", "burst", "session_ms", "message", "closes_at_ms", "at", "over"}
"""Fields that are typed into, not chosen from."""


def path(room: str, name: str = "pace") -> str:
    return f"/rooms/{room}/knobs/{name}"


def show(desk: Desk, room: str, name: str = "pace", **fields: str) -> TestResponse:
    """The form as its page holds it, with what is typed over it, sent to see what it would do."""
    form = held(desk.get(path(room, name)), path(room, name))
    return desk.post(path(room, name), form | fields | {"step": "show"}, token=form["csrf_token"])


def apply(desk: Desk, page: TestResponse, room: str, name: str = "pace") -> TestResponse:
    """What a preview shows, done."""
    form = held(page, path(room, name))
    return desk.post(path(room, name), form | {"step": "apply"}, token=form["csrf_token"])


def turn(desk: Desk, room: str, name: str = "pace", **fields: str) -> str:
    """Shown and done; what the room's page then tells."""
    page = show(desk, room, name, **fields)
    assert page.status_code == 200, text(page)
    answer = apply(desk, page, room, name)
    assert (answer.status_code, answer.location) == (303, f"/rooms/{room}"), text(answer)
    return text(desk.get(answer.location))


def local(at_ms: int) -> str:
    """As a field for a time in UTC holds it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M")


def test_a_knob_is_shown_first_and_only_then_turned(
    operator: Desk, room: str, store: Store
) -> None:
    """With what it does to the people in line, and then by whom it was turned."""
    before = store.status(room)
    page = show(operator, room, rate_per_min="120")
    said = text(page)
    assert "Rate : 0 a minute, which holds everybody → 120 a minute" in said
    assert "Nothing is changed yet." in said
    assert "5 people in line now, 0 inside." in said
    assert "As it is: the rate is 0: everybody is held until it is raised." in said
    assert re.search(
        r"The last goes in As it is – With it in 0:\d\d, at \d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC",
        said,
    )
    assert "Stock ends As it is not reported With it not reported" in said
    assert store.status(room).version == before.version
    answer = apply(operator, page, room)
    assert answer.status_code == 303
    told = text(operator.get(answer.location))
    assert "Done. Rate: 0 a minute, which holds everybody → 120 a minute. At once." in told
    assert store.status(room).rate_per_min == 120
    assert store.record.newest(room, 1)[0].detail == '{"rate_per_min": 120}'


def test_why_a_knob_was_turned_is_in_the_record(operator: Desk, room: str, store: Store) -> None:
    """Typed where it is applied; it stays while the form is looked at again."""
    form = held(show(operator, room, rate_per_min="7"), path(room))
    token, why = form["csrf_token"], {"why": "the shop is bored"}
    edited = operator.post(path(room), form | why | {"step": "edit"}, token=token)
    form = held(edited, path(room)) | {"rate_per_min": "9"}
    page = operator.post(path(room), form | {"step": "show"}, token=token)
    assert held(page, path(room))["why"] == why["why"]
    wrong = held(page, path(room)) | {"step": "apply", "why": "a\x07"}
    refused = operator.post(path(room), wrong, token=token)
    assert (refused.status_code, store.status(room).rate_per_min) == (400, 0)
    assert "The reason: at most 500 characters, and no line breaks." in text(refused)
    assert apply(operator, page, room).status_code == 303
    (entry,) = store.record.newest(room, 1)
    assert (entry.act, entry.text("why")) == ("set", why["why"])


TURNS = (
    ("pace", "rate_per_min", "7", 7),
    ("pace", "capacity", "2000", 2000),
    ("pace", "burst", "9", 9),
    ("pace", "join_limit", "30", 30),
    ("pace", "joins", "0", False),
    ("stay", "call_timeout_ms", "20s", 20_000),
    ("stay", "claim_grace_ms", "1h30m", 5_400_000),
    ("stay", "session_ms", "30m", 1_800_000),
    ("stay", "session_max_ms", "1h", 3_600_000),
    ("around", "poll_min_ms", "5s", 5_000),
    ("around", "poll_max_ms", "1m", 60_000),
    ("around", "poll_divisor", "20", 20),
    ("around", "outside", "open", WhileNoSale.OPEN),
    ("message", "message", "Bring <b>bags</b> & wait", "Bring <b>bags</b> & wait"),
)


def test_every_knob_is_turned_on_a_page_and_taken_back_with_one_click(
    operator: Desk, room: str, store: Store
) -> None:
    """The button says what it would take back."""
    for name, field, typed, value in TURNS:
        was = getattr(store.status(room), field)
        assert KNOBS[field].label in turn(operator, room, name, **{field: typed})
        assert getattr(store.status(room), field) == value
        page = operator.get(f"/rooms/{room}")
        assert KNOBS[field].label in re.search(r"Undo (.*? UTC\))", text(page))[1]
        undo = held(page, f"/rooms/{room}/undo")
        answer = operator.post(f"/rooms/{room}/undo", undo, token=undo["csrf_token"])
        assert answer.status_code == 303
        assert "Taken back: " + KNOBS[field].label in text(operator.get(answer.location))
        assert getattr(store.status(room), field) == was
    assert f'action="/rooms/{room}/undo"' not in operator.get(f"/rooms/{room}").text
    again = operator.post(f"/rooms/{room}/undo", undo, token=undo["csrf_token"])
    assert again.status_code == 409
    assert "Nothing of yours was done" in text(again)


def test_every_knob_stands_on_one_page_with_the_way_to_its_form(operator: Desk, room: str) -> None:
    page = operator.get(f"/rooms/{room}/knobs")
    for name, group in GROUPS.items():
        assert f'href="{path(room, name)}"' in page.text
        assert f'href="{path(room, name)}"' in operator.get(f"/rooms/{room}").text
        assert all(KNOBS[one].label in text(page) for one in group.names)


def test_a_form_that_changes_nothing_says_so(operator: Desk, room: str, store: Store) -> None:
    before = store.status(room).version
    answer = show(operator, room)
    assert answer.status_code == 200
    assert "nothing was changed" in text(answer)
    assert store.status(room).version == before


NO_NUMBERS = (
    *("", "-3", "12.5", "1e3", "1,000", "１２", "x" * 5000, "1000001", "9" * 12, "9" * 5000),
)


def test_a_number_that_cannot_be_is_told_in_a_sentence(
    operator: Desk, room: str, store: Store
) -> None:
    """Beside its field, with what was typed; nothing changes."""
    before = store.status(room).version
    form = held(operator.get(path(room)), path(room))
    for typed, step in product(NO_NUMBERS, ("show", "apply")):
        sent = form | {"rate_per_min": typed, "capacity": "7", "step": step}
        answer = operator.post(path(room), sent, token=form["csrf_token"])
        assert answer.status_code == 400, typed
        assert "Rate must be a whole number from 0 to 1,000,000" in text(answer)
        assert 'aria-invalid="true" aria-describedby="rate_per_min-problem"' in answer.text
        again = held(answer, path(room))
        assert (again["rate_per_min"], again["capacity"]) == (typed[:600], "7")
    assert store.status(room).version == before


REFUSED = (
    ("stay", {"session_ms": "15"}, "Session: “15” is no duration; write it like 10s, 15m"),
    ("stay", {"call_timeout_ms": "0"}, "Call timeout must be from 1s to 10m."),
    ("stay", {"claim_grace_ms": "1s"}, "Claim grace must not be shorter than the call"),
    ("stay", {"draw": "lottery"}, "must be one of: by lot, first come, first served."),
    ("stay", {"draw": "fifo"}, "Early places cannot be changed any more: people"),
    ("message", {"message": "x" * 501}, "Message must have at most 500 characters."),
    ("message", {"message": "two\nlines"}, "Message must not hold line breaks"),
    ("pace", {"joins": "maybe"}, "New people must be one of: may join, may not join."),
    ("around", {"poll_min_ms": "10ms"}, "more often than must be 0, or from 1s to 1m."),
    ("around", {"poll_min_ms": "31s"}, "must not be longer than the longest, 30s."),
    ("around", {"poll_divisor": "101"}, "Part of the wait must be a whole number from 0 to 100."),
    ("around", {"outside": "ajar"}, "must be one of: as the shop is set, open to all, blocked"),
    ("pace", {"tail": "5"}, "There is no field “tail” here; nothing was changed."),
    ("pace", {"opens_at_ms": "5"}, "There is no field “opens_at_ms” here"),
    ("times", {"closes_at_ms": "soon"}, "Closing: “soon” is no time; write it like 2026-"),
    ("times", {"closes_at_ms": "2027-03-01"}, "“2027-03-01” is no time; write it like 2026-"),
    ("times", {"closes_at_ms": "2027-13-01T10:00"}, "“2027-13-01T10:00” is no time"),
    ("times", {"closes_at_ms": "2150-01-01T10:00"}, "Closing must be a time from 1970 to 2099"),
    ("times", {"closes_at_ms": "2020-01-01T10:00"}, "this one has passed; to close now"),
    ("times", {"opens_at_ms": "2090-01-01T10:00"}, "Opening cannot be changed any more"),
    ("times", {"zone": "Mars/Olympus", "closes_at_ms": "2090-01-01T10:00"}, "is no time zone"),
    ("plan", {"rate_per_min": "5"}, "Say at what time."),
    ("plan", {"rate_per_min": "5", "when": "whenever"}, "Say whether at a time or little by"),
    ("plan", {"rate_per_min": "5", "at": "2020-01-01T10:00"}, "The time must be a time to"),
    ("plan", {"rate_per_min": "5", "when": "ramp"}, "How long it takes: “” is no duration"),
    ("plan", {"rate_per_min": "5", "when": "ramp", "over": "10ms"}, "must be from 1s to 365d."),
    ("plan", {"rate_per_min": "5", "when": "ramp", "over": "99999d"}, "must be from 1s to 365d."),
    ("plan", {"rate_per_min": "0", "when": "ramp", "over": "10m"}, "which is no way."),
    ("plan", {"burst": "5", "when": "ramp", "over": "10m"}, "Burst cannot be turned little by"),
    ("plan", {"rate_per_min": "5", "capacity": "5", "when": "ramp", "over": "1m"}, "not both."),
    ("plan", {"capacity": "5", "when": "ramp", "over": "10m"}, "no way to or from 0"),
)  # fmt: skip


def test_what_cannot_be_is_told_in_a_sentence_and_changes_nothing(
    operator: Desk, room: str, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """A 400 that the log tells of; what was typed stays."""
    before = store.status(room).version
    forms = {name: held(operator.get(path(room, name)), path(room, name)) for name in GROUPS}
    for (name, fields, sentence), step in product(REFUSED, ("show", "apply")):
        caplog.clear()
        sent = forms[name] | fields | {"step": step}
        answer = operator.post(path(room, name), sent, token=sent["csrf_token"])
        assert answer.status_code == 400, (fields, text(answer))
        assert sentence in text(answer), fields
        again = held(answer, path(room, name))
        assert all(again[one] == fields[one] for one in fields.keys() & TYPED)
        assert "refused (400)" in caplog.text
    assert store.status(room).version == before


def test_an_open_room_to_which_nobody_came_does_not_speak_of_people(
    operator: Desk, room_id: str, store: Store
) -> None:
    store.create(room_id, Settings(opens_at_ms=1), actor="test")
    store.status(room_id)
    page = text(operator.get(path(room_id, "stay")))
    assert "Early places of those who come before the opening" in page
    assert "Cannot be changed any more: the draw has been." in page


def test_a_lowered_capacity_says_how_long_it_takes_and_throws_nobody_out(
    operator: Desk, room_id: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five are inside, and two may be."""
    opens_ms = clock.now_ms()
    fifo = Settings(burst=5, draw=DrawMethod.FIFO, opens_at_ms=opens_ms)
    store.create(room_id, fifo, actor="test")
    store.status(room_id)
    store.join(room_id, 8)
    for arrival in range(1, 6):
        assert store.enter(room_id, 1, arrival, arrival).is_in
    said = text(show(operator, room_id, capacity="2"))
    assert "More are inside than the capacity allows. It takes about" in said
    assert "nobody is thrown out" in said
    done = turn(operator, room_id, capacity="2")
    assert "at most 2 inside. At once. More are inside than the capacity allows. It takes" in done
    assert (store.status(room_id).capacity, store.status(room_id).leases) == (2, 5)
    shown = operator.get(f"/rooms/{room_id}/live.json").json["figures"]["inside"]
    assert re.fullmatch(r"5 of 2; 2 in about \d+:\d\d", shown)
    found = store.status(room_id)
    with monkeypatch.context() as patch:
        # A page is told every second: where the room stands was asked once already.
        patch.setattr(store, "status", None)
        assert RoomFigures.of(store, found).capacity_in_s
    for lease in range(1, 4):
        store.release(room_id, [lease_id(1, lease)])
    shown = operator.get(f"/rooms/{room_id}/live.json").json["figures"]["inside"]
    assert shown == "2 of 2"


def test_the_second_of_two_operators_sees_who_moved_the_knob_and_from_what_to_what(
    operator: Desk, room: str, store: Store
) -> None:
    """Nothing of theirs is done before they have seen it; what they typed is kept."""
    page = show(operator, room, rate_per_min="120", capacity="50")
    store.set(room, {"rate_per_min": 90}, actor="console:ada")
    store.set(room, {"message": "Hello"}, actor="console:ben")
    answer = apply(operator, page, room)
    assert answer.status_code == 409
    said = text(answer)
    assert "Nothing of yours was done: the room was changed after your page was shown." in said
    assert "ada: Rate: 0 a minute, which holds everybody → 90 a minute." in said
    assert "ben: Message: none → “Hello”." in said
    assert "Rate : 90 a minute → 120 a minute" in said
    now = store.status(room)
    assert (now.rate_per_min, now.capacity, now.message) == (90, 0, "Hello")
    assert apply(operator, answer, room).status_code == 303
    now = store.status(room)
    assert (now.rate_per_min, now.capacity, now.message) == (120, 50, "Hello")


def test_of_two_operators_at_the_same_moment_one_is_told(
    operator: Desk, room: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the other one comes between the look at the room and the turn."""
    page, turn_it = show(operator, room, rate_per_min="120"), Store.set

    def after_ada(self: Store, name: str, changes: dict, **how: object) -> object:
        monkeypatch.setattr(Store, "set", turn_it)
        store.set(room, {"rate_per_min": 90}, actor="ada")
        return turn_it(self, name, changes, **how)

    monkeypatch.setattr(Store, "set", after_ada)
    answer = apply(operator, page, room)
    assert answer.status_code == 409
    assert "ada: Rate: 0 a minute, which holds everybody → 90 a minute." in text(answer)
    assert store.status(room).rate_per_min == 90


def test_no_form_of_knobs_is_taken_from_elsewhere(operator: Desk, room: str, store: Store) -> None:
    """Without the token of its session nothing is changed."""
    store.plan(room, [PlanStep(4_000_000_000_000, "capacity", 9)], actor="ada")
    version = store.status(room).version
    fields = {"version": str(version), "rate_per_min": "5", "step": "apply"}
    for way in ("knobs/pace", "undo", "plan/4000000000000-capacity"):
        assert operator.post(f"/rooms/{room}/{way}", fields, token="").status_code == 400
    assert store.status(room).version == version


def test_a_knob_that_others_moved_is_not_put_back_by_a_form_that_shows_it(
    operator: Desk, room: str, store: Store
) -> None:
    """Of an old page only what was typed counts, also after a slip on it."""
    form = held(operator.get(path(room)), path(room))
    store.set(room, {"rate_per_min": 90}, actor="ada")
    slip = operator.post(path(room), form | {"capacity": "many"}, token=form["csrf_token"])
    assert slip.status_code == 400
    assert "ada: Rate: 0 a minute, which holds everybody → 90 a minute." in text(slip)
    again = held(slip, path(room)) | {"capacity": "50", "step": "show"}
    page = operator.post(path(room), again, token=again["csrf_token"])
    assert "Rate" not in text(page).partition("Nothing is changed yet")[0].partition("Capacity")[0]
    assert apply(operator, page, room).status_code == 303
    assert (store.status(room).rate_per_min, store.status(room).capacity) == (90, 50)


def test_what_somebody_else_has_done_already_is_not_done_again(
    operator: Desk, room: str, store: Store
) -> None:
    page = show(operator, room, rate_per_min="120")
    version = store.set(room, {"rate_per_min": 120}, actor="ada").version
    answer = apply(operator, page, room)
    assert answer.status_code == 409
    assert "ada: Rate" in text(answer)
    assert store.status(room).version == version


def test_a_preview_leads_back_to_the_form_as_it_was_typed(operator: Desk, room: str) -> None:
    page = show(operator, room, "plan", capacity="70", when="ramp", over="5m", at="")
    assert page.status_code == 400, "from no cap there is no way"
    page = show(operator, room, "plan", rate_per_min="70", when="ramp", over="5m", at="")
    form = held(page, path(room, "plan")) | {"step": "edit"}
    again = operator.post(path(room, "plan"), form, token=form["csrf_token"])
    assert again.status_code == 200
    kept = held(again, path(room, "plan"))
    assert (kept["rate_per_min"], kept["when"], kept["over"]) == ("70", "ramp", "5m")


def test_a_ramp_is_shown_begun_listed_and_stopped_with_one_click(
    operator: Desk, room: str, store: Store
) -> None:
    """ "From 60 to 300 over ten minutes"; taken back it leaves the rate where it was."""
    store.set(room, {"rate_per_min": 60}, actor="test")
    page = show(operator, room, "plan", rate_per_min="300", when="ramp", over="10m")
    assert "Rate : 60 a minute → 300 a minute From now, over 10m, in 19 steps." in text(page)
    at_once = show(operator, room, "plan", rate_per_min="300", when="ramp", over="1s")
    assert "From now, over 1s, in 1 step." in text(at_once)
    assert store.steps(room) == ()
    assert apply(operator, page, room, "plan").status_code == 303
    assert len(store.steps(room)) == 19
    listed = text(operator.get(f"/rooms/{room}/plan"))
    assert "Rate: from 60 a minute to 300 a minute, little by little (19 steps to come)" in listed
    home = operator.get(f"/rooms/{room}")
    assert "out of the plan: Rate: from 60 a minute to 300 a minute, little by" in text(home)
    undo = held(home, f"/rooms/{room}/undo")
    assert operator.post(f"/rooms/{room}/undo", undo, token=undo["csrf_token"]).status_code == 303
    assert store.steps(room) == ()
    assert "Nothing is planned." in text(operator.get(f"/rooms/{room}/plan"))


def test_a_ramp_that_goes_on_meanwhile_is_in_nobodys_way(
    operator: Desk, room: str, store: Store
) -> None:
    """Its steps move the version: another knob, an undo and its own end are done all the same."""
    store.set(room, {"rate_per_min": 60}, actor="test")
    later = PlanStep(4_000_000_000_000, "capacity", 9)
    now_ms = clock.now_ms()
    steps = ramp("rate_per_min", 60, 300, begins_ms=now_ms, over_ms=MINUTE // 2, was=60)
    store.plan(room, [*steps, later], actor="test")

    def goes_on() -> None:
        version = store.status(room).version
        eventually(lambda: store.status(room).version > version, "a step is due", 10)

    page, same = show(operator, room, capacity="7"), show(operator, room, rate_per_min="7")
    goes_on()
    answer = apply(operator, same, room)
    assert answer.status_code == 409
    assert "UTC, the plan: Rate: " in text(answer)
    assert apply(operator, page, room).status_code == 303
    undo = held(operator.get(f"/rooms/{room}"), f"/rooms/{room}/undo")
    goes_on()
    assert operator.post(f"/rooms/{room}/undo", undo, token=undo["csrf_token"]).status_code == 303
    assert store.status(room).capacity == 0
    key = f"/rooms/{room}/plan/{steps[-1].at_ms}-rate_per_min"
    drop = held(operator.get(key), key)
    goes_on()
    assert operator.post(key, drop, token=drop["csrf_token"]).status_code == 303
    assert store.steps(room) == (later,)
    assert 60 < store.status(room).rate_per_min < 300, "it stays where it was stopped"


def test_a_turn_for_later_is_planned_in_a_zone_and_can_be_taken_out(
    operator: Desk, room: str, store: Store
) -> None:
    """Also a value that the knob has now: by then it may be another."""
    told = turn(
        operator, room, "plan",
        rate_per_min="0", joins="0", at="2090-07-01T14:00", zone="Europe/Warsaw",
    )  # fmt: skip
    assert "Planned. " in told
    assert "At 2090-07-01 14:00 Europe/Warsaw (+02:00), 12:00 UTC." in told
    at_ms = round(datetime(2090, 7, 1, 12, tzinfo=UTC).timestamp() * 1000)
    assert store.steps(room) == (
        PlanStep(at_ms, "rate_per_min", 0),
        PlanStep(at_ms, "joins", False),
    )
    page = operator.get(f"/rooms/{room}/plan")
    key = f"/rooms/{room}/plan/{at_ms}-rate_per_min"
    assert f'href="{key}"' in page.text
    asked = operator.get(key)
    assert "For those in line now nothing becomes different." in text(asked)
    assert "As planned Without it" in " ".join(text(asked).split()), (
        "not “with it”, which is the step"
    )
    drop = held(asked, key) | {"why": "no longer"}
    assert operator.post(key, drop, token=drop["csrf_token"]).location == f"/rooms/{room}/plan"
    assert store.steps(room) == (PlanStep(at_ms, "joins", False),)
    assert store.record.newest(room, 1)[0].text("why") == "no longer"
    assert operator.get(key).status_code == 404
    stale = operator.post(f"/rooms/{room}/plan/{at_ms}-joins", drop, token=drop["csrf_token"])
    assert stale.status_code == 409
    assert len(store.steps(room)) == 1


def test_a_knob_that_is_planned_too_is_warned_of(operator: Desk, room: str, store: Store) -> None:
    """Both when it is turned now, and when it is planned for the same time again."""
    store.plan(room, [PlanStep(4_000_000_000_000, "rate_per_min", 30)], actor="ada")
    said = text(show(operator, room, rate_per_min="50"))
    assert "Rate is planned, too: it goes to 30 a minute at 2096-10-02 07:06:40 UTC." in said
    fields = {"rate_per_min": "50", "at": "2096-10-02T07:06:40"}
    answer = show(operator, room, "plan", **fields)
    assert answer.status_code == 409
    assert "Rate is planned for that time already, to be 30." in text(answer)
    turn(operator, room, "plan", **fields, replace="1")
    assert [step.value for step in store.steps(room)] == [50]


@pytest.fixture
def early(store: Store, room_id: str) -> str:
    """A room to open in an hour, whose operator has a time zone of their own."""
    opens_ms = (clock.now_ms() // MINUTE + 60) * MINUTE
    settings = Settings(opens_at_ms=opens_ms, draw=DrawMethod.FIFO)
    version = store.create(room_id, settings, actor="test").version
    store.brand(room_id, Brand(time_zone="Europe/Warsaw"), actor="test", version=version)
    return room_id


def test_times_are_typed_in_the_rooms_zone_and_shown_in_it_and_in_utc(
    operator: Desk, early: str, store: Store
) -> None:
    said = turn(
        operator, early, "times", opens_at_ms="2090-01-01T15:00", closes_at_ms="2090-01-01T18:30"
    )
    assert store.status(early).opens_at_ms == 3_786_962_400_000
    assert "2090-01-01 15:00 Europe/Warsaw (+01:00), 14:00 UTC" in said
    form = held(operator.get(path(early, "times")), path(early, "times"))
    assert (form["opens_at_ms"], form["zone"]) == ("2090-01-01T15:00", "Europe/Warsaw")
    page = text(operator.get(f"/rooms/{early}"))
    assert "Closing 2090-01-01 18:30 Europe/Warsaw (+01:00), 17:30 UTC → when" in page, "undo"
    said = turn(operator, early, "times", closes_at_ms="")
    assert "Closing: 2090-01-01 18:30 Europe/Warsaw (+01:00), 17:30 UTC → when an operator" in said
    assert store.status(early).closes_at_ms == 0


def test_a_rooms_news_charts_alarms_and_record_have_its_zone_too(
    operator: Desk, early: str, store: Store
) -> None:
    """Named wherever times stand; a room without one has UTC."""
    store.act(early, "pause", actor="test")
    entry = store.record.newest(early, 1)[0]
    utc, there = (datetime.fromtimestamp(entry.at_ms / 1000, ZoneInfo(zone)) for zone in ZONES)
    assert utc.hour != there.hour
    home = operator.get(f"/rooms/{early}")
    assert text(home).count("times in Europe/Warsaw") == 3, "news, and charts twice"
    paused = next(at for at, what in operator.get(f"/rooms/{early}/live.json").json["news"])
    assert paused[:2] == f"{there:%H}"
    assert f"<time>{paused}</time>" in home.text
    record = text(operator.get(f"/rooms/{early}/record"))
    assert "times in Europe/Warsaw." in record
    assert f"{there:%Y-%m-%d %H:%M:%S} ({there.isoformat()[-6:]}) pause" in record
    store.set(early, {"rate_per_min": 61}, actor="ada")
    undo = text(operator.get(f"/rooms/{early}"))
    assert re.search(r"\(ada, \d\d:\d\d:\d\d Europe/Warsaw\)", undo)
    store.brand(early, Brand(), actor="test", version=store.status(early).version)
    assert text(operator.get(f"/rooms/{early}")).count("times in UTC") == 3
    assert "times in UTC." in text(operator.get(f"/rooms/{early}/record"))


def test_another_zone_alone_moves_no_time(operator: Desk, early: str, store: Store) -> None:
    """The fields then show the same moments in it."""
    before = store.status(early)
    answer = show(operator, early, "times", zone="Asia/Tokyo")
    assert answer.status_code == 200
    assert "Times are now shown in Asia/Tokyo; nothing was changed." in text(answer)
    form = held(answer, path(early, "times"))
    moment = datetime.fromisoformat(form["opens_at_ms"]) - timedelta(hours=9)
    assert round(moment.replace(tzinfo=UTC).timestamp() * 1000) == before.opens_at_ms
    assert store.status(early).version == before.version


def test_a_time_that_a_clock_leaves_out_is_refused(
    operator: Desk, early: str, store: Store
) -> None:
    answer = show(operator, early, "times", opens_at_ms="2090-03-26T02:30")
    assert answer.status_code == 400
    told = (
        "Opening: 2090-03-26 02:30 does not exist in Europe/Warsaw: clocks are put forward over "
        "it. Is it 2090-03-26 01:30 or 2090-03-26 03:30?"
    )
    assert f">{told}<" in answer.text
    assert held(answer, path(early, "times"))["opens_at_ms"] == "2090-03-26T02:30"


def test_a_time_that_a_clock_shows_twice_is_asked_about(
    operator: Desk, early: str, store: Store
) -> None:
    """Both are offered, with their offsets; the answer counts, up to where it is done."""
    answer = show(operator, early, "times", opens_at_ms="2090-10-29T02:30")
    assert answer.status_code == 400
    said = text(answer)
    assert "Opening: 2090-10-29 02:30 is there twice in Europe/Warsaw" in said
    assert "2090-10-29 02:30 Europe/Warsaw (+02:00), 00:30 UTC" in said
    assert "2090-10-29 02:30 Europe/Warsaw (+01:00), 01:30 UTC" in said
    for fold, at_ms in (("0", 3_812_920_200_000), ("1", 3_812_923_800_000)):
        form = held(answer, path(early, "times"))
        form |= {
            "fold_opens_at_ms": fold,
            "step": "show",
            "version": str(store.status(early).version),
        }
        page = operator.post(path(early, "times"), form, token=form["csrf_token"])
        assert page.status_code == 200
        assert apply(operator, page, early, "times").status_code == 303
        assert store.status(early).opens_at_ms == at_ms


MEANT = {
    "early_at_ms": "leave it empty to let people join at once",
    "draw_at_ms": "leave it empty to draw at the opening",
    "opens_at_ms": "to open now, use “Open now”",
    "closes_at_ms": "to close now, use “Close”",
}


def test_a_time_that_has_passed_is_refused_with_what_may_be_meant(
    operator: Desk, early: str, store: Store
) -> None:
    past = local(clock.now_ms() - 10 * MINUTE)
    for field, then in MEANT.items():
        answer = show(operator, early, "times", zone="UTC", **{field: past})
        assert answer.status_code == 400
        told = f"{KNOBS[field].label} must be a time to come; this one has passed; {then}."
        assert told in text(answer)


def test_times_that_contradict_each_other_are_refused_before_they_are_shown(
    operator: Desk, early: str
) -> None:
    answer = show(
        operator, early, "times", opens_at_ms="2090-01-01T15:00", closes_at_ms="2090-01-01T15:00"
    )
    assert answer.status_code == 400
    assert "Closing must be later than the opening." in text(answer)


def test_people_who_will_not_get_in_before_closing_are_told(
    operator: Desk, room: str, store: Store
) -> None:
    store.set(room, {"rate_per_min": 1}, actor="test")
    closes = local(clock.now_ms() + 2 * MINUTE)
    said = text(show(operator, room, "times", closes_at_ms=closes))
    assert re.search(r"Not in before it closes As it is 0 With it [1-5]", said)
    assert re.search(r"[1-5] (person|people) will not get in before it closes\.", said)


def test_knobs_take_an_operator(desk: Desk, people: dict[Role, str], room: str) -> None:
    desk.log_in(people[Role.SUPPORT])
    for way in ("knobs/pace", "knobs/plan", "plan/1-capacity"):
        assert desk.get(f"/rooms/{room}/{way}").status_code == 403
    for way in ("knobs/pace", "plan/1-capacity", "undo"):
        assert desk.post(f"/rooms/{room}/{way}", {"version": "1"}).status_code == 403


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_who_only_looks_reads_the_knobs_and_the_plan_and_is_offered_no_turn(
    desk: Desk, people: dict[Role, str], room: str, store: Store, role: Role
) -> None:
    """As the API tells them: two pages behind the room's, on which nothing can be sent."""
    store.set(room, {"capacity": 40}, actor="test")
    store.plan(room, (PlanStep(clock.now_ms() + MINUTE, "rate_per_min", 90),), actor="test")
    desk.log_in(people[role])
    home = desk.get(f"/rooms/{room}").text
    assert f'href="/rooms/{room}/knobs"' in home
    assert f'href="/rooms/{room}/plan"' in home
    knobs, plan = desk.get(f"/rooms/{room}/knobs"), desk.get(f"/rooms/{room}/plan")
    assert "at most 40 inside" in text(knobs)
    assert all(knob.label in text(knobs) for knob in KNOBS.values())
    assert "Rate: 90 a minute" in text(plan)
    for page in (knobs, plan):
        main = page.text.partition("<main>")[2]
        ways = re.findall(r'<(?:form|button|input|select)\b|href="([^"]*)"', main)
        assert set(ways) <= {f"/rooms/{room}", f"/rooms/{room}/plan", f"/rooms/{room}/knobs"}


def test_a_long_result_ends_with_a_whole_word(operator: Desk, room: str, store: Store) -> None:
    """And says that there is more: it travels in a cookie."""
    assert "Done. Message: none → “word word " in turn(
        operator, room, "message", message="word " * 99 + "end"
    )
    undo = held(operator.get(f"/rooms/{room}"), f"/rooms/{room}/undo")
    answer = operator.post(f"/rooms/{room}/undo", undo, token=undo["csrf_token"])
    told = text(operator.get(answer.location))
    assert re.search(r"Taken back: Message “(word )+…", told)
    assert len(re.search(r"Taken back: [^…]*", told)[0]) <= LONGEST_TOLD
    assert store.status(room).message == ""


def test_there_is_no_other_page_of_knobs(operator: Desk, room: str) -> None:
    assert operator.get(path(room, "secrets")).status_code == 404
    assert operator.get(path("none")).status_code == 404


def test_an_undo_that_is_over_says_why(operator: Desk, room: str, store: Store) -> None:
    """Its button is gone; whoever still sends it is told."""
    store.set(room, {"rate_per_min": 90}, actor="ada")
    undo = held(operator.get(f"/rooms/{room}"), f"/rooms/{room}/undo")
    store.act(room, "close", actor="ben")
    answer = operator.post(f"/rooms/{room}/undo", undo, token=undo["csrf_token"])
    assert answer.status_code == 409
    assert "ben: close." in text(answer)
    fresh = undo | {"version": str(store.status(room).version)}
    answer = operator.post(f"/rooms/{room}/undo", fresh, token=undo["csrf_token"])
    assert answer.status_code == 409
    assert "another act than a pause" in text(answer)
    assert store.status(room).rate_per_min == 90
