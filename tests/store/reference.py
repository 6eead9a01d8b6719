"""A room in plain Python: DESIGN §4 in dictionaries and lists, to hold the real store against.

Not quick and not shared: it is there to be read and believed. Whoever has a number is in ``calls``
or behind ``serving``; nothing is packed, jumped or swept. Every verb works on a copy that time has
brought to now, and the copy is thrown away where the store would not have written it.
"""

from copy import deepcopy
from dataclasses import dataclass, fields, replace
from math import ceil

from reference_meter import ONE, SLOT_MS, Budget, Epoch, Lease, Stander, Timed

from waitingroom.appointments import (
    APPOINTMENT_HELD_MS,
    APPOINTMENT_KEPT_MS,
    LAST_APPOINTMENT_MS,
    MOST_APPOINTMENTS,
    NO_APPOINTMENT_MS,
)
from waitingroom.chances import second_chance_ms
from waitingroom.errors import CannotUndo, VersionConflict, WrongPhase, WrongState
from waitingroom.model import Counters, DrawMethod, Phase, Settings, Snapshot
from waitingroom.outcomes import (
    Entry,
    EntryCode,
    Express,
    JoinBatch,
    JoinCode,
    LeaseCode,
    Leases,
    LeaseState,
    Standing,
)
from waitingroom.places import Chance, ChanceCode
from waitingroom.plan import PlanStep

KEPT_WAITING_MS = 3_000
BY_GATES = ("join", "enter", "express", "extend", "leave")
"""What only gates ask, each for a shopper: a gate that asks is there."""


@dataclass
class Shoppers(Timed):
    """What shoppers and the shop ask for."""

    # Shoppers

    def join(
        self,
        networks: list[str | None],
        seen: tuple[int, int],
        appointments: list[int] | None = None,
    ) -> JoinBatch:
        self._raise_tail(*seen)
        code = JoinCode.JOINED
        if self.phase is Phase.SCHEDULED:
            code = JoinCode.NOT_YET
        elif self.phase in (Phase.DRAINING, Phase.CLOSED) or not self.settings.joins:
            code = JoinCode.CLOSED
        elif self.stock == 0:
            code = JoinCode.SOLD_OUT
        shown = appointments or [0] * len(networks)
        joiners = list(zip(networks, shown, strict=True)) if code == "joined" else []
        places = tuple(self._join_one(*joiner, nth) for nth, joiner in enumerate(joiners))
        line, fifo = self.line, self.settings.draw is DrawMethod.FIFO
        return JoinBatch(code, self.epoch, self.now_ms, self.phase, line.drawn, fifo, places)

    def _join_one(self, network: str | None, shown_ms: int, nth: int) -> int:
        if wait_ms := self._spend(network, shown_ms, appoint=True, nth=6 + nth):
            return -wait_ms
        self.line.tail += 1
        self.changed = True
        return self.line.tail

    def _spend(self, network: str | None, shown_ms: int, *, appoint: bool, nth: int = 0) -> int:
        """0, or how long a joiner has to wait for one of their network's joins."""
        limit, now_ms = self.settings.join_limit, self.now_ms
        if not limit or network is None:
            return 0
        kept = self._budget(network, limit)
        is_back = now_ms - APPOINTMENT_KEPT_MS < shown_ms <= now_ms
        is_mine = is_back and shown_ms in kept.promised
        last_ms = max(kept.promised, default=0)
        due = [at_ms for at_ms in kept.promised if now_ms - APPOINTMENT_HELD_MS < at_ms <= now_ms]
        short = ((0 if is_mine else len(due)) + 1) * ONE - (limit * ONE - kept.used)
        at_ms = now_ms + max(1, ceil(short / limit))
        if short <= 0 and (is_back or last_ms <= now_ms):
            kept.used += ONE
            at_ms = now_ms
        elif is_mine:
            at_ms = min(at_ms, now_ms + LAST_APPOINTMENT_MS)
        else:
            at_ms = max(at_ms, last_ms + ceil(ONE / limit))
            share = 1 if is_back else 3 / 4
            too_far = at_ms > now_ms + LAST_APPOINTMENT_MS * share
            if too_far or len(kept.promised) >= MOST_APPOINTMENTS * share:
                spread_ms = (now_ms * 31 + nth * 977) % (NO_APPOINTMENT_MS // 2)
                return NO_APPOINTMENT_MS + spread_ms
        if at_ms == now_ms or appoint:
            if is_mine:
                kept.promised.remove(shown_ms)
            if at_ms > now_ms:
                kept.promised.append(at_ms)
            self.budgets[network] = kept
        return at_ms - now_ms

    def _budget(self, network: str, limit: int) -> Budget:
        """As it is now: what has run out is gone."""
        had, now_ms = self.budgets.get(network, Budget()), self.now_ms
        open_ms = (now_ms - APPOINTMENT_KEPT_MS, now_ms + LAST_APPOINTMENT_MS)
        return Budget(
            max(0, had.used - max(0, now_ms - had.at_ms) * limit),
            now_ms,
            [at_ms for at_ms in had.promised if open_ms[0] < at_ms <= open_ms[1]],
        )

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
        is_kept = arrival in line.at_door or arrival in line.extended
        if number <= line.lapsed and not is_kept:
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
        waits = standing in (Standing.CALLED, Standing.NOT_CALLED)
        if self.stock == 0 and waits and self.phase is not Phase.CLOSED:
            return Entry(EntryCode.SOLD_OUT, self.now_ms)
        if standing is not Standing.CALLED:
            return self._refused(standing, number)
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

    def _refused(self, standing: Standing, number: int | None) -> Entry:
        if standing is Standing.INSIDE:
            standing = Standing.SPENT
        if standing is not Standing.NOT_CALLED:
            return Entry(EntryCode(standing), self.now_ms)
        ahead = max(0, (number or 0) - self.line.serving - 1)
        wait_ms = ceil((ahead + 1) * ONE / max(1, self.settings.rate_per_min))
        return Entry(EntryCode(standing), self.now_ms, ahead, wait_ms)

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
        return self._told_deadline(Entry(code, self.now_ms, before_me, wait_ms), arrival, number)

    def _lapses_ms(self, number: int) -> int | None:
        """When, on the meter, the place of this called number is gone; None where that was."""
        line = self.line
        if number <= line.lapsed:
            return None
        begins_ms = max(self._calls_of(number).slot_ms, line.read_by_ms) + SLOT_MS
        return begins_ms + self.settings.claim_grace_ms

    def _told_deadline(self, entry: Entry, arrival: int, number: int) -> Entry:
        line = self.line
        kept = [line.extended.get(arrival, 0), self._lapses_ms(number) or 0]
        kept += [line.at_door[arrival].gone_ms] if arrival in line.at_door else []
        left_ms = max(0, max(kept) - line.meter_ms)
        is_extended = int(arrival in line.extended)
        return replace(entry, claim_by_ms=self.now_ms + left_ms, extended=is_extended)

    def extend(self, epoch: int, arrival: int, number: int | None) -> Entry:
        if epoch != self.epoch:
            return Entry(EntryCode.OLD_EPOCH, self.now_ms)
        self._raise_tail(arrival, epoch)
        standing = self._standing(arrival, number)
        if standing is not Standing.CALLED:
            return self._refused(standing, number)
        if self.phase is Phase.CLOSED:
            return Entry(EntryCode.CLOSED, self.now_ms)
        assert number is not None
        if arrival not in self.line.extended:
            begins_ms = self._lapses_ms(number) or self.line.meter_ms
            self.line.extended[arrival] = begins_ms + self.settings.claim_grace_ms
            self.changed = True
        return self._told_deadline(Entry(EntryCode.EXTENDED, self.now_ms), arrival, number)

    def second_chance(self, epoch: int, arrival: int, number: int | None) -> Chance:
        line = self.line
        if epoch != self.epoch:
            return Chance(ChanceCode.OLD_EPOCH, 0)
        if arrival in line.chances:
            return Chance(ChanceCode.HAD_ONE, line.chances[arrival])
        if self.phase is Phase.CLOSED:
            return Chance(ChanceCode.CLOSED, 0)
        standing = self._standing(arrival, number)
        if standing is Standing.CALLED:
            return Chance(ChanceCode.NOT_LAPSED, 0)
        if standing is not Standing.LAPSED:
            return Chance(ChanceCode(standing), 0)
        lasts_ms = second_chance_ms(self.settings.claim_grace_ms)
        line.extended[arrival] = line.meter_ms + lasts_ms
        line.chances[arrival] = self.now_ms
        self.count("second_chances")
        return Chance(ChanceCode.CALLED, self.now_ms + lasts_ms)

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
        if not is_free or self._spend(network, 0, appoint=False):
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
            if not self._is_lent(number):
                line.credit += ONE
        self._keep_a_burst_of_credit()

    # The shop

    def stock_left(self, left: int | None, age_ms: int) -> int | None:
        at_ms = self.now_ms - age_ms
        if not at_ms < self.stock_ms <= self.now_ms:
            self.stock, self.stock_ms, self.changed = left, at_ms, True
        return self.stock

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


@dataclass
class Room(Shoppers):
    """And what operators do, and everybody sees. ``replaced``: by which version, and what."""

    replaced: tuple[int, dict, list[PlanStep] | None] = (0, {}, None)

    # Operators

    def finish(self) -> Snapshot:
        self.version += 1
        self.told += 1
        self.early_known = self.phase is not Phase.SCHEDULED
        self.changed = True
        return self.status()

    def _refuse_old(self, version: int | None) -> None:
        if version is not None and version != self.version:
            raise VersionConflict(self.name, version, self.version)

    def set(self, changes, version: int | None) -> Snapshot:
        self._refuse_old(version)
        if frozen := self._frozen(changes):
            raise WrongState(frozen, "frozen")
        before = {knob: getattr(self.settings, knob) for knob in changes}
        self._turn(changes)
        return self._undoable(before, None) if before != changes else self._passed_by()

    def _frozen(self, changes) -> str:
        line = self.line
        for knob, value in changes.items():
            is_same = getattr(self.settings, knob) == value
            frozen = knob in ("early_at_ms", "opens_at_ms", "draw_at_ms") and line.opened_at_ms
            frozen = frozen or (knob == "draw_at_ms" and line.drawn is not None)
            frozen = frozen or (knob == "draw" and (line.tail or line.drawn is not None))
            if frozen and not is_same:
                return knob
        return ""

    def _turn(self, changes) -> None:
        line, before = self.line, self.settings
        self.settings = replace(before, **changes)
        if self.settings.rate_per_min != before.rate_per_min:
            self.tell("rate_per_min", str(self.settings.rate_per_min))
        if self.settings.message not in (before.message, ""):
            self.tell("message", self.settings.message)
        self._keep_a_burst_of_credit()
        line.door = min(line.door, self.burst * ONE)

    def _undoable(self, words: dict, steps: list[PlanStep] | None) -> Snapshot:
        after = self.finish()
        self.replaced = (after.version, words, steps)
        return after

    def plan(self, steps: list[PlanStep], version: int | None = None) -> Snapshot:
        self._refuse_old(version)
        before, self.steps = self.steps, sorted(steps, key=lambda step: step.at_ms)
        return self._undoable({}, before) if before != self.steps else self._passed_by()

    def _passed_by(self) -> Snapshot:
        """The last change is the last one still."""
        after = self.finish()
        if self.replaced[0] == after.version - 1:
            self.replaced = (after.version, *self.replaced[1:])
        return after

    def undo(self, version: int | None = None) -> Snapshot:
        self._refuse_old(version)
        changed, before, steps = self.replaced
        if changed != self.version:
            raise CannotUndo(self.name, "something came after it")
        passed = (
            knob
            for knob, value in before.items()
            if knob.endswith("_at_ms") and 0 < value <= self.now_ms
            if value != getattr(self.settings, knob)
        )
        if self._frozen(before) or any(passed):
            raise CannotUndo(self.name, "not now")
        self._turn(before)
        self.steps = self.steps if steps is None else steps
        return self.finish()

    def act(self, name: str, reason: str) -> Snapshot:
        getattr(self, f"_{name}")(reason)
        return self._passed_by() if name in ("pause", "resume") else self.finish()

    def _refuse_if(self, wrong: object) -> None:
        if wrong:
            raise WrongPhase("not now")

    def _pause(self, reason: str) -> None:
        self._refuse_if(self.line.closed_at_ms)
        self.paused, self.pause_reason = True, reason
        self.tell("paused", reason)

    def _resume(self, reason: str) -> None:
        self._refuse_if(not self.paused)
        self.paused, self.pause_reason = False, ""
        self.tell("resumed", reason)

    def _drain(self, reason: str) -> None:
        self._refuse_if(self.line.closed_at_ms or not self.line.opened_at_ms)
        self.line.draining, self.line.end_reason = True, reason
        self.tell("draining", reason)

    def _close(self, reason: str) -> None:
        self._refuse_if(self.line.closed_at_ms)
        self.line.closed_at_ms, self.line.end_reason = self.now_ms, reason
        self.tell("closed", reason)

    def _revoke_staff(self, _: str) -> None:
        self.staff_epoch += 1

    def open(self) -> Snapshot:
        line = self.line
        if line.draining and not line.closed_at_ms:
            line.draining, line.end_reason = False, ""
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

    def gate_looks(self) -> Snapshot:
        self.gate_ms = self.now_ms
        return self.status()

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
            stock=self.stock,
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
            end_reason=line.end_reason,
            news=tuple(self.news),
            told=self.told,
            paused=self.paused,
        )


class Reference:
    """A room over time: ``at`` does one verb at one moment."""

    def __init__(self, name: str, settings: Settings, now_ms: int) -> None:
        self.kept = Room(name, settings, wall_ms=now_ms, now_ms=now_ms)
        self.kept.early_known = self.kept.phase is not Phase.SCHEDULED

    def at(self, now_ms: int, verb: str, *args):
        """What the verb answers; raises what it raises."""
        room = deepcopy(self.kept)
        room.changed = False
        room.advance(now_ms)
        if room.gate_ms and verb in BY_GATES:
            room.gate_ms = room.now_ms
        try:
            return getattr(room, verb)(*args)
        finally:
            if room.is_worth_keeping(self.kept):
                self.kept = room
            self.kept.budgets = room.budgets

    def standing(self, places):
        """Reads what is written, and lets no time pass."""
        return self.kept.standing(places)
