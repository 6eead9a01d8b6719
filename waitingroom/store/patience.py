"""Patience with a store that has answered while this process was held up.

An event loop that comes to late sees its timers first: it takes each call that was on its way for
timed out, though the answer lies in the socket. So the last part of a call's time is counted anew
when its first part is over, and in that the loop looks into its sockets.
"""

import asyncio
from typing import Any

import redis
from redis.asyncio.connection import AbstractConnection

LAST_PART = 8
"""Of so many that a call's time has, the last is counted anew."""


def parted(timeout_s: float) -> tuple[float, float]:
    """The first part of a call's time, and the last."""
    last_s = timeout_s / LAST_PART
    return timeout_s - last_s, last_s


def patient(kind: type[AbstractConnection], last_s: float) -> type[AbstractConnection]:
    """The driver's connection, whose answers may come ``last_s`` after its own time-out."""

    class Patient(kind):  # type: ignore[misc, valid-type]
        async def read_response(self, *words: Any, **options: Any) -> Any:
            """As the driver's, in two parts. What was given a time of its own is read in one."""
            read = super().read_response
            if len(words) > 1 or options.get("timeout") is not None:
                return await read(*words, **options)
            disconnects = options.pop("disconnect_on_error", True)
            try:
                return await read(*words, disconnect_on_error=False, **options)
            except redis.TimeoutError:
                pass
            except redis.ResponseError:
                raise
            except BaseException:
                if disconnects:
                    await self.disconnect(nowait=True)
                raise
            try:
                async with asyncio.timeout(last_s):
                    return await read(*words, disconnect_on_error=disconnects, **options)
            except TimeoutError as late:
                raise redis.TimeoutError("Timeout reading from the store") from late

    return Patient
