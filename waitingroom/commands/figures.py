"""``waitingroom room figures`` and ``history``: what the console's figures and charts are."""

from dataclasses import asdict
from pathlib import Path

import click

from waitingroom.commands import system
from waitingroom.commands.output import common, print_json, print_table
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.values import shown_time
from waitingroom.console.room_figures import RoomFigures
from waitingroom.store.history import HOUR, SALE

GRAINS = {"hour": HOUR, "sale": SALE}
TITLES = {
    "phase": "phase",
    "waiting": "in line",
    "called": "called",
    "inside": "inside",
    "entries": "entries a minute",
    "rate": "set rate",
    "entered": "entered",
    "no_shows": "no-shows",
    "at_door": "at the door",
    "left": "left the line",
    "stock": "in stock",
    "waits_hour": "wait of half / 9 in 10, last hour",
    "kept_hour": "in by the time told, last hour",
    "waits_sale": "wait of half / 9 in 10, whole sale",
    "kept_sale": "in by the time told, whole sale",
    "store": "store answers in",
    "gate": "gate answers in",
}
"""The figures of a room's page, by the names that they have there."""
SHOWN = ("waiting", "called", "entered", "inside", "at_door", "no_show", "left", "rate_per_min")


@click.command()
@room_argument
@common
def figures(room_id: str, file: Path | None, as_json: bool) -> None:
    """The room's figures of now.

    With how long people waited who went in (p50_s, p90_s: seconds by when half and nine in ten were
    in), and how many were in by the time that they had been told.
    """
    with system.store_of(system.find(file)) as store:
        found = RoomFigures.of(store, store.status(room_id))
    if as_json:
        print_json(found.document())
    else:
        told = found.in_words()
        print_table(("FIGURE", "NOW"), [(title, told[name]) for name, title in TITLES.items()])


@click.command()
@room_argument
@click.option(
    "--span",
    type=click.Choice(list(GRAINS)),
    default="hour",
    show_default=True,
    help="The last hour, or the last two days.",
)
@common
def history(room_id: str, span: str, file: Path | None, as_json: bool) -> None:
    """The room's figures as they were."""
    grain = GRAINS[span]
    with system.store_of(system.find(file)) as store:
        store.status(room_id)
        samples = store.history.read(room_id, grain)
    if as_json:
        told = [asdict(one) for one in samples]
        print_json({"room": room_id, "every_ms": grain.every_ms, "samples": told})
    else:
        rows = [(shown_time(one.at_ms), *(getattr(one, name) for name in SHOWN)) for one in samples]
        print_table(("when", *SHOWN), rows)
