"""A whole sale over the run's store: gate, room API and the built-in shop behind its guard."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from gates import KEYS, Answer, Headers, read_answer
from systems import eventually, free_ports

from waitingroom.config import Config, load_config
from waitingroom.run import parts
from waitingroom.run.child import kill, spawn
from waitingroom.tokens import Keyring

WANTED = ("console", "shop", "gate")
SHOP_KEY = "k" * 32


@dataclass(frozen=True)
class Place:
    """One part, which can be asked."""

    port: int

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            return read_answer(connection.getresponse())
        finally:
            connection.close()


@dataclass(frozen=True)
class Sale:
    """``logs``: what the parts wrote so far."""

    room: str
    gate: Place
    shop: Place
    console: Place
    folder: Path
    keyring: Keyring
    processes: dict[str, subprocess.Popen[bytes]]

    def stop(self, part: str) -> None:
        """It is gone; connections are refused."""
        kill(self.processes[part])

    def logs(self) -> str:
        """Of all parts."""
        return "\n".join(log.read_text("utf-8", "replace") for log in self.folder.glob("log/*.log"))


def settings_of(store_url: str, folder: Path, room: str, more: dict[str, str]) -> Config:
    """On free ports, with keys that the tests know."""
    names = ("GATE_PORT", "CONSOLE_PORT", "SHOP_PORT")
    ports = {
        f"WAITINGROOM_{name}": str(port) for name, port in zip(names, free_ports(3), strict=True)
    }
    env = {
        "REDIS_URL": store_url,
        "WAITINGROOM_DATA": str(folder),
        "WAITINGROOM_SECRET_KEYS": ",".join(key.hex() for key in KEYS),
        "WAITINGROOM_SHOP_KEY": SHOP_KEY,
        "WAITINGROOM_ROOMS": f"/={room}",
        "WAITINGROOM_GATE_WORKERS": "1",
    }
    return load_config(env | ports | more)


@contextmanager
def sale(
    store_url: str, folder: Path, room: str, *, wanted: tuple[str, ...] = WANTED, **more: str
) -> Iterator[Sale]:
    """The parts, for as long as the block lasts; nothing that they wrote is a stack trace.

    ``wanted``: which of them. ``more``: of the environment.
    """
    processes = {}
    config = settings_of(store_url, folder, room, more)
    (folder / "log").mkdir(exist_ok=True)
    with ExitStack() as stack:
        for part in parts.parts(config, dict(os.environ) | more):
            if part.name in wanted:
                processes[part.name] = spawn(part.argv, log=part.log, env=part.env)
                stack.callback(kill, processes[part.name])
                eventually(part.ready, f"{part.name} is up", 30)
        ports = (config.gate_port, config.shop_port, config.console_port)
        made = Sale(room, *map(Place, ports), folder, Keyring(KEYS), processes)
        yield made
        assert "Traceback" not in made.logs(), made.logs()
