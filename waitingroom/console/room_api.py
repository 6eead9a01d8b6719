"""The shop's calls: ``redeem`` a handover, ``renew`` and ``release`` leases in batches, ``health``,
and ``stock``.

Every call wants ``Authorization: Bearer`` with a key of the room's shop.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, g, jsonify, request

from waitingroom.console import bodies
from waitingroom.console.api.shops import (
    ANSWERS,
    HANDOVER,
    LEASES,
    LEFT,
    LONGEST_AGE_MS,
    LONGEST_LEASE,
    LONGEST_TOKEN,
    MOST_ANSWERS,
    MOST_LEASES,
    MOST_LEFT,
    SINCE,
    Done,
    Held,
    LeasesTold,
    ShopGroup,
)
from waitingroom.console.faults import Refused
from waitingroom.console.releases import Releases
from waitingroom.console.requests import adopt
from waitingroom.console.shop_access import ShopAccess
from waitingroom.errors import BadToken, NoSuchRoom
from waitingroom.model import OUTSIDE, Actor, ShopHealth, WhileNoSale
from waitingroom.outcomes import LeaseCode, Leases
from waitingroom.room_ids import is_room_id
from waitingroom.store.client import Store
from waitingroom.tokens import Handover, Keyring

log = logging.getLogger("waitingroom.console")


class RoomApi:
    """The calls over one store. ``now_ms`` is only for reading tokens; leases go by the store's."""

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        shops: ShopAccess,
        now_ms: Callable[[], int],
        releases: Releases,
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._shops = shops
        self._now_ms = now_ms
        self._releases = releases

    def blueprint(self) -> ShopGroup:
        """The routes."""
        routes = ShopGroup("room_api", "What a shop's guard talks to.")
        routes.before_request(self._only_shops)
        routes.add("/redeem", self.redeem, asks=HANDOVER, answer=Held, also=(409, 410))
        routes.add("/leases/renew", self.renew, asks=LEASES, answer=LeasesTold, query=SINCE)
        routes.add("/leases/release", self.release, asks=LEASES, answer=LeasesTold)
        routes.add("/health", self.health, asks=ANSWERS, answer=Done)
        routes.add("/stock", self.stock, asks=LEFT, answer=Done)
        return routes

    def _only_shops(self) -> None:
        """Raise unless the key is the room's; whether there is such a room comes after that."""
        room = (request.view_args or {}).get("room", "")
        g.shop_key = self._shops.let_in(room)
        adopt()
        if not is_room_id(room):
            raise NoSuchRoom(room[:40])

    def redeem(self, room: str) -> Response:
        """Use a handover: 200 once, then 409 ``replayed``; 410 ``old_epoch``; 401 ``bad_token``.

        It is the ``wr_handover`` in the address that a shopper comes to the shop with. The answer
        tells the place that they have: remember it in a session of your own, renew its lease while
        they are active, at most to ``ends_at_ms``, and release it at checkout.
        """
        handover = self._handover(room, _field("handover"))
        staff = handover.lease if handover.carried.staff else ""
        first = self._store.redeem(room, handover.epoch, handover.nonce, staff=staff)
        if first is None:
            raise Refused("old_epoch", "this was revoked, or is of an earlier running of the room")
        if not first:
            # For whoever wants to count them: somebody passes an address on.
            about = {"event": "handover_replayed", "room": room}
            words = "a handover of the lease %s of %s came again"
            log.warning(words, handover.lease, room, extra=about)
            raise Refused("replayed", "this handover was used before")
        held = handover.carried
        return jsonify(
            ok=True,
            lease=held.lease,
            staff=held.staff,
            expires_at_ms=held.expires_at_ms,
            ends_at_ms=held.ends_at_ms,
        )

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
        whichever process, and the next ``mark`` (an empty one asks for all that are remembered);
        and which passes of staff were ``revoked`` that are signed still, each time.
        """
        leases = _leases()
        told = _told(leases, self._store.renew(room, leases))
        if (since := request.args.get("since")) is not None:
            told["mark"], told["released"] = self._releases.since(room, since)
            told["revoked"] = self._store.staff.revoked(room)
        return jsonify(told)

    def release(self, room: str) -> Response:
        """Give places in the shop back."""
        leases = _leases()
        answer = self._store.release(room, leases)
        states = zip(leases, answer.states, strict=True)
        over = [lease for lease, state in states if state.code is LeaseCode.RELEASED]
        self._releases.add(room, over)
        return jsonify(_told(leases, answer))

    def health(self, room: str) -> Response:
        """Count what the shop has answered to holders of a pass since it last told, and how many of
        that were failures of its own (5xx). Told twice it counts twice.
        """
        body = _fields("answers", "failures")
        answers, failures = body["answers"], body["failures"]
        for name, count in body.items():
            if isinstance(count, bool) or not isinstance(count, int):
                raise Refused("bad_request", f"{name} must be a whole number")
        if not 0 <= failures <= answers <= MOST_ANSWERS:
            raise Refused("bad_request", f"0 ≤ failures ≤ answers ≤ {MOST_ANSWERS} must hold")
        self._store.shops.tell(room, ShopHealth(answers, failures, self._now_ms()))
        return jsonify(ok=True)

    def stock(self, room: str) -> Response:
        """Keep how much the shop has left. With nothing left nobody joins or enters, until there is
        more. Told twice, or late behind a newer report, it changes nothing.
        """
        body = {"age_ms": 0} | _fields("left", may=("age_ms",))
        left, age_ms = body["left"], body["age_ms"]
        if left is not None and not _is_whole(left, MOST_LEFT):
            raise Refused("bad_request", f"left must be a whole number to {MOST_LEFT}, or null")
        if not _is_whole(age_ms, LONGEST_AGE_MS):
            raise Refused("bad_request", f"age_ms must be a whole number to {LONGEST_AGE_MS}")
        actor = Actor(f"shop:{g.shop_key}" if g.shop_key else "shop", request.remote_addr or "")
        self._store.stock(room, left, age_ms=age_ms, actor=actor)
        return jsonify(ok=True)


def _is_whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _field(name: str) -> Any:
    """The one field of the request's body."""
    return _fields(name)[name]


def _fields(*names: str, may: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of the request's body, which has no others but those that it ``may``."""
    body = bodies.read(request.get_data())
    if not isinstance(body, dict) or body.keys() - set(may) != set(names):
        wants = " and ".join(names)
        raise Refused(
            "bad_request", f"the body must be a JSON object with {wants} and nothing else"
        )
    return body


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
        "shop": None if answer.outside is WhileNoSale.SHOP else answer.outside,
        "leases": {
            lease: {"state": state.code, "expires_at_ms": state.expires_at_ms}
            for lease, state in zip(leases, answer.states, strict=True)
        },
    }
