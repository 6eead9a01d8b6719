"""Gates for tests: a real one as the product runs it, and one in this process with our clock.

Both are asked in the same way, and both stand over the run's real store.
"""

import asyncio
import http.client
import json
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import psutil
from systems import eventually, free_ports

from waitingroom.config import GateConfig, load_config
from waitingroom.gate.app import App
from waitingroom.run import parts
from waitingroom.run.child import Part, spawn
from waitingroom.store.aclient import AsyncStore
from waitingroom.tokens import Keyring

KEYS = (b"an older key of the tests, 32 by", b"the key that signs in these test")
HOST = "gate.example"
PATIENCE_S = 10
Headers = Mapping[str, str]
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back. ``headers``: in order, names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body, which is a JSON object."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value

    @property
    def error(self) -> str:
        """The error's code."""
        return self.json["error"]

    def header(self, name: str) -> str:
        """A header that is sent once, "" if not at all."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{name} is sent {len(found)} times"
        return found[0] if found else ""

    @property
    def set_cookies(self) -> list[str]:
        """Every Set-Cookie header."""
        return [value for key, value in self.headers if key == "set-cookie"]

    @property
    def cookies(self) -> dict[str, str]:
        """What those set, by name."""
        jar: SimpleCookie = SimpleCookie()
        for line in self.set_cookies:
            jar.load(line)
        return {name: morsel.value for name, morsel in jar.items()}


class Asked(Protocol):
    """A gate that can be asked."""

    def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Answer:
        """One request on a connection of its own."""


@dataclass
class Browser:
    """Keeps cookies and sends what browsers send. ``more``: headers for every request."""

    gate: Asked
    room: str
    cookies: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Answer:
        """One request; its cookies are kept."""
        sent = {**self.more, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.gate.ask(method, path, sent, body)
        self.cookies |= answer.cookies
        return answer

    def go_to(self, path: str) -> Answer:
        """Navigate."""
        headers = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
        return self.ask("GET", path, headers)

    def post(self, path: str, value: object = None) -> Answer:
        """Post JSON, as the page's script does."""
        body = None if value is None else json.dumps(value).encode()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        return self.ask("POST", path, headers, body)

    def submit(self, path: str, **fields: str) -> Answer:
        """Post a form, as the page without a script does."""
        headers = {"Content-Type": FORM, "Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
        return self.ask("POST", path, headers, urlencode(fields).encode())

    def join(self) -> Answer:
        """Ask for a ticket."""
        return self.post(f"/{self.room}/ticket")

    def enter(self, to: str | None = None) -> Answer:
        """Knock."""
        return self.post(f"/{self.room}/pass", None if to is None else {"to": to})

    def leave(self) -> Answer:
        """Give the place up."""
        return self.ask("DELETE", f"/{self.room}/ticket")

    def follow(self, answer: Answer) -> Answer:
        """Go where a redirect leads, if that is on the gate."""
        where = urlsplit(answer.header("location"))
        return self.go_to(where.path + (f"?{where.query}" if where.query else ""))


@dataclass
class Native(Browser):
    """An app: no cookies, the ticket in a header."""

    ticket: str = ""
    passed: str = ""

    def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Answer:
        """One request; its credentials are kept."""
        sent = {"Wr-Client": "native", **self.more, **(headers or {})}
        if self.ticket:
            sent.setdefault("Authorization", f"Bearer {self.ticket}")
        answer = self.gate.ask(method, path, sent, body)
        if answer.status in (200, 201) and answer.body.startswith(b"{"):
            self.ticket = answer.json.get("ticket", self.ticket)
            self.passed = answer.json.get("pass", self.passed)
        return answer


def read_answer(response: http.client.HTTPResponse) -> Answer:
    """The whole of what came back."""
    headers = tuple((name.lower(), value) for name, value in response.getheaders())
    return Answer(response.status, headers, response.read())


@dataclass
class RunningGate:
    """The gate as the product runs it. ``part``: how it was started."""

    part: Part
    port: int
    pid: int

    def connect(self) -> http.client.HTTPConnection:
        """A connection of one's own."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = self.connect()
        try:
            return self.ask_on(connection, method, path, headers, body)
        finally:
            connection.close()

    def ask_on(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Headers | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request on a connection that may be used again."""
        connection.request(method, path, body=body, headers=dict(headers or {}))
        return read_answer(connection.getresponse())

    @property
    def origin(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        found = []
        for child in psutil.Process(self.pid).children():
            with suppress(psutil.NoSuchProcess):  # it may just have ended
                if "gunicorn" in " ".join(child.cmdline()):
                    found.append(child)
        return found

    @contextmanager
    def one_connection_each(self) -> Iterator[list[http.client.HTTPConnection]]:
        """A connection to every worker."""
        found: dict[int, http.client.HTTPConnection] = {}
        workers = self.workers()
        deadline = time.monotonic() + PATIENCE_S
        try:
            while len(found) < len(workers):
                # A worker that the machine holds up takes its turn when it can, not in so many.
                assert time.monotonic() < deadline, "the other worker never answers"
                connection = self.connect()
                self.ask_on(connection, "GET", "/healthz")
                port = connection.sock.getsockname()[1]
                served_by = next(
                    worker.pid
                    for worker in workers
                    for socket in worker.net_connections("tcp")
                    if socket.raddr and socket.raddr.port == port
                )
                if served_by in found:
                    # The newer one is kept: a gate hangs up on who has long been silent.
                    found[served_by].close()
                found[served_by] = connection
            yield list(found.values())
        finally:
            for connection in found.values():
                connection.close()

    def status(self, room: str) -> dict[str, Any]:
        """The status document."""
        return self.ask("GET", f"/{room}/status.json").json

    def sees(self, room: str, check: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until every worker's status document passes ``check``."""
        path = f"/{room}/status.json"
        with self.one_connection_each() as connections:

            def is_seen() -> bool:
                # All are asked each time: one that was silent meanwhile would be hung up on.
                told = [self.ask_on(connection, "GET", path).json for connection in connections]
                return all(map(check, told))

            eventually(is_seen, "the status that the test waits for", PATIENCE_S)

    def log(self) -> str:
        """What it wrote."""
        return self.part.log.read_text("utf-8", "replace")

    def end(self) -> None:
        """Stop it and whatever it started."""
        os.killpg(self.pid, signal.SIGKILL)


def gate_part(
    store_url: str, log: Path, *, parser: str = "", connections: int = 0, **settings: str
) -> tuple[Part, int]:
    """How the product starts its gate, and the port. ``settings``: more of the environment.

    ``parser`` and ``connections`` (the most of a worker): other than the product's, where given.
    """
    gate_port, console_port, shop_port = free_ports(3)
    ports = {"GATE_PORT": gate_port, "CONSOLE_PORT": console_port, "SHOP_PORT": shop_port}
    env = {f"WAITINGROOM_{name}": str(port) for name, port in ports.items()}
    env |= {"REDIS_URL": store_url, "WAITINGROOM_DATA": str(log.parent)}
    env |= {"WAITINGROOM_SECRET_KEYS": ",".join(key.hex() for key in KEYS)}
    env |= {"WAITINGROOM_SHOP_KEY": "k" * 32}
    (log.parent / "log").mkdir(exist_ok=True)
    made = parts.parts(load_config(env | settings), dict(os.environ))
    part = next(part for part in made if part.name == "gate")
    words = list(part.argv)
    for option, value in (("--http-parser", parser), ("--worker-connections", connections)):
        if value:
            words[words.index(option) + 1] = str(value)
    return Part("gate", tuple(words), part.env, log, part.ready), gate_port


@contextmanager
def running(
    store_url: str, folder: Path, *, parser: str = "", connections: int = 0, **settings: str
) -> Iterator[RunningGate]:
    """A gate under gunicorn for as long as the block lasts. See :func:`gate_part`."""
    log = folder / "gate.log"
    part, port = gate_part(store_url, log, parser=parser, connections=connections, **settings)
    process = spawn(part.argv, log=part.log, env=part.env)
    gate = RunningGate(part, port, process.pid)
    wanted = int(part.argv[part.argv.index("--workers") + 1])
    try:
        eventually(part.ready, "the gate is up", 30)
        # By the first that answers; the others are started a moment apart.
        eventually(lambda: len(gate.workers()) == wanted, "all of its workers are there", 30)
        yield gate
    finally:
        gate.end()
        process.wait()


@dataclass
class LocalGate:
    """The gate's application in this process. ``clock_ms``: its clock, None for the real one."""

    app: App
    runner: asyncio.Runner
    clock_ms: int | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Host": HOST})
    client: tuple[str, int] | None = ("192.0.2.1", 4711)

    @classmethod
    def over(
        cls, store_url: str, runner: asyncio.Runner, *, timeout_s: float = PATIENCE_S, **config: Any
    ) -> "LocalGate":
        """One more worker over the store, which it gives more time than the product does: whoever
        asks here stands still as long as the machine does, and would then take its word for late.
        """
        wanted = {"keys": KEYS, "public_url": f"http://{HOST}"} | config
        made: LocalGate

        async def start() -> App:
            config = GateConfig(store_url=store_url, **wanted)
            return App(
                config,
                lambda: time.time_ns() // 10**6 if made.clock_ms is None else made.clock_ms,
                AsyncStore.connect(store_url, replicas=config.replicas, timeout_s=timeout_s),
            )

        made = cls(runner.run(start()), runner)
        return made

    def refresh(self) -> None:
        """What happens twice a second."""
        self.runner.run(self.app.gate.rooms.refresh_now())

    def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Answer:
        """One request."""
        return self.runner.run(self.asking(method, path, headers, body))

    def ask_all(self, *asked: Coroutine[Any, Any, Answer]) -> list[Answer]:
        """Many requests at once: what :meth:`asking` made."""

        async def together() -> list[Answer]:
            return list(await asyncio.gather(*asked))

        return self.runner.run(together())

    def asking(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Coroutine[Any, Any, Answer]:
        """One request, to be awaited with others."""
        return talk(self.app, self.scope(method, path, headers, body), body)

    def scope(
        self, method: str, path: str, headers: Headers | None, body: bytes | None
    ) -> dict[str, Any]:
        """As gunicorn makes it."""
        sent = {**self.headers, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Length", str(len(body)))
        raw_path, _, query = path.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": raw_path,
            "raw_path": raw_path.encode("utf-8", "replace"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in sent.items()
            ],
            "server": ("127.0.0.1", 80),
            "client": self.client,
        }

    @property
    def keyring(self) -> Keyring:
        """The gate's keys."""
        return self.app.gate.keyring

    def close(self) -> None:
        """As a worker ends."""
        self.runner.run(self.app._stop())


async def talk(app: App, scope: dict[str, Any], body: bytes | None = None) -> Answer:
    """One ASGI conversation, checked for its form. A body that is declared and None never comes."""
    inbox: list[dict[str, Any]] = []
    if body is not None or not any(name == b"content-length" for name, _ in scope["headers"]):
        inbox = [{"type": "http.request", "body": body or b"", "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return inbox.pop(0) if inbox else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *bodies = sent
    assert start["type"] == "http.response.start"
    assert [part["type"] for part in bodies] == ["http.response.body"]
    found = start["headers"]
    headers = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in found)
    assert all(name == name.lower() and "\n" not in value + name for name, value in headers)
    return Answer(start["status"], headers, bodies[0]["body"])
