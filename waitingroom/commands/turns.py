"""``waitingroom room ramp``, ``schedule``, ``undo``; and what a change would do."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from waitingroom.commands import system
from waitingroom.commands.knobs import KNOBS, given, in_our_words
from waitingroom.commands.output import acting, print_json, print_room, print_table, room_json
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.values import Duration, Number, Time, shown_time
from waitingroom.durations import shown_duration
from waitingroom.errors import BadSetting
from waitingroom.model import PlanStep, Snapshot
from waitingroom.ramps import joined, ramp, value_at
from waitingroom.settings import PLANNABLE
from waitingroom.store.client import Store
from waitingroom.whatif import IN_WORDS, SENTENCES, Forecast, WhatIf

Command = TypeVar("Command", bound=Callable[..., Any])
PLANS = tuple(knob for knob in KNOBS if knob[1] in PLANNABLE)
what_if_option = click.option(
    "--what-if", "only_shown", is_flag=True, help="Show what it would do; change nothing."
)
based_on_option = click.option(
    "--based-on", "version", type=Number(), help="Refuse if the room's version is another."
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
        begins_ms = room.now_ms if at_ms is None else at_ms
        _check_future(room, begins_ms)
        then = value_at(there, field, getattr(room, field), begins_ms)
        begin = then if first is None else first
        return ramp(field, begin, last, begins_ms=begins_ms, over_ms=over_ms, was=then)

    _plan(room_id, steps, **how)


@click.command("schedule")
@room_argument
@click.option("--at", "at_ms", type=Time(), help="When the knobs are turned.")
@click.option("--clear", is_flag=True, help="Drop all that is planned.")
@plan_options
def schedule(*, room_id: str, at_ms: int | None, clear: bool, **how: Any) -> None:
    """Turn knobs at a time; without any, show what is planned.

    Times are +30s, or ISO 8601 with an offset, like 2026-12-01T14:00+01:00.
    """
    wanted = given({field: how.pop(field) for _, field, _ in PLANS})
    if clear == bool(wanted) and (clear or at_ms is not None):
        raise click.UsageError("name knobs to turn, like --rate 30, or else --clear")
    if bool(wanted) != (at_ms is not None):
        raise click.UsageError("say when, with --at")
    if not (wanted or clear):
        with system.store_of(system.find(how["file"])) as store:
            _show_plan(store, store.status(room_id), how["as_json"])
        return

    def steps(room: Snapshot, _there: Sequence[PlanStep]) -> Sequence[PlanStep]:
        _check_future(room, at_ms or 0)
        return [PlanStep(at_ms or 0, field, value) for field, value in wanted.items()]

    _plan(room_id, None if clear else steps, **how)


@click.command("undo")
@room_argument
@based_on_option
@acting
def undo(room_id: str, file: Path | None, as_json: bool, version: int | None) -> None:
    """Take the last change back.

    That of knobs, of the brand or of the plan; refused where anything came after it.
    """
    with system.store_of(system.find(file)) as store:
        room = store.undo(room_id, actor=system.actor(), version=version)
    if as_json:
        print_json(room_json(room))
    else:
        print_room(room)


Steps = Callable[[Snapshot, Sequence[PlanStep]], Sequence[PlanStep]]


def _check_future(room: Snapshot, at_ms: int) -> None:
    if at_ms < room.now_ms:
        raise BadSetting("at_ms", "must not be a time that has passed")


def _plan(
    room_id: str,
    make: Steps | None,
    *,
    file: Path | None,
    as_json: bool,
    replace: bool,
    only_shown: bool,
    version: int | None,
) -> None:
    """Add what ``make`` makes to the plan (None: drop the plan), or show what that would do.

    The room is looked at first and the change based on what was seen: nobody's plan is lost.
    """
    ours = {"at_ms": "--at", "over_ms": "--over", "plan": "the plan"}
    with system.store_of(system.find(file)) as store, in_our_words(**ours):
        room = store.status(room_id)
        there = store.steps(room_id)
        planned = joined(there, make(room, there), replace=replace) if make else ()
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


def show_what_if(room_id: str, told: WhatIf, as_json: bool) -> None:
    """What would become of those in line now, without a change and with it."""
    if as_json:
        print_json(asdict(told))
        return
    before, after = told.before, told.after
    click.echo(
        f"{room_id}: {before.waiting} in line, {before.inside} inside; nothing was changed "
        f"(version {told.version})"
    )
    rows = zip(_rows(before).items(), _rows(after).values(), strict=True)
    print_table(("", "AS IT IS", "WITH IT"), [(name, one, other) for (name, one), other in rows])
    for name, forecast in (("as it is", before), ("with it", after)):
        if forecast.hold:
            click.echo(f"{name}: {SENTENCES[forecast.hold]}")
    click.echo(
        f"assumed: {after.numbers_per_entry} places in line an entry, a stay of "
        f"{shown_duration(1000 * after.stay_s)} in the shop"
    )


def _rows(told: Forecast) -> dict[str, str]:
    return {
        "a tenth are called in": _span(told.front_s),
        "half are called in": _span(told.middle_s),
        "all are called in": _span(told.end_s),
        "the last, at": shown_time(told.last_in_at_ms or 0),
        "not called when it closes": str(told.shut_out),
        "capacity is kept in": _span(told.capacity_in_s),
        "stock ends": IN_WORDS.get(told.stock) or shown_time(told.stock_ends_at_ms or 0),
    }


def _span(seconds: int | None) -> str:
    return "-" if seconds is None else shown_duration(1000 * seconds)
