"""The secrets of a run: those that are set; in development, those that it made for itself."""

import hashlib
import json
import secrets
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from waitingroom import readers
from waitingroom.config import Config, ConfigError
from waitingroom.run.folder import write_private
from waitingroom.variables import BY_NAME, Environment

FILE = "secrets.json"
NAMES = ("secret_keys", "shop_key")


def new_secret() -> str:
    """A fresh secret that fits every setting that wants one: 32 random bytes in hex."""
    return secrets.token_hex(readers.SECRET_BYTES)


def new_webhook_secret() -> str:
    """The same as Standard Webhooks write it."""
    return f"whsec_{b64encode(secrets.token_bytes(readers.SECRET_BYTES)).decode()}"


def marks(keys: Iterable[bytes]) -> list[str]:
    """What tells keys apart and gives none away."""
    return [hashlib.sha256(b"waitingroom key mark\0" + key).hexdigest()[:16] for key in keys]


def refuse_missing(config: Config) -> None:
    """Raise :class:`ConfigError` for each secret that production lacks; touches nothing."""
    missing = [BY_NAME[name].env for name in NAMES if not getattr(config, name)]
    if missing and config.env is Environment.PRODUCTION:
        raise ConfigError(
            [
                f"{variable} is not set, and production takes no secret that it made itself: "
                "`waitingroom secret` prints one"
                for variable in missing
            ]
        )


def complete(config: Config, *, make: bool) -> Config:
    """``config`` with its secrets. Called twice, the same ones.

    Production takes only what is set. Development reads ``secrets.json`` of the data folder
    for what is not, and with ``make`` writes it (0600) when it is missing. Raises
    :class:`ConfigError` that names what is missing.
    """
    refuse_missing(config)
    if config.secret_keys and config.shop_key:
        return config
    keys, words = _kept(config.data / FILE, make=make)
    return replace(
        config, secret_keys=config.secret_keys or keys, shop_key=config.shop_key or words
    )


def _kept(file: Path, *, make: bool) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The development secrets in ``file``."""
    if make and not file.exists():
        fresh = {name: new_secret() for name in NAMES}
        # Two runs at once: the first one's file stays, both read it.
        with suppress(FileExistsError):
            write_private(file, json.dumps(fresh, indent=2) + "\n", replace=False)
    try:
        found = json.loads(file.read_text("utf-8"))
        return readers.keys(found["secret_keys"]), readers.words(found["shop_key"])
    except FileNotFoundError:
        wanted = " and ".join(BY_NAME[name].env for name in NAMES)
        raise ConfigError(
            [f"there are no secrets here ({file} is not there): set {wanted}"]
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            [f"{file} holds no usable secrets ({error}); remove it to have new ones made"]
        ) from None
