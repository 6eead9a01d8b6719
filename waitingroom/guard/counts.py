"""What a guard has refused, counted where the shop has Prometheus' client: it needs none."""

from typing import Final

try:
    from prometheus_client import Counter
except ImportError:  # the guard alone installs no such thing
    _REFUSED = None
else:
    _REFUSED = Counter(
        "waitingroom_guard_refused",
        "Requests that the guard has not let through, and passes and handovers that are not good.",
        ["why"],
    )

NO_PASS: Final = "no_pass"  # noqa: S105 - a reason, not a secret
BAD_PASS: Final = "bad_pass"  # noqa: S105
BAD_HANDOVER: Final = "bad_handover"
REPLAYED_HANDOVER: Final = "replayed_handover"


def refused(why: str) -> None:
    """One more. ``why``: one of the above, or the code of the answer."""
    if _REFUSED is not None:
        _REFUSED.labels(why).inc()
