"""``waitingroom room shop-key``: what a shop's guard shows the room API."""

from dataclasses import asdict
from pathlib import Path

import click

from waitingroom import clock
from waitingroom.commands import system
from waitingroom.commands.output import acting, common, print_json, print_table
from waitingroom.commands.roomid import RoomId
from waitingroom.commands.values import shown_time
from waitingroom.shop_keys import ShopKey

ALL = "all rooms"


@click.group("shop-key")
def shop_key() -> None:
    """Keys of shops for the room API."""


@shop_key.command()
@click.argument("name")
@click.option("--room", "rooms", type=RoomId(), multiple=True, help="A room that it is for.")
@click.option("--all-rooms", is_flag=True, help="It is for every room, also those to come.")
@acting
def add(
    name: str, rooms: tuple[str, ...], all_rooms: bool, file: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Make a key for a shop; it is shown this once."""
    if bool(rooms) == all_rooms:
        raise click.UsageError(
            "say which rooms it is for: --room ID, once for each, or --all-rooms"
        )
    with system.store_of(system.find(file)) as store:
        text, made = store.shop_keys.add(name, rooms, actor=system.actor(), now_ms=clock.now_ms())
    if as_json:
        print_json(_told(made) | {"key": text})
        return
    click.echo(text)
    click.echo(
        f"Kept nowhere else. It is WAITINGROOM_SHOP_KEY in the shop of {_rooms(made)}.", err=True
    )


@shop_key.command("list")
@common
def list_keys(file: Path | None, as_json: bool) -> None:
    """All keys: for which rooms, by whom, when last used.

    To the minute.
    """
    with system.store_of(system.find(file)) as store:
        found = store.shop_keys.all()
        used = store.shop_keys.used(found)
    if as_json:
        print_json([_told(one) | {"used_at_ms": used[one.name]} for one in found])
        return
    rows = [
        (one.name, _rooms(one), shown_time(one.made_at_ms), one.made_by, shown_time(used[one.name]))
        for one in found
    ]
    print_table(("name", "for", "made", "by", "last used"), rows)


@shop_key.command()
@click.argument("name")
@acting
def revoke(name: str, file: Path | None, as_json: bool) -> None:
    """End a key: the room API refuses its next call. Give its shop another first."""
    with system.store_of(system.find(file)) as store:
        store.shop_keys.revoke(name, actor=system.actor())
    if as_json:
        print_json({"revoked": name})
    else:
        click.echo(f"The shop key “{name}” opens nothing any more.")


def _rooms(one: ShopKey) -> str:
    return ", ".join(one.rooms) or ALL


def _told(one: ShopKey) -> dict[str, object]:
    """What may be shown of a key at any time. No ``rooms``: all of them."""
    value = asdict(one)
    del value["digest"]
    return value
