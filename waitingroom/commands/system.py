"""Which system a command means: the one that runs from this folder, else the settings' own."""

import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from waitingroom.config import FILE_NAME, Config, environment, load_config
from waitingroom.errors import WaitingRoomError
from waitingroom.model import Actor
from waitingroom.run import credentials, folder
from waitingroom.store.client import Store

DEMO = "demo"
"""The demo's data folder, inside the data folder."""
WHY = "waitingroom.why"
"""Where a command's context keeps what ``--why`` said."""


class NoSystem(WaitingRoomError):
    """Nothing runs here, or it is not clear which."""

    code = "no_system"


class OtherSecrets(WaitingRoomError):
    """The secret keys here are not those of the system that runs."""

    code = "other_secrets"


def settings(file: Path | None) -> Config:
    """The settings of this folder: ``waitingroom.toml`` counts when it is there."""
    default = Path(FILE_NAME)
    return load_config(environment(), file or (default if default.is_file() else None))


def find(file: Path | None) -> Config:
    """The system that a command in this folder means: its settings, with the store's address.

    Raises :class:`NoSystem`.
    """
    return _found(file)[0]


def with_secrets(file: Path | None) -> Config:
    """The same with its secrets, which what the command prints is signed with or derived from.

    Raises also :class:`OtherSecrets`, ``ConfigError``.
    """
    found, note = _found(file)
    config = found if found.secret_keys else credentials.complete(found, make=False)
    # One in common is enough: a rotation adds a key here first.
    if note and not set(note.keys).intersection(credentials.marks(config.secret_keys)):
        raise OtherSecrets(
            "the system that runs here has other secret keys; set WAITINGROOM_SECRET_KEYS, "
            "or --config, as it was started with"
        )
    return config


def keepers_log(file: Path | None) -> Path | None:
    """Where the keeper of the system that runs from this folder notes what it saw; None without."""
    config, note = _found(file)
    path = config.data / "log" / "keeper.log"
    return path if note and path.is_file() else None


def _found(file: Path | None) -> tuple[Config, folder.Running | None]:
    config = settings(file)
    notes = [note for at in (config.data, config.data / DEMO) if (note := folder.read_note(at))]
    if len(notes) > 1:
        raise NoSystem(
            "two systems run from this folder; say which with "
            + " or ".join(f"WAITINGROOM_DATA={note.data}" for note in notes)
        )
    if notes:
        note = notes[0]
        running = replace(
            config,
            redis_url=note.store_url,
            data=Path(note.data),
            gate_url=note.gate_url,
            shop_url=note.shop_url,
        )
        return running, note
    if config.redis_url:
        return config, None
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


def actor() -> Actor:
    """Who commands, from which host and, where ``--why`` says so, why: for the record."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    context = click.get_current_context(silent=True)
    why = context.meta.get(WHY, "") if context else ""
    return Actor(f"cli:{name}", socket.gethostname(), why)
