"""Clients that take their time, over real sockets."""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

from gates import RunningGate


def connect(gate: RunningGate, sent: bytes = b"") -> socket.socket:
    """A connection, and what is sent on it at once."""
    connection = socket.create_connection(("127.0.0.1", gate.port), timeout=20)
    connection.sendall(sent)
    return connection


@contextmanager
def crowd(gate: RunningGate, size: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections at once. One that the gate shuts meanwhile is part of the crowd too."""
    with ExitStack() as stack:
        made = []
        for _ in range(size):
            connection = socket.create_connection(("127.0.0.1", gate.port), timeout=20)
            stack.callback(connection.close)
            made.append(connection)
            try:
                connection.sendall(sent)
            except ConnectionError:
                continue
        yield made


def rest_of(connection: socket.socket) -> bytes:
    """What comes until the gate ends the connection. Raises TimeoutError where it does not."""
    received = b""
    try:
        while more := connection.recv(65_536):
            received += more
    except ConnectionError:
        pass
    return received


def is_shut(connection: socket.socket) -> bool:
    """Whether the gate has ended the connection; what it said before is thrown away."""
    return ended(connection, bytearray())


def ended(connection: socket.socket, said: bytearray) -> bool:
    """Whether the gate has ended the connection, without waiting; what it said goes to ``said``."""
    connection.setblocking(False)
    try:
        while more := connection.recv(65_536):
            said += more
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    return True


def shut_after(
    clients: Mapping[str, socket.socket],
    drips: Mapping[socket.socket, bytes],
    *,
    wanted: int,
    began: float,
    patience_s: float,
) -> dict[str, tuple[float, bytes]]:
    """For each client that is cut off the seconds until then, and what it was told; until so many
    are. The others were there still when the last of those had gone.

    ``drips``: what a client sends once a second. ``began``: before the first was there.
    """
    ticks = 0
    said = {name: bytearray() for name in clients}
    found: dict[str, tuple[float, bytes]] = {}
    while len(found) < wanted and time.monotonic() - began < patience_s:
        for name in clients.keys() - found.keys():
            if ended(clients[name], said[name]):
                found[name] = (time.monotonic() - began, bytes(said[name]))
        if time.monotonic() - began > ticks:
            ticks += 1
            for name in clients.keys() - found.keys():
                with suppress(ConnectionError):
                    clients[name].send(drips.get(clients[name], b""))
        time.sleep(0.05)
    for client in clients.values():
        client.close()
    return found
