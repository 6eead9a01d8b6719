"""``waitingroom up`` and ``waitingroom demo``: run a whole system in this terminal."""

from pathlib import Path

import click

from waitingroom.commands import system
from waitingroom.commands.output import config_option


@click.command()
@config_option
def up(file: Path | None) -> None:
    """Run a whole system; its data is kept.

    Gate, console with the room API, keeper, shop, worker and, unless REDIS_URL names one, a
    store, until Ctrl-C.
    """
    from waitingroom.run.up import run_up

    run_up(system.settings(file), say=click.echo)


@click.command()
@config_option
@click.option(
    "--shoppers",
    type=click.IntRange(0, 2_000),
    default=200,
    show_default=True,
    help="How many are simulated.",
)
def demo(file: Path | None, shoppers: int) -> None:  # fmt: skip
    """Run a sale to look at, with a crowd.

    Everything from a fresh folder: a room that opens in 30 seconds, and shoppers who wait for it.
    """
    from waitingroom.run.demo import run_demo

    config = system.settings(file)
    run_demo(config, config.data / system.DEMO, shoppers=shoppers)
