"""``waitingroom alarms``: what needs attention now, in words."""

from dataclasses import asdict
from pathlib import Path

import click

from waitingroom.commands import system
from waitingroom.commands.output import common, print_json


@click.command()
@common
def alarms(file: Path | None, as_json: bool) -> None:
    """Show the alarms that hold, and what to do about each."""
    from waitingroom.console.attention import attention

    with system.store_of(system.find(file)) as store:
        found = attention(store.alarms.seen())
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.severity}: {one.words}, {one.since}")
        click.echo(f"  {one.to_do} (docs/runbook.md#{one.name.lower()})")
    if not found:
        click.echo("Nothing needs attention.")
