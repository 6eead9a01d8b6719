"""``waitingroom room figures`` and ``history``: what the console's figures and charts are."""

from dataclasses import asdict
from pathlib import Path

import click

from waitingroom.commands import system
from waitingroom.commands.output import common, print_json, print_table
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.values import shown_time
from waitingroom.live import LATELY_MS, Live
from waitingroom.store.history import HOUR, SALE

GRAINS = {"hour": HOUR, "sale": SALE}
SHOWN = ("waiting", "called", "entered", "inside", "at_door", "no_show", "left", "rate_per_min")


@click.command()
@room_argument
@common
def figures(room_id: str, file: Path | None, as_json: bool) -> None:
    """The room's figures of now."""
    with system.store_of(system.find(file)) as store:
        room = store.status(room_id)
        lately = store.history.lately({room_id: room.now_ms - LATELY_MS})[room_id]
    told = asdict(Live.of(room, lately))
    if as_json:
        print_json(told)
    else:
        rows = [(name, "-" if one is None else one) for name, one in told.items()]
        print_table(("figure", "now"), rows)


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
