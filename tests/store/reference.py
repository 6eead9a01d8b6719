"""A room in plain Python: DESIGN §4 in dictionaries and lists, to hold the real store against.

Not quick and not shared: it is there to be read and believed. Whoever has a number is in ``calls``
or behind ``serving``; nothing is packed, jumped or swept. Every verb works on a copy that time has
brought to now, and the copy is thrown away where the store would not have written it.
"""

from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from math import ceil

from waitingroom.errors import BadSetting, VersionConflict, WrongPhase
from waitingroom.model import (
    Counters,
    DrawMethod,
    Entry,
    EntryCode,
    Express,
    JoinBatch,
    JoinCode,
    LeaseCode,
    Leases,
    LeaseState,
    News,
    Phase,
    PlanStep,
    Settings,
    Snapshot,
    Standing,
    spread_ms,
)

ONE = 60_000  # an admission, in units: a rate a minute times milliseconds
NEVER_ENDING_STEP_MS = 2_000
STEP_BACK_MS = 5_000
SLOT_MS = 500
KEPT_WAITING_MS = 3_000
NEWS_KEPT = 20


@dataclass
class Calls:
    """The numbers from ``first`` to ``last``, called in one slot of the meter's time."""

    slot_ms: int
    first: int
    last: int
    unanswered: set[int]
    timed_out: bool = False


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
    counters: dict[str, int] = field(
        default_factory=lambda: {counter.name: 0 for counter in fields(Counters)}
    )


@dataclass
class Room:
    """A room that time has been brought up to; its methods are the verbs."""

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
    joined_from: dict[str, int] = field(default_factory=dict)
    changed: bool = True

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
        return self.phase is Phase.OPEN and self.settings.rate_per_min > 0

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
        self._draw_and_open()
        self._follow_plan()
        self._let_time_pass(self.now_ms)
        closes = self.settings.closes_at_ms
        if closes and self.now_ms >= closes and not self.line.closed_at_ms:
            self.line.closed_at_ms = self.now_ms
            self.tell("closed")
        self._expire_leases()
        self._clear_door()
        self._time_out_calls()
        self._lapse()
        if self.runs:
            self._call()
        self._keep_a_burst_of_credit()

    def _draw_and_open(self) -> None:
        line, opens, draws = self.line, self.settings.opens_at_ms, self.settings.draw_at_ms
        if line.closed_at_ms or line.opened_at_ms:
            return
        is_opening = bool(opens) and self.now_ms >= opens
        if line.drawn is None and (is_opening or (draws and self.now_ms >= draws)):
            line.drawn, line.drawn_at_ms = line.tail, self.now_ms
            self.tell("drawn", str(line.tail))
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
            before, self.settings = (
                self.settings,
                replace(self.settings, **{step.field: step.value}),
            )
            self.version += 1
            self.changed = True
            if self.settings.rate_per_min != before.rate_per_min:
                self.tell("rate_per_min", str(step.value))

    def _let_time_pass(self, until_ms: int) -> None:
        passed_ms = min(NEVER_ENDING_STEP_MS, max(0, until_ms - self.wall_ms))
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

    def _time_out_calls(self) -> None:
        line = self.line
        for calls in line.calls:
            if not calls.timed_out and self._is_over(calls, self.settings.call_timeout_ms):
                calls.timed_out = True
                line.credit += len(calls.unanswered) * ONE
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

    def _is_timed_out(self, number: int) -> bool:
        return number <= self.line.lapsed or self._calls_of(number).timed_out

    def _come(self, number: int) -> None:
        line = self.line
        line.came += 1
        if self._is_timed_out(number):
            line.credit -= ONE
            line.missed = max(0, line.missed - 1)
            self.count("late")
        else:
            self._calls_of(number).unanswered.remove(number)

    def _take_back_coming(self, number: int) -> None:
        line = self.line
        line.came = max(0, line.came - 1)
        if self._is_timed_out(number):
            line.credit += ONE
            line.missed += 1
            self.count("no_show")
        else:
            self._calls_of(number).unanswered.add(number)

    # Shoppers

    def join(self, networks: list[str | None], seen: tuple[int, int]) -> JoinBatch:
        self._raise_tail(*seen)
        code = JoinCode.JOINED
        if self.phase is Phase.SCHEDULED:
            code = JoinCode.NOT_YET
        elif self.phase in (Phase.DRAINING, Phase.CLOSED) or not self.settings.joins:
            code = JoinCode.CLOSED
        arrivals = [self._join_one(network) for network in networks] if code == "joined" else []
        line, fifo = self.line, self.settings.draw is DrawMethod.FIFO
        return JoinBatch(
            code, self.epoch, self.now_ms, self.phase, line.drawn, fifo, tuple(arrivals)
        )

    def _join_one(self, network: str | None) -> int | None:
        if not self._is_within_budget(network):
            return None
        self.line.tail += 1
        self.changed = True
        return self.line.tail

    def _is_within_budget(self, network: str | None) -> bool:
        if not self.settings.join_limit or network is None:
            return True
        self.joined_from[network] = self.joined_from.get(network, 0) + 1
        return self.joined_from[network] <= self.settings.join_limit

    def _raise_tail(self, arrival: int, epoch: int) -> None:
        if epoch == self.epoch and arrival > self.line.tail:
            self.line.tail, self.changed = arrival, True

    def _standing(self, arrival: int, number: int | None) -> Standing:
        line = self.line
        if arrival in line.leases:
            return Standing.INSIDE
        if arrival in line.spent:
            return Standing.SPENT
        if arrival in line.left:
            return Standing.LEFT
        if number is None or number > line.serving:
            return Standing.NOT_CALLED
        if number <= line.lapsed and arrival not in line.at_door:
            return Standing.LAPSED
        return Standing.CALLED

    def standing(self, places: list[tuple[int, int, int | None]]) -> tuple[Standing, ...]:
        return tuple(
            self._standing(arrival, number) if epoch == self.epoch else Standing.OLD_EPOCH
            for epoch, arrival, number in places
        )

    def enter(self, epoch: int, arrival: int, number: int | None) -> Entry:
        if epoch != self.epoch:
            return Entry(EntryCode.OLD_EPOCH, self.now_ms)
        self._raise_tail(arrival, epoch)
        line, standing = self.line, self._standing(arrival, number)
        if standing is Standing.INSIDE:
            return self._inside(EntryCode.AGAIN, arrival)
        if standing is Standing.NOT_CALLED:
            ahead = max(0, (number or 0) - line.serving - 1)
            wait_ms = ceil((ahead + 1) * ONE / max(1, self.settings.rate_per_min))
            return Entry(EntryCode(standing), self.now_ms, ahead, wait_ms)
        if standing is not Standing.CALLED:
            return Entry(EntryCode(standing), self.now_ms)
        if self.phase is not Phase.OPEN:
            return Entry(EntryCode(self.phase), self.now_ms)
        assert number is not None
        before_me = sum(stander.number < number for stander in line.at_door.values())
        if self.settings.capacity and len(line.leases) + before_me >= self.settings.capacity:
            return self._stand(EntryCode.FULL, arrival, number, before_me)
        claimed = min(before_me, self.burst - 1)  # a full door loses what nobody takes
        if line.door // ONE <= claimed or self.settings.rate_per_min == 0:
            return self._stand(EntryCode.DOOR, arrival, number, before_me)
        if line.at_door.pop(arrival, None) is None:
            self._come(number)
        line.door -= ONE
        line.spent.add(arrival)
        line.leases[arrival] = Lease(self.now_ms, self.now_ms + self.settings.session_ms)
        self.count("entered")
        return self._inside(EntryCode.ENTERED, arrival)

    def _inside(self, code: EntryCode, arrival: int) -> Entry:
        lease = self.line.leases[arrival]
        ends_ms = lease.entered_ms + self.session_max_ms
        entered = self.line.counters["entered"]
        return Entry(code, self.now_ms, 0, 0, lease.entered_ms, lease.expires_ms, ends_ms, entered)

    def _stand(self, code: EntryCode, arrival: int, number: int, before_me: int) -> Entry:
        rate = self.settings.rate_per_min
        wait_ms = 5000
        if rate:
            wait_ms = max(250, ceil(((before_me + 1) * ONE - self.line.door) / rate))
            wait_ms = max(2000, wait_ms) if code is EntryCode.FULL else wait_ms
        if arrival not in self.line.at_door:
            self._come(number)
        gone_ms = self.line.meter_ms + wait_ms + KEPT_WAITING_MS
        self.line.at_door[arrival] = Stander(number, gone_ms)
        self.count("refused")
        return Entry(code, self.now_ms, before_me, wait_ms)

    def express(self, network: str | None) -> Express:
        line, capacity = self.line, self.settings.capacity
        is_free = (
            self.runs
            and self.settings.joins
            and line.tail == line.serving
            and not line.at_door
            and line.door >= ONE
            and (not capacity or len(line.leases) < capacity)
        )
        line.tail += 1
        is_free = is_free and self._callable() > 0
        line.tail -= 1
        if not is_free or not self._is_within_budget(network):
            return Express(self.epoch, 0, None)
        line.tail += 1
        self._call()
        return Express(self.epoch, line.tail, self.enter(self.epoch, line.tail, line.tail))

    def leave(self, epoch: int, arrival: int, number: int | None) -> Standing:
        line = self.line
        if epoch != self.epoch:
            return Standing.OLD_EPOCH
        if arrival in line.spent:
            return Standing.SPENT
        self._raise_tail(arrival, epoch)
        if arrival not in line.left:
            line.left.add(arrival)
            self.count("left")
            if number is not None:
                self._give_up(arrival, number)
        return Standing.LEFT

    def _give_up(self, arrival: int, number: int) -> None:
        line = self.line
        if number > line.serving:
            line.skipped.add(number)
        elif line.at_door.pop(arrival, None) is not None:
            line.credit += ONE
        elif not self._is_timed_out(number):
            self._calls_of(number).unanswered.remove(number)
            line.credit += ONE
        self._keep_a_burst_of_credit()

    # The shop

    def renew(self, leases: list[str]) -> Leases:
        return self._for_each(leases, self._renew_one)

    def release(self, leases: list[str]) -> Leases:
        return self._for_each(leases, self._release_one)

    def _for_each(self, leases, one) -> Leases:
        self.changed = self.changed or bool(leases)
        states = []
        for lease in leases:
            epoch, _, arrival = lease.partition("-")
            is_ours = epoch == str(self.epoch)
            states.append(one(int(arrival)) if is_ours else LeaseState(LeaseCode.OLD_EPOCH))
        return Leases(self.epoch, self.staff_epoch, self.phase, self.now_ms, tuple(states))

    def _renew_one(self, arrival: int) -> LeaseState:
        line, session_ms = self.line, self.settings.session_ms
        if arrival in line.released:
            return LeaseState(LeaseCode.RELEASED)
        if arrival not in line.spent:
            return LeaseState(LeaseCode.UNKNOWN)
        begun_ms = self.now_ms - self.session_max_ms + session_ms
        lease = line.leases.setdefault(arrival, Lease(begun_ms, 0))
        lease.expires_ms = min(self.now_ms + session_ms, lease.entered_ms + self.session_max_ms)
        return LeaseState(LeaseCode.ACTIVE, lease.expires_ms)

    def _release_one(self, arrival: int) -> LeaseState:
        if arrival not in self.line.spent:
            return LeaseState(LeaseCode.UNKNOWN)
        if arrival not in self.line.released:
            self.line.released.add(arrival)
            self.count("released")
        self.line.leases.pop(arrival, None)
        return LeaseState(LeaseCode.RELEASED)

    # Operators

    def finish(self) -> Snapshot:
        self.version += 1
        self.told += 1
        self.changed = True
        return self.status()

    def set(self, changes, version: int | None) -> Snapshot:
        if version is not None and version != self.version:
            raise VersionConflict(self.name, version, self.version)
        line = self.line
        for knob, value in changes.items():
            is_same = getattr(self.settings, knob) == value
            frozen = knob in ("early_at_ms", "opens_at_ms", "draw_at_ms") and line.opened_at_ms
            frozen = frozen or (knob == "draw_at_ms" and line.drawn is not None)
            frozen = frozen or (knob == "draw" and (line.tail or line.drawn is not None))
            if frozen and not is_same:
                raise BadSetting(knob, "frozen")
        before, self.settings = self.settings, replace(self.settings, **changes)
        if self.settings.rate_per_min != before.rate_per_min:
            self.tell("rate_per_min", str(self.settings.rate_per_min))
        if self.settings.message not in (before.message, ""):
            self.tell("message", self.settings.message)
        self._keep_a_burst_of_credit()
        line.door = min(line.door, self.burst * ONE)
        return self.finish()

    def plan(self, steps: list[PlanStep]) -> Snapshot:
        self.steps = sorted(steps, key=lambda step: step.at_ms)
        return self.finish()

    def act(self, name: str, reason: str) -> Snapshot:
        getattr(self, f"_{name}")(reason)
        return self.finish()

    def _refuse_if(self, wrong: object) -> None:
        if wrong:
            raise WrongPhase("not now")

    def _pause(self, reason: str) -> None:
        self._refuse_if(self.line.closed_at_ms)
        self.paused, self.pause_reason = True, reason
        self.tell("paused", reason)

    def _resume(self, _: str) -> None:
        self._refuse_if(not self.paused)
        self.paused, self.pause_reason = False, ""
        self.tell("resumed")

    def _drain(self, _: str) -> None:
        self._refuse_if(self.line.closed_at_ms or not self.line.opened_at_ms)
        self.line.draining = True
        self.tell("draining")

    def _close(self, _: str) -> None:
        self._refuse_if(self.line.closed_at_ms)
        self.line.closed_at_ms = self.now_ms
        self.tell("closed")

    def _revoke_staff(self, _: str) -> None:
        self.staff_epoch += 1

    def open(self) -> Snapshot:
        line = self.line
        if line.draining and not line.closed_at_ms:
            line.draining = False
            self.tell("opened")
            return self.finish()
        if line.closed_at_ms:
            self._begin_epoch()
        else:
            self._refuse_if(line.opened_at_ms)
        self._open_at(self.now_ms)
        self._draw_and_open()
        return self.finish()

    def reset(self, opens_at_ms: int) -> Snapshot:
        self._begin_epoch()
        self._open_at(opens_at_ms or self.settings.opens_at_ms)
        self.tell("reset")
        return self.finish()

    def _open_at(self, opens_ms: int) -> None:
        """Times that were meant for another opening must not contradict this one."""
        knobs = self.settings
        times = {"opens_at_ms": opens_ms}
        if opens_ms:
            times["early_at_ms"] = min(knobs.early_at_ms, opens_ms)
        if opens_ms and knobs.draw_at_ms > opens_ms:
            times["draw_at_ms"] = 0
        if knobs.closes_at_ms <= max(self.now_ms, opens_ms):
            times["closes_at_ms"] = 0
        self.settings = replace(knobs, **times)

    def _begin_epoch(self) -> None:
        self.line = Epoch()
        self.epoch += 1
        self.staff_epoch += 1

    def status(self) -> Snapshot:
        """The same value that the store's client makes, but for the seed and its commitment."""
        line, knobs = self.line, self.settings
        plain = {knob.name: getattr(knobs, knob.name) for knob in fields(Settings)}
        return Snapshot(
            **plain,
            room=self.name,
            epoch=self.epoch,
            staff_epoch=self.staff_epoch,
            version=self.version,
            phase=self.phase,
            now_ms=self.wall_ms,
            opened_at_ms=line.opened_at_ms,
            closed_at_ms=line.closed_at_ms,
            serving=line.serving,
            lapsed=line.lapsed,
            tail=line.tail,
            drawn=line.drawn,
            commitment="",
            seed=None,
            read_by_ms=line.read_by_ms,
            meter_ms=line.meter_ms,
            credit=line.credit,
            door=line.door,
            leases=len(line.leases),
            open_calls=self.open_calls,
            at_door=len(line.at_door),
            counters=Counters(**line.counters),
            pause_reason=self.pause_reason,
            news=tuple(self.news),
            told=self.told,
        )

    def is_worth_keeping(self, before: "Room") -> bool:
        """Whether the store writes: something happened, or a second of metered time passed."""
        if self.changed:
            return True
        if not self.runs:
            return False
        if self.full_credit and not self.line.calls and not self.line.at_door:
            return not before.full_credit
        return self.wall_ms - before.wall_ms >= 1000


class Reference:
    """A room over time: ``at`` does one verb at one moment."""

    def __init__(self, name: str, settings: Settings, now_ms: int) -> None:
        self.kept = Room(name, settings, wall_ms=now_ms, now_ms=now_ms)
        self.kept.version = self.kept.told = 1

    def at(self, now_ms: int, verb: str, *args):
        """What the verb answers; raises what it raises."""
        room = deepcopy(self.kept)
        room.changed = False
        room.advance(now_ms)
        try:
            return getattr(room, verb)(*args)
        finally:
            if room.is_worth_keeping(self.kept):
                self.kept = room
            self.kept.joined_from = room.joined_from

    def standing(self, places):
        """Reads what is written, and lets no time pass."""
        return self.kept.standing(places)
