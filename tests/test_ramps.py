"""Ramps, and how they join a plan."""

from itertools import pairwise

import pytest

from waitingroom.errors import BadSetting, WrongState
from waitingroom.plan import PlanStep, Ramp
from waitingroom.ramps import MOST_STEPS, joined, ramp, value_at, without
from waitingroom.settings import LONGEST_PLAN, check_plan

T0 = 1_800_000_000_000
MINUTE = 60_000


def rates(*pairs: tuple[int, int]) -> tuple[PlanStep, ...]:
    return tuple(PlanStep(T0 + at_ms, "rate_per_min", value) for at_ms, value in pairs)


def test_a_ramp_goes_in_even_steps_from_the_first_value_to_the_last() -> None:
    """From 60 to 300 over ten minutes: exact at both ends, and room for four more in a plan."""
    steps = ramp("rate_per_min", 60, 300, begins_ms=T0, over_ms=10 * MINUTE)
    check_plan(steps)
    assert len(steps) == MOST_STEPS == LONGEST_PLAN // 5
    assert (steps[0].at_ms, steps[0].value) == (T0, 60)
    assert (steps[-1].at_ms, steps[-1].value) == (T0 + 10 * MINUTE, 300)
    gaps = [b.at_ms - a.at_ms for a, b in pairwise(steps)]
    rises = [b.value - a.value for a, b in pairwise(steps)]
    assert max(gaps) - min(gaps) <= 1
    assert max(rises) - min(rises) <= 1


def test_a_ramp_may_go_down_and_takes_no_step_that_changes_nothing() -> None:
    """Five steps for five values."""
    steps = ramp("capacity", 50, 45, begins_ms=T0, over_ms=MINUTE)
    assert [step.value for step in steps] == [50, 49, 48, 47, 46, 45]


def test_no_step_of_a_ramp_is_shorter_than_a_second() -> None:
    """Gates look twice a second."""
    steps = ramp("rate_per_min", 0, 600, begins_ms=T0, over_ms=3_500)
    assert [step.value for step in steps] == [0, 200, 400, 600]


@pytest.mark.parametrize(
    ("field", "first", "last", "over_ms", "why"),
    [
        ("burst", 1, 9, MINUTE, "cannot be ramped; these can: capacity, rate_per_min"),
        ("opens_at_ms", 1, 9, MINUTE, "cannot be ramped; these can: capacity, rate_per_min"),
        ("rate_per_min", 60, 60, MINUTE, "no way"),
        ("rate_per_min", -1, 60, MINUTE, "must be from 0"),
        ("rate_per_min", 1, 10**7, MINUTE, "must be from 0"),
        ("capacity", 0, 60, MINUTE, "no cap"),
        ("capacity", 60, 0, MINUTE, "no cap"),
        ("rate_per_min", 1, 60, 999, "1s or more, not 999ms"),
        ("rate_per_min", 1, 60, 100_000 * 1_440 * MINUTE, "over_ms.*end after 2099"),
    ],
)
def test_what_is_no_ramp_is_refused_with_a_sentence(
    field: str, first: int, last: int, over_ms: int, why: str
) -> None:
    """And names the knob."""
    with pytest.raises(BadSetting, match=why):
        ramp(field, first, last, begins_ms=T0, over_ms=over_ms)


def test_a_ramp_joins_the_plan_that_is_there() -> None:
    """Other knobs, and the same one at other times, stay planned."""
    there = (*rates((-1, 5), (2 * MINUTE, 7)), PlanStep(T0 + 10, "capacity", 5))
    more = ramp("rate_per_min", 1, 4, begins_ms=T0, over_ms=MINUTE)
    plan = joined(there, more)
    assert set(plan) == {*there, *more}
    assert list(plan) == sorted(plan, key=lambda step: step.at_ms)


def test_a_ramp_through_a_step_of_the_same_knob_is_refused_or_replaces_it() -> None:
    """Never both: the rate would jump there and back."""
    more = ramp("rate_per_min", 1, 4, begins_ms=T0, over_ms=MINUTE)
    there = rates((MINUTE, 7))
    with pytest.raises(WrongState, match="planned for that time already, to be 7"):
        joined(there, more)
    assert joined(there, more, replace=True) == more


@pytest.mark.parametrize(
    "more",
    [rates((4_500, 70)), rates((4_200, 70), (4_800, 80)), rates((9_999, 70))],
)
def test_a_ramp_is_met_also_between_its_steps(more: tuple[PlanStep, ...]) -> None:
    """Refused as on a step of it; or the ramp ends there, so that no step of it comes behind."""
    there = ramp("rate_per_min", 0, 100, begins_ms=T0, over_ms=10_000)
    with pytest.raises(BadSetting, match="for that time already, to go from 0 to 100 little by"):
        joined(there, more)
    plan = joined(there, more, replace=True)
    assert [step for step in plan if step.at_ms >= more[0].at_ms] == list(more)
    assert plan[: -len(more)] == without(there, there[len(plan) - len(more) :])


def test_before_and_behind_a_ramp_a_knob_may_be_turned() -> None:
    """And another knob at any time."""
    there = ramp("rate_per_min", 0, 100, begins_ms=T0, over_ms=10_000)
    for more in (rates((-1, 5)), rates((10_001, 5)), (PlanStep(T0 + 4_500, "capacity", 5),)):
        assert set(joined(there, more)) == {*there, *more}


def test_a_plan_with_a_stray_step_in_a_ramp_is_refused() -> None:
    """However it was made: who reads it would take the step for one of the ramp."""
    there = ramp("rate_per_min", 0, 100, begins_ms=T0, over_ms=10_000)
    with pytest.raises(BadSetting, match="on the way of a ramp"):
        check_plan([*there, *rates((4_500, 70))])
    crossing = ramp("rate_per_min", 9, 5, begins_ms=T0 + 9_500, over_ms=4_000)
    with pytest.raises(BadSetting, match="on the way of a ramp"):
        check_plan([*there, *crossing])
    check_plan([*there, PlanStep(T0 + 4_500, "capacity", 5)])


def test_a_ramp_that_is_cut_ends_before_the_cut() -> None:
    """Its steps behind it would lead elsewhere; it says where it ends now."""
    there = ramp("rate_per_min", 0, 100, begins_ms=T0, over_ms=10_000)
    plan = joined(there, rates((4_500, 70), (5_500, 80)), replace=True)
    assert [step.value for step in plan] == [0, 10, 20, 30, 40, 70, 80]
    assert {step.ramp for step in plan} == {
        Ramp("rate_per_min", T0, T0 + 4_000, 0, 40),
        None,
    }
    assert without(there, there[:1]) == ()
    assert without(there, []) == there


def test_a_ramp_begins_with_its_first_step_that_turns_the_knob() -> None:
    """It knows where it comes from and where it goes."""
    steps = ramp("rate_per_min", 60, 62, begins_ms=T0, over_ms=MINUTE, was=60)
    assert [step.value for step in steps] == [61, 62]
    assert {step.ramp for step in steps} == {
        Ramp("rate_per_min", T0 + MINUTE // 2, T0 + MINUTE, 60, 62)
    }
    assert ramp("rate_per_min", 60, 62, begins_ms=T0, over_ms=MINUTE, was=1)[0].value == 60


def test_a_plan_that_would_be_too_long_is_refused() -> None:
    """With its limit."""
    full = tuple(PlanStep(T0 + at, "capacity", 5) for at in range(LONGEST_PLAN))
    with pytest.raises(BadSetting, match="at most 100"):
        joined(full, rates((0, 5)))


def test_a_ramp_that_begins_later_begins_where_the_plan_will_be() -> None:
    """The last step before it, of the same knob; else where the knob is now."""
    steps = (*rates((MINUTE, 90), (10, 70)), PlanStep(T0 + 20, "capacity", 5))
    values = [value_at(steps, "rate_per_min", 60, T0 + at) for at in (10, 11, MINUTE, MINUTE + 1)]
    assert values == [60, 70, 70, 90]
