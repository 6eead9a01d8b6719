"""What needs an operator's attention now: the alarms that hold, in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from waitingroom.alarms import ALARMS, Severity
from waitingroom.beats import SILENT_MS
from waitingroom.console.figures import clock_time
from waitingroom.standing import AlarmStanding, Case, firing
from waitingroom.store.alarms import Seen

UNWATCHED = "WaitingRoomMetricsAway"


@dataclass(frozen=True, slots=True)
class Shown:
    """An alarm that holds, in words. ``name``: Prometheus'; ``since``: when, and in which zone."""

    name: str
    severity: str
    words: str
    since: str
    to_do: str


def attention(
    seen: Seen, room: str = "", zone: str = "UTC", zones: Mapping[str, str] = MappingProxyType({})
) -> list[Shown]:
    """The alarms that hold, the critical first; since when, in a ``zone``.

    ``room``: leaves the alarms of others out; what ails a system ails every room. ``zones``: of
    rooms whose alarms are told in one of their own, by name.
    """
    held = {case: one for case, one in firing(seen.kept) if _concerns(case, room)}
    for system, beat in seen.beats.items():
        silent_ms = seen.now_ms - beat.at_ms
        # Nobody else may be there to say it.
        if silent_ms > SILENT_MS + ALARMS[UNWATCHED].for_ms:
            began_ms = beat.at_ms + ALARMS[UNWATCHED].for_ms
            case = Case(UNWATCHED, system)
            held.setdefault(case, AlarmStanding(began_ms, began_ms, seen.now_ms, silent_ms / 1000))
    return [_shown(case, one, _zone(case, zone, zones)) for case, one in firing(held)]


def _zone(case: Case, zone: str, zones: Mapping[str, str]) -> str:
    return zones.get(case.subject, zone) if ALARMS[case.name].room else zone


def _concerns(case: Case, room: str) -> bool:
    return not room or not ALARMS[case.name].room or case.subject == room


def _shown(case: Case, standing: AlarmStanding, zone: str) -> Shown:
    alarm = ALARMS[case.name]
    return Shown(
        name=case.name,
        severity="Critical" if alarm.severity is Severity.CRITICAL else "Warning",
        words=alarm.words(case.subject, standing.value),
        since=f"since {clock_time(standing.began_ms, zone)} {zone}",
        to_do=alarm.to_do,
    )
