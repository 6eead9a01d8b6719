"""One connection to a gate or a room API, as a small HTTP client keeps it."""

import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 20
IDLE_S = 1
"""Servers close a connection that is idle for five seconds; long before, it is opened anew."""


@dataclass(frozen=True)
class Answer:
    """What came back. ``status`` 0: the connection broke. ``took_s``: until the body was whole."""

    status: int
    value: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    took_s: float = 0.0

    @property
    def code(self) -> str:
        """The error's code, "" where there is none."""
        return str(self.value.get("error", ""))


class Wire:
    """A native client's connection to ``url``, opened again when it broke. Of one thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        self._connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=PATIENCE_S
        )
        self._used_at_s = self._sent_at_s = 0.0

    def ask(self, method: str, path: str, body: object = None, *, bearer: str = "") -> Answer:
        """One request. A broken connection is an answer, too; nothing is sent twice."""
        if self.idle:
            self._connection.close()
        self.send(method, path, body, bearer=bearer)
        return self.receive()

    def send(self, method: str, path: str, body: object = None, *, bearer: str = "") -> None:
        """A request over the connection as it is. One that cannot be sent is answered with 0."""
        headers = {"Wr-Client": "native", "Content-Type": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        text = b"" if body is None else json.dumps(body).encode()
        self._sent_at_s = time.monotonic()
        try:
            self._connection.request(method, path, text, headers)
        except (OSError, http.client.HTTPException):
            self._connection.close()

    def receive(self) -> Answer:
        """The answer to what was sent."""
        try:
            response = self._connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Answer(0, took_s=time.monotonic() - self._sent_at_s)
        value = json.loads(raw) if raw else {}
        self._used_at_s = time.monotonic()
        named = {name.lower(): text for name, text in response.getheaders()}
        return Answer(response.status, value, named, self._used_at_s - self._sent_at_s)

    @property
    def idle(self) -> bool:
        """Whether the next request will open a connection of its own."""
        return time.monotonic() - self._used_at_s > IDLE_S

    @property
    def local_port(self) -> int:
        """Our end of the connection, 0 while there is none."""
        socket = self._connection.sock
        return int(socket.getsockname()[1]) if socket else 0

    def send_and_go(self, method: str, path: str) -> None:
        """Send a request and hang up without reading the answer."""
        self._connection.request(method, path, b"", {"Wr-Client": "native"})
        self._connection.close()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
