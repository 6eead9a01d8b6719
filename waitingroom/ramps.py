"""Plans of knobs: a ramp in even steps, and how it joins the plan that is there. Pure."""

from collections.abc import Sequence
from dataclasses import replace as changed

from waitingroom.durations import shown_duration
from waitingroom.errors import BadSetting, WrongState
from waitingroom.plan import PlanStep, Ramp
from waitingroom.settings import LATEST_MS, LONGEST_PLAN, PLANNABLE, check, check_plan

RAMPED = ("rate_per_min", "capacity")
"""Knobs with a way between two values that means something, and no 0 for *none* but the rate's."""
SHORTEST_STEP_MS = 1_000
MOST_STEPS = 20
"""Other plans must find room beside a ramp. Shoppers are told of its first and of its last."""


def ramp(
    field: str, first: int, last: int, *, begins_ms: int, over_ms: int, was: int | None = None
) -> tuple[PlanStep, ...]:
    """From ``first`` at ``begins_ms`` to ``last`` ``over_ms`` later, in even steps: none shorter
    than a second, none that changes nothing. ``was``: where the knob is before; where that is
    ``first``, the first step is left out.

    Raises :class:`BadSetting`.
    """
    if field not in RAMPED:
        raise BadSetting(field, f"cannot be ramped; these can: {', '.join(sorted(RAMPED))}")
    check({field: first})
    check({field: last})
    if field == "capacity" and 0 in (first, last):
        raise BadSetting(field, "has no way to or from 0, which is no cap at all")
    if first == last:
        raise BadSetting(field, f"is to go from {first} to {last}, which is no way")
    if over_ms < SHORTEST_STEP_MS:
        least, said = shown_duration(SHORTEST_STEP_MS), shown_duration(over_ms)
        raise BadSetting("over_ms", f"must be {least} or more, not {said}")
    if begins_ms <= LATEST_MS < begins_ms + over_ms:
        raise BadSetting("over_ms", "is too long: the ramp would end after 2099")
    count = min(MOST_STEPS - 1, abs(last - first), over_ms // SHORTEST_STEP_MS)
    steps = [
        PlanStep(begins_ms + over_ms * one // count, field, first + (last - first) * one // count)
        for one in range(int(was == first), count + 1)
    ]
    whole = Ramp(field, steps[0].at_ms, steps[-1].at_ms, first, last)
    return tuple(changed(step, ramp=whole) for step in steps)


def joined(
    steps: Sequence[PlanStep], more: Sequence[PlanStep], *, replace: bool = False
) -> tuple[PlanStep, ...]:
    """The plan ``steps`` with ``more``. From its first to its last, a knob of ``more`` is turned by
    nothing else, and is on the way of no ramp: planned otherwise is refused, or dropped where it is
    to ``replace`` it (of a ramp, with all that comes behind).

    Raises :class:`BadSetting` for steps that no plan may have, :class:`WrongState` for what this
    one has no room for.
    """
    check_plan(more)
    met = [step for step in steps if any(_meets(step, more, field) for field in PLANNABLE)]
    if met and not replace:
        raise WrongState(met[0].field, f"is planned for that time already, {_told(met[0])}")
    left = without(steps, met)
    if len(left) + len(more) > LONGEST_PLAN:
        told = f"must have at most {LONGEST_PLAN} steps, and has {len(left)} already"
        raise WrongState("plan", told)
    plan = tuple(sorted([*left, *more], key=_at))
    check_plan(plan)
    return plan


def without(steps: Sequence[PlanStep], gone: Sequence[PlanStep]) -> tuple[PlanStep, ...]:
    """The plan without some of its steps. A ramp that loses one ends before it."""
    left = [step for step in steps if step not in gone and not _is_cut_off(step, gone)]
    return tuple(_ended(step, left) for step in left)


def _is_cut_off(step: PlanStep, gone: Sequence[PlanStep]) -> bool:
    return any(step.ramp and one.ramp == step.ramp and one.at_ms < step.at_ms for one in gone)


def _ended(step: PlanStep, left: Sequence[PlanStep]) -> PlanStep:
    """With the ramp as it is now that these are left."""
    if step.ramp is None:
        return step
    last = max((one for one in left if one.ramp == step.ramp), key=_at)
    return changed(step, ramp=changed(step.ramp, ends_ms=last.at_ms, last=last.value))


def value_at(steps: Sequence[PlanStep], field: str, now: int, at_ms: int) -> int:
    """What a knob that is at ``now`` will be at just before ``at_ms``, by the plan."""
    turned = [step for step in sorted(steps, key=_at) if step.field == field and step.at_ms < at_ms]
    return turned[-1].value if turned else now


def _meets(step: PlanStep, more: Sequence[PlanStep], field: str) -> bool:
    times = [one.at_ms for one in more if one.field == field]
    if step.field != field or not times:
        return False
    begins_ms, ends_ms = min(times), max(times)
    if (whole := step.ramp) and whole.begins_ms <= ends_ms and begins_ms <= whole.ends_ms:
        # Between two of its steps it is on its way: whatever is to come of it is met.
        return begins_ms <= step.at_ms
    return begins_ms <= step.at_ms <= ends_ms


def _told(step: PlanStep) -> str:
    if whole := step.ramp:
        return f"to go from {whole.first} to {whole.last} little by little"
    if step.field == "joins":
        return "to be yes" if step.value else "to be no"
    return f"to be {step.value}"


def _at(step: PlanStep) -> int:
    return step.at_ms
