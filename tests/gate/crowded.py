"""A crowd on keep-alive connections in one event loop: enough to keep a gate busy, few threads."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE_S = 30


@dataclass
class Line:
    """One connection of a native client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int) -> AsyncIterator["Line"]:
        """Open while the block lasts."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def ask(self, method: str, path: str, bearer: str = "") -> tuple[int, dict[str, Any]]:
        """One request: its status and its document."""
        shown = f"Authorization: Bearer {bearer}\r\n" if bearer else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: gate\r\nWr-Client: native\r\n"
        self.writer.write(f"{head}{shown}Content-Length: 0\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_S):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            named = dict(line.lower().split(": ", 1) for line in lines if line)
            body = await self.reader.readexactly(int(named.get("content-length", "0")))
        return int(first.split()[1]), json.loads(body) if body else {}


@dataclass
class Crowd:
    """Whoever joined and knocks. ``entered_at_s``: when each had heard that they are in, on the
    monotonic clock; ``passes_end_ms``: when each one's session ends, by the store's clock.
    """

    port: int
    room: str
    every_s: float = 0.5
    entered_at_s: list[float] = field(default_factory=list)
    passes_end_ms: list[int] = field(default_factory=list)
    joined: int = 0
    knocks: int = 0
    _counted: int = 0
    _in: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def joins(self) -> None:
        """One client after another on one connection, until it is cancelled."""
        async with Line.to(self.port) as line:
            while True:
                status, told = await line.ask("POST", f"/{self.room}/ticket")
                assert status == 201, told
                self.joined += 1

    async def knocks_until_in(self) -> None:
        """Join, then knock at a fixed pace, whatever the gate says about when to come again."""
        async with Line.to(self.port) as line:
            status, told = await line.ask("POST", f"/{self.room}/ticket")
            assert status == 201, told
            while True:
                status, answer = await line.ask("POST", f"/{self.room}/pass", told["ticket"])
                self.knocks += 1
                if status == 200:
                    break
                assert status == 409, answer
                await asyncio.sleep(self.every_s)
        self.entered_at_s.append(time.monotonic())
        self.passes_end_ms.append(answer["expires_at_ms"])
        self._in.release()

    async def lets_in(self, wanted: int) -> None:
        """Wait until so many are in."""
        async with asyncio.timeout(PATIENCE_S):
            while self._counted < wanted:
                await self._in.acquire()
                self._counted += 1


@asynccontextmanager
async def going(act: Callable[[], Awaitable[None]], times: int) -> AsyncIterator[None]:
    """So many that act at once while the block lasts; one that fails fails the test."""
    tasks = [asyncio.ensure_future(act()) for _ in range(times)]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
