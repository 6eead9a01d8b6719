"""What needs an operator's attention now: the alarms that hold, in words. Pure."""

from dataclasses import dataclass

from waitingroom.alarms import ALARMS, Severity
from waitingroom.beats import SILENT_MS
from waitingroom.console.figures import clock_time
from waitingroom.standing import AlarmStanding, Case, firing
from waitingroom.store.alarms import Seen

UNWATCHED = "WaitingRoomMetricsAway"


@dataclass(frozen=True, slots=True)
class Shown:
    """An alarm that holds, in words. ``name``: Prometheus'; ``since``: a time of day in UTC."""

    name: str
    severity: str
    words: str
    since: str
    to_do: str


def attention(seen: Seen, room: str = "") -> list[Shown]:
    """The alarms that hold, the critical first.

    ``room``: leaves the alarms of others out; what ails a system ails every room.
    """
    held = {case: one for case, one in firing(seen.kept) if _concerns(case, room)}
    for system, beat in seen.beats.items():
        silent_ms = seen.now_ms - beat.at_ms
        # Nobody else may be there to say it.
        if silent_ms > SILENT_MS + ALARMS[UNWATCHED].for_ms:
            began_ms = beat.at_ms + ALARMS[UNWATCHED].for_ms
            case = Case(UNWATCHED, system)
            held.setdefault(case, AlarmStanding(began_ms, began_ms, seen.now_ms, silent_ms / 1000))
    return [_shown(case, one) for case, one in firing(held)]


def _concerns(case: Case, room: str) -> bool:
    return not room or not ALARMS[case.name].room or case.subject == room


def _shown(case: Case, standing: AlarmStanding) -> Shown:
    alarm = ALARMS[case.name]
    return Shown(
        name=case.name,
        severity="Critical" if alarm.severity is Severity.CRITICAL else "Warning",
        words=alarm.words(case.subject, standing.value),
        since=f"since {clock_time(standing.began_ms)} UTC",
        to_do=alarm.to_do,
    )
