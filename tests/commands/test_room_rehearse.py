"""``waitingroom room rehearse`` over a real store."""

import json
from pathlib import Path

import pytest

from waitingroom.cli import run
from waitingroom.model import Phase, Settings
from waitingroom.store.client import Store
from waitingroom.store.rehearsals import Rehearsals

Capture = pytest.CaptureFixture[str]


def test_a_rehearsal_is_begun_and_ended_by_command(
    here: Path, store_url: str, room_id: str, capsys: Capture
) -> None:
    """The answer names its room; more than it may be, or none to end, is one sentence."""
    store = Store.connect(store_url, timeout_s=10)
    store.create(room_id, Settings(title="Fair"), actor="test")
    words = ["room", "rehearse", room_id]
    assert run([*words, "--people", "501"]) == 1
    assert "--people: must be from 1 to 500" in capsys.readouterr().err
    assert run([*words, "--end"]) == 1
    assert "there is no rehearsal" in capsys.readouterr().err
    assert run([*words, "--people", "9", "--minutes", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["of"], told["people"]) == (room_id, 9)
    assert store.status(told["room"]).title == "REHEARSAL: Fair"
    assert run([*words, "--show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == told
    assert run([*words, "--show"]) == 0
    assert "9 people; it closes by itself at 20" in capsys.readouterr().out
    assert run(words) == 1
    assert "already" in capsys.readouterr().err
    assert run([*words, "--end"]) == 0
    assert store.status(told["room"]).phase is Phase.CLOSED
    there = Rehearsals(store)
    one = there.of(room_id)
    assert one is not None
    there.clean_up(one)
    store.close()
