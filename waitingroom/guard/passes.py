"""Passes as the shop sees them: which one counts, what a handover is good for. Pure.

Nothing here asks anybody: a pass is checked by its signature, its times and what the guard has
already been told (:mod:`waitingroom.guard.knowledge`).
"""

from collections.abc import Iterable

from waitingroom.errors import BadToken
from waitingroom.guard.knowledge import Knowledge
from waitingroom.tokens import Handover, Pass, RoomKeyring

MOST_COOKIES = 4
"""How many cookies of one name are looked at: other paths and domains may set theirs, too."""


def cookie_names(room: str) -> tuple[str, str]:
    """The names under which a pass may come: that of https sites first."""
    return f"__Host-wr-pass-{room}", f"wr-pass-{room}"


def best_pass(
    raws: Iterable[str], keyring: RoomKeyring, known: Knowledge, now_ms: int
) -> Pass | None:
    """The first good pass among ``raws``, or None. Bad ones are passed over in silence."""
    for raw in list(raws)[:MOST_COOKIES]:
        try:
            found = keyring.read_pass(raw, now_ms=now_ms)
        except BadToken:
            continue
        if not known.ended(found, now_ms):
            return found
    return None


def read_handover(raw: str, keyring: RoomKeyring, known: Knowledge, now_ms: int) -> Handover | None:
    """The handover, if it is signed, in time, and of this running of the room."""
    try:
        found = keyring.read_handover(raw, now_ms=now_ms)
    except BadToken:
        return None
    return None if known.ended(found.carried, now_ms) else found
