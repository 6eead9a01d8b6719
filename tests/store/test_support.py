"""Support: the place behind a code, what happened to it, and its second chance."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from real import T0

from waitingroom import places
from waitingroom.chances import SHORTEST_SECOND_CHANCE_MS, second_chance_ms
from waitingroom.codes import Codes
from waitingroom.errors import BadSetting, NoSuchPlace
from waitingroom.model import Actor, DrawMethod
from waitingroom.outcomes import EntryCode, Standing
from waitingroom.places import ChanceCode, PlaceState, Step
from waitingroom.store import library, support
from waitingroom.store.keys import ENDS_KEPT, RoomKeys

CODES = Codes([b"k" * 32])
BEN = Actor("console:ben", "192.0.2.1", "phone was dead")
SHORT = {"call_timeout_ms": 1000, "claim_grace_ms": 5000, "burst": 1, "rate_per_min": 60}
ACT = {"actor": "test", "now_ms": T0 + 30_000}
OF_NO_PLACE = {"create", "reset", "account"}
"""Verbs that begin a line without anybody in it, or know of no room."""
LAPSED_MS = T0 + 30_000
"""By then the first twenty or so of a room that is ``SHORT`` have lapsed, if nobody came."""


@pytest.fixture
def room(make_room):
    """A line of two hundred; nobody comes, so at LAPSED_MS the first have lapsed."""
    room = make_room(**SHORT)
    room.crowd(T0, 200)
    room.run_until(T0, LAPSED_MS)
    return room


def code_of(room, arrival, epoch=1):
    return CODES.of(room.name, epoch, arrival)


def find(room, arrival, now_ms=LAPSED_MS):
    return room.store.support.find(room.name, code_of(room, arrival), CODES, now_ms=now_ms)


def give(room, arrival, now_ms=LAPSED_MS, actor=BEN):
    code = code_of(room, arrival)
    return room.store.support.second_chance(room.name, code, CODES, actor=actor, now_ms=now_ms)


def steps(place):
    return [step for step, _ in place.steps()]


def test_a_lapsed_place_is_called_once_more_and_goes_in(room):
    """The whole way; the public figure and the record tell of it."""
    assert find(room, 1).state is PlaceState.LAPSED
    assert find(room, 1).may_have_a_second_chance
    place, chance = give(room, 1)
    assert chance == places.Chance(ChanceCode.CALLED, LAPSED_MS + SHORTEST_SECOND_CHANCE_MS)
    assert (place.state, place.chance_at_ms) == (PlaceState.CALLED, LAPSED_MS)
    assert place.claim_by_ms == LAPSED_MS + SHORTEST_SECOND_CHANCE_MS
    assert not place.may_have_a_second_chance
    assert room.status(LAPSED_MS).counters.second_chances == 1
    assert room.knock(LAPSED_MS + 1000, 1).code is EntryCode.ENTERED
    last = room.store.record.newest(room.name, 1)[0]
    assert (last.act, last.actor, last.text("from"), last.text("why")) == (
        *("second_chance", "console:ben", "192.0.2.1", "phone was dead"),
    )
    assert last.text("detail") == f"{code_of(room, 1)}, number 1"
    assert room.store.record.verify(room.name).findings == []


def test_it_changes_nothing_for_anybody_else(room):
    """M3, and the credit: what a chance that nobody uses leaves is the room without it."""
    before = room.status(LAPSED_MS)
    places_before = [find(room, arrival) for arrival in range(2, 60)]
    give(room, 1)
    after = room.status(LAPSED_MS)
    same = (
        "serving",
        "lapsed",
        "tail",
        "open_calls",
        "credit",
        "door",
        "at_door",
        "version",
        "leases",
    )
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    others = [find(room, arrival) for arrival in range(2, 60)]
    assert [(one.number, one.state, one.ahead) for one in others] == [
        (one.number, one.state, one.ahead) for one in places_before
    ]


def test_who_comes_is_late_and_the_meter_calls_one_fewer(room):
    """As more time that was asked for: the credit went to the next when the call timed out."""
    give(room, 1)
    before = room.written()
    room.knock(LAPSED_MS, 1)
    after = room.written()
    assert after.counters.late == before.counters.late + 1
    assert after.credit == before.credit - 60_000


def test_the_door_and_the_capacity_hold_for_them_too(room):
    """M1, M2: no credit at the door, or a full shop, and they stand there like anybody."""
    give(room, 1)
    give(room, 2)
    assert room.knock(LAPSED_MS, 1).code is EntryCode.ENTERED
    assert room.knock(LAPSED_MS, 2).code is EntryCode.DOOR
    room.set(LAPSED_MS, {"capacity": 1})
    assert room.knock(LAPSED_MS + 1000, 2).code is EntryCode.FULL


@pytest.mark.parametrize("grace_ms", [5_000, 120_000])
def test_it_runs_out_after_the_claim_grace_and_there_is_no_third(room, grace_ms):
    """A short grace is made up to what a shopper's page needs to hear of it."""
    room.set(LAPSED_MS, {"claim_grace_ms": grace_ms})
    give(room, 1)
    later = LAPSED_MS + second_chance_ms(grace_ms)
    room.run_until(LAPSED_MS, later - 1000)
    assert find(room, 1, later - 1000).state is PlaceState.CALLED
    room.run_until(later - 1000, later + 1000)
    later += 1000
    place = find(room, 1, later)
    assert (place.state, place.chance_at_ms) == (PlaceState.LAPSED, LAPSED_MS)
    assert not place.may_have_a_second_chance
    assert give(room, 1, later)[1] == places.Chance(ChanceCode.HAD_ONE, LAPSED_MS)
    assert room.status(later).counters.second_chances == 1
    assert room.knock(later, 1).code is EntryCode.LAPSED


def test_of_two_supporters_at_once_one_gives_it(room):
    """And the record has one entry."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: give(room, 1)[1].code, range(8)))
    assert sorted(found) == sorted([ChanceCode.CALLED] + [ChanceCode.HAD_ONE] * 7)
    acts = [one.act for one in room.store.record.newest(room.name, 20)]
    assert acts.count("second_chance") == 1


@pytest.mark.parametrize("why", ["", "  ", "ok", "x" * 201, "two\nlines"])
def test_it_wants_a_reason(room, why):
    with pytest.raises(BadSetting, match="say why"):
        give(room, 1, actor=Actor("console:ben", "", why))
    assert room.status(LAPSED_MS).counters.second_chances == 0


@pytest.mark.parametrize(
    ("story", "code"),
    [
        ("waits", ChanceCode.NOT_CALLED),
        ("called", ChanceCode.NOT_LAPSED),
        ("at the door", ChanceCode.NOT_LAPSED),
        ("inside", ChanceCode.INSIDE),
        ("spent", ChanceCode.SPENT),
        ("left", ChanceCode.LEFT),
        ("closed", ChanceCode.CLOSED),
    ],
)
def test_only_a_lapsed_place_gets_one(make_room, story, code):
    """Every other is told why not, and nothing changes but time."""
    room = make_room(**SHORT | {"capacity": 1})
    room.crowd(T0, 9)
    room.status(T0)
    now_ms, arrival = T0, {"waits": 9}.get(story, 1)
    if story in ("inside", "spent"):
        room.knock(T0, 1)
    if story == "spent":
        room.store.release(room.name, ["1-1"], now_ms=T0)
    if story == "left":
        room.go(T0, 1)
    if story == "at the door":
        room.set(T0, {"rate_per_min": 0})
        room.knock(T0, 1)
    if story == "closed":
        now_ms = LAPSED_MS
        room.run_until(T0, now_ms)
        room.act(now_ms, "close")
    assert give(room, arrival, now_ms)[1] == places.Chance(code, 0)
    assert code in places.REFUSED
    assert room.status(now_ms).counters.second_chances == 0
    assert room.store.record.newest(room.name, 1)[0].act != "second_chance"


def test_in_a_paused_room_its_time_begins_when_the_room_goes_on(room):
    """M7: and nobody enters meanwhile."""
    room.act(LAPSED_MS, "pause", "lunch")
    assert give(room, 1)[1].code is ChanceCode.CALLED
    assert room.knock(LAPSED_MS, 1).code is EntryCode.PAUSED
    resumed_ms = LAPSED_MS + 600_000
    room.run_until(LAPSED_MS, resumed_ms, every_ms=10_000)
    room.act(resumed_ms, "resume")
    assert room.knock(resumed_ms + 1000, 1).code is EntryCode.ENTERED


def test_after_a_reset_a_code_is_of_an_earlier_running(room):
    """Its chance is forgotten too: the new place of the same arrival may have one of its own."""
    give(room, 1)
    room.reset(LAPSED_MS, LAPSED_MS)
    with pytest.raises(NoSuchPlace, match="is of running 1 of this room"):
        find(room, 1)
    assert room.status(LAPSED_MS).counters.second_chances == 0
    room.crowd(LAPSED_MS, 9)
    later = LAPSED_MS + 30_000
    room.run_until(LAPSED_MS, later)
    code = code_of(room, 1, epoch=2)
    answer = room.store.support.second_chance(room.name, code, CODES, actor=BEN, now_ms=later)
    assert answer[1].code is ChanceCode.CALLED


def test_a_reset_between_the_look_and_the_act_moves_nobody(room):
    """The place carries its epoch."""
    found = find(room, 1)
    room.reset(LAPSED_MS, LAPSED_MS)
    call = support.second_chance(found, actor=BEN, now_ms=LAPSED_MS)
    assert support.read_chance(room.store.run(call)).code is ChanceCode.OLD_EPOCH


def test_a_room_gives_so_many_and_no_more(make_room, monkeypatch):
    """500 a running; here three, by a library of its own."""
    monkeypatch.setattr(library, "MOST_SECOND_CHANCES", 3)
    for cached in (library.content_hash, library.source, library.function_name):
        cached.cache_clear()
    try:
        room = make_room(**SHORT)
        room.crowd(T0, 40)
        room.run_until(T0, LAPSED_MS)
        found = [give(room, arrival)[1].code for arrival in range(1, 6)]
    finally:
        monkeypatch.undo()
        for cached in (library.content_hash, library.source, library.function_name):
            cached.cache_clear()
    assert found == [ChanceCode.CALLED] * 3 + [ChanceCode.USED_UP] * 2


# The look


def test_a_place_tells_its_way_with_times(make_room):
    """Joined, called, in, out; each about when it was."""
    room = make_room(**SHORT | {"session_ms": 60_000})
    for second in range(5):
        room.crowd(T0 + 1000 * second, 1)
    assert dict(find(room, 5, T0 + 4000).steps())[Step.JOINED] == T0 + 4000
    entered_ms = T0 + 4500
    room.status(entered_ms)
    room.knock(entered_ms, 3)
    told = dict(find(room, 3, entered_ms).steps())
    assert told.keys() == {Step.JOINED, Step.CALLED, Step.ENTERED}
    assert (told[Step.JOINED], told[Step.ENTERED]) == (T0 + 2000, entered_ms)
    assert T0 + 2000 <= told[Step.CALLED] <= entered_ms
    room.store.release(room.name, ["1-3"], now_ms=entered_ms)
    gone = find(room, 3, entered_ms)
    assert (gone.state, steps(gone)[-2:]) == (PlaceState.SPENT, [Step.ENTERED, Step.RELEASED])


def test_a_drawn_place_tells_of_the_draw_and_its_number(make_room):
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + 1000, **SHORT)
    room.crowd(T0, 9)
    early = find(room, 5, T0)
    assert (early.state, early.number, steps(early)) == (PlaceState.EARLY, None, [Step.JOINED])
    room.status(T0 + 1000)
    drawn = find(room, 5, T0 + 1000)
    assert drawn.number in range(1, 10)
    assert (Step.DRAWN, T0 + 1000) in drawn.steps()


def test_a_lapsed_place_tells_since_when(room):
    """To a second: called in the first slot, gone 5.5 seconds later."""
    told = dict(find(room, 1).steps())
    assert told[Step.CALLED] == T0
    assert 5000 <= told[Step.LAPSED] - T0 <= 7000


@pytest.mark.parametrize("typed", ["", "hello", "K7Q2-9MX", "UUUU-UUUU", "' OR 1=1", "é" * 5000])
def test_what_is_no_code_gets_a_sentence(room, typed):
    with pytest.raises(NoSuchPlace, match="is not a code: it has eight letters and digits") as told:
        room.store.support.find(room.name, typed, CODES)
    assert len(str(told.value)) < 200


def test_another_rooms_code_names_that_room(room, store, make_room):
    other = f"{room.name}-other"
    from waitingroom.model import Settings

    store.create(other, Settings(), actor="test")
    store.join(other, 3)
    with pytest.raises(NoSuchPlace, match=f"is a place in the room “{other}”, not in"):
        store.support.find(room.name, CODES.of(other, 1, 3), CODES)


def test_a_code_of_a_place_that_was_never_given_out_is_none(room):
    """Also one that the keys would read."""
    with pytest.raises(NoSuchPlace, match="a letter or digit may have been misheard"):
        find(room, 201)


def test_looking_writes_nothing_and_reads_no_more_in_a_long_line(make_room):
    """O(log n): the commands that a look takes in a line of 200,000 with marks of an hour."""
    room = make_room(rate_per_min=6000, call_timeout_ms=1000, claim_grace_ms=5000)
    for minute in range(60):
        room.crowd(T0 + 60_000 * minute, 3_000)
        room.status(T0 + 60_000 * minute)
    room.status(T0 + 3_600_000)
    room.redis.config_resetstat()
    room.store.run(support.place(room.name, 1, 100_000, 100_000))
    stats = room.redis.info("commandstats")
    assert sum(stats[name]["calls"] for name in stats if name != "cmdstat_config|resetstat") < 60


def test_moments_have_a_bound_however_long_a_sale_lasts(make_room):
    """Marks of a day in which somebody joins every 14 s: below 24 kB, and right to 0.1 %."""
    room = make_room()
    keys, day_s = RoomKeys.of(room.name), 86_400
    looked = range(0, day_s, 14)
    for second in looked:
        room.crowd(T0 + 1000 * second, 1)
    assert room.redis.strlen(keys.joined) < 24_000
    for arrival in (1, 2, 100, 2_000, 6_000):
        truly_ms = T0 + 1000 * looked[arrival - 1]
        told_ms = find(room, arrival, T0 + 1000 * day_s).joined_at_ms
        assert 0 <= truly_ms - told_ms <= max(1000, (truly_ms - T0) / 1000) + 14_000


def test_no_verb_but_this_one_gives_a_lapsed_place_back(room):
    """Every function of the library that a shopper, shop or operator may have called, tried on one
    lapsed place and on one that waits: neither stands better than before.
    """
    verbs = set(library.source().split("local VERBS = {")[1].split("\n}")[0].split("'")[1::2])
    passes = []
    tried = {
        "join": lambda: room.join(LAPSED_MS, [None], seen=(1, 1)),
        "status": lambda: room.status(LAPSED_MS),
        "enter": lambda: room.knock(LAPSED_MS, 1),
        "express": lambda: room.express(LAPSED_MS),
        "extend": lambda: room.ask_for_time(LAPSED_MS, 1),
        "leave": lambda: room.go(LAPSED_MS, 200),
        "standing": lambda: room.standing([(1, 1, 1)]),
        "place": lambda: find(room, 1),
        "stock": lambda: room.stock_left(LAPSED_MS, 5),
        "redeem": lambda: room.redeem(1, "0" * 16),
        "renew": lambda: room.store.renew(room.name, ["1-1", "1-199"], now_ms=LAPSED_MS),
        "release": lambda: room.store.release(room.name, ["1-1", "1-199"], now_ms=LAPSED_MS),
        "set": lambda: room.set(LAPSED_MS, {"claim_grace_ms": 3_600_000}),
        "undo": lambda: room.undo(LAPSED_MS),
        "plan": lambda: room.plan(LAPSED_MS, []),
        "pause": lambda: room.act(LAPSED_MS, "pause", "lunch"),
        "resume": lambda: room.act(LAPSED_MS, "resume"),
        "drain": lambda: room.act(LAPSED_MS, "drain"),
        "open": lambda: room.open(LAPSED_MS),
        "revoke_staff": lambda: room.act(LAPSED_MS, "revoke_staff"),
        "staff_pass": lambda: passes.append(room.store.staff.make(room.name, "Ada", 60_000, **ACT)),
        "revoke_pass": lambda: room.store.staff.revoke(room.name, passes[0].lease, **ACT),
        "note": lambda: room.store.note(room.name, "test", "", actor="test"),
        "system_note": lambda: room.store.record.note("test", "", actor="test"),
        "close": lambda: room.act(LAPSED_MS, "close"),
    }
    assert tried.keys() == verbs - OF_NO_PLACE - {"second_chance"}, "a new verb has its try here"
    for verb, try_ in tried.items():
        try_()
        assert room.standing([(1, 1, 1)]) == (Standing.LAPSED,), verb
        assert room.standing([(1, 199, 199)]) == (Standing.NOT_CALLED,), verb
        assert room.written().serving < 199, verb


def test_who_left_or_was_in_the_shop_is_told_when(make_room):
    """While the room remembers; the visit's beginning too."""
    room = make_room(**SHORT | {"burst": 9, "session_ms": 60_000})
    room.crowd(T0, 5)
    room.status(T0)
    for arrival in (1, 2, 3):
        room.knock(T0, arrival)
    room.store.release(room.name, ["1-1"], now_ms=T0 + 20_000)
    room.go(T0 + 30_000, 5)
    room.status(T0 + 61_000)
    told = {n: dict(find(room, n, T0 + 61_000).steps()) for n in (1, 2, 5)}
    assert (told[1][Step.ENTERED], told[1][Step.RELEASED]) == (T0, T0 + 20_000)
    assert (told[2][Step.ENTERED], told[2][Step.EXPIRED]) == (T0, T0 + 61_000)
    assert told[5][Step.LEFT] == T0 + 30_000
    room.store.renew(room.name, ["1-2"], now_ms=T0 + 70_000)
    again = find(room, 2, T0 + 70_000)
    assert (again.state, again.ended_at_ms) == (PlaceState.INSIDE, 0)


def test_only_so_many_ends_are_remembered(make_room):
    """However many leave; of those before, only that they did."""
    room = make_room(rate_per_min=0)
    room.crowd(T0, ENDS_KEPT + 50)
    for arrival in range(1, ENDS_KEPT + 51):
        room.go(T0 + arrival * 1000, arrival)
    assert room.redis.zcard(room.keys.ended) == ENDS_KEPT
    assert room.redis.memory_usage(room.keys.ended, samples=0) < 300_000
    now_ms = T0 + 3_000_000
    assert dict(find(room, 1, now_ms).steps())[Step.LEFT] == 0
    assert dict(find(room, 60, now_ms).steps())[Step.LEFT] == T0 + 60_000
