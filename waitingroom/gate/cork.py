"""Answers held back for the rest of the loop's turn, so that those of one turn leave together.

A group commit answers a hundred joiners at once. Written each as soon as it is made, every answer
wakes whoever reads it (a proxy, most often) from the sleep between two of them; written one after
the other, all but the first find their reader awake. docs/decisions/server.md has what that saves.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

MOST_HELD = 65_536
"""Bytes of one connection. What is more goes at once, so that its writer is told to wait."""


class Turn:
    """What the connections of one loop write in its present turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._holding: list[Corked] = []

    def add(self, corked: "Corked") -> None:
        """Let go of it when everything else of this turn has run."""
        if not self._holding:
            self._loop.call_soon(self._end)
        self._holding.append(corked)

    def _end(self) -> None:
        holding, self._holding = self._holding, []
        for corked in holding:
            # As gunicorn has it: nobody is there to tell that the client is gone.
            with suppress(OSError, RuntimeError):
                corked.let_go()


class Corked:
    """A transport whose writes wait for the end of the turn; all else goes to ``transport``."""

    __slots__ = ("_held", "_known", "_transport", "_turn")

    def __init__(self, transport: asyncio.Transport, turn: Turn) -> None:
        self._transport = transport
        self._turn = turn
        self._held = b""
        self._known: dict[str, Any] = {}

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As it was when first asked for. gunicorn asks with each request, and uvloop raises where
        the connection has ended by then: a client that had asked for more, and hung up, left a
        stack trace in the log.
        """
        if name not in self._known:
            try:
                self._known[name] = self._transport.get_extra_info(name, default)
            except (OSError, ValueError):
                return default
        return self._known[name]

    def write(self, data: bytes) -> None:
        """Hold it."""
        if not self._held:
            self._turn.add(self)
        self._held += data
        if len(self._held) > MOST_HELD:
            self.let_go()

    def let_go(self) -> None:
        """Write what is held. Raises as the transport does: RuntimeError where it has ended."""
        held, self._held = self._held, b""
        if held:
            self._transport.write(held)

    def get_write_buffer_size(self) -> int:
        """Bytes that are still here."""
        return len(self._held) + self._transport.get_write_buffer_size()

    def abort(self) -> None:
        """End it without another byte."""
        self._held = b""
        self._transport.abort()

    def writelines(self, parts: Sequence[bytes]) -> None:
        """Write long ones at once, after what is held."""
        self.let_go()
        self._transport.writelines(parts)

    def write_eof(self) -> None:
        """Write nothing more, after what is held."""
        self.let_go()
        self._transport.write_eof()

    def close(self) -> None:
        """End it, after what is held."""
        try:
            self.let_go()
        finally:
            self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
