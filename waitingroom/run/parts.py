"""The parts of a system: each as a command line, an environment of its own and a sign of life.

Secrets travel in a child's environment, never on its command line; each child gets only those
it needs. Listed in the order in which they start; they end in reverse.
"""

import http.client
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from waitingroom import readers
from waitingroom.config import Config, foreign_environment
from waitingroom.run.child import Part
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.run.gate_settings import FOLDER
from waitingroom.run.gunicorn_settings import GRACE_S
from waitingroom.tokens import Keyring
from waitingroom.variables import BY_NAME, PART, Environment

GATE = "waitingroom.run.apps:gate()"
"""The gate's application, as gunicorn names it."""
CONNECTIONS = 4_096
"""The most at a time, of one worker of the gate; above it idle ones give way to newcomers."""
COMMON_SETTINGS = "python:waitingroom.run.gunicorn_settings"
GATE_SETTINGS = "python:waitingroom.run.gate_settings"


def store_part(embedded: EmbeddedStore, log: Path, env: Mapping[str, str]) -> Part:
    """The embedded store; its folder is made."""
    embedded.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Part("store", embedded.argv, env, log / "store.log", embedded.answers, patience_s=30)


def parts(config: Config, env: Mapping[str, str]) -> list[Part]:
    """Everything but the store. ``config.redis_url`` is where the store listens."""
    base = foreign_environment(env) | {"PYTHONUNBUFFERED": "1"} | config.as_env("log_format")
    made = [_worker(config, base)]
    if config.shop == BY_NAME["shop"].default:
        made.append(_cron(config, base))
    made += [_keeper(config, base), _console(config, base)]
    if config.shop != "off":
        made.append(_shop(config, base))
    return [named(part) for part in (*made, _gate(config, base))]


def named(part: Part) -> Part:
    """The part, told what it is."""
    return replace(part, env={**part.env, PART: part.name})


def gunicorn_argv(
    target: str, host: str, port: int, *words: str, settings: str = COMMON_SETTINGS
) -> tuple[str, ...]:
    """gunicorn with what all our servers have in common. ``target``: the application."""
    listening = f"[{host}]" if ":" in host else host
    common = ("--config", settings)
    bind = ("--bind", f"{listening}:{port}")
    return (sys.executable, "-m", "gunicorn", target, *common, *bind, *words)


def asgi_argv(
    target: str, host: str, port: int, workers: int, settings: str = COMMON_SETTINGS
) -> tuple[str, ...]:
    """The server that the gate runs on, with any ASGI application (the bench compares some)."""
    return gunicorn_argv(
        target,
        host,
        port,
        *("--worker-class", "waitingroom.gate.server.Worker", "--asgi-loop", "uvloop"),
        *("--http-parser", parser(), "--workers", str(workers)),
        *("--worker-connections", str(CONNECTIONS)),
        # The gate itself believes its proxies (waitingroom.clients), and nobody else.
        *("--forwarded-allow-ips", ""),
        settings=settings,
    )


def gate_argv(host: str, port: int, workers: int) -> tuple[str, ...]:
    """The gate's server. Its workers share their counts where :func:`counted_in` says."""
    return asgi_argv(GATE, host, port, workers, GATE_SETTINGS)


def counted_in(folder: Path) -> dict[str, str]:
    """What tells a gate where its counts are kept (prometheus-client's own word for it)."""
    return {FOLDER: str(folder)}


def _gate(config: Config, base: Mapping[str, str]) -> Part:
    argv = gate_argv(config.host, config.gate_port, config.gate_workers)
    names = (
        *("env", "host", "gate_port", "gate_url", "redis_url", "replicas", "secret_keys"),
        *("trusted_proxies", "proxy_headers", "templates", "log_requests"),
    )
    env = {**base, **counted_in(config.gate_counts), **config.as_env(*names)}
    return _web(config, "gate", argv, env, config.gate_port)


def _console(config: Config, base: Mapping[str, str]) -> Part:
    # As the gate: the console itself believes its proxies, and nobody else.
    words = (
        *("--worker-class", "gthread", "--threads", "8", "--forwarded-allow-ips", ""),
        # The most that gunicorn takes: a reason for the record (?why=) has 6,000 bytes, encoded.
        *("--limit-request-line", "8190"),
    )
    argv = gunicorn_argv("waitingroom.run.apps:console()", config.host, config.console_port, *words)
    names = (
        *("env", "host", "console_port", "console_url", "redis_url", "secret_keys", "shop_key"),
        *("trusted_proxies", "proxy_headers", "gate_url", "shop", "shop_url", "rooms"),
        *("log_requests", "templates"),
    )
    return _web(config, "console", argv, {**base, **config.as_env(*names)}, config.console_port)


def _keeper(config: Config, base: Mapping[str, str]) -> Part:
    argv = (sys.executable, "-m", "waitingroom.console.keeper")
    names = ("env", "host", "gate_port", "gate_workers", "redis_url", "data")
    env = {**base, **config.as_env(*names, "metrics_host", "metrics_port"), **alarm_env(config)}
    return Part("keeper", argv, env, config.data / "log" / "keeper.log", lambda: True)


def _shop(config: Config, base: Mapping[str, str]) -> Part:
    words = ("--worker-class", "gthread", "--threads", "16")
    argv = gunicorn_argv(config.shop, config.host, config.shop_port, *words)
    env = {**shop_defaults(config, base), **base, **shop_env(config)}
    return _web(config, "shop", argv, env, config.shop_port, any_answer=True)


def shop_defaults(config: Config, base: Mapping[str, str]) -> dict[str, str]:
    """Where our own shop and its jobs keep what is theirs, unless the environment says otherwise.

    Mails go into a folder in development only: in production an order waits until there is a
    server to send its mail to.
    """
    from sqlalchemy import URL  # it knows which characters of a path need care in a URL

    database = URL.create("sqlite", database=str(config.data / "shop.db"))
    defaults = {
        "SHOP_DATABASE_URL": database.render_as_string(hide_password=False),
        "SHOP_URL": config.shop_url,
    }
    if config.env is Environment.DEVELOPMENT and not base.get("SHOP_SMTP_URL"):
        defaults["SHOP_OUTBOX"] = str(config.data / "outbox")
    return defaults


def shop_env(config: Config) -> dict[str, str]:
    """What the shop is told: where the gate and the room API are, and the keys of its own rooms.

    The names are those that :mod:`waitingroom.guard` knows.
    """
    keyring = Keyring(config.secret_keys)
    rooms = dict.fromkeys(pair.partition("=")[2] for pair in config.rooms)
    return {
        **config.as_env("gate_url", "shop_url", "outside", "redis_url", "log_requests"),
        **config.as_env("trusted_proxies"),
        "WAITINGROOM_API_URL": config.api_url,
        "WAITINGROOM_SHOP_KEY": config.shop_key[-1],
        "WAITINGROOM_ROOMS": " ".join(config.rooms),
        "WAITINGROOM_ROOM_KEYS": " ".join(keyring.room_keys(room).export() for room in rooms),
    }


def _worker(config: Config, base: Mapping[str, str]) -> Part:
    # Our own jobs are loaded once, before the worker forks for each; named, since the waiting room
    # knows no shop.
    ours = ("--config", "workers.preload", "--worker-class", "workers.tries.Worker")
    words = ("worker", *ours, "--with-scheduler", "default")
    return _rq(config, {**base, **alarm_env(config)}, "worker", *words)


def alarm_env(config: Config) -> dict[str, str]:
    """Where alarms go. The keeper enqueues a job for each receiver, and the worker does them."""
    names = ("alarm_mail_to", "alarm_mail_from", "alarm_smtp_url")
    return config.as_env(*names, "alarm_webhook_url", "alarm_webhook_secret", "console_url")


def _cron(config: Config, base: Mapping[str, str]) -> Part:
    return _rq(config, base, "cron", "cron", "--config", "workers.lines", "workers.schedule")


def _rq(config: Config, base: Mapping[str, str], name: str, *words: str) -> Part:
    """A process of RQ's own. It has no sign of life but that it lives."""
    argv = (sys.executable, "-m", "rq.cli", *words)
    ours = {"RQ_REDIS_URL": config.redis_url, "REDIS_URL": config.redis_url}
    env = {**shop_defaults(config, base), **base, **ours}
    return Part(name, argv, env, config.data / "log" / f"{name}.log", lambda: True)


def _web(
    config: Config,
    name: str,
    argv: tuple[str, ...],
    env: Mapping[str, str],
    port: int,
    *,
    any_answer: bool = False,
) -> Part:
    """A part that answers HTTP. ``any_answer``: a shop may have no /healthz, or guard it."""
    host = readers.dialled(config.host)

    def ready() -> bool:
        status = probe(host, port)
        return status == 200 or (any_answer and status > 0)

    log = config.data / "log" / f"{name}.log"
    return Part(name, argv, env, log, ready, patience_s=GRACE_S + 5)


def parser() -> str:
    """Which HTTP parser the gate gets: the one in C where it is installed."""
    return "fast" if find_spec("gunicorn_h1c") else "python"


def probe(host: str, port: int, path: str = "/healthz") -> int:
    """The status of ``GET path``, 0 when nobody answers within a second."""
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
