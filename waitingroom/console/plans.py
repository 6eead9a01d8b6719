"""What is planned for a room, what was done last, and what others did meanwhile, in words. Pure."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from waitingroom import zones
from waitingroom.console.entries import change, facts, value
from waitingroom.console.figures import clock_time, steps_text
from waitingroom.console.knobs import KNOBS, shown, zone_of
from waitingroom.model import Snapshot
from waitingroom.plan import Change, PlanStep
from waitingroom.record import LogEntry

BEFORE_NAMES = ("console:", "cli:")
"""What stands before a name in the record, and says by which way."""
MOVES = frozenset(
    {
        *("create", "set", "plan", "undo", "step", "pause", "resume", "open", "drain", "close"),
        *("reset", "revoke_staff"),
    }
)
"""Acts that move the version of a room, each by one."""
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of the plan, or a ramp. ``key``: what its address ends with, until it is over."""

    key: str
    when: str
    what: str
    steps: tuple[PlanStep, ...]


def planned(steps: Sequence[PlanStep], zone: str) -> list[Planned]:
    """The plan, each ramp once, in order of time."""
    found: dict[object, list[PlanStep]] = {}
    for step in steps:
        found.setdefault(step.ramp or step, []).append(step)
    return [_planned(tuple(ours), zone) for ours in found.values()]


def _planned(steps: tuple[PlanStep, ...], zone: str) -> Planned:
    first, last = steps[0], steps[-1]
    label, when = KNOBS[first.field].label, zones.shown(first.at_ms, zone)
    what = f"{label}: {shown(first.field, last.value)}"
    if ramp := first.ramp:
        when += f" to {zones.shown(ramp.ends_ms, zone)}"
        what = (
            f"{label}: from {shown(ramp.field, ramp.first)} to {shown(ramp.field, ramp.last)}, "
            f"little by little ({steps_text(len(steps))} to come)"
        )
    ends_ms = ramp.ends_ms if ramp else first.at_ms
    return Planned(f"{ends_ms}-{first.field}", when, what, steps)


def undoing(room: Snapshot, change: Change, steps: Sequence[PlanStep]) -> str:
    """What an undo of the last change would do, and whose that was. ``steps``: the plan of now."""
    zone = zone_of(room)
    told = [
        f"{KNOBS[name].label} {shown(name, getattr(room, name), zone)} → "
        f"{shown(name, value(name, was), zone)}"
        if name in KNOBS
        else f"{name.replace('_', ' ')} as it was"
        for name, was in change.words.items()
    ]
    if change.steps is not None:
        gone = [one for one in steps if one not in change.steps]
        told += _of_plan("out of the plan", gone, zone)
        told += _of_plan("planned again", [one for one in change.steps if one not in steps], zone)
    what = "; ".join(told) or "the plan as it was"
    return f"{what} ({_who(change.actor)}, {clock_time(change.at_ms, zone)} {zone})"


def _of_plan(what: str, steps: Sequence[PlanStep], zone: str) -> list[str]:
    return [f"{what}: {one.what}, {one.when}" for one in planned(steps, zone)]


def meanwhile(entries: Sequence[LogEntry], moved: int, zone: str) -> list[str]:
    """What moved a room so many versions on: who turned what, from what to what; the newest first,
    with times in ``zone``.

    ``entries``: of its record, the newest first.
    """
    told = [_told(entry, zone) for entry in _moving(entries, moved)[:MOST_TOLD]]
    more = moved - len(told)
    return told + ([f"And {more} more: see the record."] if more > 0 else [])


def only_planned(entries: Sequence[LogEntry], moved: int, names: Container[str] = ()) -> bool:
    """Whether all that moved a room so many versions on were steps of its plan, which turned none
    of these knobs: whoever looked at it before was told of them.
    """
    ours = _moving(entries, moved)
    steps = [entry for entry in ours if entry.act == "step"]
    turned = {name for entry in steps for name in facts(entry.text("after"))}
    return len(steps) == moved and not any(name in names for name in turned)


def _moving(entries: Sequence[LogEntry], moved: int) -> list[LogEntry]:
    return [entry for entry in entries if entry.act in MOVES][: max(0, moved)]


def _told(entry: LogEntry, zone: str) -> str:
    before, after = facts(entry.text("before")), facts(entry.text("after"))
    names = [name for name in (*before, *after) if name in KNOBS]
    turned = [
        f"{KNOBS[name].label}: {change(name, before, after, zone)}" for name in dict.fromkeys(names)
    ]
    what = "; ".join(turned) or ("changed the plan" if entry.act == "plan" else entry.act)
    return f"{clock_time(entry.at_ms, zone)} {zone}, {_who(entry.actor)}: {what}."


def _who(actor: str) -> str:
    if actor == "time":
        return "the plan"
    for start in BEFORE_NAMES:
        actor = actor.removeprefix(start)
    return actor
