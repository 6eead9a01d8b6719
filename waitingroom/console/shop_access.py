"""Which shop asks: the key that comes with a call of the room API."""

import hmac
from collections.abc import Callable, Sequence

from waitingroom.bearer import fits, name_in
from waitingroom.console.faults import Refused
from waitingroom.console.key_uses import Uses
from waitingroom.console.requests import bearer
from waitingroom.store.shop_keys import ShopKeys


class ShopAccess:
    """The keys of the environment, which open every room, and those of the store.

    A key of the store is looked up with each call, which goes to the store anyway: so one that was
    revoked is refused from the next call on, by every process.
    """

    def __init__(self, words: Sequence[str], keys: ShopKeys, now_ms: Callable[[], int]) -> None:
        self._words = [word.encode() for word in words]
        self._keys = keys
        self._uses = Uses(keys, "shop key", now_ms)

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
        self._uses.note(name)
        return name
