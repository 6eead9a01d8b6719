"""What is measured: three servers with one worker each, and one store, all of this run's own."""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from waitingroom.clock import now_ms
from waitingroom.config import environment, foreign_environment
from waitingroom.model import Settings
from waitingroom.run.child import kill, last_words, spawn
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.run.parts import asgi_argv, counted_in, gate_argv, gunicorn_argv, probe
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring, Pass

HOST = "127.0.0.1"
ROOM = "bench"
CHECKOUT = Path(__file__).parents[2]
START_S = 20


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to ask for, and the worker process that answers. ``cookie``: "" for none."""

    name: str
    port: int
    method: str
    path: str
    worker: psutil.Process
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """All subjects by name, and the store that they share."""

    subjects: Mapping[str, Subject]
    store_url: str


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """Start store, gate, hello and the Flask view; end them again. ``folder``: for their files."""
    embedded = EmbeddedStore(folder / "store")
    embedded.start()
    with ExitStack() as stack:
        stack.callback(embedded.stop)
        _make_room(embedded.url)
        gate, hello, flask = free_ports(3)
        key = secrets.token_bytes(32)
        env = {
            **foreign_environment(environment()),
            **counted_in(folder / "metrics"),
            "REDIS_URL": embedded.url,
            "WAITINGROOM_SECRET_KEYS": key.hex(),
            "WAITINGROOM_SHOP_KEY": secrets.token_hex(32),
            "WAITINGROOM_GATE_PORT": str(gate),
        }
        # A worker of one process each; gate and hello run on the same; the gate counts.
        commands = {
            "gate": (gate, gate_argv(HOST, gate, 1)),
            "hello": (hello, asgi_argv("loadtests.bench.hello:app", HOST, hello, 1)),
            "flask": (
                flask,
                gunicorn_argv("loadtests.bench.flask_join:app", HOST, flask, "--workers", "1"),
            ),
        }
        workers = {}
        for name, (port, argv) in commands.items():
            process = spawn(argv, log=folder / f"{name}.log", env=env, cwd=CHECKOUT)
            stack.callback(kill, process)
            workers[name] = _worker(process.pid, port, folder / f"{name}.log")
        ticket, check = f"/{ROOM}/ticket", f"/{ROOM}/check?hold=600"
        yield Bench(
            {
                "hello": Subject("hello", hello, "GET", "/", workers["hello"]),
                "status": Subject("status", gate, "GET", f"/{ROOM}/status.json", workers["gate"]),
                "join": Subject("join", gate, "POST", ticket, workers["gate"]),
                "check": Subject("check", gate, "GET", check, workers["gate"], _pass_cookie(key)),
                "flask": Subject("flask", flask, "POST", ticket, workers["flask"]),
            },
            embedded.url,
        )


def _make_room(url: str) -> None:
    """A room before its opening: everybody may join, nobody is called."""
    store = Store.connect(url)
    store.create(ROOM, Settings(opens_at_ms=now_ms() + 3_600_000), actor="bench")
    store.close()


def _pass_cookie(key: bytes) -> str:
    """What somebody inside shows, for as long as a bench may take."""
    start_ms = now_ms()
    value = Pass(ROOM, 1, "1-1", start_ms, start_ms + 3_600_000, start_ms + 7_200_000)
    return f"wr-pass-{ROOM}={Keyring([key]).room_keys(ROOM).sign_pass(value)}"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    listeners = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports: list[int] = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def started(
    stack: ExitStack, folder: Path, env: Mapping[str, str], console: int
) -> list[subprocess.Popen[bytes]]:
    """Console and keeper, as a system has them; they end with the stack."""
    words = ("--worker-class", "gthread", "--threads", "8")
    commands = {
        "console": gunicorn_argv("waitingroom.run.apps:console()", HOST, console, *words),
        "keeper": (sys.executable, "-m", "waitingroom.console.keeper"),
    }
    found = []
    for name, argv in commands.items():
        process = spawn(argv, log=folder / f"{name}.log", env=env, cwd=CHECKOUT)
        stack.callback(kill, process)
        found.append(process)
    return found


def answering(port: int, log: Path) -> None:
    """Wait until somebody answers there. Raises RuntimeError with the log's end otherwise."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if probe(HOST, port):
            return
        time.sleep(0.05)
    raise RuntimeError(f"a server did not start:\n{last_words(log)}")


def _worker(master: int, port: int, log: Path) -> psutil.Process:
    """The one worker, once it answers. Raises RuntimeError with the log's end otherwise."""
    answering(port, log)
    (worker,) = psutil.Process(master).children()
    return worker
