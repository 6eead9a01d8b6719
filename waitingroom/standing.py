"""How alarms stand: when each began and ended, once. Pure; the store keeps it between two looks."""

import hashlib
from dataclasses import dataclass, replace

from waitingroom.alarms import ALARMS, MINUTE_MS, Severity

KEEP_MS = MINUTE_MS
"""An alarm ends when its condition has not held for so long, so that one that flickers is one."""


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """An alarm of a ``subject``: a room, or a system as HOST:PORT of its metrics."""

    name: str
    subject: str


@dataclass(frozen=True, slots=True)
class AlarmStanding:
    """How a case stands. ``since_ms``: from when its condition held; ``began_ms``: when that was
    long enough, 0 before; ``held_ms``: when it last did. ``value``: what its words tell, as it was
    when the alarm began: words that change every second tell no more, and are read aloud each time.
    """

    since_ms: int
    began_ms: int
    held_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class AlarmNotice:
    """An alarm that began (``ended_ms`` 0) or ended: what goes out, once."""

    case: Case
    began_ms: int
    ended_ms: int
    value: float

    @property
    def id(self) -> str:
        """The same for whoever sends it, however often: receivers may tell a repetition by it."""
        return self._mark("end" if self.ended_ms else "begin")

    @property
    def thread(self) -> str:
        """The same of what began and what ended."""
        return self._mark("both")

    def _mark(self, what: str) -> str:
        text = f"{self.case.name} {self.case.subject} {self.began_ms} {what}"
        return f"wr_{hashlib.sha256(text.encode()).hexdigest()[:24]}"

    @property
    def words(self) -> str:
        """In a sentence without its end."""
        return ALARMS[self.case.name].words(self.case.subject, self.value)


Kept = dict[Case, AlarmStanding]


def step(
    kept: Kept, judged: dict[Case, float | None], now_ms: int
) -> tuple[Kept, list[AlarmNotice]]:
    """What stands after a look, and what there is to tell. ``judged``: each case that could be
    judged, with its value where its condition holds, else None. What could not be judged stays.
    """
    after, notices = dict(kept), []
    for case, value in judged.items():
        before = kept.get(case)
        if value is not None:
            now = _held(before, value, now_ms, ALARMS[case.name].for_ms)
            after[case] = now
            if now.began_ms and not (before and before.began_ms):
                notices.append(AlarmNotice(case, now.began_ms, 0, value))
        elif before and not before.began_ms:
            del after[case]
        elif before and now_ms - before.held_ms >= KEEP_MS:
            del after[case]
            notices.append(AlarmNotice(case, before.began_ms, now_ms, before.value))
    return after, notices


def _held(before: AlarmStanding | None, value: float, now_ms: int, for_ms: int) -> AlarmStanding:
    """``before`` counts for nothing where nobody has looked for longer than an alarm is kept."""
    if before is None or (not before.began_ms and now_ms - before.held_ms > KEEP_MS):
        before = AlarmStanding(now_ms, 0, now_ms, value)
    if before.began_ms:
        return replace(before, held_ms=now_ms)
    long_enough = now_ms - before.since_ms >= for_ms
    return AlarmStanding(before.since_ms, now_ms if long_enough else 0, now_ms, value)


def firing(kept: Kept) -> list[tuple[Case, AlarmStanding]]:
    """Those that have begun: the critical first, then the newest."""
    begun = [(case, one) for case, one in kept.items() if one.began_ms]
    order = list(Severity)
    return sorted(
        begun, key=lambda two: (order.index(ALARMS[two[0].name].severity), -two[1].began_ms)
    )
