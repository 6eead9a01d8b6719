"""``waitingroom room ramp``, ``schedule``, ``undo``; and what a change would do."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from waitingroom.commands import system
from waitingroom.commands.knobs import KNOBS, given, in_our_words
from waitingroom.commands.output import (
    acting,
    based_on_option,
    print_json,
    print_room,
    print_table,
    room_json,
)
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.shown_whatif import show_what_if
from waitingroom.commands.values import Duration, Number, Time, shown_time
from waitingroom.errors import WrongState
from waitingroom.model import Snapshot
from waitingroom.plan import PlanStep
from waitingroom.ramps import joined, ramp, value_at, without
from waitingroom.settings import PLANNABLE, to_come
from waitingroom.store.client import Store

Command = TypeVar("Command", bound=Callable[..., Any])
PLANNED = {
    option.partition("/")[0].removeprefix("--"): field
    for option, field, _ in KNOBS
    if field in PLANNABLE
}
PLANS = tuple(knob for knob in KNOBS if knob[1] in PLANNABLE)
what_if_option = click.option(
    "--what-if", "only_shown", is_flag=True, help="Show what it would do; change nothing."
)
replace_option = click.option(
    "--replace", is_flag=True, help="Drop what is planned for the same knob and time."
)


def plan_options(command: Command) -> Command:
    """The options of a change of the plan, and of the knobs that it may turn."""
    for option, field, details in reversed(PLANS):
        command = click.option(option, field, **details)(command)
    return acting(replace_option(what_if_option(based_on_option(command))))


@click.command("ramp")
@room_argument
@click.option("--rate", "rate_per_min", type=Number(), help="Most entries a minute, in the end.")
@click.option("--capacity", type=Number(), help="Most shoppers inside, in the end.")
@click.option("--from", "first", type=Number(), help="Where it begins; where the knob is then.")
@click.option("--over", "over_ms", type=Duration(), required=True, help="How long it takes.")
@click.option("--at", "at_ms", type=Time(), help="When it begins; now.")
@replace_option
@what_if_option
@based_on_option
@acting
def ramp_knob(
    *,
    room_id: str,
    rate_per_min: int | None,
    capacity: int | None,
    first: int | None,
    over_ms: int,
    at_ms: int | None,
    **how: Any,
) -> None:
    """Turn the rate or the capacity little by little.

    In even steps, which become part of the room's plan. Times are now, +30s, or ISO 8601 with an
    offset; durations are like 10s, 15m or 1h30m.
    """
    wanted = given({"rate_per_min": rate_per_min, "capacity": capacity})
    if len(wanted) != 1:
        raise click.UsageError("say where the ramp ends, with one of --rate and --capacity")
    ((field, last),) = wanted.items()

    def steps(room: Snapshot, there: Sequence[PlanStep]) -> Sequence[PlanStep]:
        begins_ms = to_come(room.now_ms if at_ms is None else at_ms, room.now_ms)
        then = value_at(there, field, getattr(room, field), begins_ms)
        begin = then if first is None else first
        return ramp(field, begin, last, begins_ms=begins_ms, over_ms=over_ms, was=then)

    _plan(room_id, steps, **how)


@click.command("schedule")
@room_argument
@click.option("--at", "at_ms", type=Time(), help="When the knobs are turned.")
@click.option("--clear", is_flag=True, help="Drop all that is planned.")
@click.option(
    "--drop",
    type=click.Choice(list(PLANNED)),
    help="Drop what is planned for this knob; with --at, what is planned for then.",
)
@plan_options
def schedule(*, room_id: str, at_ms: int | None, clear: bool, drop: str | None, **how: Any) -> None:
    """Turn knobs at a time; without any, show what is planned.

    Times are now, +30s, or ISO 8601 with an offset, like 2026-12-01T14:00+01:00.
    """
    wanted = given({field: how.pop(field) for _, field, _ in PLANS})
    if drop:
        if wanted or clear:
            raise click.UsageError("--drop goes with --at and with no other change")
        how.pop("replace")  # what is dropped makes room for nothing
        _change_plan(room_id, partial(_dropped, PLANNED[drop], at_ms), **how)
        return
    if clear == bool(wanted) and (clear or at_ms is not None):
        raise click.UsageError("name knobs to turn, like --rate 30, or else --clear")
    if bool(wanted) != (at_ms is not None):
        raise click.UsageError("say when, with --at")
    if not (wanted or clear):
        with system.store_of(system.find(how["file"])) as store:
            _show_plan(store, store.status(room_id), how["as_json"])
        return

    def steps(room: Snapshot, _there: Sequence[PlanStep]) -> Sequence[PlanStep]:
        then_ms = to_come(at_ms or 0, room.now_ms)
        return [PlanStep(then_ms, field, value) for field, value in wanted.items()]

    _plan(room_id, None if clear else steps, **how)


def _dropped(
    field: str, at_ms: int | None, _room: Snapshot, there: Sequence[PlanStep]
) -> Sequence[PlanStep]:
    """The plan without a knob's steps (all, or those of a time to the second); ramps go whole."""
    met = [one for one in there if one.field == field and _is_of(one, at_ms)]
    if not met:
        raise WrongState("drop", "nothing is planned for that knob then")
    ramps = {one.ramp for one in met if one.ramp}
    return without(there, [one for one in there if one in met or one.ramp in ramps])


def _is_of(step: PlanStep, at_ms: int | None) -> bool:
    if at_ms is None:
        return True
    begins_ms, ends_ms = (
        (step.ramp.begins_ms, step.ramp.ends_ms) if step.ramp else (step.at_ms, step.at_ms)
    )
    return begins_ms // 1000 <= at_ms // 1000 <= ends_ms // 1000


@click.command("undo")
@room_argument
@what_if_option
@based_on_option
@acting
def undo(
    *, room_id: str, only_shown: bool, version: int | None, file: Path | None, as_json: bool
) -> None:
    """Take the last change back.

    That of knobs, of the brand or of the plan; refused where anything came after it.
    """
    with system.store_of(system.find(file)) as store:
        if only_shown:
            # Its words take a moment to load, which other commands need not wait for.
            from waitingroom.console.last_change import last_change

            found = last_change(store, room_id)
            if as_json:
                print_json(asdict(found))
            else:
                click.echo(
                    f"{room_id}: {found.what}; nothing was changed (version {found.version})"
                )
            return
        room = store.undo(room_id, actor=system.actor(), version=version)
    if as_json:
        print_json(room_json(room))
    else:
        print_room(room)


Steps = Callable[[Snapshot, Sequence[PlanStep]], Sequence[PlanStep]]


def _plan(
    room_id: str,
    make: Steps | None,
    *,
    replace: bool,
    **how: Any,
) -> None:
    """Add what ``make`` makes to the plan (None: drop the plan), or show what that would do."""

    def plan(room: Snapshot, there: Sequence[PlanStep]) -> Sequence[PlanStep]:
        return joined(there, make(room, there), replace=replace) if make else ()

    _change_plan(room_id, plan, **how)


def _change_plan(
    room_id: str,
    change: Steps,
    *,
    file: Path | None,
    as_json: bool,
    only_shown: bool,
    version: int | None,
) -> None:
    """Make the plan what ``change`` makes of it, or show what that would do.

    The room is looked at first and the change based on what was seen: nobody's plan is lost.
    """
    ours = {"at_ms": "--at", "over_ms": "--over", "plan": "the plan", "drop": "--drop"}
    with system.store_of(system.find(file)) as store, in_our_words(**ours):
        room = store.status(room_id)
        planned = change(room, store.steps(room_id))
        if only_shown:
            show_what_if(room_id, store.what_if(room_id, planned=planned), as_json)
            return
        based_on = room.version if version is None else version
        room = store.plan(room_id, planned, actor=system.actor(), version=based_on)
        _show_plan(store, room, as_json)


def _show_plan(store: Store, room: Snapshot, as_json: bool) -> None:
    steps = store.steps(room.room)
    if as_json:
        told = {"room": room.room, "version": room.version}
        print_json(told | {"steps": [asdict(step) for step in steps]})
    elif not steps:
        click.echo(f"{room.room}: nothing is planned")
    else:
        names = {field: option.strip("-").partition("/")[0] for option, field, _ in PLANS}
        print_table(
            ("WHEN", "KNOB", "VALUE"),
            [(shown_time(step.at_ms), names[step.field], step.value) for step in steps],
        )
