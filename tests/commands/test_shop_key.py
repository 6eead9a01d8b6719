"""``waitingroom room shop-key`` over a real store."""

import json
from pathlib import Path

import pytest

from waitingroom.cli import run
from waitingroom.model import Settings
from waitingroom.store.client import Store

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def room(here: Path, store_url: str, room_id: str, no_shop_keys: None) -> str:
    """A room, in a store that this empty folder's settings name, and no keys but the test's."""
    store = Store.connect(store_url, timeout_s=10)
    store.create(room_id, Settings(), actor="test")
    store.close()
    return room_id


def told(capsys: Capture, *words: str) -> object:
    """The JSON that a command answers."""
    assert run(["room", "shop-key", *words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_a_key_is_shown_when_it_is_made_and_never_again(room: str, capsys: Capture) -> None:
    """The list tells all but the key and its digest."""
    made = told(capsys, "add", "spring", "--room", room)
    assert made["key"].startswith("spring.")
    every = told(capsys, "add", "every", "--all-rooms")
    assert (made["rooms"], every["rooms"]) == ([room], [])
    listed = told(capsys, "list")
    assert [one["name"] for one in listed] == ["every", "spring"]
    assert set(listed[1]) == {"name", "rooms", "made_at_ms", "made_by", "used_at_ms"}
    assert run(["room", "shop-key", "list"]) == 0
    shown = capsys.readouterr().out
    assert "all rooms" in shown
    assert made["key"].partition(".")[2] not in shown + json.dumps(listed)
    assert told(capsys, "revoke", "spring") == {"revoked": "spring"}
    assert [one["name"] for one in told(capsys, "list")] == ["every"]


def test_only_the_key_goes_to_standard_output(room: str, capsys: Capture) -> None:
    """So that a script may take it without --json."""
    assert run(["room", "shop-key", "add", "spring", "--room", room]) == 0
    out, err = capsys.readouterr()
    assert (out.count("\n"), out.strip().partition(".")[0]) == (1, "spring")
    assert f"WAITINGROOM_SHOP_KEY in the shop of {room}" in err


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("add", "spring"), 2, "say which rooms it is for"),
        (("add", "spring", "--all-rooms", "--room", "x"), 2, "say which rooms it is for"),
        (("add", "Spring", "--all-rooms"), 1, "lower-case letters"),
        (("add", "spring", "--room", "nowhere"), 1, "there is no room “nowhere”"),
        (("add", "spring", "--room", "No Room"), 2, "cannot name a room"),
        (("revoke", "spring"), 1, "there is no key “spring”"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(
    room: str, capsys: Capture, words: tuple[str, ...], status: int, says: str
) -> None:
    """One sentence."""
    assert run(["room", "shop-key", *words]) == status
    assert says in capsys.readouterr().err
    assert told(capsys, "list") == []
