"""The guard tells what the shop has left: the last level now and then, the end of it at once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from guarded import Shop, StandInApi, by_hand

from waitingroom.guard.outbox import GATHER_MS, POLL_MS, STOCK_EVERY_MS, Outbox

Build = Callable[..., Shop]


class Hands:
    """A reporter whose clock and turns are the test's."""

    def __init__(self, url: str) -> None:
        self.at_ms = 0
        self.reporter = by_hand(url, lambda: self.at_ms)

    def turn(self, passed_ms: int) -> None:
        """A turn so much later, where one is due by then."""
        self.at_ms += passed_ms
        self.reporter.turn()


@pytest.fixture
def hands(api: StandInApi) -> Iterator[Hands]:
    """Of a guard that has made its first turn."""
    made = Hands(api.url)
    made.turn(0)
    yield made
    made.reporter.close()


def told(api: StandInApi) -> list[Any]:
    """The levels that were told, in order."""
    return [body["left"] for path, body in api.calls if path.endswith("/demo/stock")]


def test_the_last_level_is_told_with_the_next_turn(api: StandInApi, hands: Hands) -> None:
    for left in (9, 8, 7):
        hands.reporter.stock("demo", left)
    hands.turn(2 * POLL_MS)
    assert told(api) == [7]
    hands.turn(2 * POLL_MS)
    assert told(api) == [7], "told, and nothing new"


def test_a_busy_shop_tells_it_every_few_seconds_at_most() -> None:
    box, at_ms, count = Outbox(), 0, 0
    for left in range(1000, 0, -1):
        box.left(left, at_ms)
        count += box.take_stock(at_ms) is not None
        at_ms += 10
    assert count == at_ms // STOCK_EVERY_MS


def test_that_nothing_or_something_again_is_left_is_told_at_once(
    api: StandInApi, hands: Hands
) -> None:
    hands.reporter.stock("demo", 2)
    hands.turn(2 * POLL_MS)
    for left in (0, 5, 0):
        hands.reporter.stock("demo", left)
        hands.turn(GATHER_MS)
    assert told(api) == [2, 0, 5, 0]


def test_a_level_that_did_not_arrive_is_told_again_with_its_age(
    api: StandInApi, hands: Hands
) -> None:
    api.mood = "error"
    hands.reporter.stock("demo", 4)
    hands.turn(2 * POLL_MS)
    api.mood = "ok"
    hands.turn(60_000)
    bodies = [body for path, body in api.calls if path.endswith("/stock")]
    assert bodies[-1] == {"left": 4, "age_ms": 60_000 + 2 * POLL_MS}


def test_a_newer_level_takes_the_place_of_one_that_did_not_arrive() -> None:
    box = Outbox()
    box.left(4, 0)
    taken = box.take_stock(0)
    assert taken is not None
    box.left(3, 10)
    box.put_back_stock(taken)
    again = box.take_stock(STOCK_EVERY_MS)
    assert again is not None
    assert again.left == 3


def test_a_room_api_from_before_this_call_hears_it_later(api: StandInApi, hands: Hands) -> None:
    api.unknown = "stock"
    hands.reporter.stock("demo", 4)
    hands.turn(2 * POLL_MS)
    assert hands.reporter._paces["demo"].failures == 0, "everything else is told as before"
    api.unknown = ""
    hands.turn(2 * POLL_MS)
    assert told(api) == [4, 4]


def test_a_shop_tells_its_guard(open_shop: Build, api: StandInApi, patient: None) -> None:
    """Also one that ends right afterwards."""
    shop = open_shop(api=api.url)
    shop.guard.stock("demo", 3)
    shop.guard.stock("demo", None)
    shop.guard.stock("demo", 2)
    shop.guard.close()
    assert told(api)[-1] == 2


@pytest.mark.parametrize("left", [-1, 1.5, True, "3", 10**9 + 1])
def test_what_is_no_stock_is_refused(open_shop: Build, api: StandInApi, left: Any) -> None:
    guard = open_shop(api=api.url).guard
    with pytest.raises(ValueError, match="left"):
        guard.stock("demo", left)
    with pytest.raises(ValueError, match="no room"):
        guard.stock("elsewhere", 1)


def test_a_guard_without_a_room_api_has_nobody_to_tell(open_shop: Build) -> None:
    open_shop(api="").guard.stock("demo", 3)
