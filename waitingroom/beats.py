"""What each keeper says of its system, with every look: who is alive, and what it has. Pure."""

from dataclasses import dataclass

SILENT_MS = 15_000
"""Three rounds of a keeper: one that said nothing for so long is silent."""
FORGOTTEN_MS = 86_400_000
"""A system that was silent for so long is no longer part of this."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A system at ``at_ms`` of the store's clock. ``skew_ms``: how far its own clock is ahead of
    that; ``gate_skew_ms``: the most that a worker of its gate is off by, None where none has told.
    ``mails``: how many addresses hear of alarms; ``webhook``: whether a receiver does.
    """

    at_ms: int
    skew_ms: int
    workers_configured: int
    workers: int | None = None
    gate_skew_ms: int | None = None
    mails: int = 0
    webhook: bool = False

    def is_silent(self, now_ms: int) -> bool:
        """Whether its keeper looks no more."""
        return now_ms - self.at_ms > SILENT_MS
