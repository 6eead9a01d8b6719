"""Whether the alarms' conditions hold, from what a keeper has: a room's samples, the gate's counts.

Each judge answers by alarm: the value that its words tell where the condition holds, else None. An
alarm that cannot be judged yet is left out. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from waitingroom.alarms import ALARMS, SECOND_MS
from waitingroom.history import Sample

Judged = dict[str, float | None]
LONGEST_MS = max(alarm.over_ms for alarm in ALARMS.values())


@dataclass(frozen=True, slots=True)
class Reading:
    """What the gate of a system had counted at a moment. ``workers``, ``refreshed_ms``: None where
    no worker tells. ``timed``: answers whose time was taken, ``slow`` of them too slow; ``asked``:
    questions to the store, ``waited`` of them answered too slowly. ``forged``: by kind.
    """

    at_ms: int
    workers_configured: int
    workers: int | None = None
    refreshed_ms: int | None = None
    requests: float = 0
    failures: float = 0
    timed: float = 0
    slow: float = 0
    asked: float = 0
    waited: float = 0
    forged: Mapping[str, float] | None = None


Told = TypeVar("Told", Sample, Reading)


def of_room(samples: Sequence[Sample], *, is_open: bool) -> Judged:
    """``samples``: of one epoch, in order of time, the last of now."""
    return {
        "WaitingRoomStandsStill": _stands_still(samples, is_open),
        "WaitingRoomFullAndStill": _full_and_still(samples, is_open),
        "WaitingRoomDoorRefuses": _door_refuses(samples),
        "WaitingRoomNoShows": _no_shows(samples),
        "WaitingRoomShopFails": _shop_fails(samples),
    }


def _stands_still(samples: Sequence[Sample], is_open: bool) -> float | None:
    now, lately = samples[-1], _since(samples, "WaitingRoomStandsStill")
    # With nothing left in the shop the line stands still on purpose.
    runs = is_open and now.rate_per_min > 0 and now.stock != 0 and not _full(now)
    if not (runs and now.waiting > 0 and len(lately) > 1):
        return None
    moved = _grown(lately, "called") + _grown(lately, "entered")
    return None if moved else now.waiting


def _full_and_still(samples: Sequence[Sample], is_open: bool) -> float | None:
    now, lately = samples[-1], _since(samples, "WaitingRoomFullAndStill")
    runs = is_open and now.stock != 0
    if not (runs and now.waiting > 0 and _full(now) and len(lately) > 1):
        return None
    return None if _grown(lately, "entered") else now.waiting


def _door_refuses(samples: Sequence[Sample]) -> float | None:
    least_a_second, most_an_entry = ALARMS["WaitingRoomDoorRefuses"].limits
    lately = _since(samples, "WaitingRoomDoorRefuses")
    refused, entered = _grown(lately, "refused"), _grown(lately, "entered")
    passed_s = (lately[-1].at_ms - lately[0].at_ms) / SECOND_MS
    many = refused > least_a_second * passed_s and refused > most_an_entry * entered
    return refused if many else None


def _no_shows(samples: Sequence[Sample]) -> float | None:
    most, least_called = ALARMS["WaitingRoomNoShows"].limits
    lately = _since(samples, "WaitingRoomNoShows")
    called, missed = _grown(lately, "called"), _grown(lately, "no_show")
    return missed / called if called > least_called and missed > most * called else None


def _shop_fails(samples: Sequence[Sample]) -> float | None:
    most, least_failures = ALARMS["WaitingRoomShopFails"].limits
    lately = _since(samples, "WaitingRoomShopFails")
    answers, failures = _grown(lately, "shop_answers"), _grown(lately, "shop_failures")
    return failures / answers if failures > least_failures and failures > most * answers else None


def of_gate(readings: Sequence[Reading]) -> Judged:
    """``readings``: of one system, in order of time, the last of now."""
    now = readings[-1]
    missing = (now.workers or 0) < now.workers_configured
    old_s = (now.at_ms - (now.refreshed_ms or now.at_ms)) / SECOND_MS
    (oldest_s,) = ALARMS["WaitingRoomGateNewsOld"].limits
    (most_failures,) = ALARMS["WaitingRoomGateErrors"].limits
    quick, _ = ALARMS["WaitingRoomGateSlow"].limits
    store_quick, _ = ALARMS["WaitingRoomStoreSlow"].limits
    return {
        "WaitingRoomGateWorkerMissing": float(now.workers or 0) if missing else None,
        "WaitingRoomGateNewsOld": old_s if old_s > oldest_s else None,
        "WaitingRoomGateErrors": _share(
            readings, "WaitingRoomGateErrors", ("failures", "requests"), most_failures
        ),
        "WaitingRoomGateSlow": _share(
            readings, "WaitingRoomGateSlow", ("slow", "timed"), 1 - quick
        ),
        "WaitingRoomForgedCredentials": _forged(readings),
        "WaitingRoomStoreSlow": _share(
            readings, "WaitingRoomStoreSlow", ("waited", "asked"), 1 - store_quick
        ),
    }


def _share(
    readings: Sequence[Reading], name: str, part_of: tuple[str, str], most: float
) -> float | None:
    """One count as a share of another, where it is more than ``most``."""
    lately = _since(readings, name)
    part, whole = (_grown(lately, field) for field in part_of)
    return part / whole if whole and part > most * whole else None


def _forged(readings: Sequence[Reading]) -> float | None:
    """A second, of the kind that is forged most."""
    (most_a_second,) = ALARMS["WaitingRoomForgedCredentials"].limits
    lately = _since(readings, "WaitingRoomForgedCredentials")
    passed_s = (lately[-1].at_ms - lately[0].at_ms) / SECOND_MS
    if not passed_s:
        return None
    kinds = {kind for one in lately for kind in one.forged or {}}
    counts = ([(one.forged or {}).get(kind, 0) for one in lately] for kind in kinds)
    a_second = max((_growth(of_kind) / passed_s for of_kind in counts), default=0)
    return a_second if a_second > most_a_second else None


def _full(sample: Sample) -> bool:
    return 0 < sample.capacity <= sample.inside


def _since(told: Sequence[Told], name: str) -> Sequence[Told]:
    """Those within the window of an alarm; never none."""
    since_ms = told[-1].at_ms - ALARMS[name].over_ms
    return [one for one in told if one.at_ms >= since_ms]


def _grown(told: Sequence[Sample] | Sequence[Reading], field: str) -> float:
    return _growth([getattr(one, field) for one in told])


def _growth(counts: Sequence[float]) -> float:
    """How far a count has come, though it may have begun anew in between."""
    return sum(after - before if after >= before else after for before, after in pairwise(counts))
