"""The shop's three calls: ``redeem`` a handover, ``renew`` and ``release`` leases in batches.

Every call wants ``Authorization: Bearer`` with one of the shop's keys.
"""

import hmac
import logging
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from waitingroom.console.faults import Refused
from waitingroom.console.releases import Releases
from waitingroom.console.requests import adopt
from waitingroom.errors import BadToken, NoSuchRoom
from waitingroom.model import OUTSIDE, is_room_id
from waitingroom.outcomes import LeaseCode, Leases
from waitingroom.store.client import Store
from waitingroom.tokens import Handover, Keyring

MOST_LEASES = 1_000
"""Per call; a reporter with more sends several."""
LONGEST_LEASE = 40
LONGEST_TOKEN = 1_024
log = logging.getLogger("waitingroom.console")


class RoomApi:
    """The calls over one store. ``now_ms`` is only for reading tokens; leases go by the store's."""

    def __init__(
        self, store: Store, keyring: Keyring, shop_keys: Sequence[str], now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._shop_keys = [key.encode() for key in shop_keys]
        self._now_ms = now_ms
        self._releases = Releases()

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("room_api", __name__, url_prefix="/api/v1/rooms/<room>")
        routes.before_request(self._only_shops)
        routes.post("/redeem")(self.redeem)
        routes.post("/leases/renew")(self.renew)
        routes.post("/leases/release")(self.release)
        return routes

    def _only_shops(self) -> None:
        """Raise unless the bearer key is one of ours; as slow for a near miss as for any."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        matches = [hmac.compare_digest(key, given.encode()) for key in self._shop_keys]
        if scheme.lower() != "bearer" or not any(matches):
            raise Refused("unauthorized", "this wants Authorization: Bearer and a shop's key")
        adopt()
        room = (request.view_args or {}).get("room", "")
        if not is_room_id(room):
            raise NoSuchRoom(room[:40])

    def redeem(self, room: str) -> Response:
        """Use a handover: 200 once, then 409 ``replayed``; 410 ``old_epoch``; 401 ``bad_token``."""
        handover = self._handover(room, _field("handover"))
        staff = handover.carried.staff
        first = self._store.redeem(room, handover.epoch, handover.nonce, staff=staff)
        if first is None:
            raise Refused("old_epoch", "this was revoked, or is of an earlier running of the room")
        if not first:
            # For whoever wants to count them: somebody passes an address on.
            about = {"event": "handover_replayed", "room": room}
            words = "a handover of the lease %s of %s came again"
            log.warning(words, handover.lease, room, extra=about)
            raise Refused("replayed", "this handover was used before")
        return jsonify(ok=True)

    def _handover(self, room: str, raw: Any) -> Handover:
        if not isinstance(raw, str) or len(raw) > LONGEST_TOKEN:
            raise Refused("bad_request", "handover must be a token")
        try:
            return self._keyring.room_keys(room).read_handover(raw, now_ms=self._now_ms())
        except BadToken:
            # Which check failed is nobody's business but the log's.
            raise Refused(
                "bad_token", "this is no handover of this room that is still good"
            ) from None

    def renew(self, room: str) -> Response:
        """Keep leases for another session; an empty list only asks where the room stands.

        With ``?since=MARK`` the answer also tells which leases were ``released`` lately, through
        whichever process, and the next ``mark``; an empty one asks for all that are remembered.
        """
        leases = _leases()
        told = _told(leases, self._store.renew(room, leases))
        if (since := request.args.get("since")) is not None:
            told["mark"], told["released"] = self._releases.since(room, since)
        return jsonify(told)

    def release(self, room: str) -> Response:
        """Give places in the shop back."""
        leases = _leases()
        answer = self._store.release(room, leases)
        states = zip(leases, answer.states, strict=True)
        over = [lease for lease, state in states if state.code is LeaseCode.RELEASED]
        self._releases.add(room, over)
        return jsonify(_told(leases, answer))


def _field(name: str) -> Any:
    """The one field of the request's body."""
    try:
        body = request.get_json(force=True)
    except RecursionError:
        raise Refused("bad_request", "the body is nested too deeply") from None
    if not isinstance(body, dict) or set(body) != {name}:
        raise Refused("bad_request", f"the body must be a JSON object with {name} and nothing else")
    return body[name]


def _leases() -> list[str]:
    leases = _field("leases")
    if not isinstance(leases, list) or len(leases) > MOST_LEASES:
        raise Refused("bad_request", f"leases must be a list of at most {MOST_LEASES}")
    if not all(isinstance(lease, str) and 0 < len(lease) <= LONGEST_LEASE for lease in leases):
        raise Refused(
            "bad_request", f"each lease must be text of at most {LONGEST_LEASE} characters"
        )
    return leases


def _told(leases: Sequence[str], answer: Leases) -> dict[str, Any]:
    """Where the room stands, and what became of each lease."""
    return {
        "epoch": answer.epoch,
        "staff_epoch": answer.staff_epoch,
        "phase": answer.phase,
        "outside": answer.phase in OUTSIDE,
        "leases": {
            lease: {"state": state.code, "expires_at_ms": state.expires_at_ms}
            for lease, state in zip(leases, answer.states, strict=True)
        },
    }
