"""``room place`` and ``room second-chance`` over a real store."""

import json
import re
from pathlib import Path

import pytest
from rooms import make

from waitingroom.cli import run
from waitingroom.codes import Codes
from waitingroom.model import DrawMethod
from waitingroom.store.client import Store

Capture = pytest.CaptureFixture[str]
KEY = "5a" * 32


@pytest.fixture
def room(here: Path, store_url: str, room_id: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A room in which number 1 has lapsed, of a system whose secrets this folder has."""
    monkeypatch.setenv("WAITINGROOM_SECRET_KEYS", KEY)
    store = Store.connect(store_url, timeout_s=10)
    knobs = {"draw": DrawMethod.FIFO, "burst": 1, "rate_per_min": 60, "claim_grace_ms": 60_000}
    made = make(store, room_id, **knobs, call_timeout_ms=1000)
    store.join(room_id, 300)
    made.wind_on(70_000)
    store.close()
    return room_id


def code_of(room: str, arrival: int) -> str:
    return Codes([bytes.fromhex(KEY)]).of(room, 1, arrival)


def test_a_place_is_found_and_called_once_more(room: str, capsys: Capture) -> None:
    """In JSON, with its history; then in words."""
    code = code_of(room, 1)
    assert run(["room", "place", room, code.lower(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["code"], found["number"], found["state"]) == (code, 1, "lapsed")
    assert found["may_have_a_second_chance"] is True
    assert [one["step"] for one in found["steps"]] == ["joined", "called", "lapsed"]
    assert all(one["at_ms"] for one in found["steps"])
    assert found["entered_at_ms"] is None
    assert run(["room", "second-chance", room, code, "--why", "phone was dead"]) == 0
    said = capsys.readouterr().out
    assert f"{room} {code}: called" in said
    assert re.search(r"second chance +20\d\d-", said)
    assert re.search(r"may come until +20\d\d-", said)


def test_a_reason_is_needed_and_one_chance_is_all(room: str, capsys: Capture) -> None:
    code = code_of(room, 1)
    assert run(["room", "second-chance", room, code]) == 1
    assert "--why: say why" in capsys.readouterr().err
    assert run(["room", "second-chance", room, code, "--why", "once", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "called"
    assert run(["room", "second-chance", room, code, "--why", "twice", "--json"]) == 1
    told = json.loads(capsys.readouterr().err)
    assert told["error"] == "no_second_chance"
    assert "has had its second chance" in told["message"]


def test_a_wrong_code_is_a_sentence(room: str, capsys: Capture) -> None:
    assert run(["room", "place", room, "hello"]) == 1
    assert "“hello” is not a code" in capsys.readouterr().err
    assert run(["room", "place", room, "K7Q2-9MXD", "--json"]) == 1
    assert json.loads(capsys.readouterr().err)["error"] == "no_such_place"
