"""Group commit: what arrives while a store call is in flight goes in the next call together.

So a durable join (on disk before the shopper holds the ticket) costs the crowd one write a batch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

LARGEST_GROUP = 500
"""Requests in one call: keeps the store's single thread free for others every few milliseconds."""


class Group(Generic[Asked, Answer]):
    """Turns many single requests into few calls of ``send``, one at a time, in order of arrival.

    ``send`` answers a list as long as what it is given, or raises; then everybody in that group
    gets the error. A requester that goes away before its group is sent is not sent; one that goes
    away later does not disturb the others.
    """

    def __init__(self, send: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]]) -> None:
        self._send = send
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    def ask(self, asked: Asked) -> asyncio.Future[Answer]:
        """One request; what to await for its own answer."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        # Not the running loop: Python before 3.12 asks the system for the process's id each time.
        future: asyncio.Future[Answer] = self._task.get_loop().create_future()
        self._waiting.append((asked, future))
        return future

    async def _run(self) -> None:
        try:
            while self._waiting:
                group = [pair for pair in self._waiting[:LARGEST_GROUP] if not pair[1].done()]
                del self._waiting[:LARGEST_GROUP]
                if group:
                    await self._serve(group)
        finally:
            self._task = None

    async def _serve(self, group: list[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._send([asked for asked, _ in group])
            if len(answers) != len(group):
                raise ValueError(f"{len(answers)} answers to {len(group)} requests")
        except Exception as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(group, answers, strict=False):
            # A future whose requester hung up is cancelled; setting it would strand the rest.
            if not future.done():
                future.set_result(answer)
