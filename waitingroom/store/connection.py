"""A store's server, spoken to synchronously: one function call at a time, its faults translated."""

from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from waitingroom.store import fitness, library
from waitingroom.store.call import Call, in_ms
from waitingroom.store.faults import is_unknown_function, plain, translated


class Connection:
    """To one server. Loads our function library where it is not there."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    @classmethod
    def connect(cls, url: str, *, timeout_s: float = 2.0) -> Self:
        """``url``: ``redis://…``, ``rediss://…`` or ``unix:///path``. Connects at the first verb.

        A call that timed out may have been carried out, so nothing is repeated by the driver.
        """
        return cls(
            redis.Redis.from_url(
                url,
                socket_timeout=timeout_s,
                socket_connect_timeout=timeout_s,
                retry=Retry(NoBackoff(), 0),
            )
        )

    @property
    def client(self) -> "redis.Redis":
        """The driver, for the job queue that lies in the same store."""
        return self._redis

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def run(self, call: Call) -> Any:
        """One function call; loads the library where the server does not have it."""
        with translated(call):
            for _ in range(library.LOADS_FOR_ALL):
                try:
                    return self._send(call)
                except redis.ResponseError as error:
                    if not is_unknown_function(error):
                        raise
                self._redis.function_load(library.source(), replace=True)
            return self._send(call, bringing=True)

    def _send(self, call: Call, *, bringing: bool = False) -> Any:
        commands = library.commands(call, bringing=bringing)
        if len(commands) == 1:
            return self._redis.execute_command(*commands[0])  # type: ignore[no-untyped-call]
        with self._redis.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
            return library.reply(pipeline.execute(raise_on_error=False), bringing=bringing)

    def ping(self) -> None:
        """Raise :class:`StoreDown` unless the store answers."""
        plain(self._redis.ping)

    def now_ms(self) -> int:
        """The store's clock, which rules rooms."""
        return in_ms(plain(self._redis.time))

    def check_fitness(self) -> str:
        """See :func:`fitness.judge`: a warning, or ""; ``StoreUnfit``."""
        info: dict[str, Any] = {}
        with translated(None):
            for section in fitness.SECTIONS:
                info |= self._redis.info(section)
        return fitness.judge(info, self.appendfsync())

    def appendfsync(self) -> str | None:
        """That setting of the server's, None where it does not tell."""
        with translated(None):
            try:
                setting = self._redis.config_get("appendfsync")
            except redis.ResponseError:
                return None
            return setting.get("appendfsync")
