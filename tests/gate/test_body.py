"""A request's body, and how long the gate waits for it."""

import asyncio
import time

import pytest

from waitingroom.gate import request as requests
from waitingroom.gate.http import Refusal
from waitingroom.gate.request import Receive, Request

WITHIN_S = 0.05
BYTE = {"type": "http.request", "body": b" ", "more_body": True}
SCOPE = {"method": "POST", "path": "/room/ticket", "headers": [(b"content-length", b"1000")]}


def test_a_byte_at_the_last_moment_buys_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it comes in the turn of the loop in which the time is up."""
    monkeypatch.setattr(requests, "BODY_WITHIN_S", WITHIN_S)
    waits = 0

    def dripping(ends: float) -> Receive:
        async def receive() -> dict[str, object]:
            nonlocal waits
            waits += 1
            loop = asyncio.get_running_loop()
            comes: asyncio.Future[None] = loop.create_future()
            loop.call_at(ends - 0.02, time.sleep, 0.04)
            loop.call_at(ends + 0.01, comes.set_result, None)
            await asyncio.wait_for(comes, 10)  # as gunicorn does
            return dict(BYTE)

        return receive

    async def run() -> None:
        ends = asyncio.get_running_loop().time() + WITHIN_S
        await Request(dict(SCOPE), dripping(ends), 1_000).body()

    with pytest.raises(Refusal) as refused:
        asyncio.run(run())
    assert refused.value.status == 408
    assert waits == 1
