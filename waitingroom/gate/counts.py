"""What the gate counts for whoever runs it (Prometheus; the table is in docs/operations.md).

Every label has few values, whatever is sent: codes and kinds are ours, routes are those that exist.
"""

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

REFUSED = Counter(
    "waitingroom_gate_refused",
    "Requests that the gate has refused, by the code that it answered.",
    ["code"],
)
BAD_CREDENTIALS = Counter(
    "waitingroom_gate_bad_credentials",
    "Credentials shown to the gate that are not good, by kind and by what is wrong.",
    ["kind", "why"],
)
REQUESTS = Counter(
    "waitingroom_gate_requests",
    "Requests that the gate has answered, by route and by the class of the status.",
    ["route", "status"],
)
REQUEST_SECONDS = Histogram(
    "waitingroom_gate_request_seconds",
    "How long answers took, by route (not the status document, which is ready-made).",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
STORE_SECONDS = Histogram(
    "waitingroom_gate_store_seconds",
    "How long one question to the store took, asked twice a second by each worker.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
REFRESHED = Gauge(
    "waitingroom_gate_refreshed_timestamp_seconds",
    "When the worker whose news of the rooms is oldest last had them from the store.",
    multiprocess_mode="livemin",
)
CLOCK_SKEW = Gauge(
    "waitingroom_gate_clock_skew_seconds",
    "How far the clock of a worker is from the store's, of the one that is furthest off.",
    multiprocess_mode="livemax",
)
WORKERS = Gauge(
    "waitingroom_gate_workers",
    "Worker processes of the gate that are up.",
    multiprocess_mode="livesum",
)
ALL: tuple[MetricWrapperBase, ...] = (
    *(REQUESTS, REQUEST_SECONDS, REFUSED, BAD_CREDENTIALS),
    *(STORE_SECONDS, REFRESHED, CLOCK_SKEW, WORKERS),
)


def begin() -> None:
    """A worker is up. What an alert asks a rate of is told from then on, as 0: that of a count
    which has just appeared is none, and a dashboard would say that there is no data.
    """
    WORKERS.set(1)
    for kind in ("ticket", "pass", "handover", "appointment"):
        BAD_CREDENTIALS.labels(kind, "forged")


def bad_credential(kind: str, error: Exception) -> None:
    """One more. What is wrong stays in the house: the wire says only that it is not good."""
    BAD_CREDENTIALS.labels(kind, type(error).__name__.lower()).inc()


def replayed_handover() -> None:
    """One more that was used before."""
    BAD_CREDENTIALS.labels("handover", "replayed").inc()
