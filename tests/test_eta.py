"""The estimate: a range in friendly steps, that a page can compute alike."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waitingroom.eta import STEPS_S, Shop, wait_range

PROTOCOL = (Path(__file__).parents[1] / "docs" / "protocol.md").read_text()
SECTION = PROTOCOL.partition("## The estimate")[2].partition("\n## ")[0]
PEOPLE = st.integers(0, 5_000_000)
RATES = st.integers(1, 1_000_000)
SHOPS = st.builds(Shop, free=st.integers(0, 1_000_000), per_min=RATES)


def test_the_examples_in_the_protocol_hold() -> None:
    """The document's table is what the function gives."""
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| (.*?) \| (\d+) \| (\d+) \|$", SECTION, re.M)
    assert len(rows) >= 8
    for ahead, velocity, rate, shop, low_s, high_s in rows:
        known = Shop(*map(int, shop.split(", "))) if shop != "null" else None
        speeds = {"velocity_per_min": int(velocity), "rate_per_min": int(rate)}
        found = wait_range(int(ahead), shop=known, **speeds)
        assert found == (int(low_s), int(high_s)), (ahead, velocity, rate, shop)


def test_the_steps_in_the_protocol_are_ours() -> None:
    """The document's steps are the product's."""
    rows = re.findall(r"^\| below ([\d,]+) \| (\d+) \|$", SECTION, re.M)
    assert tuple((int(below.replace(",", "")), int(step)) for below, step in rows) == STEPS_S


@given(ahead=PEOPLE, velocity=st.integers(0, 1_000_000))
def test_a_room_that_holds_everybody_tells_no_time(ahead: int, velocity: int) -> None:
    """Rate 0: no estimate, however quick the line was a moment ago."""
    assert wait_range(ahead, velocity_per_min=velocity, rate_per_min=0) is None


@given(ahead=PEOPLE, rate=RATES)
def test_a_line_that_stands_still_tells_no_time(ahead: int, rate: int) -> None:
    """Velocity 0, although people wait and the room runs: nobody knows."""
    assert wait_range(ahead, velocity_per_min=0, rate_per_min=rate) is None


def ends(ahead: int, velocity: int, rate: int, shop: Shop | None = None) -> tuple[int, int]:
    """A range where there is one."""
    found = wait_range(ahead, velocity_per_min=velocity, rate_per_min=rate, shop=shop)
    assert found is not None
    return found


@given(ahead=PEOPLE, rate=RATES, velocity=RATES)
def test_the_range_holds_the_pace_of_now(ahead: int, rate: int, velocity: int) -> None:
    """If the line goes on as it does, by its velocity, the wait lies in the range."""
    low_s, high_s = ends(ahead, velocity, rate)
    assert low_s * velocity <= 60 * ahead
    assert 60 * (ahead + 1) <= high_s * velocity
    # At the rate alone, too, unless the line is more than half as quick again for those who left.
    if 2 * velocity <= 3 * rate:
        assert 60 * (ahead + 1) <= high_s * rate


@given(ahead=PEOPLE, rate=RATES, velocity=RATES, shop=SHOPS)
def test_a_shop_that_fills_up_only_makes_it_longer(
    ahead: int, rate: int, velocity: int, shop: Shop
) -> None:
    """For whoever is behind its last free place; for those before it nothing changes."""
    shop = shop._replace(per_min=min(shop.per_min, velocity, rate))
    bound, open_ = ends(ahead, velocity, rate, shop), ends(ahead, velocity, rate)
    assert bound[1] >= open_[1]
    if shop.free > ahead:
        assert bound == open_


@given(ahead=PEOPLE, rate=RATES, velocity=RATES, shop=st.none() | SHOPS)
def test_moving_up_never_lengthens_the_wait(
    ahead: int, rate: int, velocity: int, shop: Shop | None
) -> None:
    """With one person fewer ahead, neither end of the range grows, across all steps."""
    nearer, farther = ends(ahead, velocity, rate, shop), ends(ahead + 1, velocity, rate, shop)
    assert nearer[0] <= farther[0]
    assert nearer[1] <= farther[1]


@pytest.mark.parametrize("values", [(-1, 1, 1), (1, -1, 1), (1, 1, -1)])
def test_less_than_nothing_is_an_error(values: tuple[int, int, int]) -> None:
    """Negative people or rates are a mistake of the caller's."""
    ahead, velocity, rate = values
    with pytest.raises(ValueError, match="from 0"):
        wait_range(ahead, velocity_per_min=velocity, rate_per_min=rate)
