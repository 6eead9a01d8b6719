"""``waitingroom draw …``, as the rest of the command line has it.

The work is done in :mod:`waitingroom.commands.verify`, which needs no click, by the words as typed.
"""

import click

from waitingroom.commands import verify as place


@click.group()
def draw() -> None:
    """Check the draw that gave early shoppers their numbers."""


@draw.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def verify(words: tuple[str, ...]) -> None:
    """Recompute the number of an arrival from published values alone."""
    try:
        click.echo(place.verify(words))
    except place.TypedWrongly as error:
        raise click.UsageError(str(error)) from None
