"""What an operator wants of a room's knobs, in words and as the store takes it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from waitingroom import zones
from waitingroom.console.figures import steps_text
from waitingroom.console.knobs import KNOBS, shown
from waitingroom.console.typed import AT, RAMP, Typed
from waitingroom.durations import shown_duration
from waitingroom.errors import BadSetting
from waitingroom.model import Snapshot
from waitingroom.plan import PlanStep
from waitingroom.ramps import RAMPED, joined, ramp, value_at
from waitingroom.settings import Value


@dataclass(frozen=True, slots=True)
class Line:
    """A knob in words: what it is, and what it would be."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Knobs to be turned now (``changes``), or a plan in place of the one that is there.

    ``lines``: what is otherwise. ``when``: from when on, as a sentence. ``warnings``: what else
    will happen to these knobs, that its sender may have overlooked.
    """

    lines: tuple[Line, ...]
    when: str
    changes: dict[str, Value] | None = None
    planned: tuple[PlanStep, ...] | None = None
    warnings: tuple[str, ...] = ()


def wish(room: Snapshot, there: Sequence[PlanStep], typed: Typed) -> Wish:
    """Raises :class:`BadSetting` for what cannot be planned, or not beside the plan of now."""
    if typed.when == AT:
        return _scheduled(room, there, typed)
    if typed.when == RAMP:
        return _ramped(room, there, typed)
    lines = tuple(_line(room, name, value, typed.zone) for name, value in typed.changes.items())
    turned = {name for name in typed.changes if any(step.field == name for step in there)}
    warnings = tuple(_planned_too(there, name, typed.zone) for name in sorted(turned))
    return Wish(lines, "At once.", changes=dict(typed.changes), warnings=warnings)


def _line(room: Snapshot, name: str, value: Value, zone: str) -> Line:
    before = shown(name, getattr(room, name), zone)
    return Line(KNOBS[name].label, before, shown(name, value, zone))


def _planned_too(there: Sequence[PlanStep], name: str, zone: str) -> str:
    first, *_ = (step for step in there if step.field == name)
    return (
        f"{KNOBS[name].label} is planned, too: it goes to {shown(name, first.value)} at "
        f"{zones.shown(first.at_ms, zone)}. Take that out of the plan if it is not to happen."
    )


def _scheduled(room: Snapshot, there: Sequence[PlanStep], typed: Typed) -> Wish:
    at_ms, lines, steps = typed.at_ms, [], []
    for name, value in typed.changes.items():
        before = value_at(there, name, getattr(room, name), at_ms)
        lines.append(Line(KNOBS[name].label, shown(name, before), shown(name, value)))
        steps.append(PlanStep(at_ms, name, value))  # type: ignore[arg-type]
    planned = joined(there, steps, replace=typed.replace)
    return Wish(tuple(lines), f"At {zones.shown(at_ms, typed.zone)}.", planned=planned)


def _ramped(room: Snapshot, there: Sequence[PlanStep], typed: Typed) -> Wish:
    wanted = {name: value for name, value in typed.changes.items() if name in RAMPED}
    others = typed.changes.keys() - wanted.keys()
    if others:
        raise BadSetting(min(others), "cannot be turned little by little; only rate or capacity")
    if len(wanted) != 1:
        raise BadSetting("when", "turns either the rate or the capacity little by little, not both")
    ((name, last),) = wanted.items()
    begins_ms = typed.at_ms or room.now_ms
    first = value_at(there, name, getattr(room, name), begins_ms)
    over_ms, to = typed.over_ms, int(last)  # type: ignore[arg-type]
    steps = ramp(name, first, to, begins_ms=begins_ms, over_ms=over_ms, was=first)
    begin = f"From {zones.shown(typed.at_ms, typed.zone)}" if typed.at_ms else "From now"
    when = f"{begin}, over {shown_duration(typed.over_ms)}, in {steps_text(len(steps))}."
    line = Line(KNOBS[name].label, shown(name, first), shown(name, last))
    return Wish((line,), when, planned=joined(there, steps, replace=typed.replace))
