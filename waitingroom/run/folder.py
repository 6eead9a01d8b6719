"""The data folder of a running system: one system per folder, and a note of what runs.

``run.lock`` is held (flock) for as long as the system lives, however it ends; ``run.json`` says
where the system listens, so that commands in the same folder find it.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from waitingroom.errors import WaitingRoomError

LOCK = "run.lock"
NOTE = "run.json"


class FolderUnfit(WaitingRoomError):
    """The data folder cannot be made or written."""

    code = "data_folder"


class AlreadyRuns(WaitingRoomError):
    """Another system runs from the same data folder."""

    code = "already_runs"


@dataclass(frozen=True, slots=True)
class Running:
    """What ``run.json`` says. ``pids``: each part's process, 0 between two starts.

    ``keys``: by which to know the secret keys again (:func:`credentials.marks`).
    """

    pid: int
    pids: dict[str, int]
    store_url: str
    gate_url: str
    shop_url: str
    console_url: str
    data: str
    command: str
    version: str
    keys: list[str]


def prepare(data: Path) -> None:
    """Make the folder (0700) and its log folder, and try to write there.

    Raises :class:`FolderUnfit` with the system's reason.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "log").mkdir(mode=0o700, exist_ok=True)
        probe = data / ".probe"
        probe.write_bytes(b"room to write?" * 300)
        probe.unlink()
    except OSError as error:
        raise FolderUnfit(
            f"the data folder {data} cannot be written: {error.strerror}; "
            "make room or set WAITINGROOM_DATA to another folder"
        ) from None


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold the folder. Raises :class:`AlreadyRuns` when another system does."""
    with (data / LOCK).open("a+") as lock:
        if not _locked(lock):
            lock.seek(0)
            raise AlreadyRuns(
                f"a system already runs from {data} (process {lock.read().strip()}): "
                "stop it first, or set WAITINGROOM_DATA to another folder"
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            (data / NOTE).unlink(missing_ok=True)
            lock.truncate(0)


def _locked(lock: IO[str]) -> bool:
    """Take the lock; patient for a moment, since a command that looks around takes it too."""
    for pause_s in (0.05, 0.2, 0):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause_s)
        else:
            return True
    return False


def is_held(data: Path) -> bool:
    """Whether a system runs from the folder now.

    Raises :class:`FolderUnfit` where that is not ours to know.
    """
    try:
        with (data / LOCK).open() as lock:
            # Linux's own list would need parsing; a shared lock that is refused says the same.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except PermissionError:
        raise FolderUnfit(
            f"the data folder {data} is another user's; be the one who runs the system"
        ) from None
    except OSError:
        return False
    return False


def wipe(data: Path) -> None:
    """Empty a held folder, all but the lock."""
    for entry in data.iterdir():
        if entry.name == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    prepare(data)


def write_note(data: Path, running: Running) -> None:
    """Write ``run.json`` (0600) in one step."""
    write_private(data / NOTE, json.dumps(asdict(running), indent=2) + "\n")


def read_note(data: Path) -> Running | None:
    """What runs from the folder, None when nothing does (a note left by a crash counts not)."""
    if not is_held(data):
        return None
    try:
        note = json.loads((data / NOTE).read_text("utf-8"))
        # Another version's note may say more.
        return Running(**{name: note[name] for name in Running.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_private(file: Path, text: str, *, replace: bool = True) -> None:
    """Write a file (0600) so that a reader sees all of it or none.

    Raises FileExistsError when it is there and may not be replaced.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(text)
        if replace:
            fresh.replace(file)
        else:
            file.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)
