"""The function library: named by its content, loaded wherever it is missing, side by side."""

import asyncio
import re
import threading

import pytest
from real import ME, T0
from versions import NAME, Version

from waitingroom.errors import NoSuchRoom, StoreDown, StoreUnfit
from waitingroom.model import Settings
from waitingroom.store import acts, library, verbs
from waitingroom.store.aclient import AsyncStore
from waitingroom.store.keys import FIELDS, FORMAT, SCHEMA

LIST = ", ".join(f"'{field}'" for field in FIELDS)
NEWER = (
    (f"local FIELDS = {{{LIST}}}", f"local FIELDS = {{{LIST}, 'novelty'}}"),
    (f"'{FORMAT}'", f"'{FORMAT}d'"),
    (
        "  s.tail, s.dirty = s.tail + 1, true\n",
        "  s.novelty, s.tail, s.dirty = 7e15, s.tail + 1, true\n",
    ),
)
"""A later version, whose state has one number more at its end."""


def test_there_is_room_for_more(store):
    """One chunk of Lua holds 200 local names, and all files are one chunk: it must not be full."""
    more = "".join(f"local more_{number} = {number}\n" for number in range(20))
    name, body = library.source().split("\n", 1)
    renamed = re.sub("waitingroom_.*", "waitingroom_roomy", name)
    roomy = re.sub(r"_[0-9a-f]{8}'", "_roomy'", body)
    assert store.client.function_load(f"{renamed}\n{more}{roomy}") == b"waitingroom_roomy"
    store.client.function_delete("waitingroom_roomy")


def test_the_name_is_the_content(store):
    """What changes the library changes its name and all its functions' names: nothing collides."""
    source = library.source()
    assert source.startswith(f"#!lua name=waitingroom_{NAME}\n")
    assert "@" not in re.sub(r"--.*", "", source)
    store._redis.function_load(source, replace=True)
    (listed,) = store._redis.function_list(f"waitingroom_{NAME}")
    facts = dict(zip(listed[::2], listed[1::2], strict=True))
    functions = {function[1].decode() for function in facts[b"functions"]}
    assert library.function_name("join") in functions
    assert all(name.endswith(f"_{NAME}") for name in functions)


def test_a_server_that_lost_its_functions_gets_them_again(make_room, store):
    """After FUNCTION FLUSH (an empty failover) the next verb loads the library and is served."""
    room = make_room()
    for _ in range(3):
        store._redis.function_flush("SYNC")
        assert len(room.crowd(T0, 1)) == 1
    assert room.written().tail == 3


def test_so_does_the_asynchronous_store(make_room, store_url):
    """Also when a whole crowd finds the library missing at once."""
    room = make_room()

    async def crowd():
        gate = AsyncStore.connect(store_url, timeout_s=10)
        room.redis.function_flush("SYNC")
        answers = await asyncio.gather(*(gate.join(room.name, [None]) for _ in range(40)))
        await gate.close()
        return [answer.arrivals[0] for answer in answers]

    assert sorted(asyncio.run(crowd())) == list(range(1, 41))


def test_a_library_that_is_taken_away_as_soon_as_it_is_loaded_comes_with_the_call(
    make_room, store, monkeypatch
):
    """However often: nobody is refused, nothing is done twice, and errors stay what they are."""
    room, load = make_room(), store._redis.function_load

    def in_vain(*words, **options):
        load(*words, **options)
        store._redis.function_flush("SYNC")

    monkeypatch.setattr(store._redis, "function_load", in_vain)
    for arrival in (1, 2, 3):
        store._redis.function_flush("SYNC")
        assert store.join(room.name).arrivals == (arrival,)
    store._redis.function_flush("SYNC")
    with pytest.raises(NoSuchRoom):
        store.join(room.name + "-absent")
    assert room.written().tail == 3


def test_so_it_does_for_the_asynchronous_store(make_room, store_url):
    """For each of a crowd."""
    room = make_room()

    async def crowd():
        gate = AsyncStore.connect(store_url)
        load = gate._redis.function_load

        async def in_vain(*words, **options):
            await load(*words, **options)
            room.redis.function_flush("SYNC")

        gate._redis.function_load = in_vain
        answers = []
        for _ in range(3):
            room.redis.function_flush("SYNC")
            answers += await asyncio.gather(*(gate.join(room.name, [None]) for _ in range(10)))
        room.redis.function_flush("SYNC")
        with pytest.raises(NoSuchRoom):
            await gate.join(room.name + "-absent", [None])
        await gate.close()
        return [answer.arrivals[0] for answer in answers]

    assert sorted(asyncio.run(crowd())) == list(range(1, 31))


def test_two_versions_work_on_the_same_room_side_by_side(make_room, store):
    """The older one carries what it does not know along untouched, whatever it writes itself."""
    room, newer = make_room(), Version(store, *NEWER)
    size = len(room.redis.get(room.keys.state))
    assert verbs.read_join(newer.run(verbs.join(room.name, [None], now_ms=T0))).arrivals == (1,)
    novelty = room.redis.get(room.keys.state)[size:]
    assert len(novelty) == 8
    assert room.crowd(T0, 1) == (2,)
    assert room.knock(T0, 1).is_in
    assert room.status(T0 + 5000).tail == 2
    assert room.redis.get(room.keys.state)[size:] == novelty
    assert verbs.read_join(newer.run(verbs.join(room.name, [None], now_ms=T0))).arrivals == (3,)


def test_a_newer_version_reads_a_state_without_its_field_as_zero(make_room, store):
    """The upgrade needs no step of its own."""
    room, newer = make_room(), Version(store, *NEWER)
    room.crowd(T0, 1)
    newer.run(verbs.leave(room.name, 1, 1, 1, T0))
    assert room.redis.get(room.keys.state)[-8:] == bytes(8)
    assert room.written().counters.left == 1


def test_more_time_that_an_older_version_left_behind_is_nobodys(make_room, store):
    """It does not know of that set, so its reset keeps it; new places do not meet it."""
    room = make_room(call_timeout_ms=1000, claim_grace_ms=5000)
    older = Version(store, (",\n    keys[EXTENDED])", ")"), (",\n    'next_extended_ms',\n", ",\n"))
    room.crowd(T0, 1)
    first = room.ask_for_time(T0, 1)
    older.run(acts.begin(room.name, "reset", bytes(32), **ME, opens_at_ms=T0 + 1000, now_ms=T0))
    room.crowd(T0 + 1000, 1)
    assert room.knock(T0 + 1000, 1, epoch=2).is_in
    room.crowd(T0 + 1000, 1)
    again = room.ask_for_time(T0 + 3000, 2, epoch=2)
    assert (again.code, again.extended) == (first.code, 1)
    assert again.claim_by_ms > T0 + 3000 + 5000
    room.run_until(T0 + 3000, T0 + 16_000)
    assert room.redis.zcard(room.keys.extended) == 0
    assert room.written().lapsed == 2
    assert room.knock(T0 + 16_000, 2, epoch=2).code == "lapsed"


def test_a_room_of_a_newer_schema_is_refused_not_spoiled(make_room, store, room_id):
    """The meaning changed: the older version says which room, and writes nothing."""
    newer = Version(store, (f"local SCHEMA = {SCHEMA}\n", f"local SCHEMA = {SCHEMA + 1}\n"))
    name = room_id + "-new"
    newer.run(acts.create(name, Settings(), bytes(32), **ME))
    for action in (
        lambda: store.join(name),
        lambda: store.status(name),
        lambda: store.standing(name, [(1, 1, 1)]),
        lambda: store.redeem(name, 1, "n"),
        lambda: store.note(name, "act", "", **ME),
        lambda: store.act(name, "pause", **ME),
    ):
        with pytest.raises(StoreUnfit, match=name):
            action()
    old = make_room()
    assert verbs.read_join(newer.run(verbs.join(old.name, [None], now_ms=T0))).arrivals == (1,)


def test_loading_the_library_again_under_load_disturbs_nobody(make_room, store):
    """A hundred replacements while others join: no error, no place lost or given twice."""
    room, given, faults, done = make_room(), [], [], threading.Event()

    def join():
        while not done.is_set():
            try:
                given.extend(room.join(T0, [None, None]).arrivals)
            except Exception as fault:
                faults.append(fault)

    threads = [threading.Thread(target=join) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(100):
        store._redis.function_load(library.source(), replace=True)
    done.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(given) == list(range(1, len(given) + 1))
    assert len(given) > 100


def test_a_full_store_takes_nobody_in_but_can_be_looked_at_paused_and_set(make_room):
    """Out of memory: joins are StoreDown; the operator's brake, and the pages' news of it, work."""
    room = make_room()
    room.crowd(T0, 9)
    room.knock(T0, 1)
    room.redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreDown, match="maxmemory"):
            room.crowd(T0, 1)
        with pytest.raises(StoreDown, match="maxmemory"):
            room.knock(T0, 2)
        assert room.act(T0, "pause", "we are full").pause_reason == "we are full"
        assert room.set(T0, {"rate_per_min": 1}).rate_per_min == 1
        assert room.status(T0 + 1000).phase == "paused"
        assert room.at(T0, "release", ["1-1"]).states[0].code == "released"
        assert room.act(T0, "resume").phase == "open"
    finally:
        room.redis.config_set("maxmemory", 0)


def test_a_fault_inside_the_library_is_no_outcome(make_room, store):
    """A key of the wrong kind, say: StoreDown, with the server's own words."""
    room = make_room()
    room.redis.set(room.keys.leases, "not a sorted set")
    with pytest.raises(StoreDown, match="WRONGTYPE"):
        room.knock(T0, 1)
