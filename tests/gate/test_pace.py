"""How quickly the line moves, as a gate sees it: what counts, and what is assumed."""

from dataclasses import replace

import pytest

from waitingroom.eta import Shop
from waitingroom.gate.pace import Pace, Watch
from waitingroom.model import Counters, DrawMethod, Phase, Snapshot

MINUTE_MS = 60_000
LOOK_MS = 500
NOTHING = Counters(0, 0, 0, 0, 0, 0, 0, 0)
ROOM = Snapshot(
    **dict.fromkeys(Snapshot.__dataclass_fields__, 0)  # type: ignore[arg-type]
    | {
        "room": "demo",
        "epoch": 1,
        "phase": Phase.OPEN,
        "draw": DrawMethod.FIFO,
        "rate_per_min": 60,
        "tail": 100_000,
        "session_ms": 15 * MINUTE_MS,
        "counters": NOTHING,
        "news": (),
        "origins": (),
    }
)


def later(room: Snapshot, ms: int, called: int = 0, **more: object) -> Snapshot:
    """After so much time in which the room ran."""
    times = {"now_ms": room.now_ms + ms, "meter_ms": room.meter_ms + ms}
    return replace(room, **times, serving=room.serving + called, **more)


class Seen:
    """A gate that looks twice a second."""

    def __init__(self, room: Snapshot) -> None:
        self.room, self.watch = room, Watch()
        self.pace = self.watch.add(room)

    def looks(self, room: Snapshot) -> Pace:
        self.room = room
        self.pace = self.watch.add(room)
        return self.pace

    def goes_on(self, ms: int, per_min: int, **more: object) -> Pace:
        """So many are called a minute, for so long."""
        begun = self.room.serving
        for at_ms in range(LOOK_MS, ms + 1, LOOK_MS):
            called = begun + per_min * at_ms // MINUTE_MS - self.room.serving
            self.looks(later(self.room, LOOK_MS, called, **more))
        return self.pace


def test_before_anything_was_seen_a_line_moves_at_its_rate() -> None:
    """At the opening, and after a gate was started anew."""
    assert Watch().add(ROOM) == Pace(60)


@pytest.mark.parametrize("per_min", [20, 60, 120, 200])
def test_after_three_minutes_it_is_known(per_min: int) -> None:
    """As quick as it is called, within a tenth, whatever was assumed."""
    pace = Seen(ROOM).goes_on(3 * MINUTE_MS, per_min)
    assert pace.velocity_per_min == pytest.approx(per_min, rel=0.1)


def test_the_hour_before_the_opening_does_not_count() -> None:
    """The first people of a line of a thousand were told that it takes hours."""
    early = replace(ROOM, phase=Phase.EARLY)
    seen = Seen(early)
    for _ in range(200):
        seen.looks(replace(seen.room, now_ms=seen.room.now_ms + LOOK_MS))
    assert seen.looks(replace(seen.room, phase=Phase.OPEN, serving=2)).velocity_per_min == 60
    assert 55 <= seen.goes_on(4_000, 60).velocity_per_min <= 65


def test_a_pause_does_not_count() -> None:
    """After it the line is known as before."""
    seen = Seen(ROOM)
    before = seen.goes_on(2 * MINUTE_MS, 120)
    for _ in range(600):
        seen.looks(replace(seen.room, phase=Phase.PAUSED, now_ms=seen.room.now_ms + LOOK_MS))
    assert seen.looks(replace(seen.room, phase=Phase.OPEN)) == before


def test_an_hour_without_a_line_does_not_count() -> None:
    """Nobody was called since nobody was there: the next crowd is told the rate."""
    seen = Seen(replace(ROOM, tail=0))
    assert seen.goes_on(MINUTE_MS * 10, 0).velocity_per_min == 60
    assert seen.goes_on(LOOK_MS, 0, tail=500).velocity_per_min == 60


def test_a_line_that_stands_still_comes_to_nothing() -> None:
    """People wait, the room runs, and nobody is called: after a minute, where it is quick."""
    seen = Seen(ROOM)
    assert seen.goes_on(MINUTE_MS - LOOK_MS, 0).velocity_per_min > 0
    assert seen.goes_on(LOOK_MS, 0).velocity_per_min == 0
    assert seen.looks(later(seen.room, LOOK_MS, 1)).velocity_per_min > 0


def test_a_line_that_is_slow_by_its_rate_does_not_stand_still() -> None:
    """At one a minute three turns must be missed."""
    slow = Seen(replace(ROOM, rate_per_min=1))
    assert slow.goes_on(3 * MINUTE_MS - LOOK_MS, 0).velocity_per_min == 1
    assert slow.goes_on(LOOK_MS, 0).velocity_per_min == 0


def test_a_new_rate_counts_at_once_where_people_have_left_the_line() -> None:
    """Half of the line is gone: twice the rate, whatever that is."""
    seen = Seen(ROOM)
    seen.goes_on(5 * MINUTE_MS, 120)
    halved = seen.looks(later(seen.room, LOOK_MS, 1, rate_per_min=30))
    assert halved.velocity_per_min == pytest.approx(60, rel=0.05)


def test_a_new_rate_does_not_hurry_a_line_that_something_else_holds_up() -> None:
    """Twenty a minute at a rate of sixty are no forty at a hundred and twenty."""
    seen = Seen(ROOM)
    seen.goes_on(5 * MINUTE_MS, 20)
    doubled = seen.looks(later(seen.room, LOOK_MS, 0, rate_per_min=120))
    assert doubled.velocity_per_min == pytest.approx(20, rel=0.05)


def test_a_reset_forgets() -> None:
    """Another running of the room is another line."""
    seen = Seen(ROOM)
    seen.goes_on(5 * MINUTE_MS, 200)
    again = replace(seen.room, epoch=2, serving=0, meter_ms=500)
    assert seen.looks(again).velocity_per_min == 60


def test_without_a_capacity_there_is_no_shop() -> None:
    """Null in the document."""
    assert Seen(ROOM).goes_on(MINUTE_MS, 60).shop is None


def test_a_shop_with_a_capacity_empties_a_session_at_a_time_until_more_is_known() -> None:
    """Forty-five places and a session of fifteen minutes: three a minute."""
    assert Watch().add(replace(ROOM, capacity=45)).shop == Shop(45, 3)


def test_people_who_leave_say_how_quickly_it_empties() -> None:
    """Forty-five inside, fifteen of whom leave each minute."""
    seen = Seen(replace(ROOM, capacity=45, leases=45))
    for _ in range(600):
        minutes = (seen.room.now_ms - ROOM.now_ms + LOOK_MS) / MINUTE_MS
        counters = replace(NOTHING, entered=round(15 * minutes), released=round(15 * minutes))
        seen.looks(later(seen.room, LOOK_MS, counters=counters, called=round(minutes) % 2))
    assert seen.pace.shop is not None
    assert seen.pace.shop.free == 0
    assert seen.pace.shop.per_min == pytest.approx(15, abs=3)
    assert seen.pace.velocity_per_min >= seen.pace.shop.per_min, "no line that stands still"


def test_numbers_count_and_not_people_who_come() -> None:
    """With half of the line gone a free place is worth two numbers; who was called has one each."""
    counters = replace(NOTHING, entered=90, no_show=100)
    room = replace(ROOM, capacity=100, leases=60, at_door=10, open_calls=25, counters=counters)
    pace = Watch().add(room)
    assert pace.shop is not None
    assert pace.shop.free == 30 * 2 - 25
