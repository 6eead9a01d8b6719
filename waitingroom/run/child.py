"""One child process: started in its own session, bound to us, logged, stopped in order."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from waitingroom.logs import LONGEST_TRACEBACK, for_people

BOUND = str(Path(__file__).with_name("bound.py"))

FIRST_PAUSE_MS = 500
LONGEST_PAUSE_MS = 30_000
"""Between two starts of a child that keeps ending: doubled each time, up to this."""
SETTLED_MS = 60_000
"""A child that lived this long ended for a new reason: its pauses begin anew."""


def spawn(
    argv: tuple[str, ...],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``argv`` in a session of its own, its output added to ``log`` (0600).

    The terminal's Ctrl-C does not reach it. From the main thread it is bound to our life.
    """
    words = list(argv)
    if threading.current_thread() is threading.main_thread():
        words = [sys.executable, "-I", "-S", BOUND, str(os.getpid()), *words]
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    finally:
        os.close(output)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process and whatever it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:  # macOS, when the leader is already a zombie
        process.kill()
    process.wait()


def last_words(log: Path, lines: int = 8) -> str:
    """The end of a log, as a person reads it."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 2 * LONGEST_TRACEBACK))
            last = file.read().decode(errors="replace").splitlines()[-lines:]
            return "\n".join(map(for_people, last))
    except OSError as error:
        return str(error)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the system, as a process to be kept alive.

    ``env``: its whole environment. ``ready``: whether it answers, asked again until it does.
    ``patience_s``: how long it may take to end in order. ``ends``: with status 0 it is done, and
    not started again.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    ready: Callable[[], bool]
    patience_s: float = 10
    ends: bool = False


@dataclass(slots=True)
class Child:
    """A part's process and its history. All times are monotonic milliseconds."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    started_at_ms: int = 0
    start_again_at_ms: int = 0
    pause_ms: int = field(default=FIRST_PAUSE_MS)
    done: bool = False

    @property
    def pid(self) -> int:
        """The process's id, 0 while there is none."""
        return self.process.pid if self.process else 0

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self, now_ms: int) -> None:
        """Start the process; its log stays."""
        self.process = spawn(self.part.argv, log=self.part.log, env=self.part.env)
        self.started_at_ms = now_ms

    def ended(self, now_ms: int) -> str:
        """Take note that the process ended: how, in words. Fixes when it starts again."""
        assert self.process is not None
        status = self.process.returncode
        # What it started itself (gunicorn's workers) notices by itself, but later than we start.
        kill(self.process)
        self.process = None
        self.done = self.part.ends and status == 0
        if now_ms - self.started_at_ms >= SETTLED_MS:
            self.pause_ms = FIRST_PAUSE_MS
        self.put_off(now_ms)
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    def put_off(self, now_ms: int) -> None:
        """Fix when it starts again, each time later."""
        self.start_again_at_ms = now_ms + self.pause_ms
        self.pause_ms = min(2 * self.pause_ms, LONGEST_PAUSE_MS)

    def ask_to_end(self) -> None:
        """SIGTERM, if it lives."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def make_sure(self) -> None:
        """Return when the process and whatever it started are gone."""
        process, self.process = self.process, None
        if process is not None:
            kill(process)
