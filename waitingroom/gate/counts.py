"""What the gate has refused, counted for whoever runs it (Prometheus; see docs/operations.md)."""

from prometheus_client import Counter

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


def bad_credential(kind: str, error: Exception) -> None:
    """One more. What is wrong stays in the house: the wire says only that it is not good."""
    BAD_CREDENTIALS.labels(kind, type(error).__name__.lower()).inc()


def replayed_handover() -> None:
    """One more that was used before."""
    BAD_CREDENTIALS.labels("handover", "replayed").inc()
