"""A line of simulated shoppers in front of a real room, under a clock that is passed in.

Gates look twice a second. Who is called reacts after up to two seconds (or, of the slow, up to a
minute), knocks, and where refused comes again when told to. Times are ms since the opening.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from random import Random

from real import T0, RealRoom

from waitingroom.model import DrawMethod, Settings
from waitingroom.outcomes import EntryCode
from waitingroom.store.client import Store

MINUTE = 60_000
LOOK_MS = 500
NETWORK_MS = (20, 150)
QUICK_MS = (0, 2_000)
SLOW_MS = (0, 60_000)
SLOW_SHARE = 0.3
STAY_MS = (60_000, 300_000)
ROOMS = count(1)


@dataclass(frozen=True)
class Scenario:
    """``gone``: share of the line that never comes. ``slow``: three in ten react slowly.

    ``tight``: a capacity that holds this share of those whom the rate would let in (0: none).
    ``slow_retries``: the slow are as slow to keep an appointment at the door. ``people``: how many
    are in line (0: more than can go in).
    """

    rate: int
    gone: float
    slow: bool = False
    tight: float = 0.0
    draw: DrawMethod = DrawMethod.FIFO
    slow_retries: bool = False
    minutes: int = 6
    people: int = 0

    @property
    def capacity(self) -> int:
        return round(self.tight * self.rate * sum(STAY_MS) / 2 / MINUTE)

    def __str__(self) -> str:
        crowd = "shuffled" if self.draw is DrawMethod.SHUFFLE else "in order"
        shop = f"capacity {self.capacity}" if self.capacity else "no capacity"
        pace = ("slow" if self.slow else "quick") + (", always" if self.slow_retries else "")
        return f"{self.rate:4}/min {self.gone:4.0%} gone, {pace}, {crowd}, {shop}"


@dataclass
class Outcome:
    """What was seen: entry times, how long each stood at the door, refusals, calls."""

    burst: int
    scenario: Scenario
    entries: list[int] = field(default_factory=list)
    at_door_ms: list[int] = field(default_factory=list)
    refusals: int = 0
    lapsed: int = 0
    most_inside: int = 0
    ideal: list[int] = field(default_factory=list)

    def share(self, first_minute: int, last_minute: int) -> float:
        """Entries of these minutes (from 1) against what rate and capacity allow."""
        window = range((first_minute - 1) * MINUTE, last_minute * MINUTE)
        made = sum(entry in window for entry in self.entries)
        allowed = sum(entry in window for entry in self.ideal)
        return made / (allowed or self.scenario.rate * (last_minute - first_minute + 1))

    @property
    def excess(self) -> float:
        """M1 over every window: the most entries above ``rate × T``; at most the burst."""
        lowest, most = float("inf"), 0.0
        for position, at_ms in enumerate(self.entries):
            height = position - self.scenario.rate * at_ms / MINUTE
            lowest = min(lowest, height)
            most = max(most, height - lowest + 1)
        return most

    def door_ms(self, share: float) -> int:
        """So long (or less) did this share of those who entered stand at the door."""
        waits = sorted(self.at_door_ms)
        return waits[min(len(waits) - 1, int(share * len(waits)))]


class Simulation:
    """One sale; ``run`` plays it."""

    def __init__(self, store: Store, scenario: Scenario, seed: int) -> None:
        self.scenario, self.chance = scenario, Random(seed)
        knobs = Settings(
            rate_per_min=scenario.rate,
            capacity=scenario.capacity,
            draw=scenario.draw,
            opens_at_ms=T0,
            test_clock=True,
        )
        self.room = RealRoom(store, f"simulation-{next(ROOMS)}", knobs, T0 - MINUTE)
        self.agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self.order = count()
        self.serving = 0
        self.inside = 0
        self.came_at: dict[int, int] = {}
        self.stays = self._stays()
        burst = max(2, -(-scenario.rate // 30))
        self.seen = Outcome(burst, scenario)

    def _stays(self) -> Iterator[int]:
        chance = Random(self.chance.random())
        while True:
            yield chance.randint(*STAY_MS)

    def at(self, ms: int, action: Callable[[int], None]) -> None:
        heapq.heappush(self.agenda, (ms, next(self.order), action))

    def run(self) -> Outcome:
        scenario = self.scenario
        more_than_can = scenario.rate * (scenario.minutes + 1) / (1 - scenario.gone) * 1.2
        needed = scenario.people or ceil(more_than_can)
        for joined in range(0, needed, 10_000):
            few = min(10_000, needed - joined) if scenario.people else 10_000
            self.room.crowd(T0 - MINUTE, few)
        end_ms = scenario.minutes * MINUTE
        for ms in range(0, end_ms, LOOK_MS):
            self.at(ms, self.look)
        while self.agenda and self.agenda[0][0] < end_ms:
            ms, _, action = heapq.heappop(self.agenda)
            action(ms)
        if scenario.tight:
            self.seen.ideal = self.ideal_entries()
        return self.seen

    def look(self, ms: int) -> None:
        """What every page reads; the called among them begin to react."""
        now = self.room.status(T0 + ms)
        assert now.serving >= self.serving, "M3"
        for number in range(self.serving + 1, now.serving + 1):
            if self.chance.random() >= self.scenario.gone:
                self.react(ms, number, now.spread_ms)
        self.serving = now.serving

    def react(self, ms: int, number: int, spread_ms: int) -> None:
        slow = self.scenario.slow and self.chance.random() < SLOW_SHARE
        knows_ms = self.chance.randint(0, spread_ms)
        delay_ms = self.chance.randint(*(SLOW_MS if slow else QUICK_MS))
        self.at(max(ms, knows_ms) + delay_ms, lambda now_ms: self.knock(now_ms, number, slow))

    def knock(self, ms: int, number: int, slow: bool) -> None:
        entry = self.room.knock(T0 + ms, number)
        self.came_at.setdefault(number, ms)
        if entry.code is EntryCode.ENTERED:
            self.enter(ms, number)
        elif entry.code is EntryCode.LAPSED:
            self.seen.lapsed += 1
        else:
            assert entry.code in (EntryCode.DOOR, EntryCode.FULL), entry
            self.seen.refusals += 1
            late = slow and self.scenario.slow_retries
            delay_ms = self.chance.randint(*(SLOW_MS if late else NETWORK_MS))
            again_ms = ms + entry.retry_after_ms + delay_ms
            self.at(again_ms, lambda now_ms: self.knock(now_ms, number, slow))

    def enter(self, ms: int, number: int) -> None:
        self.seen.entries.append(ms)
        self.seen.at_door_ms.append(ms - self.came_at[number])
        if not self.scenario.tight:
            return
        self.inside += 1
        self.seen.most_inside = max(self.seen.most_inside, self.inside)
        self.at(ms + next(self.stays), lambda now_ms: self.go(now_ms, number))

    def go(self, ms: int, number: int) -> None:
        self.inside -= 1
        self.room.at(T0 + ms, "release", [f"1-{number}"])

    def ideal_entries(self) -> list[int]:
        """Entries if everybody in line stood ready at the door, and stayed as long."""
        stays, inside, entries = self._stays(), [], []
        ready_ms = [0.0] * self.seen.burst  # when each credit of the burst is there again
        while True:
            ms = ready_ms.pop(0)
            if len(inside) == self.scenario.capacity:
                ms = max(ms, heapq.heappop(inside))
            if ms >= self.scenario.minutes * MINUTE:
                return entries
            entries.append(int(ms))
            heapq.heappush(inside, ms + next(stays))
            credited_ms = max(ready_ms[-1], ms) if ready_ms else ms
            ready_ms.append(credited_ms + MINUTE / self.scenario.rate)
