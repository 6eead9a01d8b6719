"""Asks before an act that costs people their places; ``console.acts`` says which do."""

import sys
from dataclasses import replace

import click

from waitingroom.store.client import Store

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def sure(store: Store, name: str, room_id: str, version: int | None, opens_at_ms: int = 0) -> int:
    """Ask whether the act ``name`` is meant; the version of the room that was asked about.

    Where nobody would lose a place, and where somebody changed the room since ``version``, which
    the store then refuses, nothing is asked. ``opens_at_ms``: the opening that the act sets, if
    any. Without a terminal there is nobody to ask, and it is refused.
    """
    # The console's words take a moment to load, which other commands need not wait for.
    from waitingroom.console.acts import ACTS

    room = store.status(room_id)
    act = ACTS[name]
    if version not in (None, room.version) or not act.costs_places(room):
        return room.version if version is None else version
    told = act.tells(replace(room, opens_at_ms=opens_at_ms or room.opens_at_ms))
    warning = f"{act.label} “{room_id}”: {told}"
    if not sys.stdin.isatty():
        raise click.UsageError(f"{warning} Say --yes if you mean it.")
    click.confirm(f"{warning} Go on?", abort=True, err=True)
    return room.version
