"""What the state machine compares, and what must hold after every step."""

from dataclasses import replace
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from real import T0, RealRoom
from reference import Reference

from waitingroom.errors import WaitingRoomError
from waitingroom.model import UNITS_PER_ADMISSION, DrawMethod, Settings, Snapshot
from waitingroom.outcomes import Entry
from waitingroom.store.client import Store

ROOMS = count(1)
KNOBS = {
    "rate_per_min": st.sampled_from([0, 1, 60, 90, 600, 6000]),
    "burst": st.sampled_from([0, 1, 3, 10]),
    "capacity": st.sampled_from([0, 1, 2, 5, 20]),
    "call_timeout_ms": st.sampled_from([1000, 1700, 6000, 9000]),
    "session_ms": st.sampled_from([1000, 4000, 60_000]),
    "session_max_ms": st.sampled_from([0, 60_000]),
    "join_limit": st.sampled_from([0, 0, 0, 4]),
    "joins": st.sampled_from([True, True, True, False]),
}
"""What operators turn knobs to."""

BEGINNINGS = st.fixed_dictionaries(
    {
        "rate_per_min": st.sampled_from([60, 90, 600, 6000]),
        "burst": KNOBS["burst"],
        "capacity": st.sampled_from([0, 0, 2, 5]),
        "call_timeout_ms": KNOBS["call_timeout_ms"],
        "claim_grace_ms": st.sampled_from([9000, 12_000, 600_000]),
        "session_ms": KNOBS["session_ms"],
        "join_limit": KNOBS["join_limit"],
        "draw": st.sampled_from(DrawMethod),
    }
)
OPENINGS = st.sampled_from([(0, 1), (0, 1), (0, 1000), (0, 20_000), (5000, 9000), (0, None)])
"""After how many ms people may come, and the sale opens (None: not by itself)."""


def outcome(action):
    """What it returns, or the fault it raises."""
    try:
        return action()
    except WaitingRoomError as fault:
        return fault


def plain(value):
    """A value to compare: the seed is the store's own secret; a fault is its kind and its cause."""
    if isinstance(value, Snapshot):
        return replace(value, seed=None, commitment="")
    if isinstance(value, WaitingRoomError):
        return type(value), {**vars(value), "why": ""}
    return value


class Machine(RuleBasedStateMachine):
    """One room in the store and one in plain Python, under the same clock."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.now_ms = T0
        self.anchors = 0
        self.redeemed: set[str] = set()
        self.appointments: dict[int, int] = {}
        self.given: set[tuple[int, int]] = set()
        self.entered: set[tuple[int, int]] = set()
        self.segment: object = None
        self.entries: list[int] = []
        self.last: Snapshot | None = None
        self.look_of_a_gate = "status"

    @initialize(
        knobs=BEGINNINGS,
        opening=OPENINGS,
        draw_early=st.booleans(),
        crowd=st.integers(0, 30),
        gates_known=st.sampled_from([True, True, True, False]),
    )
    def create(self, knobs, opening, draw_early, crowd, gates_known):
        """``gates_known``: whether the room knows gates from others, and so that they are away."""
        self.look_of_a_gate = "gate_looks" if gates_known else "status"
        early_ms = T0 + opening[0]
        opens_ms = T0 + opening[1] if opening[1] else 0
        draw_ms = max(early_ms, opens_ms - 700) if opens_ms and draw_early else 0
        times = {"early_at_ms": early_ms, "opens_at_ms": opens_ms, "draw_at_ms": draw_ms}
        wanted = Settings(**knobs, **times, test_clock=True)
        name = f"machine-{next(ROOMS)}"
        self.real = RealRoom(self.store, name, wanted, self.now_ms)
        self.reference = Reference(name, wanted, self.now_ms)
        self.note_segment()
        self.both("join", [None] * crowd, (0, 0))

    @property
    def room(self):
        return self.reference.kept

    @property
    def line(self):
        return self.room.line

    def both(self, verb: str, *args):
        """The store's answer, which is the reference's."""
        expected = outcome(lambda: self.reference.at(self.now_ms, verb, *args))
        actual = outcome(lambda: self.real.at(self.now_ms, verb, *args))
        assert plain(actual) == plain(expected)
        self.note_segment()
        return actual

    def number_of(self, arrival: int) -> int | None:
        """Some bijection: the early ones are served in the opposite order of joining."""
        if self.room.settings.draw is DrawMethod.FIFO:
            return arrival
        if self.line.drawn is None:
            return None
        return self.line.drawn + 1 - arrival if arrival <= self.line.drawn else arrival

    def called(self) -> list[int]:
        """Everybody who was called and has neither entered nor left."""
        line = self.line
        arrivals = set(range(1, line.tail + 1)) - line.spent - line.left
        return [a for a in sorted(arrivals) if (self.number_of(a) or 10**9) <= line.serving]

    def note_segment(self) -> None:
        """M1 speaks of a fixed rate on one clock: where these change, entries are counted anew."""
        knobs = (self.room.settings.rate_per_min, self.room.burst, len(self.room.steps))
        segment = (self.room.epoch, knobs, self.anchors)
        if segment != self.segment:
            self.segment, self.entries = segment, []

    def note_entry(self, arrival: int, entry: Entry) -> None:
        """Hold a new entry against M1 (in every window that it ends) and M2."""
        ticket, capacity = (self.room.epoch, arrival), self.room.settings.capacity
        assert ticket not in self.entered, "M2: a ticket enters at most once"
        assert not capacity or len(self.line.leases) <= capacity, "M2: no entry above the capacity"
        self.entered.add(ticket)
        self.entries.append(entry.entered_at_ms)
        for earlier, began_ms in enumerate(self.entries):
            passed_ms = entry.entered_at_ms - began_ms
            allowed = self.room.burst * UNITS_PER_ADMISSION
            allowed += self.room.settings.rate_per_min * passed_ms
            assert (len(self.entries) - earlier) * UNITS_PER_ADMISSION <= allowed, "M1"

    @invariant()
    def what_is_written_is_the_same(self):
        assert plain(self.real.written()) == plain(self.room.status())

    @invariant()
    def places_only_get_better(self):
        now, before = self.room.status(), self.last
        self.last = now
        if before is None or now.epoch != before.epoch:
            return
        assert now.serving >= before.serving, "M3"
        assert now.lapsed >= before.lapsed
        assert now.tail >= before.tail, "M2: numbers are unique"
        assert before.drawn is None or now.drawn == before.drawn, "M3: a number is fixed once"

    @invariant()
    def every_call_is_accounted_for(self):
        now = self.room.status()
        counted = now.counters
        gone = counted.called + counted.late
        gone -= counted.entered + counted.no_show + now.open_calls + now.at_door
        assert 0 <= gone <= counted.left
