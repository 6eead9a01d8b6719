"""What a gate's workers have counted, as Prometheus would be told."""

from collections.abc import Iterable
from pathlib import Path

from prometheus_client import Metric

from waitingroom.console.metrics import GateCounts


def value(metrics: Iterable[Metric], name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels."""
    return sum(
        sample.value
        for metric in metrics
        for sample in metric.samples
        if sample.name == f"waitingroom_gate_{name}" and labels.items() <= sample.labels.items()
    )


class Counts:
    """Of one gate, by the folder that it counts in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def value(self, name: str, **labels: str) -> float:
        """As it is now."""
        return value(GateCounts(self.folder, 2).collect(), name, **labels)

    def labels(self, name: str) -> list[dict[str, str]]:
        """Those that a metric's samples have."""
        found = (one for metric in GateCounts(self.folder, 2).collect() for one in metric.samples)
        return [one.labels for one in found if one.name == f"waitingroom_gate_{name}"]
