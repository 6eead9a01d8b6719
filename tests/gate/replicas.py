"""A primary and a replica that follows it: real servers on ports of their own."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from systems import eventually, free_ports

from waitingroom.run.child import spawn
from waitingroom.run.embedded import server_binary
from waitingroom.store.client import Store


@dataclass
class Server:
    """One server. ``store``, ``client``: for the test's own questions."""

    port: int
    process: subprocess.Popen[bytes]
    store: Store
    client: "redis.Redis"

    @property
    def url(self) -> str:
        """How clients connect."""
        return f"redis://127.0.0.1:{self.port}"

    def freeze(self) -> None:
        """It hears nothing and says nothing; its connections stay."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it stood."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a crash would."""
        self.store.close()
        self.client.close()
        self.process.kill()
        self.process.wait()


@dataclass
class Pair:
    """``primary`` takes writes, ``replica`` follows."""

    primary: Server
    replica: Server

    def follows(self) -> None:
        """Wait until the replica is in step."""

        def is_online() -> bool:
            info = self.primary.client.info("replication")
            return str(info.get("slave0", {}).get("state")) == "online"

        eventually(is_online, "the replica follows")

    def part(self) -> None:
        """The replica follows no longer, and takes writes itself: what comes now it has not."""
        self.replica.client.replicaof("NO", "ONE")


def _start(folder: Path, *words: str) -> Server:
    (port,) = free_ports(1)
    folder.mkdir()
    durable = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")
    quick = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
    program = str(server_binary(os.environ.get("WAITINGROOM_STORE_SERVER", "")))
    listen = ("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder))
    argv = (program, *listen, *durable, *quick, *words)
    process = spawn(argv, log=folder / "server.log")
    url = f"redis://127.0.0.1:{port}"
    client = redis.Redis.from_url(url, socket_timeout=10)
    server = Server(port, process, Store.connect(url, timeout_s=10), client)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    eventually(answers, "the server is up")
    return server


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """Both, for as long as the block lasts."""
    primary = _start(folder / "primary")
    replica = _start(folder / "replica", "--replicaof", f"127.0.0.1 {primary.port}")
    try:
        both = Pair(primary, replica)
        both.follows()
        yield both
    finally:
        for server in (primary, replica):
            server.kill()
