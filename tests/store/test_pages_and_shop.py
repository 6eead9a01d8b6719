"""The knobs of how often pages ask, and of the shop while there is no sale."""

import struct

import pytest
from real import T0

from waitingroom.errors import BadSetting
from waitingroom.model import Poll, WhileNoSale
from waitingroom.store.keys import FIELDS

USUAL = Poll(2_000, 30_000, 10)


def test_pages_ask_as_usual_until_a_room_says_otherwise(make_room):
    """Each of the three by itself; undone it is as before."""
    room = make_room()
    assert room.written().poll == USUAL
    assert room.set(T0, {"poll_min_ms": 5_000}).poll == Poll(5_000, 30_000, 10)
    changed = room.set(T0, {"poll_max_ms": 60_000, "poll_divisor": 20})
    assert changed.poll == Poll(5_000, 60_000, 20)
    assert room.undo(T0).poll == Poll(5_000, 30_000, 10)
    assert room.set(T0, {"poll_min_ms": 0}).poll == USUAL


@pytest.mark.parametrize(
    "changes",
    [
        {"poll_min_ms": 999},
        {"poll_min_ms": 60_001},
        {"poll_min_ms": -1},
        {"poll_max_ms": 1},
        {"poll_max_ms": 1_999},
        {"poll_max_ms": 600_001},
        {"poll_min_ms": 30_001},
        {"poll_min_ms": 9_000, "poll_max_ms": 8_000},
        {"poll_divisor": 101},
        {"poll_divisor": True},
        {"outside": "ajar"},
        {"outside": 1},
    ],
)
def test_what_would_harm_is_refused(make_room, changes):
    """A page that asks without a pause, one that never does, a longest below the shortest."""
    room = make_room()
    version = room.written().version
    with pytest.raises(BadSetting):
        room.set(T0, changes)
    assert room.written().version == version


def test_the_shop_without_a_sale_is_as_the_room_says(make_room):
    """Told with every renewal, taken back like any knob, and kept by a reset."""
    room = make_room(outside=WhileNoSale.BLOCKED)
    assert room.written().outside is WhileNoSale.BLOCKED
    assert room.store.renew(room.name, (), now_ms=T0).outside is WhileNoSale.BLOCKED
    room.set(T0, {"outside": WhileNoSale.OPEN})
    assert room.store.release(room.name, (), now_ms=T0).outside is WhileNoSale.OPEN
    assert room.undo(T0).outside is WhileNoSale.BLOCKED
    assert room.reset(T0).outside is WhileNoSale.BLOCKED


def test_a_room_of_an_older_version_is_as_usual(make_room):
    """Its state is shorter."""
    room = make_room(poll_min_ms=5_000, outside=WhileNoSale.OPEN)
    raw = room.redis.get(room.keys.state)
    room.redis.set(room.keys.state, raw[: 8 * FIELDS.index("poll_min_ms")])
    found = room.status(T0)
    assert (found.poll, found.outside) == (USUAL, WhileNoSale.SHOP)


def test_what_only_a_newer_version_knows_is_left_to_the_shop(make_room):
    """It may have found a fourth thing that a shop could do."""
    room = make_room(outside=WhileNoSale.OPEN)
    newer, at = bytearray(room.redis.get(room.keys.state)), 8 * FIELDS.index("outside")
    newer[at : at + 8] = struct.pack("<d", 9)
    room.redis.set(room.keys.state, bytes(newer))
    assert room.status(T0).outside is WhileNoSale.SHOP
    assert room.store.renew(room.name, (), now_ms=T0).outside is WhileNoSale.SHOP
