"""A PostgreSQL server of the run's own, on a private socket."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_NAMES = count(1)


def programs() -> Path | None:
    """The folder that holds ``initdb`` and ``postgres``, None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    best = found[-1] if found else Path(on_path).resolve() if on_path else None
    return best.parent if best else None


class Postgres:
    """A running server; :meth:`url` makes a database."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        # The server refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = folder
        self._bin = bin_folder
        if self._user:
            shutil.chown(folder, self._user)
        self._do("initdb", "--auth=trust", "--no-sync", "-U", "shop", "-D", str(folder / "data"))
        options = ("-c", "listen_addresses=", "-c", "fsync=off", "-k", str(folder))
        self.process = subprocess.Popen(
            [self._bin / "postgres", "-D", folder / "data", *options],
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        deadline = time.monotonic() + 30
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)

    def _do(self, program: str, *words: str) -> None:
        subprocess.run(
            [self._bin / program, *words], user=self._user, check=True, capture_output=True, cwd="/"
        )

    def _answers(self) -> bool:
        words = ("-q", "-h", str(self._folder), "-U", "shop")
        command = [self._bin / "pg_isready", *words]
        return subprocess.run(command, check=False, cwd="/").returncode == 0

    def url(self) -> str:
        """A fresh database."""
        name = f"shop{next(_NAMES)}"
        self._do("createdb", "-h", str(self._folder), "-U", "shop", name)
        return f"postgresql://shop@/{name}?host={self._folder}"


@contextmanager
def running(bin_folder: Path) -> Iterator[Postgres]:
    """A server while the context is open."""
    with tempfile.TemporaryDirectory(prefix="wrpg-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder), bin_folder)
        yield server
        server.process.terminate()
        server.process.wait(20)
