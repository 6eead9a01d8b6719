"""Readers of single settings: from text, or from what TOML made of it, to a checked value.

Each raises ValueError whose text completes the sentence “it wants …”.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from waitingroom.room_ids import is_room_id

Network = IPv4Network | IPv6Network
Raw = str | int | list[str]
"""What a variable or a TOML value may be before it is read."""

SECRET_BYTES = 32
"""The shortest secret: as long as the hash that uses it."""

_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_Choice = TypeVar("_Choice", bound=StrEnum)


def choice(kind: type[_Choice]) -> Callable[[Raw], _Choice]:
    """One of the words of ``kind``."""

    def read(raw: Raw) -> _Choice:
        if raw not in list(kind):
            raise ValueError(" or ".join(kind))
        return kind(str(raw))

    return read


def count(least: int, most: int) -> Callable[[Raw], int]:
    """A whole number between two others."""

    def read(raw: Raw) -> int:
        text = str(raw).strip()
        if isinstance(raw, bool) or not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
            raise ValueError(f"a whole number from {least} to {most}")
        if not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return read


def port(raw: Raw) -> int:
    """A TCP port."""
    try:
        return count(1, 65_535)(raw)
    except ValueError as error:
        raise ValueError(f"a port: {error}") from None


def text(raw: Raw) -> str:
    """A line of text."""
    if not isinstance(raw, str) or "\n" in raw or "\0" in raw:
        raise ValueError("one line of text")
    return raw.strip()


def path(raw: Raw) -> Path:
    """A folder's name; ``~`` is the user's own."""
    if not text(raw):
        raise ValueError("a folder's name")
    return Path(text(raw)).expanduser()


def folder(raw: Raw) -> Path | None:
    """A folder that exists, or nothing."""
    if not text(raw):
        return None
    found = Path(text(raw)).expanduser()
    if not found.is_dir():
        raise ValueError("a folder that exists")
    return found.resolve()  # also for a process that runs elsewhere


def host(raw: Raw) -> str:
    """An address or a host's name, without port or scheme."""
    if not re.fullmatch(r"[A-Za-z0-9.-]+|\[?[0-9a-fA-F:]+\]?", text(raw)):
        raise ValueError("an address to listen on, such as 127.0.0.1 or 0.0.0.0, without a port")
    return text(raw).strip("[]")


def url(raw: Raw) -> str:
    """A web origin, or nothing."""
    return _web_address(raw, re.compile("/?"), "http:// or https:// and a host, without a path")


def mount(raw: Raw) -> str:
    """A web origin and perhaps a path below it, without a slash at its end; or nothing."""
    wants = "http:// or https://, a host, and perhaps a plain path such as /wr"
    return _web_address(raw, _PLAIN_PATH, wants)


def _web_address(raw: Raw, path_form: re.Pattern[str], wants: str) -> str:
    if not text(raw):
        return ""
    try:
        parts = urlsplit(text(raw))
        fine = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.query or parts.fragment or parts.username:
        raise ValueError(wants)
    if not path_form.fullmatch(parts.path):
        raise ValueError(wants)
    return f"{parts.scheme}://{parts.netloc}".lower() + parts.path.rstrip("/")


def store_url(raw: Raw) -> str:
    """Where a server of the Redis protocol listens, or nothing."""
    if text(raw) and not re.match(r"(rediss?|unix)://.", text(raw)):
        raise ValueError("a URL that begins with redis://, rediss:// or unix://")
    return text(raw)


def mail_address(raw: Raw) -> str:
    """One mail address."""
    if not _MAIL.fullmatch(text(raw)):
        raise ValueError("a mail address, such as ops@shop.example")
    return text(raw)


def mail_addresses(raw: Raw) -> tuple[str, ...]:
    """Mail addresses; there may be none."""
    try:
        return tuple(dict.fromkeys(map(mail_address, _listed(raw))))
    except ValueError:
        raise ValueError("mail addresses with commas between") from None


def smtp_url(raw: Raw) -> str:
    """A mail server, or nothing."""
    try:
        parts = urlsplit(text(raw))
        fine = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if text(raw) and not fine:
        raise ValueError("smtp:// or smtps://, a host and perhaps a port")
    return text(raw)


def webhook(raw: Raw) -> str:
    """A web address that messages are posted to, or nothing."""
    try:
        parts = urlsplit(text(raw))
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        fine = fine and not parts.username and not parts.fragment
    except ValueError:
        fine = False
    if text(raw) and not (fine and re.fullmatch("[!-~]+", text(raw))):
        raise ValueError("an address that begins with http:// or https://")
    return text(raw)


def webhook_secret(raw: Raw) -> str:
    """The key of Standard Webhooks' symmetric signatures, or nothing."""
    try:
        key = b64decode(text(raw).removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if text(raw) and not (text(raw).startswith("whsec_") and 24 <= len(key) <= 64):
        raise ValueError(
            "whsec_ and base64 of 24 to 64 bytes (make one: waitingroom secret --webhook)"
        )
    return text(raw)


def target(raw: Raw) -> str:
    """A WSGI application, ``module:name``, or ``off``."""
    if text(raw) != "off" and not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*(\(\))?", text(raw)):
        raise ValueError("an application as module:name, or off")
    return text(raw)


def rooms(raw: Raw) -> tuple[str, ...]:
    """Pairs of a path and the room before it, ``/path=room``."""
    pairs = raw if isinstance(raw, list) else re.split(r"[\s,]+", text(raw))
    for pair in pairs:
        path_prefix, _, room = text(pair).partition("=")
        if not path_prefix.startswith("/") or not is_room_id(room):
            raise ValueError("pairs like /=demo, a path and a room's id, with spaces between")
    return tuple(pairs)


def program(raw: Raw) -> str:
    """An executable file, or nothing."""
    if text(raw) and not Path(text(raw)).is_file():
        raise ValueError("the path of a server program that exists")
    return text(raw)


def _listed(raw: Raw) -> list[str]:
    items = raw if isinstance(raw, list) else text(raw).split(",")
    return [text(item) for item in items if text(item)]


def keys(raw: Raw) -> tuple[bytes, ...]:
    """Signing keys in hex, oldest first; there may be none (see ``run.credentials``)."""
    wants = f"hex of at least {SECRET_BYTES} bytes for each key (make one: waitingroom secret)"
    try:
        made = tuple(bytes.fromhex(item) for item in _listed(raw))
    except ValueError:
        raise ValueError(wants) from None
    if any(len(key) < SECRET_BYTES for key in made):
        raise ValueError(wants)
    return made


def words(raw: Raw) -> tuple[str, ...]:
    """Bearer keys; there may be none (see ``run.credentials``)."""
    made = tuple(_listed(raw))
    if any(not re.fullmatch(rf"[!-~]{{{SECRET_BYTES},256}}", word) for word in made):
        raise ValueError(
            f"{SECRET_BYTES} to 256 characters without spaces for each key "
            "(make one: waitingroom secret)"
        )
    return made


class ProxyHeaders(StrEnum):
    """Which headers proxies write about the shopper's side: one kind, since a client may send the
    other, and a proxy that does not know it passes it on."""

    X_FORWARDED = "x-forwarded"
    FORWARDED = "forwarded"


def networks(raw: Raw) -> tuple[Network, ...]:
    """Addresses or networks of machines; none is allowed."""
    try:
        return tuple(ip_network(item) for item in _listed(raw))
    except ValueError:
        raise ValueError(
            "addresses or networks with commas between, such as 10.0.0.7, 192.168.0.0/16"
        ) from None


def written(value: object) -> str:
    """A read value as text that its reader takes back."""
    if isinstance(value, tuple):
        return ",".join(v.hex() if isinstance(v, bytes) else str(v) for v in value)
    return "" if value is None else str(value)


def quoted(raw: Raw) -> str:
    """What was given, for a message: short and on one line."""
    shown = repr(raw) if isinstance(raw, str) else str(raw)
    return shown if len(shown) <= 60 else shown[:57] + "…"


def dialled(listening: str) -> str:
    """The host part of a URL for an address that is listened on."""
    if listening in {"0.0.0.0", "::"}:  # noqa: S104 - recognised, not bound
        return "127.0.0.1"
    return f"[{listening}]" if ":" in listening else listening
