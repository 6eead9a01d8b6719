"""What an undo would take back, for programs and commands."""

from dataclasses import dataclass

from waitingroom.console.plans import undoing
from waitingroom.errors import CannotUndo
from waitingroom.store.client import Store


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last change of a room, which an undo takes back. ``what``: in words, what that would do
    and whose change it was. ``by``, ``at_ms``: who made it, and when. ``version``: of the room that
    was looked at; whoever undoes it bases that on this.
    """

    room: str
    version: int
    what: str
    by: str
    at_ms: int


def last_change(store: Store, room: str) -> LastChange:
    """It, as the room is now. Raises :class:`CannotUndo` where there is none."""
    found = store.status(room)
    change = store.last_change(found)
    if change is None:
        raise CannotUndo(room, "there is none, or it was taken back already")
    what = undoing(found, change, store.steps(room))
    return LastChange(room, found.version, what, change.actor, change.at_ms)
