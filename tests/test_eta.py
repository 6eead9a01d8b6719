"""The estimate: a range in friendly steps, that a page can compute alike."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waitingroom.eta import STEPS_S, wait_range

PROTOCOL = (Path(__file__).parents[1] / "docs" / "protocol.md").read_text()
SECTION = PROTOCOL.partition("## The estimate")[2].partition("\n## ")[0]
PEOPLE = st.integers(0, 5_000_000)
RATES = st.integers(1, 1_000_000)


def test_the_examples_in_the_protocol_hold() -> None:
    """The document's table is what the function gives."""
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", SECTION, re.M)
    assert len(rows) >= 6
    for ahead, velocity, rate, low_s, high_s in (map(int, row) for row in rows):
        found = wait_range(ahead, velocity_per_min=velocity, rate_per_min=rate)
        assert found == (low_s, high_s)


def test_the_steps_in_the_protocol_are_ours() -> None:
    """The document's steps are the product's."""
    rows = re.findall(r"^\| below ([\d,]+) \| (\d+) \|$", SECTION, re.M)
    assert tuple((int(below.replace(",", "")), int(step)) for below, step in rows) == STEPS_S


@given(ahead=PEOPLE, velocity=st.integers(0, 1_000_000))
def test_a_room_that_holds_everybody_tells_no_time(ahead: int, velocity: int) -> None:
    """Rate 0: no estimate, however quick the line was a moment ago."""
    assert wait_range(ahead, velocity_per_min=velocity, rate_per_min=0) is None


@given(ahead=PEOPLE, rate=RATES, velocity=RATES)
def test_the_range_holds_both_paces(ahead: int, rate: int, velocity: int) -> None:
    """Whether the line goes on at its velocity or at the rate, the wait lies in the range."""
    found = wait_range(ahead, velocity_per_min=velocity, rate_per_min=rate)
    assert found is not None
    low_s, high_s = found
    for pace in (rate, velocity):
        # As integers: low ≤ 60 × ahead / pace, and 60 × (ahead + 1) / pace ≤ high.
        assert low_s * pace <= 60 * ahead
        assert 60 * (ahead + 1) <= high_s * pace


@given(ahead=PEOPLE, rate=RATES)
def test_an_unknown_velocity_gives_a_wider_range(ahead: int, rate: int) -> None:
    """With no velocity yet, the range is that of the rate or wider."""
    known = wait_range(ahead, velocity_per_min=rate, rate_per_min=rate)
    unknown = wait_range(ahead, velocity_per_min=0, rate_per_min=rate)
    assert known is not None
    assert unknown is not None
    assert unknown[0] == known[0]
    assert unknown[1] >= known[1]
    assert 30 * (ahead + 1) <= unknown[1] * rate


@given(ahead=PEOPLE, rate=RATES, velocity=st.integers(0, 1_000_000))
def test_moving_up_never_lengthens_the_wait(ahead: int, rate: int, velocity: int) -> None:
    """With one person fewer ahead, neither end of the range grows, across all steps."""
    nearer = wait_range(ahead, velocity_per_min=velocity, rate_per_min=rate)
    farther = wait_range(ahead + 1, velocity_per_min=velocity, rate_per_min=rate)
    assert nearer is not None
    assert farther is not None
    assert nearer[0] <= farther[0]
    assert nearer[1] <= farther[1]


@pytest.mark.parametrize("values", [(-1, 1, 1), (1, -1, 1), (1, 1, -1)])
def test_less_than_nothing_is_an_error(values: tuple[int, int, int]) -> None:
    """Negative people or rates are a mistake of the caller's."""
    ahead, velocity, rate = values
    with pytest.raises(ValueError, match="from 0"):
        wait_range(ahead, velocity_per_min=velocity, rate_per_min=rate)
