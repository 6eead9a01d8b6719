"""express: in at once, or not at all."""

import pytest
from real import T0

from waitingroom.outcomes import EntryCode


def test_with_nobody_waiting_a_shopper_is_in_at_once(make_room):
    """Joined and entered in one step, within the same limit as everybody."""
    room = make_room(burst=2)
    first, second, third = (room.express(T0) for _ in range(3))
    assert first.entry.code is second.entry.code is EntryCode.ENTERED
    assert (first.arrival, second.arrival) == (1, 2)
    assert third.entry is None
    assert room.written().counters.entered == 2


def refuse(room, how: str) -> None:
    match how:
        case "a line":
            room.crowd(T0, 3)
        case "no credit":
            room.crowd(T0, 2)
            room.status(T0)
        case "paused" | "draining" | "closed":
            act = {"paused": "pause", "draining": "drain", "closed": "close"}[how]
            room.status(T0)
            room.act(T0, act)
        case "no joiners":
            room.set(T0, {"joins": False})
        case "rate 0":
            room.status(T0)
            room.set(T0, {"rate_per_min": 0})
        case "full":
            room.express(T0)
            room.set(T0, {"capacity": 1})
        case "over budget":
            room.set(T0, {"join_limit": 1})
            room.join(T0, ["net"])
            room.knock(T0, 1)


@pytest.mark.parametrize(
    "how",
    [
        *("a line", "no credit", "paused", "draining", "closed"),
        *("no joiners", "rate 0", "full", "over budget"),
    ],
)
def test_otherwise_nothing_changes(make_room, how):
    """The shopper is sent to the page and joins there like everybody: no place is given here."""
    room = make_room(burst=2)
    refuse(room, how)
    room.status(T0)
    before = room.written()
    assert room.express(T0, "net").entry is None
    assert room.written() == before


def test_a_place_held_for_somebody_called_is_not_taken(make_room):
    """With one place free and one person called for it, a newcomer joins the line like others.

    (The first version gave the newcomer a place in line, and answered *not called*.)
    """
    room = make_room(burst=2, capacity=1)
    room.crowd(T0, 1)
    assert room.status(T0).open_calls == 1
    assert room.express(T0).entry is None
    assert room.written().tail == 1
    assert room.knock(T0, 1).code is EntryCode.ENTERED


def test_an_idle_hour_does_not_bank_more_than_the_burst(make_room):
    """Express entry after a quiet hour: the burst, and no more, whether asked or not meanwhile."""
    room = make_room(rate_per_min=60, burst=2)
    room.status(T0)
    hour_ms = 3_600_000
    entered = [room.express(T0 + hour_ms).entry for _ in range(5)]
    assert sum(entry is not None for entry in entered) == 2


def test_a_quiet_shop_earns_its_burst_again(make_room):
    """The meter runs while the room runs, also when nobody waits (docs/decisions/meter.md)."""
    room = make_room(rate_per_min=60, burst=2)
    assert room.express(T0).entry
    assert room.express(T0).entry
    assert room.express(T0 + 500).entry is None
    room.run_until(T0 + 500, T0 + 2000)
    assert room.express(T0 + 2000).entry
    assert room.express(T0 + 2000).entry
