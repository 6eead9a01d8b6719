"""What a room may be called: it is a part of addresses, keys and cookies."""

import re

ROOM_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
ID_WANTS = "use lower-case letters, digits and hyphens, at most 40, and no hyphen first"
"""What a room's id wants to be."""
RESERVED_IDS = frozenset({"healthz", "readyz", "static", "api", "metrics"})


def is_room_id(text: str) -> bool:
    """Whether ``text`` may name a room."""
    return ROOM_ID.fullmatch(text) is not None and text not in RESERVED_IDS


def why_no_room_id(text: str) -> str:
    """What to tell whoever would name a room so; "" where it may be."""
    if is_room_id(text):
        return ""
    why = ": the gate has a page there" if text in RESERVED_IDS else f"; {ID_WANTS}"
    return f"“{text}” cannot name a room{why}"
