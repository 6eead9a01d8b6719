"""Who asks the API: an operator's key as ``Authorization: Bearer``; wrong ones are throttled."""

from dataclasses import dataclass

from flask import g, request

from waitingroom.bearer import name_in
from waitingroom.console.access import MOST_FAILURES, Access
from waitingroom.console.faults import Refused
from waitingroom.console.key_uses import Uses
from waitingroom.console.requests import bearer
from waitingroom.model import Actor
from waitingroom.operators import Key, Role, is_key
from waitingroom.store.keys import LOGIN_TTL_S
from waitingroom.store.operator_keys import OperatorKeys

KEY = "key:"
"""Before a key's name in the record: whoever acted by way of the API."""


@dataclass(frozen=True, slots=True)
class Bearers:
    """The keys of a store; ``uses`` is told of each that is shown.

    Failures are counted by network, apart from those of passwords: a program with an old key, which
    asks again and again, must not shut operators out of the console. Nor must it shut out another
    program behind the same address: nobody guesses 256 random bits, so a right key always opens,
    and only wrong ones are told to wait.
    """

    keys: OperatorKeys
    access: Access
    uses: Uses

    def let_in(self, role: Role) -> None:
        """Only keys that may do what ``role`` may: else one of three refusals."""
        g.key = key = self._who()
        if not key.role.may(role):
            raise Refused(
                "forbidden", f"this takes the role {role}; the key {key.name} is {key.role}"
            )

    def _who(self) -> Key:
        given = bearer()
        if not given:
            raise Refused("unauthorized", "this wants Authorization: Bearer and an operator's key")
        network = f"keys-of:{self.access.network()}"
        key, failures = self.keys.find(name_in(given), network)
        if is_key(key, given) and key is not None:
            self.uses.note(key.name)
            return key
        if failures >= MOST_FAILURES:
            raise Refused(
                "too_many",
                "this is no key, or it was revoked, and came too often; look at the key that your "
                "program sends. Wrong keys from this network are counted for a quarter of an hour",
                retry_after_s=LOGIN_TTL_S,
            )
        self._count_failure(network)
        raise Refused("unauthorized", "this is no key, or it was revoked")

    def _count_failure(self, network: str) -> None:
        """Recorded is only who failed too often, as with passwords."""
        (failures,) = self.access.accounts.failed(network)
        if failures == MOST_FAILURES:
            actor = Actor("console", self.access.client())
            self.access.record.note("log_in_throttled", network, actor=actor)

    def actor(self) -> Actor:
        """Whoever asks for the view that this is called in, for the record; with ``?why=``."""
        return Actor(f"{KEY}{g.key.name}", self.access.client(), request.args.get("why", ""))
