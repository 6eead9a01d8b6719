"""``room set --what-if``, ``ramp``, ``schedule`` and ``undo`` over a real store."""

import json
from pathlib import Path

import pytest

from waitingroom import clock
from waitingroom.cli import run
from waitingroom.model import DrawMethod, Settings
from waitingroom.ramps import MOST_STEPS
from waitingroom.store.client import Store

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def room(here: Path, store_url: str, room_id: str) -> str:
    """An open room with 600 in line, in a store that this empty folder's settings name."""
    store = Store.connect(store_url, timeout_s=10)
    opens_ms = clock.now_ms()
    knobs = Settings(rate_per_min=60, burst=1, opens_at_ms=opens_ms, draw=DrawMethod.FIFO)
    store.create(room_id, knobs, actor="test")
    store.join(room_id, 601)
    store.close()
    return room_id


def told(capsys: Capture, *words: str) -> dict:
    assert run(["room", *words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refused(capsys: Capture, *words: str, status: int = 1) -> str:
    assert run(["room", *words]) == status
    return capsys.readouterr().err


def test_what_a_change_would_do_is_shown_and_nothing_is_changed(room: str, capsys: Capture) -> None:
    """In JSON and in words; with the version on which the change may then be based."""
    before = told(capsys, "show", room)
    shown = told(capsys, "set", room, "--rate", "120", "--what-if")
    assert shown["before"]["end_s"] == pytest.approx(600, abs=10)
    assert shown["after"]["end_s"] == pytest.approx(300, abs=10)
    assert shown["after"]["stock_ends_at_ms"] is None
    assert run(["room", "set", room, "--rate", "0", "--what-if"]) == 0
    said = capsys.readouterr().out
    assert "in line, 0 inside; nothing was changed" in said
    assert "with it: the rate is 0: everybody is held until it is raised" in said
    assert "not reported" in said
    after = told(capsys, "show", room)
    assert (after["rate_per_min"], after["version"]) == (60, before["version"])
    based_on = str(shown["version"])
    assert told(capsys, "set", room, "--rate", "120", "--based-on", based_on)["rate_per_min"] == 120
    assert "changed meanwhile" in refused(
        capsys, "set", room, "--rate", "9", "--based-on", based_on
    )


def test_what_would_be_refused_is_refused_before_it_is_shown(room: str, capsys: Capture) -> None:
    """In the words of the option."""
    said = refused(capsys, "set", room, "--claim-grace", "1s", "--what-if")
    assert said.startswith("waitingroom: --claim-grace: must not be shorter")


def test_a_ramp_becomes_the_plan(room: str, capsys: Capture) -> None:
    """From where the rate is; shown first, then made, told again, dropped."""
    words = ("ramp", room, "--rate", "300", "--over", "10m")
    shown = told(capsys, *words, "--what-if")
    assert shown["after"]["end_s"] < shown["before"]["end_s"] - 200
    assert told(capsys, "schedule", room)["steps"] == []
    steps = told(capsys, *words)["steps"]
    assert len(steps) == MOST_STEPS - 1
    assert (steps[-1]["field"], steps[-1]["value"]) == ("rate_per_min", 300)
    assert told(capsys, "schedule", room)["steps"] == steps
    assert told(capsys, "schedule", room, "--clear")["steps"] == []


def test_a_ramp_from_another_value_begins_there(room: str, capsys: Capture) -> None:
    """At once, or at its time."""
    words = ("--capacity", "50", "--from", "200", "--over", "10m", "--at", "+1h")
    steps = told(capsys, "ramp", room, *words)["steps"]
    assert (steps[0]["value"], steps[-1]["value"]) == (200, 50)
    assert steps[-1]["at_ms"] - steps[0]["at_ms"] == 600_000
    words = ("--capacity", "40", "--over", "1m", "--at", "+71m")
    steps = told(capsys, "ramp", room, *words)["steps"]
    assert [step["value"] for step in steps[-11:]] == list(range(50, 39, -1))
    assert "--capacity: is planned for that time already" in refused(
        capsys, "ramp", room, "--capacity", "9", "--from", "7", "--over", "1h", "--at", "+1h"
    )


def test_a_schedule_adds_to_the_plan_and_says_so(room: str, capsys: Capture) -> None:
    """Several knobs at a time; another's steps stay; the same knob at the same time is refused."""
    at = "2099-03-01T14:00+01:00"
    told(capsys, "schedule", room, "--at", "+2h", "--rate", "90")
    plan = told(capsys, "schedule", room, "--at", at, "--rate", "30", "--no-joins")
    assert [(step["field"], step["value"]) for step in plan["steps"]] == [
        ("rate_per_min", 90),
        ("rate_per_min", 30),
        ("joins", 0),
    ]
    said = refused(capsys, "schedule", room, "--at", at, "--rate", "40")
    assert "--rate: is planned for that time already, to be 30" in said
    replaced = told(capsys, "schedule", room, "--at", at, "--rate", "40", "--replace")["steps"]
    assert {step["value"] for step in replaced} == {90, 40, 0}
    assert run(["room", "schedule", room]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["WHEN", "KNOB", "VALUE"]
    assert lines[1].split()[-2:] == ["rate", "90"]


def test_one_thing_is_taken_out_of_the_plan(room: str, capsys: Capture) -> None:
    """A step by its knob and time, a ramp as a whole; what is not there is no change."""
    at = "2099-03-01T14:00+01:00"
    told(capsys, "schedule", room, "--at", at, "--rate", "30", "--no-joins")
    told(capsys, "ramp", room, "--rate", "90", "--over", "10m", "--at", "+1h")
    shown = told(capsys, "schedule", room, "--drop", "rate", "--at", "+62m", "--what-if")
    assert "after" in shown
    left = told(capsys, "schedule", room, "--drop", "rate", "--at", "+62m")["steps"]
    assert [step["field"] for step in left] == ["rate_per_min", "joins"]
    said = refused(capsys, "schedule", room, "--drop", "rate", "--at", "+62m")
    assert "--drop: nothing is planned for that knob then" in said
    left = told(capsys, "schedule", room, "--drop", "rate")["steps"]
    assert [step["field"] for step in left] == ["joins"]
    assert "--drop goes with" in refused(
        capsys, "schedule", room, "--drop", "joins", "--rate", "5", status=2
    )


def test_what_was_decided_on_a_room_that_moved_is_not_done(room: str, capsys: Capture) -> None:
    """Acts and looks, like knobs, may say on which version they are based."""
    seen = str(told(capsys, "show", room)["version"])
    told(capsys, "set", room, "--rate", "90")
    based_on = ("--based-on", seen)
    for act in (["pause"], ["open"], ["close"], ["reset", "--yes"], ["brand", "--plain"]):
        assert "changed meanwhile" in refused(capsys, act[0], room, *act[1:], *based_on)
    now = str(told(capsys, "show", room)["version"])
    assert told(capsys, "pause", room, "--based-on", now)["paused"] is True


def test_a_plan_of_another_operator_is_not_lost(room: str, capsys: Capture) -> None:
    """Who decided on what was seen before it came says so with --based-on."""
    seen = str(told(capsys, "show", room)["version"])
    told(capsys, "schedule", room, "--at", "+2h", "--rate", "90")
    said = refused(capsys, "schedule", room, "--clear", "--based-on", seen)
    assert "changed meanwhile" in said
    assert len(told(capsys, "schedule", room)["steps"]) == 1


def test_the_last_change_is_taken_back(room: str, capsys: Capture) -> None:
    """A knob, a ramp; and once only."""
    version = told(capsys, "set", room, "--rate", "300")["version"]
    shown = told(capsys, "undo", room, "--what-if")
    assert shown["what"].startswith("Rate 300 a minute → 60 a minute (")
    assert (shown["by"][:4], shown["version"]) == ("cli:", version)
    assert run(["room", "undo", room, "--what-if"]) == 0
    assert "60 a minute" in capsys.readouterr().out
    assert told(capsys, "undo", room)["rate_per_min"] == 60
    assert "there is none" in refused(capsys, "undo", room, "--what-if")
    assert "cannot be taken back: there is none" in refused(capsys, "undo", room)
    told(capsys, "ramp", room, "--rate", "300", "--over", "10m")
    assert run(["room", "undo", room]) == 0
    assert "60 a minute" in capsys.readouterr().out
    assert told(capsys, "schedule", room)["steps"] == []
    told(capsys, "set", room, "--rate", "300")
    told(capsys, "drain", room)
    assert "came after it" in refused(capsys, "undo", room)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ramp ID --over 1m", "one of --rate and --capacity"),
        ("ramp ID --over 1m --rate 5 --capacity 5", "one of --rate and --capacity"),
        ("ramp ID --rate 5", "--over"),
        ("schedule ID --at +1h", "name knobs"),
        ("schedule ID --rate 5", "say when"),
        ("schedule ID --clear --rate 5 --at +1h", "name knobs"),
    ],
)
def test_what_is_not_said_whole_is_status_2(
    room: str, capsys: Capture, words: str, said: str
) -> None:
    """And changes nothing."""
    before = told(capsys, "show", room)["version"]
    assert said in refused(capsys, *words.replace("ID", room).split(), status=2)
    assert told(capsys, "show", room)["version"] == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ramp ID --rate 60 --over 1m", "--rate: is to go from 60 to 60"),
        ("ramp ID --rate 90 --over 1ms", "--over: must be 1s or more"),
        ("ramp ID --capacity 90 --over 1m", "--capacity: has no way to or from 0"),
        ("ramp ID --rate 9999999 --over 1m", "--rate: must be from 0"),
        ("ramp ID --rate 90 --over 1m --at 2020-01-01T00:00Z", "--at: must be a time to come"),
        ("schedule ID --rate 90 --at never", "--at: must be a time to come"),
    ],
)
def test_what_cannot_be_planned_is_one_sentence(
    room: str, capsys: Capture, words: str, said: str
) -> None:
    """That names the option."""
    assert said in refused(capsys, *words.replace("ID", room).split())
    assert told(capsys, "schedule", room)["steps"] == []


def test_figures_are_told_to_people_as_the_console_does(room: str, capsys: Capture) -> None:
    """By their names there; for scripts as they are counted."""
    assert run(["room", "figures", room]) == 0
    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert {"set rate 60", "in stock not reported"} <= set(rows)
    assert "wait of half / 9 in 10, last hour –" in rows
    figures = told(capsys, "figures", room)
    assert (figures["rate_per_min"], figures["waits"]["hour"]["p50_s"]) == (60, None)
