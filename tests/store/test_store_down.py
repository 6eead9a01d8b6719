"""The store is away: every verb says so, in time, and nothing is done twice or by half."""

import asyncio
import os
import signal

import pytest
from real import T0, RealRoom

from waitingroom.errors import StoreDown
from waitingroom.model import DrawMethod, Settings
from waitingroom.plan import PlanStep
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.aclient import AsyncStore
from waitingroom.store.client import Store

VERBS = {
    "join": lambda store: store.join("r"),
    "enter": lambda store: store.enter("r", 1, 1, 1),
    "express": lambda store: store.express("r"),
    "leave": lambda store: store.leave("r", 1, 1, 1),
    "standing": lambda store: store.standing("r", [(1, 1, 1)]),
    "renew": lambda store: store.renew("r", ["1-1"]),
    "release": lambda store: store.release("r", ["1-1"]),
    "redeem": lambda store: store.redeem("r", 1, "n"),
    "rooms": lambda store: store.rooms(),
    "status": lambda store: store.status("r"),
    "create": lambda store: store.create("r", Settings(), actor="me"),
    "set": lambda store: store.set("r", {"capacity": 1}, actor="me"),
    "plan": lambda store: store.plan("r", [PlanStep(T0, "capacity", 1)], actor="me"),
    "steps": lambda store: store.steps("r"),
    "undo": lambda store: store.undo("r", actor="me"),
    "act": lambda store: store.act("r", "pause", actor="me"),
    "open": lambda store: store.open("r", actor="me"),
    "reset": lambda store: store.reset("r", actor="me"),
    "note": lambda store: store.note("r", "act", "", actor="me"),
    "record": lambda store: store.record.newest("r", 1),
    "system record": lambda store: store.record.note("log_in", "", actor="me"),
    "accounts": lambda store: store.accounts.remove("me", actor="me"),
    "ping": lambda store: store.ping(),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("url", ["unix:///nowhere/store.sock", "redis://127.0.0.1:1"])
def test_every_verb_says_that_the_store_is_away(verb, url):
    """StoreDown, and no error of the driver's, wherever the store should have been."""
    store = Store.connect(url, timeout_s=0.2)
    with pytest.raises(StoreDown):
        VERBS[verb](store)
    store.close()


@pytest.fixture
def own_store(tmp_path, embedded):
    """A server that the test may stop."""
    server = EmbeddedStore(tmp_path / "data", binary=embedded.binary)
    server.start()
    yield server
    server.stop()


def test_a_join_that_got_no_answer_is_not_sent_again(own_store):
    """The frozen store carries it out when it wakes: one unused place, and not several."""
    patient = Store.connect(own_store.url, timeout_s=10)
    hasty = Store.connect(own_store.url, timeout_s=1)
    knobs = Settings(draw=DrawMethod.FIFO, opens_at_ms=T0, test_clock=True)
    room = RealRoom(patient, "frozen", knobs, T0)
    room.crowd(T0, 1)
    hasty.ping()
    os.kill(own_store.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreDown, match="does not answer"):
            hasty.join("frozen", now_ms=T0)
    finally:
        os.kill(own_store.process.pid, signal.SIGCONT)
    assert room.crowd(T0, 1)[0] in (2, 3)
    patient.close()
    hasty.close()


def test_a_store_that_restarts_goes_on_where_it_was(own_store):
    """Functions and rooms come back from disk, and the clients find it again by themselves."""
    store = Store.connect(own_store.url, timeout_s=10)
    room = RealRoom(store, "again", Settings(opens_at_ms=T0, test_clock=True), T0)
    assert room.crowd(T0, 5) == (1, 2, 3, 4, 5)
    before = room.written()
    own_store.kill()
    with pytest.raises(StoreDown):
        room.crowd(T0, 1)
    own_store.start()
    assert room.written() == before
    assert room.crowd(T0, 1) == (6,)
    store.close()


def test_a_store_that_may_not_write_refuses_in_our_own_words(own_store):
    """Too few replicas: StoreDown for whoever writes, and the room is as it was."""
    store = Store.connect(own_store.url, timeout_s=10)
    room = RealRoom(store, "alone", Settings(opens_at_ms=T0, test_clock=True), T0)
    room.redis.config_set("min-replicas-to-write", 1)
    with pytest.raises(StoreDown, match=r"(?i)replicas"):
        room.crowd(T0, 1)
    room.redis.config_set("min-replicas-to-write", 0)
    assert room.crowd(T0, 1) == (1,)
    store.close()


def waiting_for_one(server):
    """A gate that gives a replica little time; the server itself may be as slow as the machine."""
    gate = AsyncStore.connect(server.url, replicas=1, timeout_s=10)
    gate._timeout_s = 0.3
    return gate


def test_a_gate_hands_out_nothing_that_no_replica_has(own_store):
    """M5: told to wait for one replica where there is none, join and enter are StoreDown."""

    async def ask(verb, *args):
        gate = waiting_for_one(own_store)
        try:
            return await getattr(gate, verb)(*args)
        finally:
            await gate.close()

    store = Store.connect(own_store.url, timeout_s=10)
    store.create("alone", Settings(opens_at_ms=1), actor="me")
    for verb, *args in (("join", "alone", [None]), ("enter", "alone", 1, 1, 1)):
        with pytest.raises(StoreDown, match="0 of 1 replicas"):
            asyncio.run(ask(verb, *args))
    store.close()


def test_with_replicas_a_fault_is_the_same_fault(own_store):
    """A room that is not there is no store that is down, also where WAIT goes along."""
    from waitingroom.errors import NoSuchRoom

    async def ask():
        gate = waiting_for_one(own_store)
        try:
            await gate.join("nowhere", [None])
        finally:
            await gate.close()

    with pytest.raises(NoSuchRoom):
        asyncio.run(ask())
