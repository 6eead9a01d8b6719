"""Which shop asks: the key that comes with a call of the room API."""

import hmac
import logging
from collections.abc import Callable, Sequence

from waitingroom.bearer import fits, name_in
from waitingroom.console.faults import Refused
from waitingroom.console.requests import bearer
from waitingroom.errors import StoreDown
from waitingroom.store.shop_keys import ShopKeys

MINUTE_MS = 60_000
log = logging.getLogger("waitingroom.console")


class ShopAccess:
    """The keys of the environment, which open every room, and those of the store.

    A key of the store is looked up with each call, which goes to the store anyway: so one that was
    revoked is refused from the next call on, by every process.
    """

    def __init__(self, words: Sequence[str], keys: ShopKeys, now_ms: Callable[[], int]) -> None:
        self._words = [word.encode() for word in words]
        self._keys = keys
        self._now_ms = now_ms
        # What this process has noted. Two threads may note the same minute: once too often.
        self._noted: dict[str, int] = {}

    def let_in(self, room: str) -> str:
        """The name of the key, "" for one of the environment.

        Raises unless the call comes with a key of this room: ``unauthorized``, ``forbidden``.

        As slow for a near miss as for any.
        """
        given = bearer()
        matches = [hmac.compare_digest(word, given.encode()) for word in self._words]
        if not given:
            raise Refused("unauthorized", "this wants Authorization: Bearer and a shop's key")
        if any(matches):
            return ""
        name = name_in(given)
        key = self._keys.find(name) if name else None
        if not fits(key.digest if key else None, given) or key is None:
            raise Refused("unauthorized", "this is no shop's key, or it was revoked")
        if not key.opens(room):
            raise Refused("forbidden", f"the key “{name}” is not for this room")
        self._note(name)
        return name

    def _note(self, name: str) -> None:
        """That it is in use: to the minute, so that not each call is a write."""
        minute = self._now_ms() // MINUTE_MS
        if self._noted.get(name) == minute:
            return
        self._noted[name] = minute
        try:
            self._keys.note_used(name, minute * MINUTE_MS)
        except StoreDown as error:
            # A store that is full takes no note, and may still renew and release.
            log.warning("when the shop key %s was last used cannot be noted: %s", name, error)
