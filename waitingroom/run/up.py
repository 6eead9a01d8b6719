"""Runs a whole system from one folder until it is told to end."""

import errno
import logging
import os
import resource
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from waitingroom import __version__, logs
from waitingroom.config import Config, environment, foreign_environment
from waitingroom.errors import PortTaken, StoreDown, StoreUnfit
from waitingroom.run import credentials, folder
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.run.parts import parts, store_part
from waitingroom.run.signals import Signals
from waitingroom.run.supervisor import Supervisor
from waitingroom.store.client import Store
from waitingroom.variables import BY_NAME

ROUND_S = 0.5
"""How often the supervisor looks around when no signal wakes it."""
THE_PORT = frozenset({errno.EADDRINUSE, errno.EACCES})
"""Of the reasons not to listen, those that another port mends; the others are the address's."""
log = logging.getLogger("waitingroom.supervisor")
OPEN_FILES = 65_536
"""Every connection is one; many systems allow 1,024 unless asked."""


@dataclass(frozen=True, slots=True)
class System:
    """A system that runs: its complete settings (``redis_url`` is set) and its supervisor."""

    config: Config
    supervisor: Supervisor
    signals: Signals
    command: str

    def note(self) -> None:
        """Write what runs to ``run.json``."""
        config = self.config
        folder.write_note(
            config.data,
            folder.Running(
                pid=os.getpid(),
                pids=self.supervisor.pids(),
                store_url=config.redis_url,
                gate_url=config.gate_url,
                shop_url=config.shop_url if config.shop != "off" else "",
                console_url=config.api_url,
                data=str(config.data),
                command=self.command,
                version=__version__,
                keys=credentials.marks(config.secret_keys),
            ),
        )

    def run(self, every_round: Callable[[], None] = lambda: None) -> None:
        """Look after the parts until an ending is asked for."""
        while not self.signals.wait(ROUND_S):
            if self.supervisor.look_after():
                self._note_again()
            every_round()

    def _note_again(self) -> None:
        """The note with the new pids; on a full disk the old one does."""
        try:
            self.note()
        except OSError as error:
            said = f"run.json still names ended processes: {error.strerror}"
            self.supervisor.say(said)
            log.warning("%s", said, extra={"event": "note_not_written"})


@contextmanager
def system(
    config: Config,
    env: Mapping[str, str],
    say: Callable[[str], None],
    *,
    command: str,
    fresh: bool = False,
) -> Iterator[System]:
    """A system that runs while the context is open. ``fresh``: from an emptied data folder.

    Raises :class:`PortTaken`, :class:`~waitingroom.run.folder.AlreadyRuns`, ``FolderUnfit`` or
    ``ConfigError`` before anything was started, ``PartFailed`` or ``Interrupted`` after all that
    was started has ended again.
    """
    credentials.refuse_missing(config)
    folder.prepare(config.data)
    with folder.held(config.data), Signals() as signals:
        check_ports(config)
        _allow_open_files()
        if fresh:
            folder.wipe(config.data)
        (config.data / "log").mkdir(mode=0o700, exist_ok=True)
        logs.set_up("supervisor", config.log_format, config.data / "log" / "supervisor.log")
        config = credentials.complete(config, make=True)
        supervisor = Supervisor(signals, say)
        embedded = EmbeddedStore(config.data / "store", binary=config.store_server)
        try:
            if config.redis_url:
                if warning := _reach(config.redis_url):
                    say(f"REDIS_URL: {warning}")
                    log.warning("%s", warning, extra={"event": "store_not_durable"})
            else:
                config = replace(config, redis_url=embedded.url)
                own = foreign_environment(env)
                supervisor.start([store_part(embedded, config.data / "log", own)])
            supervisor.start(parts(config, env))
            running = System(config, supervisor, signals, command)
            running.note()
            yield running
        finally:
            supervisor.stop()
            embedded.forget()


def _allow_open_files() -> None:
    """Raise the soft limit on open files, for us and the parts, as far as the hard one allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _reach(store_url: str) -> str:
    """A warning about somebody else's store, or "". Raises where it does not answer, or may not be
    used: :class:`StoreDown`, :class:`StoreUnfit`.
    """
    store = Store.connect(store_url)
    try:
        return store.check_fitness()
    except (StoreDown, StoreUnfit) as error:
        raise type(error)(f"REDIS_URL: {error}") from None
    finally:
        store.close()


def check_ports(config: Config) -> None:
    """Raise :class:`PortTaken` for the first port that cannot be listened on."""
    names = ["gate_port", "console_port"] + (["shop_port"] if config.shop != "off" else [])
    for name, hosts in [*((name, "host") for name in names), ("metrics_port", "metrics_host")]:
        port: int = getattr(config, name)
        host: str = getattr(config, hosts)
        try:
            _listen_once(host, port)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            at_fault = name if error.errno in THE_PORT else hosts
            raise PortTaken(
                f"port {port} on {host} cannot be used ({reason}); "
                f"set {BY_NAME[at_fault].env} to another"
            ) from None


def _listen_once(host: str, port: int) -> None:
    """Listen as gunicorn will, and stop again."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1)


def run_up(config: Config, *, say: Callable[[str], None]) -> None:
    """``waitingroom up``: run until Ctrl-C, keep the data."""
    say("Starting …")
    with system(config, environment(), say, command="up") as running:
        say("The waiting room is up.")
        for line in [*greeting(running.config), *next_steps(running.config)]:
            say(line)
        running.run()
        say("Ending …")


def next_steps(config: Config) -> list[str]:
    """What is to be done first: a room that the shop stands behind, an operator for the console."""
    store = Store.connect(config.redis_url)
    try:
        known, operators = store.rooms(), store.accounts.all()
    except StoreDown:
        return []
    finally:
        store.close()
    make = "waitingroom room create {} --opens-at +10m --origin {}"
    nobody = (
        "Nobody may use the console yet; make an operator: waitingroom operator add NAME --role "
    )
    steps = [] if operators else [nobody + "admin"]
    if config.shop == "off":
        there_are_none = "There is no room yet; make one: "
        return (
            steps
            if known
            else [
                there_are_none + make.format("ID", "https://shop.example.com"),
                *steps,
            ]
        )
    missing = [
        f"The shop waits for a room “{room}”; make it: {make.format(room, config.shop_url)}"
        for room in dict.fromkeys(pair.partition("=")[2] for pair in config.rooms)
        if room not in known
    ]
    return missing + steps


def greeting(config: Config, *log_in: str) -> list[str]:
    """What the terminal shows when all is up. ``log_in``: how, where an account was just made."""
    shop = [f"  shop      {config.shop_url}"] if config.shop != "off" else []
    return [
        *shop,
        f"  gate      {config.gate_url}",
        f"  console   {config.console_url}",
        *(f"            {line}" for line in log_in),
        f"  data      {config.data} (logs in log/)",
        "  Ctrl-C ends it.",
    ]
