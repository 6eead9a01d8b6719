"""Settings, read: the only place that reads the environment and the settings file.

What may be set stands in :mod:`waitingroom.variables`. An environment variable beats the file, the
file beats the default. Whatever is wrong is said at once, one sentence each.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from waitingroom import readers
from waitingroom.errors import WaitingRoomError
from waitingroom.model import Outside
from waitingroom.readers import Network, ProxyHeaders, Raw
from waitingroom.variables import (
    BY_NAME,
    PREFIX,
    SETTINGS,
    Environment,
    LogFormat,
    LogRequests,
)

FILE_NAME = "waitingroom.toml"
"""Read from the working folder when no other file is named."""
GUARDS_OWN = frozenset({"WAITINGROOM_API_URL", "WAITINGROOM_ROOM_KEYS", "WAITINGROOM_ALLOW"})
"""Variables of a guard in a shop elsewhere; here we tell the guard ourselves."""

OURS_ALONE = ("secret_keys", "shop_key", "alarm_smtp_url", "alarm_webhook_secret")
"""A file that holds one of these is nobody else's to read."""


class ConfigError(WaitingRoomError):
    """Settings that cannot be. ``problems``: one sentence each."""

    code = "bad_config"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


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
    log_requests: LogRequests = LogRequests.FAULTS


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """What the console needs. ``shop_keys``: any of them opens the room API, for all rooms.
    ``public_url``: where operators reach it. ``proxies``: as the gate's. ``body_limit``: bytes.
    ``gate_url``, ``shop_url``, ``rooms`` and ``production`` (whether the run is one): what
    readiness looks at, and pages tell. ``templates``: the gate's, for previews.
    """

    store_url: str
    keys: tuple[bytes, ...]
    shop_keys: tuple[str, ...]
    public_url: str = ""
    proxies: tuple[Network, ...] = ()
    proxy_headers: ProxyHeaders = ProxyHeaders.X_FORWARDED
    body_limit: int = 64 * 1024
    gate_url: str = ""
    shop_url: str = ""
    rooms: tuple[str, ...] = ()
    production: bool = False
    templates: Path | None = None


@dataclass(frozen=True, slots=True)
class KeeperConfig:
    """What the keeper of history and metrics needs. ``gate_url``: where the gate answers, to see
    how quick it is. ``gate_counts``: the folder in which its ``gate_workers`` count.
    ``metrics_host``, ``metrics_port``: where to listen. ``alarm_mails``: how many addresses hear of
    alarms; ``alarm_webhook``: whether a receiver does.
    """

    store_url: str
    gate_url: str
    gate_workers: int
    gate_counts: Path
    metrics_host: str
    metrics_port: int
    alarm_mails: int = 0
    alarm_webhook: bool = False


@dataclass(frozen=True, slots=True)
class AlarmConfig:
    """What the jobs that tell of alarms need. ``webhook_secret``: as Standard Webhooks write it."""

    mail_to: tuple[str, ...]
    mail_from: str
    smtp_url: str
    webhook_url: str
    webhook_secret: str
    console_url: str


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting, read and checked. See :mod:`waitingroom.variables` for what each means."""

    env: Environment
    data: Path
    host: str
    gate_port: int
    console_port: int
    shop_port: int
    metrics_host: str
    metrics_port: int
    gate_url: str
    shop_url: str
    console_url: str
    gate_workers: int
    trusted_proxies: tuple[Network, ...]
    proxy_headers: ProxyHeaders
    templates: Path | None
    shop: str
    rooms: tuple[str, ...]
    outside: Outside
    log_format: LogFormat
    log_requests: LogRequests
    redis_url: str
    replicas: int
    store_server: str
    secret_keys: tuple[bytes, ...]
    shop_key: tuple[str, ...]
    alarm_mail_to: tuple[str, ...]
    alarm_mail_from: str
    alarm_smtp_url: str
    alarm_webhook_url: str
    alarm_webhook_secret: str

    @property
    def api_url(self) -> str:
        """Where the shop reaches the room API."""
        return f"http://{readers.dialled(self.host)}:{self.console_port}"

    @property
    def gate_counts(self) -> Path:
        """The folder in which the gate's workers count."""
        return self.data / "metrics"

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
            log_requests=self.log_requests,
        )

    def console(self) -> ConsoleConfig:
        """The console's part."""
        return ConsoleConfig(
            store_url=self.redis_url,
            keys=self.secret_keys,
            shop_keys=self.shop_key,
            public_url=self.console_url,
            proxies=self.trusted_proxies,
            proxy_headers=self.proxy_headers,
            gate_url=self.gate_url,
            shop_url=self.shop_url if self.shop != "off" else "",
            rooms=self.rooms if self.shop != "off" else (),
            production=self.env is Environment.PRODUCTION,
            templates=self.templates,
        )

    def keeper(self) -> KeeperConfig:
        """The keeper's part."""
        return KeeperConfig(
            self.redis_url,
            f"http://{readers.dialled(self.host)}:{self.gate_port}",
            self.gate_workers,
            self.gate_counts,
            self.metrics_host,
            self.metrics_port,
            len(self.alarm_mail_to),
            bool(self.alarm_webhook_url),
        )

    def alarms(self) -> AlarmConfig:
        """The part of the jobs that tell of alarms."""
        return AlarmConfig(
            self.alarm_mail_to,
            self.alarm_mail_from,
            self.alarm_smtp_url,
            self.alarm_webhook_url,
            self.alarm_webhook_secret,
            self.console_url,
        )

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
        console_url=config.console_url or f"{here}:{config.console_port}",
    )


def _contradictions(config: Config) -> list[str]:
    """What each setting allows, but not all of them together."""
    problems = []
    ports = ("gate_port", "console_port", "shop_port", "metrics_port")
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
    if config.alarm_mail_to and not config.alarm_smtp_url:
        problems.append(
            "WAITINGROOM_ALARM_MAIL_TO needs WAITINGROOM_ALARM_SMTP_URL, a server that takes mail"
        )
    if bool(config.alarm_webhook_url) != bool(config.alarm_webhook_secret):
        problems.append(
            "WAITINGROOM_ALARM_WEBHOOK_URL and WAITINGROOM_ALARM_WEBHOOK_SECRET go together: the "
            "receiver can tell our messages by the secret"
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
    hidden = [name for name in OURS_ALONE if name in values]
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
