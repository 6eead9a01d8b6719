"""``waitingroom room brand`` over a real store."""

import json
import shlex
from pathlib import Path

import pytest
from test_brand import PNG, SVG

from waitingroom.cli import run
from waitingroom.model import Settings
from waitingroom.store.client import Store

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def room(here: Path, store_url: str, room_id: str) -> str:
    """A room, in a store that this empty folder's settings name."""
    store = Store.connect(store_url, timeout_s=10)
    store.create(room_id, Settings(), actor="test")
    store.close()
    return room_id


def told(capsys: Capture, *words: str) -> dict:
    assert run(["room", *words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refused(capsys: Capture, *words: str) -> str:
    assert run(["room", *words]) != 0
    return capsys.readouterr().err


def test_a_brand_is_added_to_and_taken_back_piece_by_piece(room: str, capsys: Capture) -> None:
    """What is not named stays."""
    Path("logo.svg").write_bytes(SVG)
    words = ["--colour", "light-accent=#003399", "--link", "help=https://x.example", "--logo"]
    first = told(capsys, "brand", room, *words, "logo.svg")["brand"]
    assert first["colours"] == [["light-accent", "#003399"]]
    assert first["logo"]["content_type"] == "image/svg+xml"
    words = ["--time-zone", "Europe/Warsaw", "--text", "pl", "You are next", "Zaraz!"]
    second = told(capsys, "brand", room, *words, "--link", "help=", "--no-logo")["brand"]
    assert second["colours"] == first["colours"]
    assert (second["links"], second["logo"]) == ([], None)
    assert second["texts"] == [{"lang": "pl", "sentence": "You are next", "text": "Zaraz!"}]
    third = told(capsys, "brand", room, "--text", "pl", "You are next", "", "--time-zone", "")
    assert (third["brand"]["texts"], third["brand"]["time_zone"]) == ([], "")


def test_plain_takes_everything_back(room: str, capsys: Capture) -> None:
    """But for what is said with it."""
    Path("logo.png").write_bytes(PNG)
    told(capsys, "brand", room, "--logo", "logo.png", "--time-zone", "Europe/Warsaw")
    plain = told(capsys, "brand", room, "--plain", "--link", "terms=https://x.example/t")["brand"]
    assert plain["links"] == [["terms", "https://x.example/t"]]
    assert (plain["logo"], plain["time_zone"]) == (None, "")


def test_saying_nothing_changes_nothing(room: str, capsys: Capture) -> None:
    """Not even the version that others base a change on."""
    before = told(capsys, "show", room)["version"]
    assert told(capsys, "brand", room)["version"] == before


def test_a_brand_is_shown_with_the_room(room: str, capsys: Capture) -> None:
    """For people too, and only where there is one."""
    run(["room", "show", room])
    assert "colours" not in capsys.readouterr().out
    words = ["--colour", "dark-accent=#ffcc00", "--text", "de", "You are next", "Gleich!"]
    run(["room", "brand", room, *words])
    shown = capsys.readouterr().out
    assert "dark-accent #ffcc00" in shown
    assert "'You are next': 'Gleich!'" in shown


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--colour", "light-accent=#ffcc00"], "contrast of 1.5:1; to be read it needs 4.5:1"),
        (["--colour", "#ffcc00"], "is no pair; write it like name=value"),
        (["--link", "help=http://x.example"], "users; “http://x.example” is not"),
        (["--text", "xx", "You are next", "y"], "there is no language “xx”; there are en, pl, it,"),
        (["--text", "de", "You are nxt", "y"], "did you mean “You are next”?"),
        (["--text", "de", "Your turn comes in {span}.", "{time}"], "has no time in braces"),
        (["--time-zone", "Warsaw"], "--time-zone: “Warsaw” is none"),
        (["--logo", "nothing.svg"], "does not exist"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    room: str, capsys: Capture, words: list[str], why: str
) -> None:
    """In the words that were typed."""
    assert why in refused(capsys, "brand", room, *words)
    assert told(capsys, "show", room)["brand"]["colours"] == []


DOCUMENTS = [Path(__file__).parents[2] / name for name in ("README.md", "docs/operations.md")]
DOCUMENTED = [
    shlex.split(line, comments=True)[3:]
    for document in DOCUMENTS
    for line in document.read_text("utf-8").splitlines()
    if line.startswith("waitingroom room brand ")
]


@pytest.mark.parametrize("words", DOCUMENTED, ids=" ".join)
def test_every_line_of_the_documents_works_as_it_stands(
    room: str, capsys: Capture, words: list[str]
) -> None:
    """For a room of ours in the place of theirs."""
    assert told(capsys, "brand", room, *words[1:])["brand"] != told(
        capsys, "brand", room, "--plain"
    )


def test_a_clone_has_the_look_and_the_knobs_of_the_other(room: str, capsys: Capture) -> None:
    """Its id must be free."""
    Path("logo.svg").write_bytes(SVG)
    told(capsys, "brand", room, "--logo", "logo.svg", "--colour", "light-accent=#003399")
    told(capsys, "set", room, "--rate", "77", "--message", "Today", "--opens-at", "+1h")
    made = told(capsys, "clone", room, f"{room}-b", "--title", "Two")
    assert (made["title"], made["rate_per_min"], made["message"]) == ("Two", 77, "")
    assert (made["opens_at_ms"], made["brand"]["colours"]) == (0, [["light-accent", "#003399"]])
    assert made["brand"]["logo"]["content_type"] == "image/svg+xml"
    assert "already a room" in refused(capsys, "clone", room, f"{room}-b")
    assert "an id of its own" in refused(capsys, "clone", room, room)
