"""Real systems, each in a folder and on ports of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

PATIENCE_S = 30
PORTS = tuple(f"WAITINGROOM_{name}_PORT" for name in ("GATE", "CONSOLE", "SHOP", "METRICS"))
_SPAN = 3_000
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_STEPS = count(os.getpid() * 31)
TINY_SHOP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the tiny shop"]
"""


def free_ports(wanted: int) -> list[int]:
    """Ports that nobody listens on now, below those that the system gives to connections.

    Each process of a run has its own, since between the look and the use another would take what
    it sees free; and begins elsewhere, so that runs side by side do not meet either.
    """
    found: list[int] = []
    while len(found) < wanted:
        port = 20_000 + _WORKER % 4 * _SPAN + next(_STEPS) % _SPAN
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found


def eventually(check: Any, what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait until ``check()`` is true, and answer it. Once more after the time is up: a machine that
    stalled may not have got round to it.
    """
    deadline = time.monotonic() + patience_s
    over = False
    while not over:
        over = time.monotonic() >= deadline
        if found := check():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {patience_s} s: {what}")


def at_best(attempt: Callable[[], bool], what: str, tries: int = 5) -> None:
    """Try what has a limit of time until one ``attempt()`` keeps it: a stalled machine breaks a
    limit now and then, a fault of ours breaks it each time.
    """
    assert any(attempt() for _ in range(tries)), f"in none of {tries} attempts: {what}"


def nine_in_ten(values: Iterable[float]) -> float:
    """What all but a tenth of them keep to: what else the machine does may hold up one or two."""
    kept = sorted(values)
    return kept[len(kept) * 9 // 10]


def gone(processes: Iterable[psutil.Process]) -> bool:
    """Whether none of them lives; one that nobody has reaped yet does not."""
    return not any(map(_lives, processes))


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server over real HTTP for as long as the block lasts; where it is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@dataclass
class Run:
    """A ``waitingroom`` command that keeps running. ``lines``: what it printed."""

    folder: Path
    env: dict[str, str]
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            for line in out:
                self.lines.append(line.rstrip("\n"))

    def says(self, text: str) -> str:
        """Wait for a line with ``text``."""

        def look() -> str | None:
            found = next((line for line in self.lines if text in line), None)
            if found is None and self.process.poll() is not None:
                raise AssertionError(f"ended without {text!r}:\n" + "\n".join(self.lines))
            return found

        return eventually(look, f"a line with {text!r}")

    @property
    def note(self) -> dict[str, Any]:
        """What run.json says."""
        data = self.folder / self.env.get("WAITINGROOM_DATA", ".waitingroom")
        text = (data / "run.json").read_text("utf-8")
        return json.loads(text)

    def descendants(self) -> list[psutil.Process]:
        """Every process below ours."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def ends(self) -> int:
        """Wait for the end; the exit status."""
        status = self.process.wait(PATIENCE_S)
        self._reader.join(5)
        return status

    def interrupt(self) -> int:
        """Ctrl-C, and wait for the end; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.ends()


@dataclass
class Folder:
    """A working folder, and an environment with free ports. ``program``: which waitingroom."""

    path: Path
    env: dict[str, str]
    program: tuple[str, ...] = (sys.executable, "-m", "waitingroom")
    runs: list[Run] = field(default_factory=list)

    def start(self, *words: str, **env: str) -> Run:
        """Start a command that keeps running."""
        process = subprocess.Popen(
            [*self.program, *words],
            cwd=self.path,
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        run = Run(self.path, self.env | env, process)
        self.runs.append(run)
        return run

    def up(self, **env: str) -> Run:
        """Start a system and wait until it is up."""
        run = self.start("up", **env)
        run.says("Ctrl-C ends it")
        return run

    def do(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*self.program, *words],
            cwd=self.path,
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def clean(self) -> None:
        """End whatever still runs: our own processes only, by pid."""
        for run in self.runs:
            if run.process.poll() is None:
                for process in (run.process, *run.descendants()):
                    # The parts end by themselves with their supervisor, perhaps before we come.
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            run.ends()


def working_folder(path: Path) -> Folder:
    """An empty folder with a tiny shop to run a system from."""
    (path / "tinyshop.py").write_text(TINY_SHOP)
    env = {k: v for k, v in os.environ.items() if not k.startswith("WAITINGROOM_")}
    env.pop("REDIS_URL", None)
    env |= {"WAITINGROOM_SHOP": "tinyshop:app", "WAITINGROOM_GATE_WORKERS": "1"}
    env |= dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    return Folder(path, env)


def lacking(what: str) -> None:
    """Skip for want of a right, but never in CI."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def small_file_system(place: Path, megabytes: int = 16) -> Iterator[Path]:
    """A file system of a few megabytes at ``place``; skips where it may not be mounted."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        lacking("mounting a small file system wants root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return filler
