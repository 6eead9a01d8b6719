"""The record: what it tells of an act, of time, and of accounts; each entry bound to the last."""

import json
import threading

import pytest
from real import ME, T0, RealRoom
from test_stored_brand import BRAND, LOGO

from waitingroom import clock
from waitingroom.errors import NoSuchRoom
from waitingroom.model import Actor, Brand, DrawMethod, Saying, Settings, WhileNoSale
from waitingroom.operators import NoSuchOperator, Operator, OperatorExists, Role, hashed
from waitingroom.plan import PlanStep
from waitingroom.record import hash_of
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM

MINUTE = 60_000
ADA = Actor("console:ada", "192.0.2.7", "the shop is slow")
HASH = hashed("a long enough password")


def record_of(room) -> list:
    """All entries, the oldest first."""
    return list(room.store.record.entries(room.name))


def acts_of(room) -> list[str]:
    return [entry.act for entry in record_of(room)]


def change_of(entry) -> tuple[dict, dict]:
    """Before and after."""
    return tuple(json.loads(entry.text(name) or "{}") for name in ("before", "after"))


def test_the_hash_is_the_one_that_everybody_else_computes(store):
    """SHA-256 in the store's Lua against Python's, over every end of a block, in any script."""
    details = ["x" * length for length in range(200)] + ["Grüße 你好\t🎫" * 90, "\0 = \n"]
    for detail in details:
        store.record.note("test", detail, **ME)
    entries = store.record.newest(SYSTEM, len(details))[::-1]
    assert [entry.detail for entry in entries] == details
    assert [entry.hash for entry in entries] == [hash_of(entry) for entry in entries]


def test_an_entry_tells_who_when_from_where_what_and_why(make_room):
    room = make_room()
    room.store.act(room.name, "pause", actor=ADA, reason="back soon", now_ms=T0 + 5)
    entry = room.store.record.newest(room.name, 1)[0]
    assert (entry.actor, entry.at_ms, entry.act) == ("console:ada", T0 + 5, "pause")
    assert (entry.text("from"), entry.text("why")) == ("192.0.2.7", "the shop is slow")
    before, after = change_of(entry)
    assert (before["phase"], after["phase"]) == ("open", "paused")
    assert after["pause_reason"] == entry.detail == "back soon"


OTHERS = {
    "rate_per_min": 61,
    "burst": 7,
    "capacity": 8,
    "call_timeout_ms": 11_000,
    "claim_grace_ms": 500_000,
    "session_ms": 800_000,
    "session_max_ms": 5_000_000,
    "draw": DrawMethod.FIFO,
    "join_limit": 9,
    "joins": False,
    "early_at_ms": T0 + MINUTE,
    "opens_at_ms": T0 + 9 * MINUTE,
    "draw_at_ms": T0 + 4 * MINUTE,
    "closes_at_ms": T0 + 90 * MINUTE,
    "origins": ("https://shop.example",),
    "title": "A “sale”\\",
    "message": "Grüße",
    "poll_min_ms": 3_000,
    "poll_max_ms": 45_000,
    "poll_divisor": 11,
    "outside": WhileNoSale.BLOCKED,
}
STORED = {"draw": ("fifo", 1), "outside": ("outside", 2)}
"""What the record calls these, and their values here."""


def test_there_is_another_value_for_every_knob():
    """So that the next test misses none."""
    assert set(OTHERS) == set(Settings.__dataclass_fields__) - {"test_clock"}


@pytest.mark.parametrize("knob", OTHERS)
def test_a_turn_of_any_knob_is_recorded_with_its_old_and_new_value(make_room, knob):
    """And nothing else, but the phase where it moves that too."""
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + 5 * MINUTE)
    room.set(T0, {knob: OTHERS[knob]})
    before, after = change_of(room.store.record.newest(room.name, 1)[0])
    before.pop("phase", None), after.pop("phase", None)
    wanted = " ".join(OTHERS[knob]) if knob == "origins" else OTHERS[knob]
    name, wanted = STORED.get(knob, (knob, wanted))
    assert after == {name: wanted}
    assert set(before) == {name}
    assert before != after


def test_a_plan_is_recorded_whole_and_each_step_when_it_is_taken(make_room):
    """With the time at which it was due, also where nobody looked at that moment."""
    room = make_room(rate_per_min=60)
    room.status(T0)
    room.plan(T0, [PlanStep(T0 + 1000, "rate_per_min", 100), PlanStep(T0 + 2000, "capacity", 5)])
    room.status(T0 + 9000)
    plan, first, second = record_of(room)[-3:]
    assert change_of(plan) == (
        {"plan": ""},
        {"plan": f"{T0 + 1000} rate_per_min 100, {T0 + 2000} capacity 5"},
    )
    assert (first.actor, first.act, first.detail) == ("time", "step", f"due {T0 + 1000}")
    assert change_of(first) == ({"rate_per_min": 60}, {"rate_per_min": 100})
    assert (second.at_ms, second.detail) == (T0 + 9000, f"due {T0 + 2000}")
    assert change_of(second) == ({"capacity": 0}, {"capacity": 5})


def test_what_is_taken_back_is_recorded_as_a_change_of_its_own(make_room):
    """The same values, the other way round."""
    room = make_room()
    room.set(T0, {"rate_per_min": 90})
    room.store.undo(room.name, actor=ADA, now_ms=T0)
    turned, back = record_of(room)[-2:]
    assert (
        change_of(back) == change_of(turned)[::-1] == ({"rate_per_min": 90}, {"rate_per_min": 60})
    )
    assert (back.act, back.actor) == ("undo", "console:ada")


def test_every_phase_that_time_begins_is_recorded_once(make_room):
    """Joining, the draw, the opening, the closing; each with before, after and when it was due."""
    times = {"early_at_ms": T0 + 1000, "opens_at_ms": T0 + 2000, "closes_at_ms": T0 + 3000}
    room = make_room(draw=DrawMethod.SHUFFLE, **times)
    for now_ms in range(T0, T0 + 1500, 100):
        room.status(now_ms)
    room.crowd(T0 + 1500, 3)
    for now_ms in range(T0 + 1500, T0 + 5000, 100):
        room.status(now_ms)
    _, early, drawn, opened, closed = record_of(room)
    assert {entry.actor for entry in (early, drawn, opened, closed)} == {"time"}
    assert (early.act, early.at_ms, early.detail) == ("early", T0 + 1000, f"due {T0 + 1000}")
    assert change_of(early) == ({"phase": "scheduled"}, {"phase": "early"})
    assert (drawn.act, drawn.at_ms, drawn.detail) == ("drawn", T0 + 2000, "3 early places")
    assert (opened.act, opened.at_ms, opened.detail) == ("opened", T0 + 2000, f"due {T0 + 2000}")
    assert change_of(opened) == ({"phase": "early"}, {"phase": "open"})
    assert (closed.act, closed.at_ms, closed.detail) == ("closed", T0 + 3000, f"due {T0 + 3000}")
    assert change_of(closed) == ({"phase": "open"}, {"phase": "closed"})


def test_what_time_did_while_nobody_looked_is_recorded_at_the_next_look(make_room):
    """In the order in which it was due."""
    room = make_room(early_at_ms=T0 + 1000, opens_at_ms=T0 + 2000, closes_at_ms=T0 + 9000)
    room.status(T0 + 90_000)
    assert acts_of(room) == ["create", "early", "opened", "closed"]


def test_joining_that_is_put_off_begins_again_in_the_record_too(make_room):
    """Back to scheduled by an act, and on to early by time."""
    room = make_room(opens_at_ms=T0 + 9 * MINUTE)
    room.set(T0, {"early_at_ms": T0 + MINUTE})
    assert change_of(record_of(room)[-1])[1]["phase"] == "scheduled"
    room.status(T0 + MINUTE)
    room.status(T0 + 2 * MINUTE)
    assert acts_of(room) == ["create", "set", "early"]


def test_whoever_opens_by_hand_is_who_drew(make_room):
    """One entry for the opening, not a second one by time."""
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + MINUTE)
    room.crowd(T0, 2)
    room.store.open(room.name, actor=ADA, now_ms=T0)
    assert [(entry.act, entry.actor) for entry in record_of(room)[1:]] == [
        ("drawn", "console:ada"),
        ("open", "console:ada"),
    ]
    before, after = change_of(record_of(room)[-1])
    assert (before["phase"], after["phase"]) == ("early", "open")


@pytest.mark.parametrize(
    ("acts", "phases"),
    [
        (("pause", "resume"), ("paused", "open")),
        (("drain", "open"), ("draining", "open")),
        (("close", "open"), ("closed", "open")),
        (("close", "reset"), ("closed", "early")),
    ],
)
def test_every_act_on_a_phase_tells_both_phases(make_room, acts, phases):
    """And what else it moved: reopening and reset begin an epoch."""
    room = make_room()
    room.status(T0)
    for act in acts:
        room.at(T0, act) if act in ("open", "reset") else room.act(T0, act)
    told = [change_of(entry) for entry in record_of(room) if entry.actor == ME["actor"]][1:]
    assert told[0][1]["phase"] == told[1][0]["phase"] == phases[0]
    assert told[1][1]["phase"] == phases[1]
    assert ("epoch" in told[1][1]) == (acts[0] == "close")


def test_a_refused_act_leaves_no_entry(make_room):
    """Nothing happened."""
    room = make_room()
    room.status(T0)
    with pytest.raises(Exception, match="not paused"):
        room.act(T0, "resume")
    assert acts_of(room) == ["create", "opened"]


def test_the_record_does_not_tell_the_seed_before_the_draw(make_room):
    """Whoever reads the record must not know the draw."""
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + MINUTE)
    room.set(T0, {"title": "x"})
    room.reset(T0)
    seed = room.redis.hget(room.keys.texts, "seed").decode()
    assert len(seed) == 64
    assert not any(seed in text for entry in record_of(room) for text in entry.fields.values())


def test_what_is_long_is_recorded_by_its_digest(make_room):
    """A hundred kilobytes of a brand would be hashed while everybody waits."""
    room = make_room()
    texts = tuple(Saying("de", f"sentence {n}", "x" * 400) for n in range(150))
    room.store.brand(room.name, BRAND, logo=LOGO, **ME, version=1)
    for wanted in (Brand(texts=texts), BRAND):
        room.store.brand(room.name, wanted, **ME, version=room.status(T0).version)
    small, large, again = [entry for entry in record_of(room) if entry.act == "set"]
    assert "#003399" in change_of(small)[1]["brand"]
    assert change_of(large)[1]["brand"].startswith("sha1 ")
    assert change_of(again)[0] == change_of(large)[1]
    assert sum(map(len, large.fields.values())) < 6_000


def test_two_operators_at_once_make_one_chain(make_room, store_url):
    """Each act has a place of its own in it."""
    room = make_room()

    def turn(who):
        mine = Store.connect(store_url, timeout_s=30)
        for capacity in range(40):
            mine.set(room.name, {"capacity": capacity}, actor=who, now_ms=T0)
        mine.close()

    racers = [threading.Thread(target=turn, args=(who,)) for who in ("ada", "bob")]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    entries = record_of(room)
    assert [entry.seq for entry in entries] == list(range(1, 83))
    assert sum(entry.actor == "bob" for entry in entries) == 40
    assert room.store.record.verify(room.name).findings == []


def test_a_restart_of_the_store_goes_on_with_the_chain(tmp_path, embedded):
    """Record and head are on its disk like everything else."""
    server = EmbeddedStore(tmp_path / "data", binary=embedded.binary)
    server.start()
    store = Store.connect(server.url, timeout_s=10)
    room = RealRoom(store, "r", Settings(opens_at_ms=T0, test_clock=True), T0)
    room.act(T0, "pause", "x")
    store.record.note("test", "", **ME)
    server.stop()
    server.start()
    room.act(T0, "resume")
    assert [entry.seq for entry in record_of(room)] == [1, 2, 3, 4]
    for name in ("r", SYSTEM):
        assert store.record.verify(name).findings == []
    store.close()
    server.stop()


def test_accounts_are_recorded_in_the_step_that_changes_them_without_a_password(store, room_id):
    """What is kept of a password is nobody's business either."""
    accounts, name = store.accounts, f"ada.{room_id}"
    accounts.add(Operator(name, Role.VIEWER, HASH, clock.now_ms()), actor=ADA)
    with pytest.raises(OperatorExists):
        accounts.add(Operator(name, Role.ADMIN, HASH, clock.now_ms()), actor=ADA)
    accounts.change(name, role=Role.SUPPORT, actor=ADA)
    accounts.change(name, password=hashed("another long password"), actor=ADA)
    accounts.remove(name, actor=ADA)
    with pytest.raises(NoSuchOperator):
        accounts.remove(name, actor=ADA)
    made, role, password, removed = store.record.newest(SYSTEM, 4)[::-1]
    assert change_of(made) == ({}, {"role": "viewer", "generation": 1})
    assert change_of(role)[1] == {"role": "support", "generation": 2}
    assert change_of(password)[1] == {"role": "support", "generation": 3}
    assert change_of(removed) == (change_of(password)[1], {})
    told = (made, role, password, removed)
    assert [entry.act for entry in told] == [
        f"operator_{act}" for act in ("add", "role", "password", "remove")
    ]
    assert {(entry.detail, entry.actor, entry.text("from")) for entry in told} == {
        (name, "console:ada", "192.0.2.7")
    }
    assert not any("scrypt" in text for entry in told for text in entry.fields.values())
    assert store.record.verify(SYSTEM).findings == []


def test_of_two_changes_to_an_account_none_is_lost(store, store_url, room_id):
    """A new role does not bring the old password back."""
    name = f"bob.{room_id}"
    store.accounts.add(Operator(name, Role.VIEWER, HASH, clock.now_ms()), **ME)
    turns = [lambda one, n=n: one.accounts.change(name, role=list(Role)[n % 4], **ME)
             for n in range(10)]  # fmt: skip
    turns += [lambda one, n=n: one.accounts.change(name, password=f"hash {n}", **ME)
              for n in range(10)]  # fmt: skip

    def go(mine):
        one = Store.connect(store_url, timeout_s=30)
        for turn in mine:
            turn(one)
        one.close()

    racers = [threading.Thread(target=go, args=(turns[at::4],)) for at in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert store.accounts.find(name).generation == 21
    store.accounts.remove(name, **ME)


def test_no_room_has_no_record(store):
    for read in (lambda: store.record.newest("nowhere", 1), lambda: store.record.verify("nowhere")):
        with pytest.raises(NoSuchRoom):
            read()
