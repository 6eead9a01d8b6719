"""Runs one verb of a room's and shows the room as it then is."""

from collections.abc import Callable
from pathlib import Path

from waitingroom.commands import system
from waitingroom.commands.knobs import in_our_words
from waitingroom.commands.output import print_json, print_room, room_json
from waitingroom.model import Snapshot
from waitingroom.store.client import Store


def done(file: Path | None, as_json: bool, verb: Callable[[Store], Snapshot], **names: str) -> None:
    """``verb`` in the system that ``file`` means. ``names``: fields and the options for them."""
    with system.store_of(system.find(file)) as store, in_our_words(**names):
        after = verb(store)
    if as_json:
        print_json(room_json(after))
    else:
        print_room(after)
