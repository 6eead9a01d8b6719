"""Knobs and the plan by the API: turned, shown first, based on a version, taken back."""

import json

import pytest
from callers import Caller, refused

from waitingroom import clock
from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.settings import LATEST_MS, LONGEST_PLAN
from waitingroom.store.client import Store

HOUR_MS = 3_600_000


@pytest.fixture
def ada(callers: dict[Role, Caller]) -> Caller:
    """A program with an operator's key."""
    return callers[Role.OPERATOR]


def test_knobs_are_turned_at_once_and_recorded_with_the_keys_name(
    ada: Caller, room: str, store: Store
) -> None:
    """From where, and why; the knobs that are not named stay."""
    answer = ada("PATCH", f"/rooms/{room}/knobs?why=too%20fast", {"rate_per_min": 30})
    assert (answer.status_code, answer.json["rate_per_min"]) == (200, 30)
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    assert store.status(room).rate_per_min == 30
    (entry,) = store.record.newest(room, 1)
    assert entry.actor == f"key:{ada.key.partition('.')[0]}"
    assert (entry.act, entry.text("from"), entry.text("why")) == ("set", ada.address, "too fast")
    told = ada("GET", f"/rooms/{room}/knobs").json
    assert told["knobs"]["rate_per_min"] == 30
    assert told["knobs"]["call_timeout_ms"] == 10_000


def test_of_two_who_turn_the_same_knob_the_second_is_told(
    ada: Caller, room: str, store: Store
) -> None:
    """And nothing of theirs is done; on what the room is now, it is."""
    seen = ada("GET", f"/rooms/{room}").headers["ETag"]
    path = f"/rooms/{room}/knobs"
    assert ada("PATCH", path, {"rate_per_min": 30}, If_Match=seen).status_code == 200
    refused(ada("PATCH", path, {"rate_per_min": 90}, If_Match=seen), 409, "version_conflict")
    assert store.status(room).rate_per_min == 30
    now = ada("GET", f"/rooms/{room}").headers["ETag"].strip('"')
    assert ada("PATCH", path, {"rate_per_min": 90}, If_Match=now).status_code == 200
    for word in ("pause", "undo"):
        refused(ada("POST", f"/rooms/{room}/{word}", If_Match=now), 409, "version_conflict")


@pytest.mark.parametrize("given", ["12a", '"x"', 'W/"1"', "*", '"1', '"' + "1" * 16 + '"', ""])
def test_a_version_that_is_none_is_refused(ada: Caller, room: str, given: str) -> None:
    """It must not be taken for no version."""
    answer = ada("POST", f"/rooms/{room}/pause", If_Match=given)
    assert "If-Match" in refused(answer, 422, "bad_fields")["fields"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rate_per_min": -1}, "rate_per_min"),
        ({"rate_per_min": 10**30}, "rate_per_min"),
        ({"rate_per_min": True}, "rate_per_min"),
        ({"rate_per_min": "60"}, "rate_per_min"),
        ({"rate_per_min": 1.5}, "rate_per_min"),
        ({"rate_per_min": None}, "rate_per_min"),
        ({"joins": 1}, "joins"),
        ({"draw": "lots"}, "draw"),
        ({"title": "a\nb"}, "title"),
        ({"title": "x" * 81}, "title"),
        ({"origins": ["ftp://x"]}, "origins"),
        ({"origins": ["x" * 9_000]}, "origins"),
        ({"origins": ["https://" + "x" * 300]}, "origins"),
        ({"origins": [f"https://{n}.example" for n in range(51)]}, "origins"),
        ({"opens_at_ms": LATEST_MS + 1}, "opens_at_ms"),
        ({"claim_grace_ms": 1_000}, "claim_grace_ms"),
        ({"no_such_knob": 1}, "no_such_knob"),
        ({"test_clock": True}, "test_clock"),
        ({}, "the document"),
        ([], "the document"),
        ("x", "the document"),
    ],
)
def test_a_wrong_value_is_told_by_its_field_and_nothing_is_changed(
    ada: Caller, room: str, store: Store, body: object, field: str
) -> None:
    """In a sentence."""
    before = store.status(room).version
    told = refused(ada("PATCH", f"/rooms/{room}/knobs", body), 422, told_code(field))
    assert told["fields"].keys() == {field}
    assert told["fields"][field] in told["message"]
    assert len(told["message"]) < 300
    assert store.status(room).version == before


def told_code(field: str) -> str:
    """Of what the store's own check finds, and the document's."""
    return "bad_setting" if field in ("origins", "claim_grace_ms") else "bad_fields"


def test_each_of_several_wrong_fields_has_its_sentence(ada: Caller, room: str) -> None:
    """So that they are mended at once."""
    body = {"rate_per_min": -1, "capacity": "x", "nothing": 1}
    told = refused(ada("PATCH", f"/rooms/{room}/knobs", body), 422, "bad_fields")
    assert told["fields"] == {
        "rate_per_min": "must be from 0 to 1000000",
        "capacity": "must be a whole number",
        "nothing": "there is no such field",
    }


def test_a_number_beyond_a_machines_word_is_told_its_range(ada: Caller, room: str) -> None:
    """It is whole all the same. And both halves of a surrogate pair are a character."""
    told = refused(
        ada("PATCH", f"/rooms/{room}/knobs", {"rate_per_min": 10**30}), 422, "bad_fields"
    )
    assert told["fields"] == {"rate_per_min": "must be from 0 to 1000000"}
    assert ada("PATCH", f"/rooms/{room}/knobs", {"title": "Sale 😀"}).json["title"] == "Sale 😀"


@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"{",
            b"\xff",
            b'{"rate_per_min": NaN}',
            b"[" * 50_000,
            b'{"title": "\\ud800"}',
            b'{"title": "\xed\xa0\x80"}',
            b'\xef\xbb\xbf{"rate_per_min": 60}',
            '{"rate_per_min": 60}'.encode("utf-16"),
            b'{"rate_per_min": 1e999}',
            b'{"rate_per_min": -Infinity}',
            b"1" * 5_000 + b"}",
        ),
        b'{"rate_per_min": 60, "rate_per_min": 61}',
        b'{"title": "a", "\\u0074itle": "b"}',
    ],
)
def test_a_body_that_is_no_json_is_400(ada: Caller, room: str, raw: bytes) -> None:
    """Also one that is made to break a parser, or that two readers would take for two things."""
    headers = {"Authorization": f"Bearer {ada.key}", "Content-Type": "application/json"}
    path = f"/api/v1/rooms/{room}/knobs"
    refused(ada.client.patch(path, data=raw, headers=headers), 400, "bad_request")


def test_a_body_of_another_kind_is_415_and_one_too_long_413(ada: Caller, room: str) -> None:
    """Whatever it would say."""
    headers = {"Authorization": f"Bearer {ada.key}", "Content-Type": "text/plain"}
    path = f"/api/v1/rooms/{room}/knobs"
    refused(ada.client.patch(path, data=b'{"rate_per_min": 1}', headers=headers), 415, "not_json")
    refused(ada("PATCH", f"/rooms/{room}/knobs", {"title": "x" * 70_000}), 413, "too_large")


def test_what_would_happen_is_told_and_nothing_happens(
    callers: dict[Role, Caller], room: str, store: Store
) -> None:
    """The same as the command tells; by whoever may look."""
    before = store.status(room).version
    ask = callers[Role.VIEWER]
    told = ask("POST", f"/rooms/{room}/what-if", {"knobs": {"rate_per_min": 600}})
    assert told.status_code == 200
    assert told.json["version"] == before
    assert told.json["after"]["end_s"] < told.json["before"]["end_s"]
    assert told.json["after"]["stock_ends_at_ms"] is None
    ramp = {"knob": "rate_per_min", "to": 600, "over_ms": 10_000}
    now_ms = store.status(room).now_ms
    at = {"at_ms": now_ms + HOUR_MS, "knobs": {"rate_per_min": 1}}
    for wish in ({"ramp": ramp}, {"schedule": at}, {"steps": []}):
        assert ask("POST", f"/rooms/{room}/what-if", wish).status_code == 200, wish
    for none in ({}, {"ramp": ramp, "schedule": at}, {"knobs": {}}):
        refused(ask("POST", f"/rooms/{room}/what-if", none), 422, "bad_fields")
    assert store.status(room).version == before


def test_the_plan_is_made_shown_replaced_and_dropped(ada: Caller, room: str, store: Store) -> None:
    """By a ramp and at a time; what meets what is planned already is refused, unless it is said."""
    now_ms = store.status(room).now_ms
    ramp = {"knob": "rate_per_min", "to": 120, "over_ms": 60_000, "at_ms": now_ms + HOUR_MS}
    told = ada("POST", f"/rooms/{room}/ramp", ramp)
    assert told.status_code == 200, told.text
    assert told.json["steps"][-1]["value"] == 120
    assert told.json["steps"][-1]["at_ms"] == now_ms + HOUR_MS + 60_000
    assert ada("GET", f"/rooms/{room}/plan").json["steps"] == told.json["steps"]
    at = {"at_ms": told.json["steps"][3]["at_ms"], "knobs": {"rate_per_min": 7}}
    refused(ada("POST", f"/rooms/{room}/schedule", at), 409, "wrong_state")
    more = ada("POST", f"/rooms/{room}/schedule", at | {"knobs": {"joins": False}})
    assert {"at_ms": at["at_ms"], "field": "joins", "value": False}.items() <= next(
        step for step in more.json["steps"] if step["field"] == "joins"
    ).items()
    between = at | {"at_ms": at["at_ms"] + 1}
    refused(ada("POST", f"/rooms/{room}/schedule", between), 409, "wrong_state")
    stray = {"at_ms": between["at_ms"], "field": "rate_per_min", "value": 7}
    both = {"steps": [*told.json["steps"], stray]}
    refused(ada("PUT", f"/rooms/{room}/plan", both), 422, "bad_setting")
    cut = ada("POST", f"/rooms/{room}/schedule", between | {"replace": True}).json["steps"]
    assert [step["at_ms"] for step in cut if step["ramp"]] == [
        step["at_ms"] for step in told.json["steps"][:4]
    ]
    assert cut[-1] == stray | {"ramp": None}
    assert ada("POST", f"/rooms/{room}/schedule", at | {"replace": True}).status_code == 200
    late = {"at_ms": now_ms - HOUR_MS, "knobs": {"rate_per_min": 7}}
    refused(ada("POST", f"/rooms/{room}/schedule", late), 422, "bad_setting")
    step = {"at_ms": now_ms + HOUR_MS, "field": "capacity", "value": 9}
    last_year = {"steps": [step, step | {"at_ms": now_ms - 8760 * HOUR_MS}]}
    refused(ada("PUT", f"/rooms/{room}/plan", last_year), 422, "bad_setting")
    refused(ada("POST", f"/rooms/{room}/what-if", last_year), 422, "bad_setting")
    passed = {"knobs": {"opens_at_ms": now_ms - HOUR_MS}}
    refused(ada("POST", f"/rooms/{room}/what-if", passed), 422, "bad_setting")
    at_knobs = f"/rooms/{room}/knobs"
    fifo = {"draw": "shuffle" if store.status(room).draw == "fifo" else "fifo"}
    for asked in ({"knobs": fifo}, {"knobs": {"early_at_ms": now_ms + HOUR_MS}}):
        for how in (("POST", f"/rooms/{room}/what-if", asked), ("PATCH", at_knobs, asked["knobs"])):
            told = refused(ada(*how), 409, "wrong_state")
            assert "cannot be changed any more: " in told["fields"][min(asked["knobs"])]
    full = {"steps": [step | {"at_ms": step["at_ms"] + one} for one in range(LONGEST_PLAN)]}
    assert ada("PUT", f"/rooms/{room}/plan", full).status_code == 200
    refused(ada("POST", f"/rooms/{room}/schedule", at), 409, "wrong_state")
    full["steps"].append(step | {"at_ms": step["at_ms"] + LONGEST_PLAN})
    refused(ada("PUT", f"/rooms/{room}/plan", full), 422, "bad_setting")
    assert len(ada("PUT", f"/rooms/{room}/plan", {"steps": [step]}).json["steps"]) == 1
    assert ada("DELETE", f"/rooms/{room}/plan").json["steps"] == []
    assert ada("POST", f"/rooms/{room}/undo").status_code == 200
    assert [one.value for one in store.steps(room)] == [9]


def test_a_client_s_own_now_is_now(ada: Caller, room: str, store: Store) -> None:
    """It has passed when it arrives: a schedule takes effect at once, and a ramp begins."""
    just_now_ms = store.status(room).now_ms - 50
    at = {"at_ms": just_now_ms, "knobs": {"rate_per_min": 7}}
    for path, wish in (("what-if", {"schedule": at}), ("schedule", at)):
        assert ada("POST", f"/rooms/{room}/{path}", wish).status_code == 200, path
    assert (store.status(room).rate_per_min, store.steps(room)) == (7, ())
    ramp = {"knob": "rate_per_min", "to": 67, "over_ms": 60_000, "at_ms": just_now_ms}
    steps = ada("POST", f"/rooms/{room}/ramp", ramp).json["steps"]
    assert [steps[0]["value"], steps[-1]["value"]] == [10, 67]
    assert steps[-1]["at_ms"] >= just_now_ms + 60_050


def test_a_ramp_that_is_planned_again_as_it_was_told_is_the_same_ramp(
    ada: Caller, room: str, store: Store
) -> None:
    """Whoever reads the plan and sends it back with one step more loses nothing of it."""
    wanted = {"knob": "rate_per_min", "to": 120, "over_ms": HOUR_MS}
    told = ada("POST", f"/rooms/{room}/ramp", wanted).json["steps"]
    steps = store.steps(room)
    assert told[0]["ramp"] == {
        "field": "rate_per_min",
        "begins_ms": steps[0].at_ms,
        "ends_ms": steps[-1].at_ms,
        "first": 60,
        "last": 120,
    }
    more = {"at_ms": steps[-1].at_ms + HOUR_MS, "field": "capacity", "value": 9}
    assert ada("PUT", f"/rooms/{room}/plan", {"steps": [*told, more]}).status_code == 200
    assert store.steps(room)[:-1] == steps
    strange = told[0] | {"ramp": told[0]["ramp"] | {"field": "capacity"}}
    refused(ada("PUT", f"/rooms/{room}/plan", {"steps": [strange]}), 422, "bad_setting")


def test_the_last_change_is_told_before_it_is_taken_back(ada: Caller, room: str) -> None:
    """In words, as on the console; 409 where there is none."""
    path = f"/rooms/{room}/undo"
    refused(ada("GET", path), 409, "cannot_undo")
    ada("PATCH", f"/rooms/{room}/knobs", {"rate_per_min": 90})
    told = ada("GET", path)
    assert told.json["what"].startswith("Rate 90 a minute → 60 a minute")
    assert told.json["by"].startswith("key:")
    assert ada("POST", path, If_Match=told.headers["ETag"]).json["rate_per_min"] == 60


def test_the_last_change_is_taken_back_once(ada: Caller, room: str, store: Store) -> None:
    """Then there is none any more."""
    ada("PATCH", f"/rooms/{room}/knobs", {"rate_per_min": 30})
    assert ada("POST", f"/rooms/{room}/undo").json["rate_per_min"] == 60
    refused(ada("POST", f"/rooms/{room}/undo"), 409, "cannot_undo")
    assert store.status(room).rate_per_min == 60


def test_a_room_is_made_once_and_told_as_the_command_tells_it(
    ada: Caller, room_id: str, store: Store
) -> None:
    """Its knobs as they were named, the others as in any new room."""
    wanted = {"room": room_id, "rate_per_min": 7, "origins": ["https://shop.example"]}
    made = ada("POST", "/rooms", wanted)
    assert made.status_code == 201
    assert (made.json["rate_per_min"], made.json["session_ms"]) == (7, 900_000)
    refused(ada("POST", "/rooms", wanted), 409, "room_exists")
    for name in ("api", "No", "", "-x"):
        answer = ada("POST", "/rooms", {"room": name})
        assert answer.status_code == 422, answer.text
    from waitingroom.commands.output import room_json

    shown = ada("GET", f"/rooms/{room_id}").json
    ours = json.loads(json.dumps(room_json(store.status(room_id))))
    moving = {"now_ms", "meter_ms", "credit", "door"}
    assert shown.keys() == ours.keys()
    assert {name: shown[name] for name in shown.keys() - moving} == {
        name: ours[name] for name in ours.keys() - moving
    }
    assert room_id in {one["room"] for one in ada("GET", "/rooms").json}


def test_a_time_that_has_passed_opens_no_sale(
    callers: dict[Role, Caller], store: Store, room_id: str
) -> None:
    """Neither of a room that is there nor of a new one; by less than a minute it means now."""
    ask, last_year = callers[Role.OPERATOR], clock.now_ms() - 365 * 86_400_000
    store.create(room_id, Settings(), actor="test")
    told = refused(
        ask("PATCH", f"/rooms/{room_id}/knobs", {"opens_at_ms": last_year}), 422, "bad_setting"
    )
    assert told["fields"] == {"opens_at_ms": "must be a time to come; this one has passed"}
    new = {"room": f"{room_id}-b", "opens_at_ms": last_year}
    refused(ask("POST", "/rooms", new), 422, "bad_setting")
    found = store.status(room_id)
    assert (found.version, found.opened_at_ms) == (1, 0)
    assert f"{room_id}-b" not in store.rooms()
    now = {"opens_at_ms": clock.now_ms() - 5_000}
    assert ask("PATCH", f"/rooms/{room_id}/knobs", now).status_code == 200
