"""What a request is called in every log that it leaves a line in, and in its answer. Pure.

An id comes from whoever may be believed (a proxy of ours; at the room API a shop), else it is made
here. It opens nothing, and nothing is looked up by it.
"""

import os
import re
import secrets
from contextvars import ContextVar
from itertools import count
from typing import NamedTuple

HEADER = "X-Request-Id"
ENVIRON_KEY = "waitingroom.request_id"
"""Where a WSGI environment has it, for the server's log and the application."""
CLIENT_KEY, ROUTE_KEY, ROOM_KEY = (f"waitingroom.{name}" for name in ("client", "route", "room"))
"""Where the server's log finds what an application of ours knows better: the address that its
proxies tell of, and what was asked for."""
_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,48}", re.ASCII)
"""As UUIDs are, and what nginx and others make. None of our tokens is: they have dots."""


class About(NamedTuple):
    """Which request a line of a log belongs to, and which room that asks for; "" for none."""

    request_id: str = ""
    room: str = ""


NONE = About()
CURRENT: ContextVar[About] = ContextVar("waitingroom_request", default=NONE)
"""Of the request that this thread is at. For servers with a thread a request: set at its start."""


def well_formed(text: str) -> str:
    """``text`` where it may be an id, else ""."""
    return text if _WELL_FORMED.fullmatch(text) else ""


class _Fresh:
    """This process's: eight random digits, and a number. A gate makes one for each of a crowd."""

    def begin(self) -> None:
        """In a new process: else it would go on with its parent's."""
        self.prefix = secrets.token_hex(4)
        self.numbers = count()


_FRESH = _Fresh()
_FRESH.begin()
os.register_at_fork(after_in_child=_FRESH.begin)


def fresh() -> str:
    """A new one: 16 hex digits."""
    return f"{_FRESH.prefix}{next(_FRESH.numbers) & 0xFFFFFFFF:08x}"
