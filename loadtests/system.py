"""The system under load: ``waitingroom up`` on free ports, in a folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waitingroom.config import environment, foreign_environment
from waitingroom.run.child import spawn
from waitingroom.run.folder import Running, read_note

START_S = 40
END_S = 40
PORTS = tuple(f"WAITINGROOM_{name}_PORT" for name in ("GATE", "CONSOLE", "SHOP", "METRICS"))
CHECKOUT = Path(__file__).parents[1]


class CannotRun(Exception):
    """The load test could not be run; nothing is said about the product."""


def environment_of(folder: Path, room: str, *, workers: int, shop: bool) -> dict[str, str]:
    """Settings for a system of its own; nothing of the caller's system reaches it."""
    env = foreign_environment(environment())
    env |= dict(zip(PORTS, map(str, _free_ports(len(PORTS))), strict=True))
    env |= {"WAITINGROOM_DATA": str(folder / "data"), "WAITINGROOM_ROOMS": f"/={room}"}
    env |= {"WAITINGROOM_GATE_WORKERS": str(workers), "PYTHONPATH": str(CHECKOUT)}
    return env if shop else env | {"WAITINGROOM_SHOP": "off"}


@contextmanager
def system(folder: Path, env: Mapping[str, str]) -> Iterator[Running]:
    """A system that runs while the context is open; its output goes to ``folder/up.log``."""
    words = (sys.executable, "-m", "waitingroom", "up")
    process = spawn(words, log=folder / "up.log", env=env, cwd=folder)
    try:
        yield _wait_until_up(process, Path(env["WAITINGROOM_DATA"]), folder / "up.log")
    finally:
        _end(process)


def _wait_until_up(process: subprocess.Popen[bytes], data: Path, log: Path) -> Running:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if (data / "run.json").exists() and (note := read_note(data)):
            return note
        time.sleep(0.1)
    raise CannotRun(f"the system did not start:\n{log.read_text(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does. A supervisor that is killed takes its parts with it."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def make_room(folder: Path, env: Mapping[str, str], room: str, *knobs: str) -> dict[str, Any]:
    """``waitingroom room create``, as an operator does; what it prints as JSON."""
    words = [sys.executable, "-m", "waitingroom", "room", "create", room, *knobs, "--json"]
    made = subprocess.run(
        words, cwd=folder, env=dict(env), capture_output=True, check=False, text=True, timeout=30
    )
    if made.returncode:
        raise CannotRun(f"the room was not made:\n{made.stderr}")
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
