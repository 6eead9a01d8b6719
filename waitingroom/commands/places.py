"""``waitingroom room place`` and ``second-chance``: what support does, from a terminal."""

from pathlib import Path

import click

from waitingroom.codes import Codes
from waitingroom.commands import system
from waitingroom.commands.knobs import in_our_words
from waitingroom.commands.output import acting, common, print_json
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.values import shown_time
from waitingroom.places import ChanceCode, NoSecondChance, Place, told

code_argument = click.argument("code")


@click.command("place")
@room_argument
@code_argument
@common
def show_place(room_id: str, code: str, file: Path | None, as_json: bool) -> None:
    """Find the place behind a shopper's code.

    Its number, where it stands, and what happened when. Writes nothing.
    """
    config = system.with_secrets(file)
    with system.store_of(config) as store:
        place = store.support.find(room_id, code, Codes(config.secret_keys))
    _print(place, as_json)


@click.command("second-chance")
@room_argument
@code_argument
@acting
def give_second_chance(room_id: str, code: str, file: Path | None, as_json: bool) -> None:
    """Let a lapsed place be called once more.

    Once each place, and it moves nobody else; --why is needed. Recorded.
    """
    config = system.with_secrets(file)
    with system.store_of(config) as store, in_our_words(why="--why"):
        codes, actor = Codes(config.secret_keys), system.actor()
        place, chance = store.support.second_chance(room_id, code, codes, actor=actor)
    if chance.code is not ChanceCode.CALLED:
        raise NoSecondChance(chance)
    _print(place, as_json)


def _print(place: Place, as_json: bool) -> None:
    if as_json:
        print_json(told(place))
        return
    where = f", {place.ahead} ahead" if place.ahead else ""
    click.echo(f"{place.room} {place.code}: {place.state}{where}")
    lines = {"number": place.number or "not drawn yet"} | {
        step: shown_time(at_ms) if at_ms else "time not kept" for step, at_ms in place.steps()
    }
    if place.claim_by_ms:
        lines["may come until"] = shown_time(place.claim_by_ms)
    for name, value in lines.items():
        click.echo(f"  {name.replace('_', ' '):<16}{value}")
