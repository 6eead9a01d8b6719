"""The gate's counts, as its alarms look at them."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import Metric
from prometheus_client.samples import Sample as Told

from waitingroom.alarms import ALARMS, SECOND_MS
from waitingroom.conditions import Reading


def reading(counts: Iterable[Metric], at_ms: int) -> Reading:
    """What all workers have counted by ``at_ms``."""
    told = [sample for family in counts for sample in family.samples]
    timed, quick = _within(told, "request_seconds", ALARMS["WaitingRoomGateSlow"].limits[1])
    asked, prompt = _within(told, "store_seconds", ALARMS["WaitingRoomStoreSlow"].limits[1])
    workers, refreshed_s = _only(told, "workers"), _only(told, "refreshed_timestamp_seconds")
    requests = list(_of(told, "requests_total"))
    bad = [one for one in _of(told, "bad_credentials_total") if one.labels["why"] == "forged"]
    return Reading(
        at_ms=at_ms,
        workers_configured=round(_only(told, "workers_configured") or 0),
        workers=None if workers is None else round(workers),
        refreshed_ms=None if refreshed_s is None else round(refreshed_s * SECOND_MS),
        requests=sum(one.value for one in requests),
        failures=sum(one.value for one in requests if one.labels["status"] == "5xx"),
        timed=timed,
        slow=timed - quick,
        asked=asked,
        waited=asked - prompt,
        forged={one.labels["kind"]: one.value for one in bad},
    )


def gate_skew_ms(counts: Iterable[Metric]) -> int | None:
    """The most that a worker's clock is off by; None where none has told."""
    told = [sample for family in counts for sample in family.samples]
    skew_s = _only(told, "clock_skew_seconds")
    return None if skew_s is None else round(skew_s * SECOND_MS)


def _of(told: Iterable[Told], name: str) -> Iterator[Told]:
    return (one for one in told if one.name == f"waitingroom_gate_{name}")


def _only(told: Iterable[Told], name: str) -> float | None:
    return next((one.value for one in _of(told, name)), None)


def _within(told: list[Told], name: str, bound_s: float) -> tuple[float, float]:
    """How many were timed, and how many of them took ``bound_s`` at most."""
    buckets = list(_of(told, f"{name}_bucket"))
    whole = sum(one.value for one in buckets if one.labels["le"] == "+Inf")
    return whole, sum(one.value for one in buckets if one.labels["le"] == str(float(bound_s)))
