"""Costs too small to see through HTTP: the guard's check of a pass, the store's time for a join."""

import hmac
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import redis

from loadtests.bench.servers import ROOM
from waitingroom.guard.knowledge import Knowledge
from waitingroom.guard.passes import best_pass
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring, Pass

ROUNDS = 15
CALLS = 5_000
BATCH = 50
BATCHES = 200
NOW_MS = 1_800_000_000_000


def guard_ratios() -> list[tuple[float, float]]:
    """(ratio, microseconds of a check) per round: the guard's offline check over one HMAC-SHA256.

    The HMAC is of the same signed bytes, in its quickest form (``hmac.digest``).
    """
    keys = Keyring([secrets.token_bytes(32)]).room_keys(ROOM)
    issued = Pass(ROOM, 1, "1-123456", NOW_MS, NOW_MS + 900_000, NOW_MS + 3_600_000)
    raw = keys.sign_pass(issued)
    payload, key = raw.rpartition(".")[0].encode(), secrets.token_bytes(32)

    known = Knowledge()

    def check() -> None:
        if best_pass((raw,), keys, known, NOW_MS + 1) is None:
            raise ValueError("a good pass must count")

    def digest() -> None:
        hmac.digest(key, payload, "sha256")

    rounds = []
    for _ in range(ROUNDS):
        checked_us, digested_us = _each_us(check), _each_us(digest)
        rounds.append((checked_us / digested_us, checked_us))
    return rounds


def _each_us(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - start) * 1e6 / CALLS


def store_joins(url: str) -> list[tuple[float, float]]:
    """Per round, microseconds a join in batches of 50: of the store's own time, and of ours.

    The first is what the server counts (commandstats): it leaves out reading the command and the
    fsync. The second is the whole call as a client sees it, fsync included.
    """
    store, server = Store.connect(url), redis.Redis.from_url(url)
    rounds = []
    for _ in range(ROUNDS):
        server.config_resetstat()
        start = time.perf_counter()
        for _ in range(BATCHES):
            store.join(ROOM, BATCH)
        seen_us = (time.perf_counter() - start) * 1e6 / (BATCH * BATCHES)
        counted = server.info("commandstats")["cmdstat_fcall"]
        rounds.append((counted["usec"] / counted["calls"] / BATCH, seen_us))
    store.close()
    server.close()
    return rounds


def fsync_us(folder: Path) -> float:
    """What one small write and fsync costs here, in microseconds: durable joins stand on it."""
    with (folder / "fsync").open("wb", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(200):
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
        return (time.perf_counter() - start) * 1e6 / 200
