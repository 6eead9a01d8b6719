"""gunicorn's settings for the gate: the common ones, and counters that its workers share.

Each worker counts in files of its own in one folder (prometheus-client's way), which the keeper
adds up. The files go by a small number that a worker takes over from one that ended, so that there
are never more of them than workers, however often these end, and no count ever falls.
"""

import contextlib
import logging
from pathlib import Path
from typing import Any

from waitingroom.config import environment
from waitingroom.run.gunicorn_settings import *  # noqa: F403 - gunicorn reads them from here

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
KINDS = ("counter", "histogram", "gauge_livemax", "gauge_livemin", "gauge_livesum")
FILE_BYTES = 256 * 1024
"""More than every label that there is needs (a test has them all)."""
log = logging.getLogger("waitingroom.gate")


def _folder() -> Path | None:
    named = environment().get(FOLDER)
    return Path(named) if named else None


def on_starting(_server: Any) -> None:
    """Begin from nothing: whoever counts rates knows that counters do."""
    folder = _folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):  # a full disk: the gate works all the same
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.glob("*.db"):
            left.unlink()


def pre_fork(server: Any, worker: Any) -> None:
    """The lowest number that no living worker has."""
    taken = {other.number for other in server.WORKERS.values()}
    worker.number = next(number for number in range(len(taken) + 1) if number not in taken)


def post_fork(_server: Any, worker: Any) -> None:
    """Before the worker loads what counts."""
    from prometheus_client import values

    folder = _folder()
    if folder is None:
        return
    number: int = worker.number
    try:
        for kind in KINDS:
            _reserve(folder / f"{kind}_{number}.db")
    except OSError as error:
        about = {"event": "not_counted"}
        log.warning("this worker's counts are not in the metrics: %s", error.strerror, extra=about)
        values.ValueClass = values.MutexValue
    else:
        values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]


def _reserve(file: Path) -> None:
    """Have all of a file on the disk: it is mapped, and a page that finds no room kills.

    One that is there has what a worker before counted.
    """
    if not file.exists() or file.stat().st_size < FILE_BYTES:
        file.write_bytes(bytes(FILE_BYTES))


def child_exit(_server: Any, worker: Any) -> None:
    """What only the living have (who is up, how old the news is) ends with a worker."""
    if folder := _folder():
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.number, str(folder))  # type: ignore[no-untyped-call]
