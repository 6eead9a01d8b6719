"""What the passing of time does to the reference room (see :mod:`reference`): DESIGN §4."""

from dataclasses import dataclass, field, fields, replace
from math import ceil

from waitingroom.model import Counters, DrawMethod, News, Phase, Settings, spread_ms
from waitingroom.plan import PlanStep

ONE = 60_000  # an admission, in units: a rate a minute times milliseconds
LONGEST_STEP_MS = 2_000
GATE_AWAY_MS = 5_000
STEP_BACK_MS = 5_000
SLOT_MS = 500
LENT_AFTER_MS = 3_000
NEWS_KEPT = 20


@dataclass
class Calls:
    """The numbers from ``first`` to ``last``, called in one slot of the meter's time."""

    slot_ms: int
    first: int
    last: int
    unanswered: set[int]
    lent: bool = False
    timed_out: bool = False


@dataclass
class Budget:
    """What a network has used of its joins at a time, and the appointments of its people."""

    used: int = 0
    at_ms: int = 0
    promised: list[int] = field(default_factory=list)


@dataclass
class Lease:
    """A place in the shop."""

    entered_ms: int
    expires_ms: int


@dataclass
class Stander:
    """Somebody at the door, and when (on the meter) they count as gone."""

    number: int
    gone_ms: int


@dataclass
class Epoch:
    """What a reset ends."""

    tail: int = 0
    serving: int = 0
    lapsed: int = 0
    drawn: int | None = None
    drawn_at_ms: int = 0
    opened_at_ms: int = 0
    closed_at_ms: int = 0
    draining: bool = False
    end_reason: str = ""
    meter_ms: int = SLOT_MS
    read_by_ms: int = 0
    credit: int = 0
    door: int = 0
    came: int = 0
    missed: int = 0
    calls: list[Calls] = field(default_factory=list)
    spent: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    skipped: set[int] = field(default_factory=set)
    released: set[int] = field(default_factory=set)
    leases: dict[int, Lease] = field(default_factory=dict)
    at_door: dict[int, Stander] = field(default_factory=dict)
    extended: dict[int, int] = field(default_factory=dict)
    """Until when, on the meter, more time was given."""
    chances: dict[int, int] = field(default_factory=dict)
    """When support gave a second one."""
    counters: dict[str, int] = field(
        default_factory=lambda: {counter.name: 0 for counter in fields(Counters)}
    )


@dataclass
class Timed:
    """A room's facts, and what time makes of them."""

    name: str
    settings: Settings
    wall_ms: int
    now_ms: int
    line: Epoch = field(default_factory=Epoch)
    epoch: int = 1
    staff_epoch: int = 1
    version: int = 1
    told: int = 1
    paused: bool = False
    pause_reason: str = ""
    news: list[News] = field(default_factory=list)
    steps: list[PlanStep] = field(default_factory=list)
    budgets: dict[str, Budget] = field(default_factory=dict)
    changed: bool = True
    early_known: bool = False
    stock: int | None = None
    stock_ms: int = 0
    gate_ms: int = 0
    """When a gate last looked or asked; 0: none has looked yet."""

    # What follows from the facts

    @property
    def burst(self) -> int:
        return self.settings.burst or max(2, ceil(self.settings.rate_per_min / 30))

    @property
    def session_max_ms(self) -> int:
        return self.settings.session_max_ms or 4 * self.settings.session_ms

    @property
    def phase(self) -> Phase:
        if self.line.closed_at_ms:
            return Phase.CLOSED
        if self.line.draining:
            return Phase.DRAINING
        if self.line.opened_at_ms:
            return Phase.PAUSED if self.paused else Phase.OPEN
        return Phase.EARLY if self.now_ms >= self.settings.early_at_ms else Phase.SCHEDULED

    @property
    def runs(self) -> bool:
        return self.phase is Phase.OPEN and self.settings.rate_per_min > 0 and self.stock != 0

    @property
    def full_credit(self) -> bool:
        return self.line.credit == self.line.door == self.burst * ONE

    @property
    def open_calls(self) -> int:
        return sum(len(calls.unanswered) for calls in self.line.calls)

    def count(self, counter: str, by: int = 1) -> None:
        self.line.counters[counter] += by
        self.changed = True

    def tell(self, code: str, text: str = "") -> None:
        self.news = [*self.news, News(self.now_ms, code, text)][-NEWS_KEPT:]
        self.told += 1
        self.changed = True

    # Time

    def advance(self, now_ms: int) -> None:
        """Bring the room to ``now_ms``: DESIGN §4, in its order."""
        if self.wall_ms - now_ms > STEP_BACK_MS:
            self.wall_ms, self.changed = now_ms, True
        self.now_ms = max(now_ms, self.wall_ms)
        self._become_early()
        self._draw_and_open()
        self._follow_plan()
        self._let_time_pass(self.now_ms)
        closes = self.settings.closes_at_ms
        if closes and self.now_ms >= closes and not self.line.closed_at_ms:
            self.line.closed_at_ms = self.now_ms
            self.tell("closed")
        self._expire_leases()
        self._clear_door()
        self._lend()
        self._time_out_calls()
        self._lapse()
        self._end_extensions()
        if self.runs:
            self._call()
        self._keep_a_burst_of_credit()

    def _become_early(self) -> None:
        """That people may join is recorded once, which is worth a write."""
        if not self.early_known and self.now_ms >= self.settings.early_at_ms:
            self.early_known = True
            self.changed |= self.phase is Phase.EARLY

    def _draw_and_open(self) -> None:
        line, opens, draws = self.line, self.settings.opens_at_ms, self.settings.draw_at_ms
        if line.closed_at_ms or line.opened_at_ms:
            return
        is_opening = bool(opens) and self.now_ms >= opens
        if line.drawn is None and (is_opening or (draws and self.now_ms >= draws)):
            line.drawn, line.drawn_at_ms, self.changed = line.tail, self.now_ms, True
            if self.settings.draw is DrawMethod.SHUFFLE and line.drawn:
                self.tell("drawn", str(line.drawn))
        if is_opening:
            line.opened_at_ms = self.wall_ms = self.now_ms
            line.credit = line.door = self.burst * ONE
            to_read = spread_ms(line.drawn, self.settings.draw) - (self.now_ms - line.drawn_at_ms)
            line.read_by_ms = line.meter_ms + max(0, to_read)
            self.tell("opened")

    def _follow_plan(self) -> None:
        while self.steps and self.steps[0].at_ms <= self.now_ms:
            step = self.steps.pop(0)
            self._let_time_pass(step.at_ms)
            self._carry_undo(step)
            before, self.settings = (
                self.settings,
                replace(self.settings, **{step.field: step.value}),
            )
            self.version += 1
            self.changed = True
            if self.settings.rate_per_min != before.rate_per_min:
                self.tell("rate_per_min", str(step.value))

    def _carry_undo(self, step) -> None:
        """What a change goes back to is what would be without it."""
        version, words, steps = self.replaced
        if version != self.version or (steps is None and step.field in words):
            return
        if steps is not None and step in steps:
            at = len(steps) - 1 - steps[::-1].index(step)
            earlier = [one for one in steps[:at] if one.field != step.field]
            steps = earlier + steps[at + 1 :]
            words = words | ({step.field: step.value} if step.field in words else {})
        elif steps is not None:
            words = {step.field: getattr(self.settings, step.field)} | words
        self.replaced = (version + 1, words, steps)

    def _let_time_pass(self, until_ms: int) -> None:
        last_ms = min(until_ms, self.gate_ms + GATE_AWAY_MS) if self.gate_ms else until_ms
        passed_ms = min(LONGEST_STEP_MS, max(0, last_ms - self.wall_ms))
        self.wall_ms = max(self.wall_ms, until_ms)
        if self.runs:
            earned = self.settings.rate_per_min * passed_ms
            self.line.meter_ms += passed_ms
            self.line.credit += earned
            self.line.door = min(self.line.door + earned, self.burst * ONE)

    def _expire_leases(self) -> None:
        for arrival, lease in list(self.line.leases.items()):
            if lease.expires_ms <= self.now_ms:
                del self.line.leases[arrival]
                self.count("expired")

    def _clear_door(self) -> None:
        for arrival, stander in list(self.line.at_door.items()):
            if stander.gone_ms <= self.line.meter_ms:
                del self.line.at_door[arrival]
                self._take_back_coming(stander.number)
                self.changed = True

    def _is_over(self, calls: Calls, allowed_ms: int) -> bool:
        begins = max(calls.slot_ms, self.line.read_by_ms) + SLOT_MS
        return self.line.meter_ms >= begins + allowed_ms

    def _lend(self) -> None:
        """In turn: what follows a place that is not lent is not lent either."""
        line, call_timeout_ms = self.line, self.settings.call_timeout_ms
        for calls in (calls for calls in line.calls if not calls.lent):
            is_silent = self._is_over(calls, min(LENT_AFTER_MS, call_timeout_ms))
            if not is_silent or (line.at_door and not self._is_over(calls, call_timeout_ms)):
                return
            calls.lent, self.changed = True, True
            line.credit += len(calls.unanswered) * ONE

    def _time_out_calls(self) -> None:
        line = self.line
        for calls in line.calls:
            if not calls.timed_out and self._is_over(calls, self.settings.call_timeout_ms):
                calls.timed_out = True
                line.missed += len(calls.unanswered)
                self.count("no_show", len(calls.unanswered))
                calls.unanswered.clear()
        if line.came + line.missed > 200:
            line.came, line.missed = line.came // 2, line.missed // 2

    def _lapse(self) -> None:
        for calls in list(self.line.calls):
            if calls.timed_out and self._is_over(calls, self.settings.claim_grace_ms):
                self.line.calls.remove(calls)
                self.line.lapsed = calls.last
                self.changed = True

    def _end_extensions(self) -> None:
        for arrival, ends_ms in list(self.line.extended.items()):
            if ends_ms <= self.line.meter_ms:
                del self.line.extended[arrival]
                self.changed = True

    def _callable(self) -> int:
        line, knobs = self.line, self.settings
        limits = [line.credit // ONE, line.tail - line.serving]
        unanswered_at_most = self.burst + 4 * knobs.rate_per_min * knobs.call_timeout_ms // ONE
        limits.append(unanswered_at_most - self.open_calls)
        if knobs.capacity:
            free = max(0, knobs.capacity - len(line.leases) - len(line.at_door))
            no_shows = 1000 * line.missed // max(1, line.came + line.missed)
            limits.append(free * 1000 // max(250, 1000 - no_shows) - self.open_calls)
        return max(0, min(limits))

    def _call(self) -> None:
        line, wanted = self.line, self._callable()
        number, called = line.serving, set[int]()
        while len(called) < wanted and number < line.tail:
            number += 1
            if number not in line.skipped:
                called.add(number)
        if number == line.serving:
            return
        slot_ms = line.meter_ms // SLOT_MS * SLOT_MS
        if not line.calls or line.calls[-1].slot_ms != slot_ms:
            line.calls.append(Calls(slot_ms, line.serving + 1, number, set()))
        line.calls[-1].last = line.serving = number
        line.calls[-1].unanswered |= called
        line.credit -= len(called) * ONE
        self.count("called", len(called))

    def _keep_a_burst_of_credit(self) -> None:
        self.line.credit = min(self.line.credit, self.burst * ONE)

    # Calls that are answered, or not

    def _calls_of(self, number: int) -> Calls:
        return next(calls for calls in self.line.calls if calls.first <= number <= calls.last)

    def _is_lent(self, number: int) -> bool:
        return number <= self.line.lapsed or self._calls_of(number).lent

    def _is_timed_out(self, number: int) -> bool:
        return number <= self.line.lapsed or self._calls_of(number).timed_out

    def _come(self, number: int) -> None:
        line = self.line
        line.came += 1
        if self._is_lent(number):
            line.credit -= ONE
        if self._is_timed_out(number):
            line.missed = max(0, line.missed - 1)
            self.count("late")
        else:
            self._calls_of(number).unanswered.remove(number)

    def _take_back_coming(self, number: int) -> None:
        line = self.line
        line.came = max(0, line.came - 1)
        if self._is_lent(number):
            line.credit += ONE
        if self._is_timed_out(number):
            line.missed += 1
            self.count("no_show")
        else:
            self._calls_of(number).unanswered.add(number)

    def is_worth_keeping(self, before: "Timed") -> bool:
        """Whether the store writes: something happened, or a second of metered time passed."""
        if self.changed:
            return True
        if not self.runs:
            return False
        line = self.line
        if self.full_credit and not (line.calls or line.at_door or line.extended):
            return not before.full_credit
        passed_ms = max(self.wall_ms - before.wall_ms, self.gate_ms - before.gate_ms)
        return passed_ms >= 1000
