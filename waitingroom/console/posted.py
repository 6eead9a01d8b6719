"""What all forms that act on a room have in common: what they are based on, and how they end."""

from collections.abc import Callable
from typing import TypeVar

from flask import request

from waitingroom.console.access import CONSOLE
from waitingroom.console.faults import Refused
from waitingroom.errors import StoreDown
from waitingroom.store.client import Store

LONGEST_NUMBER = 15
LONGEST_TOLD = 200
"""Of what was done, in words: it travels in a cookie, which has an end."""
MOST_LOOKED_AT = 200
"""Entries of the record, in which to find who moved a room since a page was shown."""
T = TypeVar("T")


def version() -> int:
    """What the form was based on."""
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise Refused("bad_request", "this form is not whole; nothing was changed. Open it again")
    return int(text)


def surely(change: Callable[[], T]) -> T:
    """Do it, or say honestly that nobody knows whether it was done."""
    try:
        return change()
    except StoreDown as error:
        raise Refused(
            "store_down",
            "the store did not say whether this was done. Look at the room before you do it again",
        ) from error


def moved(store: Store, room: str) -> str:
    """That somebody else was there first, and who."""
    (last,) = store.record.newest(room, 1)
    who = last.actor.removeprefix(CONSOLE)
    return (
        f"Nothing of yours was done: {who} changed this room after your page was shown "
        f"(the last act: {last.act}). Look again, then send it once more."
    )
