"""``waitingroom demo``: a system from a fresh folder, a room that opens soon, a crowd before it."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from waitingroom import clock
from waitingroom.config import Config, environment, foreign_environment
from waitingroom.errors import StoreDown
from waitingroom.model import Settings
from waitingroom.operators import Operator, Role, hashed, made_password
from waitingroom.run.child import Part
from waitingroom.run.parts import named
from waitingroom.run.terminal import Terminal, Velocity, status_line
from waitingroom.run.up import greeting, system
from waitingroom.store.client import Store
from waitingroom.variables import Environment

ROOM = "demo"
OPERATOR = "demo"
EARLY_MS = 30_000
RATE_PER_MIN = 60


def run_demo(config: Config, data: Path, *, shoppers: int) -> None:
    """Run until Ctrl-C. The folder ``data`` is emptied first; store and secrets are its own."""
    config = replace(
        config,
        env=Environment.DEVELOPMENT,
        data=data,
        redis_url="",
        replicas=0,
        secret_keys=(),
        shop_key=(),
        rooms=(f"/={ROOM}",),
    )
    env = environment()
    terminal = Terminal()
    terminal.say("Starting …")
    with system(config, env, terminal.say, command="demo", fresh=True) as running:
        store = Store.connect(running.config.redis_url)
        opens_at_ms = open_soon(store, running.config.shop_url)
        password = first_operator(store)
        running.supervisor.start([crowd_part(running.config, env, shoppers)])
        running.note()
        terminal.say("The demo is up. Open the shop: you come into a line.")
        for line in greeting(running.config, f"log in as {OPERATOR}, password {password}"):
            terminal.say(line)
        velocity = Velocity()

        def show() -> None:
            now_ms = clock.monotonic_ms()
            try:
                room = store.status(ROOM)
            except StoreDown as error:
                terminal.status(f"{ROOM}: {error}", now_ms)
                return
            # Before the opening nobody enters, and that would count as a slow minute.
            entered = room.counters.entered
            per_min = velocity.per_min(now_ms, entered) if room.now_ms >= opens_at_ms else 0
            terminal.status(status_line(room, per_min), now_ms)

        running.run(show)
        terminal.say("Ending …")
        store.close()


def open_soon(store: Store, shop_url: str) -> int:
    """Make the room, early now; when it opens."""
    early_at_ms = clock.now_ms()
    settings = Settings(
        rate_per_min=RATE_PER_MIN,
        early_at_ms=early_at_ms,
        opens_at_ms=early_at_ms + EARLY_MS,
        origins=(shop_url,),
        title="Demo sale",
    )
    store.create(ROOM, settings, actor="demo")
    return settings.opens_at_ms


def first_operator(store: Store) -> str:
    """Make an operator who may do everything; the password, which nobody else has."""
    password = made_password()
    account = Operator(OPERATOR, Role.ADMIN, hashed(password), clock.now_ms())
    store.accounts.add(account, actor="demo")
    return password


def crowd_part(config: Config, env: Mapping[str, str], shoppers: int) -> Part:
    """The crowd, as a process of its own that ends when everybody is through."""
    words = (config.gate_url, config.shop_url, ROOM, str(shoppers), str(EARLY_MS / 1000))
    argv = (sys.executable, "-m", "waitingroom.crowd.crowd", *words)
    log = config.data / "log" / "crowd.log"
    own = foreign_environment(env) | config.as_env("log_format")
    return named(Part("crowd", argv, own, log, lambda: True, 2, ends=True))
