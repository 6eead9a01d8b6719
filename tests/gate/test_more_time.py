"""`POST /{room}/more-time`: the end of one's turn, said and put off once."""

from collections.abc import Callable

import pytest
from gates import Answer, Browser, LocalGate, Native, RunningGate
from rooms import FIFO, MINUTE_MS, Room, now_ms

Rooms = Callable[..., Room]
GRACE_MS = 10 * MINUTE_MS
SLOT_MS = 500


def ask_for_time(shopper: Browser) -> Answer:
    """As the page's script does."""
    return shopper.post(f"/{shopper.room}/more-time")


def called(gate: LocalGate, room: Room) -> Browser:
    """Somebody whose turn it is, and who has not come yet."""
    shopper = Browser(gate, room.name)
    shopper.join()
    room.status()
    gate.refresh()
    return shopper


def at_the_door(gate: LocalGate, make_room: Rooms, **knobs: object) -> tuple[Room, Browser]:
    """Called, and told to wait: somebody was quicker."""
    room = make_room(burst=1, rate_per_min=1, call_timeout_ms=1_000, **FIFO, **knobs)
    shopper = called(gate, room)
    room.wind_on(4_000)
    quick = called(gate, room)
    assert quick.enter().status == 200
    return room, shopper


def is_about(found_ms: int, wanted_ms: int) -> bool:
    """As near as a slow machine is."""
    return abs(found_ms - wanted_ms) < 5_000


def test_a_called_shopper_gets_the_grace_once_more(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """200, until when, and that it was put off; kept by no cache, no cookie set."""
    room = make_room(claim_grace_ms=GRACE_MS)
    shopper = Browser(running_gate, room.name)
    shopper.join()
    answer = ask_for_time(shopper)
    assert answer.status == 200
    assert set(answer.json) == {"claim_by_ms", "extended"}
    assert answer.json["extended"] is True
    assert is_about(answer.json["claim_by_ms"], now_ms() + 2 * GRACE_MS + SLOT_MS)
    assert answer.header("cache-control") == "no-store"
    assert not answer.set_cookies


def test_asked_again_the_same_time_is_told_again(gate: LocalGate, make_room: Rooms) -> None:
    """Also by an app, and also when the first time is over; then the place has lapsed."""
    room = make_room(claim_grace_ms=MINUTE_MS)
    shopper = Native(gate, room.name)
    shopper.join()
    gate.refresh()
    first = ask_for_time(shopper).json
    room.wind_on(90_000)
    again = ask_for_time(shopper).json
    assert again["extended"] is True
    # Wound on, the meter is ahead of the wall clock by as much: the estimate is nearer.
    assert is_about(again["claim_by_ms"], first["claim_by_ms"] - 90_000)
    room.wind_on(40_000)
    assert ask_for_time(shopper).error == "lapsed"


def test_who_waits_at_the_door_is_told_the_deadline(gate: LocalGate, make_room: Rooms) -> None:
    """And afterwards, that it was put off."""
    _, shopper = at_the_door(gate, make_room, claim_grace_ms=GRACE_MS)
    before = shopper.enter().json
    assert (before["error"], before["extended"]) == ("door", False)
    assert is_about(before["claim_by_ms"], now_ms() + GRACE_MS + SLOT_MS)
    asked = ask_for_time(shopper).json
    after = shopper.enter().json
    assert after["extended"] is True
    assert is_about(after["claim_by_ms"], before["claim_by_ms"] + GRACE_MS)
    assert is_about(asked["claim_by_ms"], after["claim_by_ms"])


def test_so_is_who_waits_before_a_full_shop(gate: LocalGate, make_room: Rooms) -> None:
    """The same fields."""
    room, shopper = at_the_door(gate, make_room)
    room.set(capacity=1)
    answer = shopper.enter()
    assert (answer.error, answer.json["extended"]) == ("full", False)
    assert answer.json["claim_by_ms"] > now_ms()


def test_a_paused_room_grants_it_too(gate: LocalGate, make_room: Rooms) -> None:
    """Its clock stands still: the whole of it is left."""
    room = make_room(claim_grace_ms=GRACE_MS)
    shopper = called(gate, room)
    room.act("pause")
    gate.refresh()
    assert is_about(ask_for_time(shopper).json["claim_by_ms"], now_ms() + 2 * GRACE_MS + SLOT_MS)


def waits(gate: LocalGate, room: Room) -> Browser:
    """In line, and not called."""
    room.set(rate_per_min=0)
    return called(gate, room)


def entered(gate: LocalGate, room: Room) -> Browser:
    """In the shop."""
    shopper = called(gate, room)
    assert shopper.enter().status == 200
    return shopper


def left(gate: LocalGate, room: Room) -> Browser:
    """Out of the line."""
    shopper = called(gate, room)
    assert shopper.leave().status == 204
    return shopper


def lapsed(gate: LocalGate, room: Room) -> Browser:
    """Called long ago."""
    shopper = called(gate, room)
    room.wind_on(6_000)
    return shopper


def of_another_epoch(gate: LocalGate, room: Room) -> Browser:
    """From before a reset."""
    shopper = called(gate, room)
    room.reset()
    gate.refresh()
    return shopper


def of_a_closed_sale(gate: LocalGate, room: Room) -> Browser:
    """Called, and the sale is over."""
    shopper = called(gate, room)
    room.act("close")
    gate.refresh()
    return shopper


def without_a_ticket(gate: LocalGate, room: Room) -> Browser:
    """Nobody that we know."""
    return Browser(gate, room.name)


@pytest.mark.parametrize(
    ("story", "status", "code"),
    [
        (waits, 409, "not_called"),
        (entered, 410, "spent"),
        (left, 410, "left"),
        (lapsed, 410, "lapsed"),
        (of_another_epoch, 410, "old_epoch"),
        (of_a_closed_sale, 410, "closed"),
        (without_a_ticket, 401, "bad_ticket"),
    ],
)
def test_who_has_no_turn_to_put_off_is_told_why(
    gate: LocalGate, make_room: Rooms, story: Callable[..., Browser], status: int, code: str
) -> None:
    """The same words as at the door."""
    # More than one look at the clock can take, however long the machine stood still before it.
    room = make_room(call_timeout_ms=1_000, claim_grace_ms=4_000)
    answer = ask_for_time(story(gate, room))
    assert (answer.status, answer.error) == (status, code)
    more = {"ahead", "retry_after_ms"} if code == "not_called" else set()
    assert set(answer.json) == {"error", "message"} | more
    assert answer.header("cache-control") == "no-store"


def test_who_is_far_from_being_called_costs_the_store_nothing(
    gate: LocalGate, make_room: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a knock does not: there need not even be one."""
    room = make_room(burst=1, rate_per_min=6, **FIFO)
    room.store.join(room.name, 200)
    shopper = called(gate, room)
    monkeypatch.setattr(gate.app._store, "_redis", None)
    assert ask_for_time(shopper).json["ahead"] == 199


def test_a_field_that_it_does_not_have_is_refused(gate: LocalGate, make_room: Rooms) -> None:
    """And an address that is not the shop's, as everywhere."""
    shopper = called(gate, make_room())
    path = f"/{shopper.room}/more-time"
    assert shopper.post(path, {"minutes": "90"}).error == "unknown_field"
    assert shopper.post(path, {"to": "https://evil.example/"}).error == "bad_target"


def test_without_a_script_the_page_says_it_and_has_a_button(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Until when in words; pressed, the page says that there is more, and the button is gone."""
    room, shopper = at_the_door(gate, make_room, claim_grace_ms=GRACE_MS)
    button = f'action="/{room.name}/more-time"'.encode()
    page = shopper.go_to(f"/{room.name}/wait?to=%2Fsale").body
    assert b"your place is kept for 9 minutes" in page
    assert button in page
    answer = shopper.submit(f"/{room.name}/more-time", to="/sale")
    assert (answer.status, answer.header("location")) == (303, f"/{room.name}/wait?to=%2Fsale")
    page = shopper.follow(answer).body
    assert b"You have more time" in page
    assert b"your place is kept for 19 minutes" in page
    assert button not in page


def test_a_form_that_comes_too_late_leads_to_the_page_that_says_so(
    gate: LocalGate, make_room: Rooms
) -> None:
    """No bare error: the page has the words and the way on."""
    room = make_room(call_timeout_ms=1_000, claim_grace_ms=2_000)
    shopper = lapsed(gate, room)
    answer = shopper.submit(f"/{room.name}/more-time")
    assert answer.status == 303
    assert b"Your turn has passed" in shopper.follow(answer).body
