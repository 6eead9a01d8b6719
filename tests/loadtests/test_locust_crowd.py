"""Who comes, when, and by which rule they read the status; what they write down."""

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests import scenarios
from loadtests.plan import Comes, Crowd, Plan, arrivals_ms, character
from loadtests.progress import percentile
from loadtests.records import (
    Answer,
    Ended,
    Entered,
    Order,
    Place,
    Recorder,
    Seen,
    Sender,
    parsed,
    read,
)
from loadtests.shapes import LEAD_MS, users_at
from loadtests.shopper import interval_ms

CASES = ("Xiaomi Poland", "Flipkart")
STATUS = {
    "phase": "open",
    "opens_at_ms": 1_000_000,
    "rate_per_min": 60,
    "velocity_per_min": 0,
    "poll": {"min_ms": 2_000, "max_ms": 30_000, "divisor": 10, "spread_ms": 1_000},
}


def test_half_come_early_then_a_spike_then_a_tail() -> None:
    """The shape of an opening."""
    crowd = Crowd(shoppers=1_000)
    times = arrivals_ms(crowd)
    assert times == sorted(times)
    assert len(times) == 1_000
    assert sum(at_ms < 0 for at_ms in times) == 500
    assert sum(0 <= at_ms <= 3_000 for at_ms in times) >= 400
    assert times[0] >= -25_000
    assert times[-1] <= 43_000


def test_a_shopper_is_the_same_whenever_asked() -> None:
    """The process that judges knows what the other one's shoppers were meant to do."""
    crowd = Crowd()
    crew = [character(n, crowd, 8_000) for n in range(2_000)]
    assert crew == [character(n, crowd, 8_000) for n in range(2_000)]
    never = sum(one.comes is Comes.NEVER for one in crew) / 2_000
    assert never == pytest.approx(crowd.never, abs=0.03)
    assert all(8.5 <= one.reacts_after_s <= 16 for one in crew)


def test_another_seed_is_another_crowd() -> None:
    """So that a run can be varied, and repeated."""
    assert arrivals_ms(Crowd()) != arrivals_ms(Crowd(seed=2))


@pytest.mark.parametrize(
    ("number", "serving", "pause_ms"),
    [(1, 0, 2_000), (101, 0, 10_000), (101, 60, 4_000), (1_001, 0, 30_000), (None, 0, 30_000)],
)
def test_the_status_is_read_after_a_tenth_of_the_wait_within_bounds(
    number: int | None, serving: int, pause_ms: int
) -> None:
    """``clamp(min, expected wait / divisor, max)``, as the protocol says."""
    found = interval_ms(STATUS, number=number, serving=serving, now_ms=0, chance=0.5)
    assert found == pause_ms


def test_the_pause_moves_by_fifteen_percent_either_way() -> None:
    """So that a crowd does not march in step."""
    pauses = [interval_ms(STATUS, number=1, serving=0, now_ms=0, chance=c) for c in (0, 1)]
    assert pauses == [1_700, 2_300]


def test_before_the_opening_the_wait_is_the_time_until_then() -> None:
    """A countdown needs few readings."""
    early = {**STATUS, "phase": "early"}
    assert interval_ms(early, number=None, serving=0, now_ms=900_000, chance=0.5) == 10_000


def users(now_ms: int, through: int = 0) -> tuple[int, float] | None:
    """Three come: 1 s before the opening, at it, 5 s after it."""
    arrivals = [-1_000, 0, 5_000]
    return users_at(now_ms, arrivals, opens_at_ms=100_000, ends_at_ms=200_000, through=through)


def test_users_are_made_a_moment_before_they_come() -> None:
    """Locust makes users once a second; each then waits for their own moment."""
    assert users(99_000 - LEAD_MS) == (1, 1)
    assert users(100_000 - LEAD_MS) == (2, 2)
    assert users(150_000, through=2) == (3, 3)


def test_the_crowd_ends_when_all_are_through_or_the_time_is_up() -> None:
    """A run is bounded."""
    assert users(150_000, through=3) is None
    assert users(200_000) is None


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    """A last line that was cut short is left out."""
    records = [
        Answer(1, "join", 1, 2, 201),
        Place(1, 2, True, 1, 7, None),
        Seen(1, 3, 2, 1, "early", 0, None, "ab", None, None),
        Entered(1, 3, 4),
        Order(1, "mug", "token"),
        Ended(1, 4, "bought"),
        Sender(0.5),
    ]
    file = tmp_path / "records"
    with file.open("w") as out:
        recorder = Recorder(out)
        for record in records:
            recorder.add(record)
        recorder.flush()
        out.write('["Sender",0.')
    assert read(file) == records
    assert list(parsed(["[]"])) == []
    assert read(tmp_path / "none") == []


def test_a_plan_travels_whole(tmp_path: Path) -> None:
    """To the process that sends the crowd."""
    crowd = replace(Crowd(), shoppers=5)
    plan = Plan("sale", "http://g", "", "records", 1, 2, 8_000, {"mug": 3}, crowd)
    plan.write(tmp_path / "plan")
    assert Plan.read(tmp_path / "plan") == plan


def test_every_scenario_loads_and_says_what_it_replays() -> None:
    """`opening` names its cases."""
    assert "opening" in scenarios.names()
    for name in scenarios.names():
        assert scenarios.load(name).replays
    replays = " ".join(scenarios.load("opening").replays)
    assert all(case in replays for case in CASES)


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_percentiles_are_values_that_were_seen(share: float, value: int) -> None:
    """The nearest rank."""
    assert percentile(range(1, 101), share) == value
