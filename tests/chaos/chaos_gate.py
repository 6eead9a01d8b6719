"""A gate without a supervisor, over a store that comes and goes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos_wire import Answer, Wire
from systems import PORTS, eventually, free_ports

from waitingroom.config import load_config
from waitingroom.run import parts
from waitingroom.run.child import kill, spawn


@dataclass
class LoneGate:
    """The gate as the product starts it, one worker."""

    url: str
    log: Path

    def ask(self, method: str, path: str, *, bearer: str = "") -> Answer:
        """One request on a connection of its own."""
        wire = Wire(self.url)
        try:
            return wire.ask(method, path, bearer=bearer)
        finally:
            wire.close()

    def says(self, path: str, status: int, code: str = "") -> None:
        """Wait until ``GET path`` is answered so."""

        def so() -> bool:
            answer = self.ask("GET", path)
            assert answer.status != 500, answer
            return (answer.status, answer.code) == (status, code)

        eventually(so, f"{path} is {status} {code}")


@contextmanager
def lone_gate(store_url: str, folder: Path) -> Iterator[LoneGate]:
    """A gate that runs while the context is open, whether there is a store or not."""
    env = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    env |= {"REDIS_URL": store_url, "WAITINGROOM_DATA": str(folder), "WAITINGROOM_SHOP": "off"}
    env |= {"WAITINGROOM_SECRET_KEYS": "ab" * 32, "WAITINGROOM_SHOP_KEY": "k" * 32}
    config = load_config(env | {"WAITINGROOM_GATE_WORKERS": "1"})
    (part,) = (part for part in parts.parts(config, dict(os.environ)) if part.name == "gate")
    log = folder / "gate.log"
    process = spawn(part.argv, log=log, env=part.env)
    try:
        eventually(part.ready, "the gate is up")
        yield LoneGate(config.gate_url, log)
    finally:
        kill(process)
    assert "Traceback" not in log.read_text(), log.read_text()
