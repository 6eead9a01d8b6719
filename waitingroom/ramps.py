"""Plans of knobs: a ramp in even steps, and how it joins the plan that is there. Pure."""

from collections.abc import Sequence

from waitingroom.errors import BadSetting
from waitingroom.model import PlanStep
from waitingroom.settings import PLANNABLE, check, check_plan

RAMPED = ("rate_per_min", "capacity")
"""Knobs with a way between two values that means something, and no 0 for *none* but the rate's."""
SHORTEST_STEP_MS = 1_000
MOST_STEPS = 20
"""Shoppers are told of every step; and other plans must find room beside a ramp."""


def ramp(
    field: str, first: int, last: int, *, begins_ms: int, over_ms: int
) -> tuple[PlanStep, ...]:
    """From ``first`` at ``begins_ms`` to ``last`` ``over_ms`` later, in even steps: none shorter
    than a second, none that changes nothing.

    Raises :class:`BadSetting`.
    """
    if field not in RAMPED:
        raise BadSetting(field, f"cannot be ramped; these can: {sorted(RAMPED)}")
    check({field: first})
    check({field: last})
    if field == "capacity" and 0 in (first, last):
        raise BadSetting(field, "has no way to or from 0, which is no cap at all")
    if first == last:
        raise BadSetting(field, f"is to go from {first} to {last}, which is no way")
    if over_ms < SHORTEST_STEP_MS:
        raise BadSetting("over_ms", f"must be {SHORTEST_STEP_MS} ms or more, not {over_ms}")
    count = min(MOST_STEPS - 1, abs(last - first), over_ms // SHORTEST_STEP_MS)
    return tuple(
        PlanStep(begins_ms + over_ms * one // count, field, first + (last - first) * one // count)
        for one in range(count + 1)
    )


def joined(
    steps: Sequence[PlanStep], more: Sequence[PlanStep], *, replace: bool = False
) -> tuple[PlanStep, ...]:
    """The plan ``steps`` with ``more``. From its first to its last, a knob of ``more`` is turned by
    nothing else: planned otherwise is refused, or dropped where it is to ``replace`` it.

    Raises :class:`BadSetting`.
    """
    check_plan(more)
    met = [step for step in steps if any(_meets(step, more, field) for field in PLANNABLE)]
    if met and not replace:
        raise BadSetting(met[0].field, f"is planned for that time already, to be {met[0].value}")
    plan = tuple(sorted([*(one for one in steps if one not in met), *more], key=_at))
    check_plan(plan)
    return plan


def value_at(steps: Sequence[PlanStep], field: str, now: int, at_ms: int) -> int:
    """What a knob that is at ``now`` will be at just before ``at_ms``, by the plan."""
    turned = [step for step in sorted(steps, key=_at) if step.field == field and step.at_ms < at_ms]
    return turned[-1].value if turned else now


def _meets(step: PlanStep, more: Sequence[PlanStep], field: str) -> bool:
    times = [one.at_ms for one in more if one.field == field]
    return step.field == field and bool(times) and min(times) <= step.at_ms <= max(times)


def _at(step: PlanStep) -> int:
    return step.at_ms
