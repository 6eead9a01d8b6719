"""``waitingroom room``: make rooms, look at them, turn their knobs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from waitingroom import clock
from waitingroom.commands import brand, phases, places, system, turns
from waitingroom.commands.done import done
from waitingroom.commands.figures import figures, history
from waitingroom.commands.knobs import given, in_our_words, knobs
from waitingroom.commands.output import (
    acting,
    based_on_option,
    common,
    phase_words,
    print_json,
    print_table,
    room_json,
)
from waitingroom.commands.rehearse import rehearse
from waitingroom.commands.roomid import RoomId, room_argument
from waitingroom.commands.shop_key import shop_key
from waitingroom.commands.shown_whatif import show_what_if
from waitingroom.errors import NoSuchRoom, VersionConflict
from waitingroom.model import Settings, Snapshot
from waitingroom.settings import MOMENTS, check_to_come
from waitingroom.store.acts import settings_of
from waitingroom.store.client import Store
from waitingroom.store.rooms import made_like


def brand_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of ``room brand``."""
    for option, details in reversed(brand.OPTIONS):
        command = click.option(option, **details)(command)
    return command


@click.group()
def room() -> None:
    """Make rooms, look at them, turn their knobs."""


for _command in (turns.ramp_knob, turns.schedule, turns.undo, shop_key, figures, history):
    room.add_command(_command)
for _command in (rehearse, *phases.COMMANDS):
    room.add_command(_command)
for _command in (places.show_place, places.give_second_chance):
    room.add_command(_command)


@room.command()
@room_argument
@knobs(defaults=True)
@acting
def create(room_id: str, file: Path | None, as_json: bool, **values: Any) -> None:
    """Make the room ID.

    Times are now, never, +30s, or ISO 8601 with an offset; durations are like 10s, 15m or 1h30m.
    """
    wanted = given(values)
    with in_our_words():
        check_to_come(wanted, clock.now_ms())
    settings = Settings(**wanted)

    def make(store: Store) -> Snapshot:
        store.create(room_id, settings, actor=system.actor())
        # A room that opens now does so when it is looked at.
        return store.status(room_id)

    done(file, as_json, make)


@room.command()
@room_argument
@click.argument("new_id", metavar="NEW", type=RoomId())
@click.option("--title", help="The new room's title on its page.")
@acting
def clone(room_id: str, new_id: str, title: str | None, file: Path | None, as_json: bool) -> None:
    """Make the room NEW like the room ID.

    With its knobs and its look; without its people, times, message and keys.
    """
    values = {} if title is None else {"title": title}

    def make(store: Store) -> Snapshot:
        return made_like(store, new_id, store.status(room_id), values, actor=system.actor())

    done(file, as_json, make)


@room.command("list")
@common
def list_rooms(file: Path | None, as_json: bool) -> None:
    """All rooms, one line each."""
    with system.store_of(system.find(file)) as store:
        rooms = [found for name in store.rooms() if (found := _if_there(store, name))]
    if as_json:
        print_json([room_json(found) for found in rooms])
    elif not rooms:
        click.echo("There are no rooms yet; make one with `waitingroom room create`.")
    else:
        print_table(
            ("ROOM", "PHASE", "WAITING", "SERVING", "INSIDE", "RATE"),
            [
                (r.room, phase_words(r), r.waiting, r.serving, r.leases, r.rate_per_min)
                for r in rooms
            ],
        )


def _if_there(store: Store, name: str) -> Snapshot | None:
    """A room that is listed a moment before it is made may not be there yet."""
    try:
        return store.status(name)
    except NoSuchRoom:
        return None


@room.command()
@room_argument
@common
def show(room_id: str, file: Path | None, as_json: bool) -> None:
    """Where the room stands, and its knobs."""
    done(file, as_json, lambda store: store.status(room_id))


@room.command("set")
@room_argument
@knobs()
@turns.what_if_option
@based_on_option
@acting
def set_knobs(
    room_id: str,
    file: Path | None,
    as_json: bool,
    version: int | None,
    only_shown: bool,
    **values: Any,
) -> None:
    """Turn knobs of a room; takes effect at once.

    Times are now, never, +30s, or ISO 8601 with an offset; durations are like 10s, 15m or 1h30m.
    """
    changes = given(values)
    if not changes:
        raise click.UsageError("there is nothing to set; name at least one knob, like --rate 30")
    if only_shown:
        with system.store_of(system.find(file)) as store, in_our_words():
            show_what_if(room_id, store.what_if(room_id, changes=changes), as_json)
        return

    def turn(store: Store) -> Snapshot:
        if MOMENTS & changes.keys():
            found = store.status(room_id)
            with in_our_words():
                check_to_come(changes, found.now_ms, settings_of(found))
        return store.set(room_id, changes, actor=system.actor(), version=version)

    done(file, as_json, turn)


@room.command("brand")
@room_argument
@brand_options
@based_on_option
@acting
def set_brand(
    room_id: str, file: Path | None, as_json: bool, version: int | None, **options: Any
) -> None:
    """Change colours, logo, links, sentences."""

    def change(store: Store) -> Snapshot:
        before = store.status(room_id)
        if version not in (None, before.version):
            raise VersionConflict(room_id, version or 0, before.version)
        wanted, logo = brand.changed(before.brand, options)
        if wanted == before.brand and logo is None:
            return before
        actor, based_on = system.actor(), before.version
        return store.brand(room_id, wanted, logo=logo, actor=actor, version=based_on)

    names = {"colour": "--colour", "link": "--link", "text": "--text", "logo": "--logo"}
    done(file, as_json, change, **names, time_zone="--time-zone")
