"""What all forms that act on a room have in common: how much they tell, and who moved it."""

from waitingroom.console.forms import told_actor
from waitingroom.store.client import Store

LONGEST_TOLD = 200
"""Of what was done, in words: it travels in a cookie, which has an end."""
MOST_LOOKED_AT = 200
"""Entries of the record, in which to find who moved a room since a page was shown."""


def brief(told: str) -> str:
    """What was done, as long as may be told of it; the rest stands in the record."""
    if len(told) <= LONGEST_TOLD:
        return told
    cut = told[: LONGEST_TOLD - 2]
    words = cut.rpartition(" ")[0]
    # Not every language sets spaces between words.
    return f"{words if len(words) > LONGEST_TOLD // 2 else cut} …"


def moved(store: Store, room: str) -> str:
    """That somebody else was there first, and who."""
    (last,) = store.record.newest(room, 1)
    who = told_actor(last.actor)
    return (
        f"Nothing of yours was done: {who} changed this room after your page was shown "
        f"(the last act: {last.act}). Look again, then send it once more."
    )
