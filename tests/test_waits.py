"""Waits as counts in buckets: right within one, summed and subtracted, and bounded."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waitingroom.waits import BOUNDS_S, LONGEST_MS, Waited, Waits, bucket_of

WAITS_MS = st.lists(st.integers(0, 9 * 3_600_000), min_size=1, max_size=60)


def of(waits_ms: list[int], kept: bool | None = None) -> Waits:
    """Each of them counted."""
    found = Waits()
    for wait_ms in waits_ms:
        found = found.with_one(wait_ms, kept)
    return found


@given(WAITS_MS, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_a_percentile_is_right_within_its_bucket(waits_ms: list[int], share: float) -> None:
    """Against the waits themselves, by the nearest rank."""
    exact = sorted(waits_ms)[math.ceil(share * len(waits_ms)) - 1]
    bucket = bucket_of(exact)
    low = BOUNDS_S[bucket - 1] if bucket else 0
    high = BOUNDS_S[bucket] if bucket < len(BOUNDS_S) else low
    told = of(waits_ms).quantile_s(share)
    assert told is not None
    assert low <= told <= high


@given(WAITS_MS, WAITS_MS)
def test_sums_come_apart_again(before: list[int], after: list[int]) -> None:
    """What the store adds up, and what came after an earlier look."""
    both = of(before + after, kept=True)
    assert both - of(before, kept=True) == of(after, kept=True)
    assert Waits.of(both.fields()) == both
    assert both.count == both.told == both.kept == len(before) + len(after)


def test_what_was_told_is_counted_apart_from_who_was_told_nothing() -> None:
    """Three entries: one in time, one late, one that nobody told a time."""
    found = Waits().with_one(1_000, True).with_one(2_000, False).with_one(3_000, None)
    assert (found.count, found.told, found.kept, found.sum_ms) == (3, 2, 1, 6_000)


@pytest.mark.parametrize("wait_ms", [-5, 10**18])
def test_a_clock_that_was_set_makes_no_monster(wait_ms: int) -> None:
    """Whatever a ticket says."""
    found = Waits().with_one(wait_ms, None)
    assert 0 <= found.sum_ms <= LONGEST_MS
    assert found.count == 1


def test_of_nobody_there_is_no_percentile() -> None:
    assert Waits().quantile_s(0.5) is None


def test_what_programs_are_told_is_what_the_console_says() -> None:
    """Half and nine in ten, in whole seconds; and the promise."""
    waits = Waits()
    for wait_s in range(1, 11):
        waits = waits.with_one(wait_s * 1_000, wait_s < 10)
    found = Waited.of(waits)
    assert (found.people, found.told, found.kept) == (10, 10, 9)
    assert (found.p50_s, found.p90_s) == (5, 9)
    assert Waited.of(Waits()) == Waited(0, None, None, 0, 0)
