"""How long people waited, and whether for no longer than they were told: from the gate's workers to
the console's figures."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from gates import Browser, LocalGate
from rooms import Room, now_ms

from waitingroom.console.figures import wait_figures
from waitingroom.console.keeper import Keeper
from waitingroom.gate.pace import Pace
from waitingroom.gate.told import MOST, Moment, Told
from waitingroom.model import Settings
from waitingroom.store.client import Store
from waitingroom.tokens import Ticket
from waitingroom.waits import bucket_of

WAITS_S = [1, 7, 15, 25, 40, 50, 70, 100, 150, 200, 290, 400, 590, 800, 1_100, 1_700, 2_500, 3_000]
HOUR_MS = 3_600_000


def long_open(store: Store, name: str) -> Room:
    """A room that has been open for two hours."""
    past_ms = now_ms() - 2 * HOUR_MS
    settings = Settings(burst=100, rate_per_min=6_000, opens_at_ms=1, test_clock=True)
    store.create(name, settings, actor="test", now_ms=past_ms)
    store.status(name, now_ms=past_ms)
    store.status(name)
    return Room(store, name)


def let_in(gate: LocalGate, room: str, arrival: int, wait_s: float) -> None:
    """Somebody who has waited so long."""
    let_in_since(gate, room, arrival, now_ms() - round(wait_s * 1000))


def let_in_since(gate: LocalGate, room: str, arrival: int, came_ms: int) -> None:
    """Somebody who came then."""
    ticket = gate.keyring.sign_ticket(Ticket(room, 1, arrival, came_ms))
    assert Browser(gate, room, {f"wr-ticket-{room}": ticket}).enter().status == 200


def handed_on(*gates: LocalGate) -> None:
    """What happens twice a second."""
    for gate in gates:
        gate.runner.run(gate.app._hand_on_waits())


def test_known_waits_come_out_as_percentiles_within_a_bucket(
    store: Store, room_id: str, gate: LocalGate, other_gate: LocalGate
) -> None:
    """Counted by two workers; each entry once, however often it is told again."""
    room = long_open(store, room_id)
    store.join(room.name, len(WAITS_S))
    for arrival, wait_s in enumerate(WAITS_S, 1):
        one = gate if arrival % 2 else other_gate
        let_in(one, room.name, arrival, wait_s)
        let_in(one, room.name, arrival, wait_s)
    handed_on(gate, other_gate)
    handed_on(gate, other_gate)
    hour, sale = store.waits.lately(room.name, 1, now_ms() - HOUR_MS)
    assert hour == sale
    assert sale.count == len(WAITS_S)
    for share in (0.5, 0.9):
        exact_s = sorted(WAITS_S)[-(-round(share * 100) * len(WAITS_S) // 100) - 1]
        assert bucket_of(round(sale.quantile_s(share) * 1000)) == bucket_of(exact_s * 1000)
    shown = wait_figures(store.waits.lately(room.name, 1, now_ms() - HOUR_MS))
    assert " / " in shown["waits_sale"]
    assert shown["kept_sale"] == "–", "nobody looked at a document of ours while they waited"
    ttl_s = store._redis.ttl(f"wr:{{{room.name}}}:waits:1")
    assert 0 < ttl_s <= 7 * 86_400


def test_whoever_was_told_a_time_is_counted_and_whether_it_was_kept(
    store: Store, room_id: str, gate: LocalGate
) -> None:
    """Worked out from the document that they found: nothing that a shopper sends counts."""
    room = long_open(store, room_id)
    store.join(room.name, 20)
    gate.refresh()
    known = gate.app.gate.rooms.room(room.name)
    came_ms = now_ms() - 50_000
    known.told.moments = [Moment(came_ms + 500, 1, serving=4, rate_per_min=6, pace=Pace(6))]
    assert known.told.until_ms(6, came_ms) == came_ms + 500 + 30_000
    assert known.told.until_ms(18, came_ms) == came_ms + 500 + 180_000
    for arrival, ago_ms in ((6, 0), (18, 0), (7, 150_000), (3, 0)):
        let_in_since(gate, room.name, arrival, came_ms - ago_ms)
    handed_on(gate)
    sale = store.waits.lately(room.name, 1, now_ms()).sale
    # The third came long before anything was seen here, the fourth had been called by then.
    assert (sale.count, sale.told, sale.kept) == (4, 2, 1)


def test_a_document_that_tells_a_wait_is_remembered(
    gate: LocalGate, make_room: Callable[..., Room]
) -> None:
    """Whoever comes now is told by when they are in."""
    room = make_room(burst=1, rate_per_min=600)
    room.store.join(room.name, 8)
    gate.refresh()
    told = gate.app.gate.rooms.room(room.name).told
    (moment,) = told.moments
    assert told.until_ms(8, moment.at_ms - 10) == moment.at_ms + 10_000


def test_what_was_noted_an_hour_ago_is_no_part_of_the_last_hour(
    store: Store, room_id: str, gate: LocalGate
) -> None:
    """Nor is what another running counted; and a second keeper notes nothing twice."""
    room = long_open(store, room_id)
    store.join(room.name, 3)
    let_in(gate, room.name, 1, 600)
    handed_on(gate)
    # As a keeper did an hour and a half ago.
    old = {room.name: replace(room.status(), now_ms=now_ms() - 3 * HOUR_MS // 2)}
    second = Store.connect(gate.app._config.store_url)
    store.waits.note(old)
    second.waits.note(old)
    let_in(gate, room.name, 2, 30)
    handed_on(gate)
    Keeper(store, "http://127.0.0.1:9").sample()
    hour, sale = second.waits.lately(room.name, 1, now_ms() - HOUR_MS)
    second.close()
    assert (hour.count, hour.sum_ms // 10_000) == (1, 3)
    assert sale.count == 2
    assert store.waits.lately(room.name, 2, now_ms() - HOUR_MS).sale.count == 0
    noted = store._redis.xlen(f"wr:{{{room.name}}}:waits")
    assert noted == 2


def test_a_keeper_asks_once_a_minute(
    store: Store, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks every five seconds, and one note is kept."""
    room = long_open(store, room_id)
    now, asked, totals = room.status(), [], store.waits.totals
    monkeypatch.setattr(store.waits, "totals", lambda of: asked.append(of) or totals(of))
    for at_ms in (600_000, 605_000, 655_000, 660_000, 665_000):
        store.waits.note({room.name: replace(now, now_ms=at_ms)})
    assert asked == [{room.name: now.epoch}] * 2
    assert store._redis.xlen(f"wr:{{{room.name}}}:waits") == 2


def test_what_is_remembered_of_documents_is_bounded(make_room: Callable[..., Room]) -> None:
    """Ten hours of a line: the longer ago, the longer the steps."""
    snapshot = replace(make_room(burst=1).status(), tail=10_000, serving=5, now_ms=0)
    told = Told()
    for at_ms in range(0, 36_000_000, 500):
        told.see(replace(snapshot, now_ms=at_ms), Pace(60))
    assert len(told.moments) <= MOST
    steps = [
        after.at_ms - one.at_ms for one, after in zip(told.moments, told.moments[1:], strict=False)
    ]
    assert steps[-1] == 2_000
    assert told.until_ms(66, 35_990_000) == 35_990_000 + 120_000
    assert told.until_ms(5, 35_990_000) is None, "called already"
    assert told.until_ms(66, 36_100_000) is None, "nothing was seen since"
    told.see(replace(snapshot, now_ms=36_000_000, epoch=2), Pace(60))
    assert len(told.moments) == 1
    empty = Told()
    empty.see(replace(snapshot, tail=5), Pace(60))
    assert not empty.moments, "nobody waits, so nobody is told a wait"
