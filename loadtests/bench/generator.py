"""Our own load generator: many kept-alive connections, one request in flight on each.

A process of its own: ``python -m loadtests.bench.generator PORT METHOD PATH COOKIE CONNECTIONS
WARM_S SECONDS`` prints what came back as one line of JSON. It sends the same bytes again as soon as
an answer is whole, and reads of an answer only its status and length, so that it costs about a
fifth of the quickest server that it measures (each bench run states how busy it was).
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

HOST = "127.0.0.1"
MOST_SILENCE_S = 10
"""So much longer a slot in which nobody was answered goes on: a machine may stand still."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was sent for how long, and what came back.

    ``answers``: whole ones within the measured ``seconds``; ``total``, ``total_s``: with the
    warm-up. ``failed``: of all, those of another status than 2xx, and connections that broke.
    ``busy``: the share of one core that the generator used.
    """

    answers: int
    seconds: float
    total: int
    total_s: float
    failed: int
    busy: float

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def request_bytes(method: str, path: str, cookie: str, port: int) -> bytes:
    """The whole request: no more than HTTP asks for. ``cookie``: "" for none."""
    more = "Content-Length: 0\r\n" if method == "POST" else ""
    more += f"Cookie: {cookie}\r\n" if cookie else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n{more}\r\n".encode("ascii")


def whole(data: bytes) -> tuple[bool, bool] | None:
    """None while an answer is not whole; else whether it is a 2xx, and whether the line stays."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    # Without a length (204) the answer ends with its headers.
    length = int(head[at + 17 :].partition(b"\r")[0]) if at >= 0 else 0
    if len(data) < end + 4 + length:
        return None
    return head.startswith(b"http/1.1 2"), b"\r\nconnection: close" not in head


class Counter:
    """What all connections add to."""

    def __init__(self) -> None:
        self.answers = 0
        self.failed = 0
        self.sending = True


class Client(asyncio.Protocol):
    """One connection. A server that closes it after an answer gets another one."""

    def __init__(self, request: bytes, port: int, counter: Counter) -> None:
        self._request = request
        self._port = port
        self._counter = counter
        self._so_far = b""
        self._done = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self._transport = cast(asyncio.Transport, transport)
        self._done = False
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count an answer that is whole, and ask again."""
        self._so_far += data
        found = whole(self._so_far)
        if found is None:
            return
        self._so_far = b""
        good, stays = found
        self._counter.answers += 1
        self._counter.failed += not good
        if stays:
            self._transport.write(self._request)
        else:
            self._done = True
            self._transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Connect again; a line that broke before its answer is a failure."""
        if not self._counter.sending:
            return
        self._counter.failed += not self._done
        self._so_far = b""
        loop = asyncio.get_running_loop()
        self._connecting = loop.create_task(self.connect())

    async def connect(self) -> None:
        """Open the connection."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, HOST, self._port)
        except OSError as error:
            self.connection_lost(error)


async def load(request: bytes, port: int, connections: int, warm_s: float, seconds: float) -> Load:
    """Warm up, then count; until there is an answer at least, and not for ever."""
    counter, begun = Counter(), time.perf_counter()
    clients = [Client(request, port, counter) for _ in range(connections)]
    await asyncio.gather(*(client.connect() for client in clients))
    await asyncio.sleep(warm_s)
    answers = counter.answers
    start, used = time.perf_counter(), time.process_time()
    for _ in range(1 + round(MOST_SILENCE_S / seconds)):
        await asyncio.sleep(seconds)
        if counter.answers > answers:
            break
    passed = time.perf_counter() - start
    busy = (time.process_time() - used) / passed
    counter.sending = False
    answered, total_s = counter.answers - answers, time.perf_counter() - begun
    return Load(answered, passed, counter.answers, total_s, counter.failed, busy)


def main(words: list[str]) -> None:
    """Measure once and print it."""
    port, method, path, cookie, connections, warm_s, seconds = words
    request = request_bytes(method, path, cookie, int(port))
    measured = uvloop.run(load(request, int(port), int(connections), float(warm_s), float(seconds)))
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    main(sys.argv[1:])
