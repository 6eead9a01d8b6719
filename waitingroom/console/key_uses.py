"""Noting that keys are in use: to the minute, so that not each call is a write."""

import logging
from collections.abc import Callable

from waitingroom.errors import StoreDown
from waitingroom.store.key_uses import MINUTE_MS, KeyUses

log = logging.getLogger("waitingroom.console")


class Uses:
    """Of the keys of one kind, ``what`` they are called in the log."""

    def __init__(self, keys: KeyUses, what: str, now_ms: Callable[[], int]) -> None:
        self._keys = keys
        self._what = what
        self._now_ms = now_ms
        # What this process has noted. Two threads may note the same minute: once too often.
        self._noted: dict[str, int] = {}

    def note(self, name: str) -> None:
        """A key that is good was used."""
        minute = self._now_ms() // MINUTE_MS
        if self._noted.get(name) == minute:
            return
        self._noted[name] = minute
        try:
            self._keys.note_used(name, minute * MINUTE_MS)
        except StoreDown as error:
            # A store that is full takes no note, and may still do what the key is shown for.
            log.warning("when the %s %s was last used cannot be noted: %s", self._what, name, error)
