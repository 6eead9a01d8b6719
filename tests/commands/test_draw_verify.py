"""``waitingroom draw verify``: a place from published values alone."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from waitingroom.cli import cli
from waitingroom.cli import run as program
from waitingroom.errors import WrongNumber, WrongSeed

CASE = json.loads((Path(__file__).parents[1] / "vectors" / "draw.json").read_text())[0]
NUMBERS = {str(arrival): number for arrival, number in CASE["numbers"]}
VALUES = [f"--{name}={CASE[name]}" for name in ("room", "epoch", "drawn", "seed", "commitment")]
STATUS: dict[str, Any] = {
    "v": 1,
    "room": CASE["room"],
    "epoch": CASE["epoch"],
    "phase": "open",
    "drawn": CASE["drawn"],
    "draw": {"method": "shuffle", "commitment": CASE["commitment"], "seed": CASE["seed"]},
}


def run(words: Sequence[str], stdin: bytes | str | None = None) -> Result:
    return CliRunner().invoke(cli, ["draw", "verify", *words], input=stdin)


def run_status(status: Any, *words: str) -> Result:
    return run(["--status-file=-", "--arrival=2", *words], json.dumps(status))


def status_with(**change: Any) -> dict[str, Any]:
    """The status document with some fields changed, those of its ``draw`` as well."""
    inner = {name: value for name, value in change.items() if name in STATUS["draw"]}
    outer = {name: value for name, value in change.items() if name not in STATUS["draw"]}
    return STATUS | outer | {"draw": STATUS["draw"] | inner}


@pytest.mark.parametrize("arrival", NUMBERS)
def test_a_place_is_recomputed_from_five_values(arrival: str) -> None:
    """Exit 0, and the number is said."""
    result = run([*VALUES, f"--arrival={arrival}"])
    assert result.exit_code == 0
    assert f"arrival {arrival} of “demo” has number {NUMBERS[arrival]}:" in result.output


def test_a_number_that_was_told_rightly_is_confirmed() -> None:
    """--number only adds a comparison."""
    assert run([*VALUES, "--arrival=2", "--number=1"]).exit_code == 0


def test_a_number_that_was_told_wrongly_is_refuted_in_one_sentence() -> None:
    """Exit 1, with the right number."""
    result = run([*VALUES, "--arrival=2", "--number=2"])
    assert result.exit_code == 1
    assert isinstance(result.exception, WrongNumber)
    assert "arrival 2 of “demo” has number 1, not 2" in str(result.exception)


@pytest.mark.parametrize("told", [[], ["--number=1"]])
def test_a_seed_that_was_not_committed_to_is_refuted_in_one_sentence(told: list[str]) -> None:
    """Exit 1, whatever the number: a seed chosen afterwards proves nothing."""
    result = run([*VALUES, f"--seed={'00' * 32}", "--arrival=2", *told])
    assert result.exit_code == 1
    assert isinstance(result.exception, WrongSeed)
    assert "not the one that was committed to" in str(result.exception)


@pytest.mark.parametrize(
    ("wrong", "code"), [("--number=2", "wrong_number"), (f"--seed={'00' * 32}", "wrong_seed")]
)
def test_the_program_says_what_was_refuted(
    capsys: pytest.CaptureFixture[str], wrong: str, code: str
) -> None:
    """Status 1; one sentence on standard error, or with --json a stable code."""
    words = ["draw", "verify", *VALUES, "--arrival=2", wrong]
    assert program(words) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("waitingroom: ")
    assert told.err.count("\n") == 1
    assert program([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().err)["error"] == code


def test_the_program_has_the_command() -> None:
    """Status 0 for a place that is right."""
    assert program(["draw", "verify", *VALUES, "--arrival=2", "--number=1"]) == 0


def test_capitals_and_spaces_in_copied_hex_are_no_matter() -> None:
    """People paste."""
    seed = f"--seed= {CASE['seed'].upper()} "
    assert run([*VALUES, seed, "--arrival=2", "--number=1"]).exit_code == 0


def test_an_arrival_after_the_draw_keeps_its_place() -> None:
    """Arrival 11 of a draw of 10 has number 11."""
    result = run([*VALUES, "--arrival=11", "--number=11"])
    assert result.exit_code == 0
    assert "it came after the draw of 10" in result.output


def test_nobody_was_early_and_all_came_after_the_draw() -> None:
    """Drawn 0 is a draw like any other."""
    assert run([*VALUES, "--drawn=0", "--arrival=1", "--number=1"]).exit_code == 0


def test_the_answer_as_json() -> None:
    """One document, on standard output."""
    result = run([*VALUES, "--arrival=2", "--json"])
    assert json.loads(result.output) == {
        "ok": True,
        "room": "demo",
        "epoch": 1,
        "drawn": 10,
        "method": "shuffle",
        "arrival": 2,
        "number": 1,
    }


def test_a_status_document_stands_for_the_five_values(tmp_path: Path) -> None:
    """From a file, or from standard input."""
    file = tmp_path / "status.json"
    file.write_text(json.dumps(STATUS))
    for result in (
        run([f"--status-file={file}", "--arrival=2", "--number=1"]),
        run_status(STATUS, "--number=1"),
    ):
        assert result.exit_code == 0
        assert "has number 1: by the draw of 10" in result.output


def test_a_status_document_with_another_seed_is_refuted() -> None:
    """Exit 1, as with the values by hand."""
    result = run_status(status_with(seed="00" * 32))
    assert isinstance(result.exception, WrongSeed)
    assert result.exit_code == 1


@pytest.mark.parametrize("change", [{"drawn": None, "seed": None}, {"seed": None}])
def test_before_the_draw_there_is_nothing_to_check(change: dict[str, Any]) -> None:
    """Exit 2: neither right nor wrong."""
    result = run_status(status_with(**change))
    assert result.exit_code == 2
    assert "“demo” has not drawn yet" in result.output


@pytest.mark.parametrize("change", [{}, {"seed": None}, {"seed": None, "drawn": None}])
def test_in_a_fifo_room_the_number_is_the_arrival(change: dict[str, Any]) -> None:
    """With or without a published seed."""
    result = run_status(status_with(method="fifo", **change), "--number=2")
    assert result.exit_code == 0
    assert "the room keeps the order of joining" in result.output


@pytest.mark.parametrize(
    "status",
    [
        None,
        [],
        {},
        {"draw": []},
        status_with(room="../x"),
        status_with(room=None),
        status_with(epoch=-1),
        status_with(epoch=True),
        status_with(epoch="1"),
        status_with(drawn=10**12),
        status_with(drawn=1.5),
        status_with(seed="00"),
        status_with(seed=7),
        status_with(seed="zz" * 32),
        status_with(commitment=None),
        status_with(method="lottery"),
        status_with(method=["shuffle"]),
        status_with(method="fifo", drawn="x"),
    ],
)
def test_a_document_of_another_shape_is_told_so(status: Any) -> None:
    """Exit 2, and a sentence; no stack trace."""
    result = run_status(status)
    assert result.exit_code == 2
    assert "this is no status document of a room" in result.output


@given(st.binary(max_size=200) | st.just(b"[" * 100_000) | st.just(b"9" * 10_000))
def test_a_file_of_anything_is_told_so(content: bytes) -> None:
    """Whatever the bytes: exit 2."""
    assert run(["--status-file=-", "--arrival=2"], content).exit_code == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--arrival=2"], "give --room, --epoch, --drawn, --seed, --commitment"),
        ([*VALUES[:-1], "--arrival=2"], "give --commitment, or --status-file"),
        ([*VALUES, "--arrival=0"], "arrival"),
        ([*VALUES], "arrival"),
        ([*VALUES, "--arrival=1", "--number=0"], "number"),
        ([*VALUES, "--arrival=1", "--seed=abc"], "64 hexadecimal digits"),
        ([*VALUES, "--arrival=1", "--room=No Room"], "cannot name a room"),
        ([*VALUES, "--arrival=1", "--drawn=1073741825"], "drawn"),
        ([*VALUES, "--arrival=1", "--status-file=-"], "leave it out"),
        (["--arrival=1", "--status-file=/no/such/file"], "No such file"),
    ],
)
def test_what_was_typed_wrongly_is_told(words: list[str], sentence: str) -> None:
    """Exit 2, naming the option."""
    result = run(words, "{}")
    assert result.exit_code == 2
    assert sentence in result.output


WITHOUT_CLICK = """
import sys
sys.modules["click"] = None
from waitingroom.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("words", "status", "out", "err"),
    [
        (["--arrival=2", "--number=1"], 0, "arrival 2 of “demo” has number 1: by the draw", ""),
        (["--arrival=2", "--number=2"], 1, "", "waitingroom: arrival 2 of “demo” has number 1"),
        (["--arrival=2", "--number=2", "--json"], 1, "", '{"error": "wrong_number"'),
        (["--arrival=x"], 2, "", "waitingroom: argument --arrival: must be a count"),
    ],
)
def test_the_package_alone_is_enough(words: list[str], status: int, out: str, err: str) -> None:
    """Whoever checks a draw need not install what runs a waiting room."""
    program = [sys.executable, "-c", WITHOUT_CLICK, "draw", "verify", *VALUES, *words]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[: len(out) or None]) == (status, out)
    assert done.stderr.startswith(err)
    assert done.stderr.count("\n") == bool(err)
