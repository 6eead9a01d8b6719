"""``kill -9`` of the store under load, at seeded points; the supervisor starts it again (M5).

Each point is so many answers of one kind into the load, and some milliseconds more.
"""

import random
import time

import pytest
from chaos_checks import all_hold
from chaos_system import Chaos, start, until_s
from systems import Folder

EARLY_MS = 4_000
BEHIND_AN_ANSWER_S = 0.03
"""Within so long after an answer the store has begun the next writes, or sits in an fsync."""
AROUND_THE_OPENING_MS = 150
KINDS = (("join", 201), ("join", 200), ("knock", 200), ("leave", 204), ("release", 200))
SEEDS = (1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 7)))
"""Four points each, so that 24 are tried in all."""


def kill_while_they_gather(chaos: Chaos, rng: random.Random) -> None:
    """Before the opening, between two joins."""
    chaos.ledger.await_more("join", 201, rng.randint(5, 150))
    time.sleep(rng.uniform(0, BEHIND_AN_ANSWER_S))
    chaos.kill_store()
    chaos.goes_on(entering=False)


def kill_around_the_opening(chaos: Chaos, rng: random.Random) -> None:
    """Just before, in or just after the draw: everybody's number must come out the same."""
    off_ms = rng.randint(-AROUND_THE_OPENING_MS, AROUND_THE_OPENING_MS)
    time.sleep(until_s(chaos.settings.opens_at_ms + off_ms))
    chaos.kill_store()
    chaos.goes_on()


def kill_behind(chaos: Chaos, rng: random.Random, *, rewriting: bool) -> None:
    """A number of answers of some kind into the sale; ``rewriting``: while the log is compacted."""
    kind, status = rng.choice(KINDS)
    chaos.ledger.await_more(kind, status, rng.randint(1, 20))
    if rewriting:
        with chaos.redis() as client:
            client.bgrewriteaof()
    time.sleep(rng.uniform(0, BEHIND_AN_ANSWER_S))
    chaos.kill_store()
    chaos.goes_on()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_store_loses_no_ticket_and_doubles_none(folder: Folder, seed: int) -> None:
    """M1, M2, M3 and M5 over everything that was told, before the kills and after."""
    rng = random.Random(seed)
    chaos = start(folder, opens_in_ms=EARLY_MS)
    with chaos.under_load(seed):
        kill_while_they_gather(chaos, rng)
        kill_around_the_opening(chaos, rng)
        kill_behind(chaos, rng, rewriting=True)
        kill_behind(chaos, rng, rewriting=False)
    all_hold(chaos)
    assert chaos.ledger.count("join", 503)
    assert chaos.run.interrupt() == 0
