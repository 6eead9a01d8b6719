"""The tests themselves, tested: each kind of fault in the library must turn them red."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from planted import FAULTS
from seldom import seldom

from waitingroom.store import library

HERE = Path(__file__).parent
SOUND = "test_verbs_join.py::test_places_are_given_in_the_order_of_coming"
"""A test that none of the faults concerns: the library still loads and works."""


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_still_fits_the_source(name):
    """Looked at in every run, as most of them are planted only in the long one."""
    assert FAULTS[name].in_source(library.source()) != library.source()


@pytest.mark.parametrize("name", seldom(FAULTS, *list(FAULTS)[:3]))
def test_a_planted_fault_turns_the_tests_red(name):
    """Each named test fails with the fault in the source; the same run without it is green.

    (That they are green without it, this very run of the tests shows.)
    """
    fault = FAULTS[name]
    line = ["-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", *fault.noticed_by, SOUND]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *line],
        cwd=HERE,
        env=os.environ | {"PLANTED_FAULT": name},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    red = {line.split()[1] for line in run.stdout.splitlines() if line.startswith("FAILED ")}
    assert run.returncode == 1, run.stdout + run.stderr
    assert red == set(fault.noticed_by), run.stdout
