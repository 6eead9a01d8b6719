"""Every form of the console: a field that it does not have, or one that is left out, changes
nothing, and is logged.
"""

import logging

import pytest
from desks import Desk

from waitingroom.console import drafts, looks
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM

NEW = {"room": "made-by-mistake", "rate_per_min": "60", "capacity": "0", "draw": "shuffle"}
ANOTHER = {"name": "another", "role": "viewer", "password": "a long enough password"}
FORMS = {
    "turns.act": ("/rooms/{room}/acts/pause", {}),
    "turns.reset": ("/rooms/{room}/acts/reset", {"name": "{room}", "opens_at_ms": ""}),
    "rooms.make": ("/new", NEW | {"title": "", "origins": ""}),
    "rooms.edit": ("/rooms/{room}/edit", {"title": "Fair", "message": "Hello", "origins": ""}),
    "branding.brand": ("/rooms/{room}/brand", {}),
    "rehearsal.begin": ("/rooms/{room}/rehearsal", {"people": "1", "minutes": "5"}),
    "rehearsal.end": ("/rooms/{room}/rehearsal/end", {}),
    "support.give": ("/rooms/{room}/support", {"code": "AAAA", "why": "they rang us"}),
    "account.change_password": ("/account", {"current": "", "password": "", "again": ""}),
    "operators.add": ("/operators", ANOTHER),
    "operators.change_role": ("/operators/{viewer}/role", {"role": "admin"}),
    "operators.change_password": ("/operators/{viewer}/password", {"password": "x" * 20}),
    "operators.remove": ("/operators/{viewer}/remove", {"why": ""}),
    "shop_keys.add": ("/shop-keys", {"name": "another", "rooms": "{room}"}),
    "shop_keys.revoke": ("/shop-keys/none/revoke", {"why": ""}),
    "operator_keys.add": ("/keys", {"name": "another", "role": "viewer"}),
    "operator_keys.revoke": ("/keys/none/revoke", {"why": ""}),
    "staff.make": ("/rooms/{room}/staff", {"name": "Ann", "for": "60", "to": "/"}),
    "staff.revoke_all": ("/rooms/{room}/staff/revoke", {"why": ""}),
    "staff.revoke": ("/rooms/{room}/staff/none/revoke", {"why": ""}),
    "knobs.turn": ("/rooms/{room}/knobs/pace", {"rate_per_min": "7", "step": "apply"}),
    "plan.drop": ("/rooms/{room}/plan/none", {}),
    "plan.undo": ("/rooms/{room}/undo", {}),
}
"""By its view: a form that would be taken, but for the version of what it is based on."""
UNBASED = ("rooms.make", "rehearsal.begin", "rehearsal.end", "support.give", "operators.add")
UNBASED += (
    "account.change_password",
    "shop_keys.add",
    "operator_keys.add",
    "staff.make",
    "staff.revoke",
)
NO_TURN = {"access.log_in", "access.log_out", "preview.show"}
"""They change no room, account or key."""
WIPES = {
    "rooms.edit": ("title", "message", "origins"),
    "branding.brand": ("texts", "privacy", "light-accent"),
}
"""Fields that would be taken for emptied."""


def _kept(store: Store, room: str) -> str:
    """All that a form could change: rooms, their record, the system's, who and what may come in."""
    found = store.status(room)
    facts = {
        name: getattr(found, name) for name in ("version", "phase", "title", "brand", "paused")
    }
    records = [[one.id for one in store.record.newest(one, 5)] for one in (room, SYSTEM)]
    people, keys = store.accounts.all(), store.shop_keys.all()
    return repr((facts, records, people, keys, sorted(store.statuses())))


@pytest.fixture
def form(
    request: pytest.FixtureRequest, store: Store, room: str, people: dict[Role, str]
) -> tuple[str, dict[str, str]]:
    """Where the form goes to, and what it holds."""
    at, fields = FORMS[request.param]
    names = {"room": room, "viewer": people[Role.VIEWER]}
    sent = {name: text.format_map(names) for name, text in fields.items()}
    if request.param.startswith("operators."):
        sent["version"] = str(store.accounts.find(names["viewer"]).generation)
    else:
        sent["version"] = str(store.status(room).version)
    if request.param in UNBASED:
        del sent["version"]
    return at.format_map(names), sent


def test_every_form_is_looked_at_here(desk: Desk) -> None:
    rules = desk.client.application.url_map.iter_rules()
    posted = {one.endpoint for one in rules if "POST" in one.methods and "/api/" not in one.rule}
    assert posted == FORMS.keys() | NO_TURN


@pytest.mark.parametrize("form", FORMS, indirect=True)
def test_a_field_that_no_form_has_changes_nothing_and_is_logged(
    admin: Desk,
    store: Store,
    room: str,
    form: tuple[str, dict[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    at, sent = form
    if at.endswith("/brand"):
        sent |= dict.fromkeys(("texts", "time_zone", "help"), "")
    before = _kept(store, room)
    with caplog.at_level(logging.WARNING, "waitingroom.console"):
        answer = admin.post(at, sent | {"rate_per_hour": "9"})
    assert answer.status_code == 400
    assert "There is no field “rate_per_hour”" in answer.text
    assert _kept(store, room) == before
    (line,) = [one for one in caplog.records if getattr(one, "event", "") == "form_refused"]
    assert repr(at) in line.getMessage()


@pytest.mark.parametrize(
    ("form", "missing"),
    [(name, field) for name, fields in WIPES.items() for field in fields],
    indirect=["form"],
)
def test_a_field_that_is_left_out_is_not_taken_for_emptied(
    admin: Desk, store: Store, room: str, form: tuple[str, dict[str, str]], missing: str
) -> None:
    """By whoever meant to send one field alone."""
    at, sent = form
    if at.endswith("/brand"):
        sent |= dict.fromkeys(drafts.names(looks.ENTRIES), "")
    assert admin.post(at, {**sent, missing: ""}).status_code == 303, "whole, it is taken"
    del sent[missing]
    sent["version"], before = str(store.status(room).version), _kept(store, room)
    answer = admin.post(at, sent)
    assert answer.status_code == 400
    assert f"“{missing}” is missing" in answer.text
    assert _kept(store, room) == before


def test_a_second_chance_for_no_code_is_refused(admin: Desk, room: str) -> None:
    answer = admin.post(f"/rooms/{room}/support", {"code": " ", "why": "they rang us"})
    assert answer.status_code == 404
    assert "is not a code" in answer.text
