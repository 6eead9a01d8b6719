"""Shops' keys for the room API: whose they are, and which rooms they open. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from waitingroom.bearer import KEY_NAME, NAMED, new_key
from waitingroom.errors import BadSetting, WaitingRoomError
from waitingroom.room_ids import is_room_id

MOST_ROOMS = 50
"""That one key names; a shop of more is given a key for all."""


@dataclass(frozen=True, slots=True)
class ShopKey:
    """See :mod:`waitingroom.bearer`. ``rooms``: those that it opens; none for all there are.
    ``made_by``: an actor.
    """

    name: str
    rooms: tuple[str, ...]
    digest: str
    made_at_ms: int
    made_by: str

    def opens(self, room: str) -> bool:
        """Whether it may be used for this room."""
        return not self.rooms or room in self.rooms


class TooManyShopKeys(WaitingRoomError):
    """There are as many as there may be."""

    code = "too_many_keys"

    def __init__(self, most: int) -> None:
        super().__init__(f"there are {most} shop keys, and may be no more: revoke one first")


def check_key(name: str, rooms: Sequence[str]) -> None:
    """Raise :class:`BadSetting` for a key that cannot be. That the rooms exist is for the store."""
    if KEY_NAME.fullmatch(name) is None:
        raise BadSetting("name", NAMED)
    if len(rooms) > MOST_ROOMS:
        raise BadSetting("rooms", f"a key names at most {MOST_ROOMS}; or give it for all")
    for room in rooms:
        if not is_room_id(room):
            raise BadSetting("rooms", f"“{room[:40]}” cannot name a room")


def made_key(name: str, rooms: Sequence[str], by: str, now_ms: int) -> tuple[str, ShopKey]:
    """A new key: what is shown once, and what is kept. Raises :class:`BadSetting`."""
    check_key(name, rooms)
    text, digest = new_key(name)
    return text, ShopKey(name, tuple(dict.fromkeys(rooms)), digest, now_ms, by)
