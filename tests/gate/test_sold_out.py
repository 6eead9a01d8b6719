"""What the shop has left, as shoppers hear it; and that with nothing left nobody comes in."""

import time
from collections.abc import Callable

from gates import Browser, LocalGate, RunningGate
from rooms import FIFO, Room

from waitingroom.store.client import Store

Rooms = Callable[..., Room]


def left(room: Room, pieces: int | None) -> None:
    """The shop reports."""
    room.store.stock(room.name, pieces, actor="test")


def test_every_worker_tells_what_is_left_within_two_seconds(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """Null before the first report, and when it is no longer reported."""
    room = make_room()
    running_gate.sees(room.name, lambda status: status["stock"] is None)
    for pieces in (12, 0, None):
        began = time.monotonic()
        left(room, pieces)
        running_gate.sees(room.name, lambda status, wanted=pieces: status["stock"] == wanted)
        assert time.monotonic() - began < 10, "far more than a loaded machine takes"


def test_who_is_inside_goes_on_and_who_is_not_waits_for_more(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """The same place, and the same ticket, before and after; and nobody new meanwhile."""
    room = make_room(**FIFO)
    inside, called, late = (Browser(running_gate, room.name) for _ in range(3))
    assert inside.join().json["number"] == 1
    assert called.join().json["number"] == 2
    assert inside.enter().status == 200
    left(room, 0)
    running_gate.sees(room.name, lambda status: status["stock"] == 0)
    assert inside.enter().status == 200
    told = called.enter()
    assert (told.status, told.error) == (410, "sold_out")
    told = late.join()
    assert (told.status, told.error) == (409, "sold_out")
    place = called.join()
    assert (place.status, place.json["number"]) == (200, 2)
    left(room, 1)
    assert called.enter().status == 200
    assert late.join().json["number"] == 3


def test_who_is_far_from_being_called_hears_it_too(gate: LocalGate, make_room: Rooms) -> None:
    """Where the worker would answer that they are not called without asking the store."""
    room = make_room(rate_per_min=1, burst=1, **FIFO)
    store: Store = room.store
    store.join(room.name, 50)
    shopper = Browser(gate, room.name)
    shopper.join()
    gate.refresh()
    assert shopper.enter().error == "not_called"
    left(room, 0)
    gate.refresh()
    assert shopper.enter().error == "sold_out"


def test_a_page_without_a_script_says_so_and_looks_again(gate: LocalGate, make_room: Rooms) -> None:
    """And the same page goes into the shop once there is more; from inside it always does."""
    room = make_room(**FIFO)
    inside, waiting = (Browser(gate, room.name) for _ in range(2))
    for one in (inside, waiting):
        one.join()
    assert inside.enter().status == 200
    left(room, 0)
    gate.refresh()
    path = f"/{room.name}/wait"
    page = waiting.go_to(path)
    assert page.status == 200
    assert "It is sold out" in page.body.decode()
    assert 'http-equiv="refresh"' in page.body.decode()
    assert 'http-equiv="refresh"' not in waiting.go_to(f"{path}?still=1").body.decode()
    assert inside.go_to(path).status == 303
    left(room, 3)
    gate.refresh()
    assert waiting.go_to(path).status == 303
    new = Browser(gate, room.name)
    left(room, 0)
    gate.refresh()
    refused = new.submit(f"/{room.name}/ticket")
    assert (refused.status, "It is sold out" in refused.body.decode()) == (409, True)


def test_where_nobody_waits_the_way_in_is_shut_as_well(gate: LocalGate, make_room: Rooms) -> None:
    """`go`, which hands out a pass at once otherwise."""
    room = make_room()
    shopper = Browser(gate, room.name)
    left(room, 0)
    gate.refresh()
    answer = shopper.go_to(f"/{room.name}/go")
    answer = shopper.go_to(answer.header("location"))
    assert "wr_handover" not in answer.header("location")
    assert room.status().leases == 0
