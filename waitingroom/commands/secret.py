"""``waitingroom secret`` and ``waitingroom room keys``: make secrets, hand a shop its own."""

from pathlib import Path

import click

from waitingroom.commands import system
from waitingroom.commands.output import common, json_option, print_json
from waitingroom.commands.room import room
from waitingroom.commands.roomid import room_argument
from waitingroom.run import credentials
from waitingroom.tokens import Keyring


@click.command()
@click.option("--webhook", is_flag=True, help="One for WAITINGROOM_ALARM_WEBHOOK_SECRET.")
@json_option
def secret(webhook: bool, as_json: bool) -> None:
    """Print a new secret.

    It is good for WAITINGROOM_SECRET_KEYS and for WAITINGROOM_SHOP_KEY; one each.
    """
    made = credentials.new_webhook_secret() if webhook else credentials.new_secret()
    if as_json:
        print_json({"secret": made})
    else:
        click.echo(made)


@room.command()
@room_argument
@common
def keys(room_id: str, file: Path | None, as_json: bool) -> None:
    """Print the keys that a shop's guard needs.

    They are a secret: who has them can make passes of this room.
    """
    config = system.with_secrets(file)
    with system.store_of(config) as store:
        store.status(room_id)
    exported = Keyring(config.secret_keys).room_keys(room_id).export()
    if as_json:
        print_json({"room": room_id, "keys": exported})
    else:
        click.echo(exported)
