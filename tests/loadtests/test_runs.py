"""The two commands, small, with real processes."""

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.long
def test_the_bench_measures_every_figure() -> None:
    """So short a run reaches what it reaches; but every answer must be as it should be (not 2)."""
    done = run("loadtests.bench", "--rounds", "1", "--seconds", "0.8")
    assert done.returncode in (0, 1), done.stdout + done.stderr
    for what in ("status ÷ hello", "joins ÷ hello", "Flask view", "offline check", "batches of 50"):
        assert what in done.stdout
