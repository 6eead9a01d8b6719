"""Shops' keys for the room API: whose they are, and which rooms they open. Pure."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from waitingroom.errors import BadSetting, WaitingRoomError
from waitingroom.model import is_room_id

KEY_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
LONGEST_KEY = 200
"""Characters; more is not even looked at."""
MOST_ROOMS = 50
"""That one key names; a shop of more is given a key for all."""


@dataclass(frozen=True, slots=True)
class ShopKey:
    """What a shop sends is ``NAME.SECRET``. ``digest``: SHA-256 of that, in hex. ``rooms``: those
    that it opens; none for all there are. ``made_by``: an actor.

    Not scrypt, as passwords: 256 random bits cannot be guessed, and each call is checked.
    """

    name: str
    rooms: tuple[str, ...]
    digest: str
    made_at_ms: int
    made_by: str

    def opens(self, room: str) -> bool:
        """Whether it may be used for this room."""
        return not self.rooms or room in self.rooms


class NoSuchShopKey(WaitingRoomError):
    """There is no shop key of that name."""

    code = "no_such_key"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no shop key “{name[:40]}”")


class ShopKeyExists(WaitingRoomError):
    """A shop key of that name is already there."""

    code = "key_exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is already a shop key “{name}”: revoke it first, or take another name"
        )


class TooManyShopKeys(WaitingRoomError):
    """There are as many as there may be."""

    code = "too_many_keys"

    def __init__(self, most: int) -> None:
        super().__init__(f"there are {most} shop keys, and may be no more: revoke one first")


def check_key(name: str, rooms: Sequence[str]) -> None:
    """Raise :class:`BadSetting` for a key that cannot be. That the rooms exist is for the store."""
    if KEY_NAME.fullmatch(name) is None:
        raise BadSetting(
            "name",
            "write lower-case letters, digits and _ -, at most 40, and begin with a letter or "
            "digit: which shop it is for, say",
        )
    if len(rooms) > MOST_ROOMS:
        raise BadSetting("rooms", f"a key names at most {MOST_ROOMS}; or give it for all")
    for room in rooms:
        if not is_room_id(room):
            raise BadSetting("rooms", f"“{room[:40]}” cannot name a room")


def made_key(name: str, rooms: Sequence[str], by: str, now_ms: int) -> tuple[str, ShopKey]:
    """A new key: what is shown once, and what is kept. Raises :class:`BadSetting`."""
    check_key(name, rooms)
    text = f"{name}.{secrets.token_hex(32)}"
    return text, ShopKey(name, tuple(dict.fromkeys(rooms)), _digest(text), now_ms, by)


def name_in(text: str) -> str:
    """Whose key ``text`` says it is; "" where it can be none."""
    name, dot, _ = text.partition(".")
    return name if dot and len(text) <= LONGEST_KEY and KEY_NAME.fullmatch(name) else ""


def is_key(key: ShopKey | None, text: str) -> bool:
    """Whether ``text`` is what was shown when the key was made; as slow where there is none."""
    same = hmac.compare_digest(key.digest if key else _digest(""), _digest(text))
    return same and key is not None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
