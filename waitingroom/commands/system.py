"""Which system a command means: the one that runs from this folder, else the settings' own."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from waitingroom.config import FILE_NAME, Config, environment, load_config
from waitingroom.errors import WaitingRoomError
from waitingroom.run import folder
from waitingroom.store.client import Store

DEMO = "demo"
"""The demo's data folder, inside the data folder."""


class NoSystem(WaitingRoomError):
    """Nothing runs here, or it is not clear which."""

    code = "no_system"


def settings(file: Path | None) -> Config:
    """The settings of this folder: ``waitingroom.toml`` counts when it is there."""
    default = Path(FILE_NAME)
    return load_config(environment(), file or (default if default.is_file() else None))


def find(file: Path | None) -> Config:
    """The system that a command in this folder means: its settings, with the store's address.

    Raises :class:`NoSystem`.
    """
    config = settings(file)
    notes = [note for at in (config.data, config.data / DEMO) if (note := folder.read_note(at))]
    if len(notes) > 1:
        raise NoSystem(
            "two systems run from this folder; say which with "
            + " or ".join(f"WAITINGROOM_DATA={note.data}" for note in notes)
        )
    if notes:
        note = notes[0]
        return replace(
            config,
            redis_url=note.store_url,
            data=Path(note.data),
            gate_url=note.gate_url,
            shop_url=note.shop_url,
        )
    if config.redis_url:
        return config
    raise NoSystem(
        "no waiting room runs from this folder; start one with `waitingroom up` or "
        "`waitingroom demo`, or set REDIS_URL to the store of one that runs elsewhere"
    )


@contextmanager
def store_of(config: Config) -> Iterator[Store]:
    """The system's store, as long as the context is open."""
    store = Store.connect(config.redis_url)
    try:
        yield store
    finally:
        store.close()


def actor() -> str:
    """Who commands, for the log."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return f"cli:{name}"
