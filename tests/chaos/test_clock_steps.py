"""The store's clock steps in the middle of a sale: back, forward, and forward and back again.

The rooms here take their time from the test, by the same code that else asks the server's clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from waitingroom.model import DrawMethod, Settings, Snapshot
from waitingroom.outcomes import EntryCode
from waitingroom.store.client import Store

T0 = 1_790_000_000_000
HOUR_MS = 3_600_000
TICK_MS = 500
"""The gate's refresh."""
RATE, BURST = 600, 10
IN_LINE = 2_000
LEAPS = 10
LEAPS_MS = 2_000
"""The most that one look at the clock adds to the meter, whatever the clock says."""


@dataclass
class Sale:
    """A room with a long line, where everybody who is called comes at the next tick."""

    store: Store
    room: str
    now_ms: int = T0
    called_to: int = 0
    called: list[int] = field(default_factory=list)
    entered_at_ms: list[int] = field(default_factory=list)

    def pass_by(self, passed_ms: int) -> Snapshot:
        """Let time pass, tick by tick."""
        for _ in range(passed_ms // TICK_MS):
            self.now_ms += TICK_MS
            self.serve()
        return self.look()

    def look(self) -> Snapshot:
        """The room now."""
        return self.store.status(self.room, now_ms=self.now_ms)

    def serve(self) -> None:
        """Who is called comes; who is asked to wait at the door comes again."""
        serving = self.look().serving
        self.called += range(self.called_to + 1, serving + 1)
        self.called_to = serving
        for number in list(self.called):
            entry = self.store.enter(self.room, 1, number, number, now_ms=self.now_ms)
            assert entry.code in (EntryCode.ENTERED, EntryCode.DOOR), f"{number}: {entry}"
            if entry.is_in:
                self.entered_at_ms.append(self.now_ms)
                self.called.remove(number)

    def entries_over(self, passed_ms: int) -> int:
        """How many come in while that time passes."""
        before = len(self.entered_at_ms)
        self.pass_by(passed_ms)
        return len(self.entered_at_ms) - before


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """The run's store."""
    made = Store.connect(store_url, timeout_s=10)
    yield made
    made.close()


def make(store: Store, room: str, **knobs: int) -> Sale:
    """A sale that has run for ten seconds."""
    wanted = {"rate_per_min": RATE, "burst": BURST, "opens_at_ms": T0} | knobs
    settings = Settings(draw=DrawMethod.FIFO, test_clock=True, **wanted)  # type: ignore[arg-type]
    store.create(room, settings, actor="test", now_ms=T0)
    store.join(room, IN_LINE, now_ms=T0)
    sale = Sale(store, room)
    sale.serve()
    sale.pass_by(10_000)
    return sale


@pytest.mark.parametrize("back_ms", [6_000, 60_000, HOUR_MS, 30 * 24 * HOUR_MS])
def test_a_clock_that_steps_back_stops_nobody(store: Store, room_id: str, back_ms: int) -> None:
    """The next ten seconds bring as many in as any other ten, and nobody's call is lost."""
    sale = make(store, room_id)
    before = sale.look()
    sale.now_ms -= back_ms
    after = sale.look()
    assert (after.serving, after.lapsed) == (before.serving, 0)
    assert after.counters.no_show == 0
    assert sale.entries_over(10_000) == pytest.approx(RATE / 6, abs=1)


def test_a_small_step_back_is_waited_out(store: Store, room_id: str) -> None:
    """Five seconds at most: to the room no time passes until the clock has caught up."""
    sale = make(store, room_id)
    sale.now_ms -= 4_000
    assert sale.entries_over(4_000) == 0
    assert sale.entries_over(10_000) == pytest.approx(RATE / 6, abs=1)


@pytest.mark.parametrize("forward_ms", [5_000, 60_000, HOUR_MS, 30 * 24 * HOUR_MS])
def test_a_clock_that_leaps_forward_calls_no_crowd(
    store: Store, room_id: str, forward_ms: int
) -> None:
    """The leap counts two seconds, the door lets in a burst of them, and nobody's call is over."""
    sale = make(store, room_id, session_ms=3 * HOUR_MS, call_timeout_ms=5_000)
    called = sale.look().serving
    # Somebody is called and has not come yet.
    sale.now_ms += TICK_MS
    assert sale.look().serving > called
    sale.now_ms += forward_ms
    after = sale.look()
    most = BURST + RATE * (LEAPS_MS + TICK_MS) // 60_000
    assert after.serving - called <= most
    assert (after.lapsed, after.counters.no_show) == (0, 0)
    before = len(sale.entered_at_ms)
    sale.serve()
    assert len(sale.entered_at_ms) - before <= BURST
    assert sale.entries_over(10_000) == pytest.approx(RATE / 6, abs=1)


def test_a_clock_that_goes_to_and_fro_lets_nobody_in_above_the_limit(
    store: Store, room_id: str
) -> None:
    """Each leap is worth two seconds at most, so ten are worth twenty; never more."""
    sale = make(store, room_id)
    before = len(sale.entered_at_ms)
    for _ in range(LEAPS):
        sale.now_ms += HOUR_MS
        sale.serve()
        sale.now_ms -= HOUR_MS
        sale.serve()
    entered = len(sale.entered_at_ms) - before
    assert entered <= BURST + LEAPS * RATE * LEAPS_MS // 60_000
    assert sale.look().lapsed == 0


def test_an_opening_that_a_wrong_clock_brought_on_is_not_taken_back(
    store: Store, room_id: str
) -> None:
    """The draw happens once: what was told stays true when the clock is put right."""
    settings = Settings(rate_per_min=RATE, burst=BURST, opens_at_ms=T0 + HOUR_MS, test_clock=True)
    store.create(room_id, settings, actor="test", now_ms=T0)
    store.join(room_id, 50, now_ms=T0)
    wrong = store.status(room_id, now_ms=T0 + 2 * HOUR_MS)
    right = store.status(room_id, now_ms=T0 + 1_000)
    assert (wrong.drawn, wrong.phase) == (right.drawn, right.phase) == (50, "open")
    assert (wrong.seed, wrong.opened_at_ms) == (right.seed, right.opened_at_ms)
    later = store.status(room_id, now_ms=T0 + HOUR_MS + 1_000)
    assert (later.drawn, later.seed, later.opened_at_ms) == (50, wrong.seed, wrong.opened_at_ms)


def test_who_is_inside_when_the_clock_leaps_keeps_the_place_by_the_next_renewal(
    store: Store, room_id: str
) -> None:
    """Leases go by the wall clock; one that expired for a leap opens again, as the shop renews."""
    sale = make(store, room_id, session_ms=60_000)
    lease = "1-1"
    sale.now_ms += HOUR_MS
    assert sale.look().leases == 0
    sale.now_ms -= HOUR_MS
    (state,) = store.renew(room_id, [lease], now_ms=sale.now_ms).states
    assert (state.code, state.expires_at_ms) == ("active", sale.now_ms + 60_000)
