"""The keys: passed in, on one node, few, and gone when they should be. M6 in figures."""

import inspect
import subprocess
from contextlib import suppress

import pytest
import redis
from real import ME, T0, RealRoom
from systems import free_ports

from waitingroom.clock import monotonic_ms
from waitingroom.history import Sample
from waitingroom.model import DrawMethod, Settings, ShopHealth
from waitingroom.plan import PlanStep
from waitingroom.readiness import LoadTest
from waitingroom.rehearsals import Rehearsal
from waitingroom.run.embedded import server_binary
from waitingroom.store import keys
from waitingroom.store.client import Store
from waitingroom.store.keys import RoomKeys, all_keys, handover_key, network_key, staff_key
from waitingroom.store.rehearsals import Rehearsals
from waitingroom.store.waits import additions
from waitingroom.waits import Waits


def busy(room) -> None:
    """Everything that a room can be asked, once."""
    room.join(T0, [None, "net", "net"] + [None] * 50, (1, 1))
    room.status(T0)
    for arrival in range(1, 8):
        room.knock(T0, arrival)
    for arrival in (10, 30, 31, 40):
        room.go(T0, arrival)
    room.express(T0, "net")
    room.standing([(1, 1, 1), (1, 30, 30)])
    room.ask_for_time(T0, 4)
    room.at(T0, "renew", ["1-1", "1-2"])
    room.at(T0, "release", ["1-2"])
    room.redeem(1, "nonce")
    room.set(T0, {"message": "hello", "capacity": 30})
    room.plan(T0, [PlanStep(T0 + 1000, "capacity", 40)])
    for now_ms in range(T0, T0 + 20_000, 500):
        room.status(now_ms)
        room.knock(now_ms, room.written().serving)
        room.ask_for_time(now_ms, room.written().serving - 1)
    for act in ("pause", "resume", "revoke_staff", "drain"):
        room.act(T0 + 20_000, act)
    room.open(T0 + 20_000)
    made = room.store.staff.make(room.name, "me", 60_000, **ME, now_ms=T0 + 20_000)
    room.store.redeem(room.name, made.epoch, "staff", staff=made.lease)
    room.store.staff.revoke(room.name, made.lease, **ME, now_ms=T0 + 20_000)
    room.act(T0 + 20_000, "close")
    room.open(T0 + 21_000)
    room.reset(T0 + 21_000)


BUSY = {"rate_per_min": 60, "burst": 4, "join_limit": 9, "capacity": 9}
SHORT = {"call_timeout_ms": 2000, "claim_grace_ms": 4000, "session_ms": 3000}


def test_every_key_that_a_function_touches_is_passed_in(make_room):
    """Watched from inside the server: what the library calls against what the caller passed."""
    room = make_room(**BUSY, **SHORT)
    with room.redis.monitor() as monitor:
        busy(room)
        room.redis.ping()
        seen, passed, calls = [], set(), 0
        for event in monitor.listen():
            words = event["command"].split(" ")
            if event["client_type"] != "lua":
                if words[0] == "PING":
                    break
                passed = set(words[3 : 3 + int(words[2])]) if words[0] == "FCALL" else set()
                continue
            calls += 1
            if words[0] != "TIME":
                seen.append((words[0], words[1], words[1] in passed))
    assert calls > 500
    assert [touch for touch in seen if not touch[2]] == []


def test_every_key_of_a_room_carries_its_tag():
    """One room, one node; the rooms' names are kept apart."""
    keys = [*RoomKeys.of("a"), network_key("a", "10.0.0.0"), handover_key("a", "n"), staff_key("a")]
    assert all(key.startswith("wr:{a}:") for key in keys)
    assert len(set(keys)) == len(keys)


ONE_BY_ONE = ("budget", "handover")
"""Kinds of keys that nobody lists; each has a time to live."""


def test_what_a_room_is_cleaned_of_is_every_kind_of_key_that_is_named():
    """Whoever names another kind of key adds it here, or says that each of it goes by itself."""
    values = {"room": "a", "network": "n", "nonce": "n", "every_ms": 5_000, "epoch": 1}
    kinds = set()
    for name, make in inspect.getmembers(keys, inspect.isfunction):
        wanted = list(inspect.signature(make).parameters)
        if name.endswith("_key") and wanted[0] == "room":
            kinds.add(make(*(values[one] for one in wanted)))
    assert len(kinds) >= 10
    kept = {key for key in kinds if key.split(":")[2] not in ONE_BY_ONE}
    assert kept < set(all_keys("a", 1))
    assert set(RoomKeys.of("a")) < set(all_keys("a", 1))


def test_a_busy_room_leaves_no_key_behind_that_it_would_not_be_cleaned_of(make_room):
    """In two runnings, with everything that is kept beside its own keys."""
    room = make_room(**BUSY, **SHORT)
    busy(room)
    store, found = room.store, room.store.status(room.name)
    store.history.add({room.name: Sample.of(found)})
    store.waits.note({room.name: found})
    store.shops.tell(room.name, ShopHealth(3, 1, T0))
    store.load_tests.record(room.name, LoadTest(T0, 9, True), **ME)
    Rehearsals(store).claim_crowd(Rehearsal(room.name, "real", 9, T0), T0)
    waited = Waits().with_one(5_000, None)
    running = {(room.name, epoch): waited for epoch in range(1, found.epoch + 1)}
    for key, field, value in additions(running):
        room.redis.hincrby(key, field, value)
    left = keys_of(room) - set(all_keys(room.name, found.epoch))
    assert {key.split(":")[2] for key in left} == set(ONE_BY_ONE)
    assert all(room.redis.ttl(key) > 0 for key in left)


@pytest.fixture
def cluster_url(tmp_path, embedded):
    """A node that holds all slots of a cluster: it refuses calls whose keys are in several."""
    port, bus = free_ports(2)
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", ""]
    settings += ["--cluster-enabled", "yes", "--cluster-port", str(bus)]
    with (tmp_path / "log").open("wb") as log:
        line = [str(server_binary(embedded.binary)), *settings]
        node = subprocess.Popen(line, stdout=log, stderr=log)
    client = redis.Redis(port=port, retry=None)
    try:
        wait_until(client.ping, tmp_path / "log")
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        info = ("CLUSTER", "INFO")
        wait_until(lambda: b"state:ok" in client.execute_command(*info), tmp_path / "log")
        yield f"redis://127.0.0.1:{port}"
    finally:
        client.close()
        node.kill()
        node.wait()


def wait_until(ready, log):
    """Until ``ready`` says so; at most half a minute."""
    deadline = monotonic_ms() + 30_000
    while monotonic_ms() < deadline:
        with suppress(redis.ConnectionError):
            if ready():
                return
    raise AssertionError(log.read_text())


def test_a_node_of_a_cluster_serves_a_room(cluster_url):
    """No call mixes keys of two slots."""
    store = Store.connect(cluster_url, timeout_s=10)
    wanted = Settings(**BUSY, **SHORT, draw=DrawMethod.FIFO, opens_at_ms=T0, test_clock=True)
    busy(RealRoom(store, "clustered", wanted, T0))
    assert store.rooms() == ["clustered"]
    store.close()


def keys_of(room) -> set[str]:
    return {key.decode() for key in room.redis.scan_iter(f"wr:{{{room.name}}}:*", count=10_000)}


def test_people_who_wait_cost_no_key(make_room):
    """M6: a line of fifty thousand has the keys that a line of one has."""
    room = make_room(rate_per_min=60)
    room.crowd(T0, 1)
    room.status(T0)
    before = keys_of(room)
    room.crowd(T0, 50_000)
    assert keys_of(room) == before


def test_only_active_shoppers_cost_anything_of_their_own(make_room):
    """M6: what is in the sets goes when the lease, the call and the wait at the door are over."""
    room = make_room(rate_per_min=600, capacity=30, **SHORT)
    room.crowd(T0, 3000)
    for now_ms in range(T0, T0 + 20_000, 500):
        serving = room.status(now_ms).serving
        for arrival in range(max(1, serving - 4), serving + 1):
            room.ask_for_time(now_ms, arrival)
            room.knock(now_ms, arrival)
    sizes = sizes_of(room)
    assert 0 < sizes["leases"] == sizes["entered"] <= 30
    assert sizes["door"] == sizes["appointments"] <= 60
    assert 0 < sizes["extended"] < 3000 / 10
    room.set(T0 + 20_000, {"joins": False})
    room.run_until(T0 + 20_000, T0 + 400_000, every_ms=1000)
    assert set(sizes_of(room).values()) == {0}


def sizes_of(room) -> dict[str, int]:
    """How many members each of the sets of active shoppers has."""
    client, keys = room.redis, room.keys
    sizes = {name: client.zcard(getattr(keys, name)) for name in ("leases", "door", "called")}
    sizes["appointments"] = client.zcard(keys.appointments)
    sizes["extended"] = client.zcard(keys.extended)
    sizes |= {"entered": client.hlen(keys.entered), "due": client.hlen(keys.due)}
    return sizes


def test_news_and_log_have_an_end(make_room):
    """Twenty lines for shoppers, ten thousand (or so) for operators."""
    room = make_room()
    for turn in range(60):
        room.set(T0, {"rate_per_min": 100 + turn})
    assert room.redis.llen(room.keys.news) == 20
    assert room.redis.xlen(room.keys.log) == 62, "made, opened, set sixty times"


@pytest.mark.parametrize("how", ["reset", "reopen"])
def test_a_new_epoch_leaves_nothing_of_the_old_one_behind(make_room, how):
    """Only state, texts, news and log outlive it, and what has a time to live."""
    room = make_room(**BUSY, **SHORT)
    room.crowd(T0, 50)
    room.status(T0)
    room.ask_for_time(T0, 4)
    for arrival in (1, 2, 3, 4):
        room.knock(T0, arrival)
    room.go(T0, 20)
    room.at(T0, "release", ["1-1"])
    if how == "reset":
        room.reset(T0, T0 + 1000)
    else:
        room.act(T0, "close")
        room.open(T0)
    lasting = {getattr(room.keys, name) for name in ("state", "texts", "news", "log", "head")}
    assert keys_of(room) == lasting


def bytes_of(room) -> int:
    return sum(room.redis.memory_usage(key, samples=0) or 0 for key in keys_of(room))


def test_a_million_tickets_cost_less_than_two_bytes_each(make_room):
    """M6, by the server's own measure: next to nothing while they wait, bits when all have gone."""
    tickets = 1_000_000
    room = make_room(rate_per_min=60)
    used = room.redis.info("memory")["used_memory"]
    for _ in range(tickets // 10_000):
        room.crowd(T0, 10_000)
    assert room.status(T0).tail == tickets
    assert bytes_of(room) < 20_000
    # As if every one of them had entered, been released, left, and been skipped.
    for bits in (room.keys.spent, room.keys.released, room.keys.left, room.keys.skip):
        room.redis.setbit(bits, tickets, 1)
    assert bytes_of(room) / tickets < 2
    assert (room.redis.info("memory")["used_memory"] - used) / tickets < 2
