"""The shop tells what it has left: a level, and with nothing left the line stands still."""

import pytest
from real import T0, RealRoom

from waitingroom.errors import NoSuchRoom
from waitingroom.model import Settings
from waitingroom.outcomes import EntryCode, JoinCode, LeaseCode, Standing, lease_id
from waitingroom.record import LogEntry
from waitingroom.store.client import Store

FIFO = {"draw": "fifo", "rate_per_min": 60, "burst": 2, "join_limit": 0}


@pytest.fixture
def room(store: Store, room_id: str) -> RealRoom:
    """Open, with two inside and six in line."""
    knobs = Settings(**FIFO, opens_at_ms=T0, early_at_ms=T0, test_clock=True)
    made = RealRoom(store, room_id, knobs, T0)
    made.crowd(T0, 8)
    for arrival in (1, 2):
        assert made.knock(T0, arrival).code is EntryCode.ENTERED
    return made


def entries(store: Store, name: str) -> list[LogEntry]:
    """What the record has of the stock, in order of time."""
    return [one for one in store.record.entries(name) if one.act in ("sold_out", "restocked")]


def test_a_room_of_which_nothing_is_told_knows_no_stock(room: RealRoom) -> None:
    assert room.status(T0).stock is None
    assert not room.status(T0).sold_out


def test_the_last_report_is_what_is_left(room: RealRoom) -> None:
    for left in (1000, 3, 3, 10**9, None):
        assert room.stock_left(T0, left) == left
        assert room.status(T0).stock == left
    assert not entries(room.store, room.name), "only what shuts or opens a door is recorded"


def test_a_report_that_is_older_than_the_last_changes_nothing(room: RealRoom) -> None:
    """A shop has many processes, and the one that sold the last piece must have the last word."""
    room.stock_left(T0 + 5000, 0)
    assert room.stock_left(T0 + 5100, 1, age_ms=101) == 0
    assert room.status(T0 + 5100).stock == 0
    assert room.stock_left(T0 + 5100, 1, age_ms=100) == 1


def test_a_clock_set_far_back_does_not_deafen_the_room(room: RealRoom) -> None:
    room.stock_left(T0 + 3_600_000, 0)
    assert room.stock_left(T0, 4) == 4


def test_with_nothing_left_nobody_joins_or_comes_in(room: RealRoom) -> None:
    room.status(T0 + 1000)  # calls 3
    room.stock_left(T0 + 1000, 0)
    assert room.join(T0 + 1000, [None]).code is JoinCode.SOLD_OUT
    assert room.express(T0 + 1000).entry is None
    for arrival in (3, 8):
        assert room.knock(T0 + 1000, arrival).code is EntryCode.SOLD_OUT
    assert room.status(T0 + 1000).tail == 8


def test_those_inside_go_on(room: RealRoom) -> None:
    room.stock_left(T0, 0)
    assert room.knock(T0 + 500, 1).code is EntryCode.AGAIN
    lease = lease_id(1, 1)
    told = room.store.renew(room.name, [lease], now_ms=T0 + 1000)
    assert told.states[0].code is LeaseCode.ACTIVE
    room.store.release(room.name, [lease], now_ms=T0 + 1000)
    assert room.knock(T0 + 1500, 1).code is EntryCode.SPENT


def test_who_left_or_lapsed_hears_that(room: RealRoom) -> None:
    room.go(T0, 8)
    room.stock_left(T0, 0)
    assert room.knock(T0, 8).code is EntryCode.LEFT
    assert room.knock(T0, 3, epoch=7).code is EntryCode.OLD_EPOCH


def test_a_closed_room_says_that_it_is_closed(room: RealRoom) -> None:
    room.stock_left(T0, 0)
    room.act(T0, "close")
    assert room.join(T0, [None]).code is JoinCode.CLOSED
    room.status(T0)
    assert room.knock(T0, 5).code is EntryCode.NOT_CALLED


def test_nobody_loses_a_place_while_nothing_is_left(room: RealRoom) -> None:
    """An hour with an empty shelf: no number is called, none lapses, and then the line goes on."""
    called = room.status(T0 + 1000).serving
    room.stock_left(T0 + 1000, 0)
    later = room.run_until(T0 + 1000, T0 + 3_600_000, every_ms=60_000)
    assert (later.serving, later.lapsed) == (called, 0)
    assert later.counters.no_show == 0
    room.stock_left(T0 + 3_600_000, 5)
    assert room.standing([(1, called, called)]) == (Standing.CALLED,)
    assert room.knock(T0 + 3_600_100, called).code is EntryCode.ENTERED
    assert room.run_until(T0 + 3_600_500, T0 + 3_605_000).serving > called


def test_the_record_has_when_it_sold_out_and_when_there_was_more(room: RealRoom) -> None:
    for nth, left in enumerate([9, 0, 0, 4, None, 0, None]):
        room.stock_left(T0 + nth, left)
    found = entries(room.store, room.name)
    told = [(one.at_ms - T0, one.act, one.text("before"), one.text("after")) for one in found]
    assert told == [
        (1, "sold_out", '{"stock":9}', '{"stock":0}'),
        (3, "restocked", '{"stock":0}', '{"stock":4}'),
        (5, "sold_out", '{"stock":null}', '{"stock":0}'),
        (6, "restocked", '{"stock":0}', '{"stock":null}'),
    ]
    assert {one.actor for one in found} == {"tests"}
    assert room.status(T0 + 9).version == 1, "no operator's change is in conflict with it"


def test_a_room_that_is_not_there_takes_no_report(store: Store) -> None:
    with pytest.raises(NoSuchRoom):
        store.stock("nowhere", 3, actor="tests")
