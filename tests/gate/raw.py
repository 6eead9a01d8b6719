"""Bytes to a gate's socket, and the bytes that come back."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gates import RunningGate, running
from rooms import Room
from systems import lacking

from waitingroom.run.embedded import EmbeddedStore
from waitingroom.run.parts import parser

CLOSE = b"Host: h\r\nConnection: close\r\n"
LENGTH = b"Content-Length: "
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass
class Raw:
    """The bytes that came back, up to the end of the connection."""

    received: bytes
    ended: bool

    @property
    def status(self) -> int:
        """Of the first answer, 0 where there is none."""
        return int(self.received[9:12]) if self.received.startswith(b"HTTP/1.") else 0

    @property
    def is_ours(self) -> bool:
        """Whether the application answered, and not the server in its place."""
        return b"x-content-type-options: nosniff" in self.received.lower()


@contextmanager
def parsed_by(
    kind: str, embedded: EmbeddedStore, folder: Path, *, connections: int = 0
) -> Iterator[RunningGate]:
    """A gate of one worker with this parser; nothing that it wrote is a stack trace."""
    if kind == "fast" and parser() != "fast":
        lacking("the parser in C is not installed here: the extra `fast`")
    one = {"WAITINGROOM_GATE_WORKERS": "1"}
    with running(embedded.url, folder, parser=kind, connections=connections, **one) as gate:
        yield gate
        assert "Traceback" not in gate.log(), gate.log()


def send(gate: RunningGate, *parts: bytes, patience_s: float = 20) -> Raw:
    """Send bytes, and read until the end or the patience is over."""
    received = b""
    with socket.create_connection(("127.0.0.1", gate.port), timeout=patience_s) as connection:
        try:
            # Where it hung up before all of it was sent, what it said first is there to be read.
            with suppress(ConnectionError):
                for part in parts:
                    connection.sendall(part)
            while more := connection.recv(65_536):
                received += more
        except TimeoutError:
            return Raw(received, ended=False)
        except ConnectionError:
            pass  # it hung up on us, which is an answer too
    return Raw(received, ended=True)


def for_room(room: Room, sent: bytes) -> bytes:
    """With the room's name in it."""
    return sent.replace(b"ROOM", room.name.encode())


def asked(line: str, rest: bytes = b"\r\n") -> bytes:
    """A request that ends its connection. ``rest``: more headers, the empty line, the body."""
    return f"{line} HTTP/1.1\r\n".encode("latin-1") + CLOSE + rest
