"""Who asks the API: an operator's key as ``Authorization: Bearer``, throttled like log-in."""

from dataclasses import dataclass

from flask import g, request

from waitingroom.bearer import name_in
from waitingroom.console.access import MOST_FAILURES, Access
from waitingroom.console.faults import Refused
from waitingroom.console.requests import bearer
from waitingroom.model import Actor
from waitingroom.operators import Key, Role, is_key
from waitingroom.store.keys import LOGIN_TTL_S
from waitingroom.store.operator_keys import OperatorKeys

KEY = "key:"
"""Before a key's name in the record: whoever acted by way of the API."""


@dataclass(frozen=True, slots=True)
class Bearers:
    """The keys of a store.

    Failures are counted by network, apart from those of passwords: a program with an old key, which
    asks again and again, must not shut operators out of the console. Not by name: nobody guesses a
    key, and whoever knows its name could shut it out.
    """

    keys: OperatorKeys
    access: Access

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
        if failures >= MOST_FAILURES:
            raise Refused(
                "too_many",
                "too many failed attempts; wait a quarter of an hour, then try again",
                retry_after_s=LOGIN_TTL_S,
            )
        if key is None or not is_key(key, given):
            self._count_failure(network)
            raise Refused("unauthorized", "this is no key, or it was revoked")
        return key

    def _count_failure(self, network: str) -> None:
        """Recorded is only who is shut out, as with passwords."""
        (failures,) = self.access.accounts.failed(network)
        if failures == MOST_FAILURES:
            actor = Actor("console", self.access.client())
            self.access.record.note("log_in_throttled", network, actor=actor)

    def actor(self) -> Actor:
        """Whoever asks for the view that this is called in, for the record; with ``?why=``."""
        return Actor(f"{KEY}{g.key.name}", self.access.client(), request.args.get("why", ""))
