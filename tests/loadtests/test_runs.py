"""The two commands, small, with real processes."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psutil
import pytest
from rooms import make

from loadtests.plan import Plan
from loadtests.progress import HEAD, Progress
from loadtests.run import main
from waitingroom.model import Counters
from waitingroom.store.client import Store

CHECKOUT = Path(__file__).parents[2]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """``python -m …`` in the checkout, as make does."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.long
def test_a_small_crowd_passes_and_every_rule_was_looked_at() -> None:
    """The whole way: a system, Locust, the verdict, the exit status."""
    done = run("loadtests.run", "--shoppers", "60", "--rate", "240", "--workers", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert said[-1] == "PASSED"
    verdict = said[said.index("VERDICT") + 1 : -1]
    assert all(line.startswith("  ok    ") for line in verdict)
    assert "(60 places)" in done.stdout


@pytest.mark.long
def test_the_time_is_up_before_all_are_through_and_that_is_no_pass() -> None:
    """A run that shows less than it should says so."""
    done = run("loadtests.run", "--shoppers", "60", "--rate", "60", "--most-s", "40")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "not done when the time was up" in done.stdout
    assert done.stdout.splitlines()[-1] == "FAILED"


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, marks=pytest.mark.long),
    ],
)
def test_a_run_that_is_ended_gives_no_verdict_and_leaves_nobody_behind(number: int) -> None:
    """In the middle of the crowd; where it can still speak, one line and a status of its own."""
    words = [sys.executable, "-u", "-m", "loadtests.run", "--shoppers", "60", "--workers", "1"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=CHECKOUT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert any(line == f"{HEAD}\n" for line in process.stdout)
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(number)
        _, said = process.communicate(timeout=180)
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert said == "\ninterrupted: no verdict\n"
    assert not psutil.wait_procs(children, timeout=60)[1]


def test_a_crowd_of_less_than_nobody_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started."""
    with pytest.raises(SystemExit) as ended:
        main(["--shoppers", "-5"])
    assert ended.value.code == 2
    assert "'-5' is no whole number from 0 on" in capsys.readouterr().err


def test_the_lines_stand_under_their_heads(tmp_path: Path, store_url: str, room_id: str) -> None:
    """Also with large numbers, and within 80 columns."""
    store = Store.connect(store_url, timeout_s=10)
    room = make(store, room_id).status()
    store.close()
    big = Counters(entered=12_345, no_show=1_234)
    plan = SimpleNamespace(records=str(tmp_path / "none"), opens_at_ms=room.now_ms)
    line = Progress(cast(Plan, plan)).line(
        replace(room, tail=23_456, serving=1, counters=big), room.now_ms + 7_000
    )
    assert line.split() == ["+7s", "open", "23456", "23455", "12345", "0", "1234", "0", "0"]
    assert len(line) == len(HEAD) <= 79


@pytest.mark.long
def test_the_bench_measures_every_figure() -> None:
    """So short a run reaches what it reaches; but every answer must be as it should be (not 2)."""
    short = ("--rounds", "1", "--seconds", "0.8", "--watched-seconds", "0.5")
    done = run("loadtests.bench", *short)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    for what in ("status ÷ hello", "joins ÷ hello", "Flask view", "offline check", "batches of 50"):
        assert what in done.stdout
