"""join: a place for each joiner, once and for all."""

import pytest
from real import T0

from waitingroom.errors import NoSuchRoom
from waitingroom.model import DrawMethod, Phase
from waitingroom.outcomes import JoinCode


def test_places_are_given_in_the_order_of_coming(make_room):
    """A batch gets consecutive arrivals, the next batch the ones behind it."""
    room = make_room()
    assert room.crowd(T0, 3) == (1, 2, 3)
    assert room.crowd(T0, 2) == (4, 5)


def test_joining_twice_gives_two_places(make_room):
    """The verb knows no shopper, so nobody may repeat it blindly."""
    room = make_room()
    assert room.join(T0, [None]).arrivals != room.join(T0, [None]).arrivals


def test_nobody_joins_before_the_early_time(make_room):
    """A scheduled room says not yet, and the answer says when now is."""
    room = make_room(early_at_ms=T0 + 1000, opens_at_ms=T0 + 2000)
    answer = room.join(T0 + 999, [None])
    assert (answer.code, answer.arrivals, answer.now_ms) == (JoinCode.NOT_YET, (), T0 + 999)
    assert room.join(T0 + 1000, [None]).arrivals == (1,)


@pytest.mark.parametrize("how", ["drain", "close", "joins"])
def test_nobody_joins_a_room_that_takes_no_more(make_room, how):
    """Draining, closed, or told to take no new joiners: all are closed to them."""
    room = make_room()
    room.status(T0)
    if how == "joins":
        room.set(T0, {"joins": False})
    else:
        room.act(T0, how)
    assert room.join(T0, [None]).code is JoinCode.CLOSED


def test_a_paused_room_still_gives_places(make_room):
    """A pause holds entries; the line goes on growing."""
    room = make_room()
    room.status(T0)
    room.act(T0, "pause")
    answer = room.join(T0, [None])
    assert (answer.code, answer.phase) == (JoinCode.JOINED, Phase.PAUSED)


def test_early_joiners_of_a_shuffled_room_have_no_number_yet(make_room):
    """Until the draw, ``drawn`` is None; from then on it is how many came before."""
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + 1000)
    assert room.join(T0, [None, None]).drawn is None
    answer = room.join(T0 + 1000, [None])
    assert (answer.drawn, answer.fifo, answer.arrivals) == (2, False, (3,))


def test_a_promoted_replica_learns_what_was_given_out(make_room):
    """M5: shown a signed arrival above its own, it never gives that one again."""
    room = make_room()
    room.crowd(T0, 3)
    assert room.join(T0, [None], (100, 1)).arrivals == (101,)


def test_what_was_given_out_in_another_epoch_teaches_nothing(make_room):
    """An old ticket must not tear a hole into the new line."""
    room = make_room()
    assert room.join(T0, [None], (100, 2)).arrivals == (1,)
    assert room.join(T0, [None], (100, 0)).arrivals == (2,)


def test_joining_a_room_that_is_not_there_says_so(store):
    """A misspelt name is NoSuchRoom, and makes no room."""
    with pytest.raises(NoSuchRoom, match="nowhere"):
        store.join("nowhere")
    assert "nowhere" not in store.rooms()
