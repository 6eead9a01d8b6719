"""``waitingroom room rehearse``: a copy of a room with a simulated crowd."""

from pathlib import Path

import click

from waitingroom import rehearsals
from waitingroom.commands import system
from waitingroom.commands.knobs import in_our_words
from waitingroom.commands.output import acting, print_json
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.values import Number, shown_time
from waitingroom.rehearsals import NoRehearsal
from waitingroom.store.rehearsals import Rehearsals


@click.command("rehearse")
@room_argument
@click.option(
    "--people",
    type=Number(),
    default=100,
    show_default=True,
    help=f"How many come; at most {rehearsals.MOST_PEOPLE}.",
)
@click.option(
    "--minutes",
    type=Number(),
    default=10,
    show_default=True,
    help=f"When it closes; at most {rehearsals.LONGEST_MIN}.",
)
@click.option("--show", is_flag=True, help="Show the one that runs; change nothing.")
@click.option("--end", is_flag=True, help="End the one that runs.")
@acting
def rehearse(
    *,
    room_id: str,
    people: int,
    minutes: int,
    show: bool,
    end: bool,
    file: Path | None,
    as_json: bool,
) -> None:
    """Rehearse in a copy of the room ID, with a simulated crowd.

    At the same gate and in the same store; the room itself is not touched. It closes and is cleaned
    up by itself.
    """
    if show and end:
        raise click.UsageError("say one of --show and --end")
    ours = {"people": "--people", "minutes": "--minutes", "room": "ID"}
    with system.store_of(system.find(file)) as store, in_our_words(**ours):
        there = Rehearsals(store)
        if show or end:
            store.status(room_id)
            one = there.of(room_id)
            if one is None:
                raise NoRehearsal(room_id)
            if end:
                there.end(one.room, actor=system.actor())
        else:
            one = there.begin(room_id, people, minutes, actor=system.actor())
    if as_json:
        print_json({"room": one.room} | dict(rehearsals.as_fields(one)))
    elif show:
        closes = shown_time(one.until_ms)
        click.echo(f"{one.room}: {one.people} people; it closes by itself at {closes}")
    elif end:
        click.echo(f"{one.room} is over")
    else:
        click.echo(f"{one.room} opens in {rehearsals.EARLY_MS // 1000} seconds")
