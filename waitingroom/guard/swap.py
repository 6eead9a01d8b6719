"""A handover for a pass, once: what a shopper brings from a gate on another host."""

from collections.abc import Mapping
from dataclasses import dataclass

from waitingroom.guard import counts
from waitingroom.guard.answers import given_pass
from waitingroom.guard.api import Redeemed
from waitingroom.guard.knowledge import Knowledge
from waitingroom.guard.passes import read_handover
from waitingroom.guard.redeem import Redeemer
from waitingroom.guard.visit import Visit
from waitingroom.tokens import Handover, Pass, RoomKeyring


@dataclass(frozen=True, slots=True)
class Swap:
    """``redeemer``: None for a guard that is offline for good."""

    keyrings: Mapping[str, RoomKeyring]
    known: Knowledge
    redeemer: Redeemer | None

    def cookie(
        self, room: str, visit: Visit, current: Pass | None, now_ms: int
    ) -> tuple[str, str] | None:
        """The cookie for a handover; None where the handover is no good, or not needed.

        A pass that counts is kept, so that nobody can be handed another's by a link. Of two
        racers with one handover one gets the pass; the other is told like any replay.
        """
        token, keyring = visit.handover or "", self.keyrings[room]
        handover = read_handover(token, keyring, self.known, now_ms)
        if handover is None:
            counts.refused(counts.BAD_HANDOVER)
            return None
        if current is not None and self.known.releasing(current):
            current = None
        if current is not None and not handover.supersedes(current):
            return None
        if not self._is_first(room, token, handover, visit.request_id, now_ms):
            counts.refused(counts.REPLAYED_HANDOVER)
            return None
        return given_pass(keyring, handover.carried, now_ms, secure=visit.secure)

    def _is_first(
        self, room: str, token: str, handover: Handover, request_id: str, now_ms: int
    ) -> bool:
        """Whether nobody has used the handover before, as far as anybody can tell in time."""
        if not self.known.first_use(handover, now_ms):
            return False
        if self.redeemer is None:
            return True
        asked = self.redeemer.ask(room, token, request_id)
        return asked is not Redeemed.REFUSED
