"""``waitingroom alarms``: what needs attention now, as the console shows it."""

from pathlib import Path

import click

from waitingroom.commands import system
from waitingroom.commands.output import common, print_json


@click.command()
@common
def alarms(file: Path | None, as_json: bool) -> None:
    """The alarms that hold, and what to do about them."""
    from waitingroom.console.attention import attention

    with system.store_of(system.find(file)) as store:
        found = attention(store.alarms.seen())
    if as_json:
        print_json(found)
    elif not found:
        click.echo("No alarm holds.")
    for one in found if not as_json else ():
        click.echo(f"{one['severity']}: {one['words']}, {one['since']}")
        click.echo(f"  {one['to_do']}")
