"""What opens a shop, by the API: staff passes, shops' keys, and the keys of a guard. For admins."""

from dataclasses import asdict
from typing import Any

from marshmallow import fields

from waitingroom import clock
from waitingroom.bearer import KEY_NAME
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.rooms import ROOM, with_version
from waitingroom.console.api.schemas import (
    Document,
    Flag,
    Whole,
    asked,
    many,
    pick,
    shown,
    text,
    whole,
)
from waitingroom.operators import Role
from waitingroom.room_ids import ROOM_ID
from waitingroom.shop_keys import MOST_ROOMS, ShopKey
from waitingroom.staff import (
    LONGEST_MS,
    LONGEST_NAME,
    LONGEST_PATH,
    PATH,
    SHORTEST_MS,
    PassState,
    StaffPass,
    check_origins,
    check_path,
    link,
)
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring

EIGHT_HOURS_MS = 8 * 3_600_000
NEW_PASS = asked(
    "NewStaffPass",
    name=text(LONGEST_NAME, shortest=1, required=True, about="Who it is for; recorded."),
    lasts_ms=whole(SHORTEST_MS, LONGEST_MS, load_default=EIGHT_HOURS_MS),
    to=text(
        LONGEST_PATH, form=PATH, load_default="/", about="Where in the shop its link leads: a path."
    ),
)
NEW_SHOP_KEY = asked(
    "NewShopKey",
    name=text(40, shortest=1, required=True, form=f"^{KEY_NAME.pattern}$"),
    rooms=fields.List(
        text(40, form=f"^{ROOM_ID.pattern}$"),
        required=True,
        metadata={
            "description": f"Those that it opens, at most {MOST_ROOMS}; none: all.",
            "maxItems": MOST_ROOMS,
        },
    ),
)
PASS = shown(StaffPass, state=pick(PassState, required=True))


class MadePass(Document):
    """A pass that was made. ``url`` lets one browser in, once, and is told this once."""

    room = fields.String(required=True)
    name = fields.String(required=True)
    lease = fields.String(required=True)
    url = fields.String(required=True)
    url_until_ms = Whole(required=True)
    until_ms = Whole(required=True)


class Ended(Document):
    """Whether it ended now; false where it was over already."""

    revoked = Flag(required=True)


class KnownShopKey(Document):
    """A shop's key: all that may be told at any time. No ``rooms``: all of them."""

    name = fields.String(required=True)
    rooms = fields.List(fields.String(), required=True)
    made_at_ms = Whole(required=True)
    made_by = fields.String(required=True)


class ListedShopKey(KnownShopKey):
    """``used_at_ms``: when it was last used, to the minute; 0 for never."""

    used_at_ms = Whole(required=True)


class MadeShopKey(KnownShopKey):
    """A key that was made. ``key`` is what its shop sends; it is told this once."""

    key = fields.String(required=True)


class RoomKeys(Document):
    """What the guard of a room's shop needs. Who has it can make passes of the room."""

    room = fields.String(required=True)
    keys = fields.String(required=True)


class Passes:
    """Over one store. ``keyring``: what passes are signed with."""

    def __init__(self, store: Store, bearers: Bearers, keyring: Keyring) -> None:
        self._store = store
        self._bearers = bearers
        self._keyring = keyring

    def group(self) -> Group:
        """The operations."""
        group = Group("passes", "Staff passes, shops' keys, and keys of guards.", self._bearers)
        rule = Role.ADMIN
        passes, shops = "/rooms/<room>/staff-passes", "/shop-keys"
        made: dict[str, Any] = {"status": 201, "changes": True, "based": False, "also": (409,)}
        one: dict[str, Any] = {"answer": Ended, "changes": True, "based": False}
        group.add("GET", passes, self.list_passes, rule, answer=many(PASS))
        group.add("POST", passes, self.make_pass, rule, body=NEW_PASS, answer=MadePass, **made)
        group.add("DELETE", passes, self.revoke_passes, rule, answer=ROOM, changes=True)
        group.add("DELETE", f"{passes}/<lease>", self.revoke_pass, rule, **one)
        group.add("GET", shops, self.list_shop_keys, rule, answer=many(ListedShopKey))
        new = {"body": NEW_SHOP_KEY, "answer": MadeShopKey, **made, "also": (404, 409)}
        group.add("POST", shops, self.add_shop_key, rule, **new)
        gone: dict[str, Any] = {"status": 204, "changes": True}
        group.add("DELETE", f"{shops}/<name>", self.revoke_shop_key, rule, **gone)
        keys = "/rooms/<room>/guard-keys"
        group.add("POST", keys, self.show_guard_keys, rule, answer=RoomKeys, **made)
        return group

    def list_passes(self, room: str) -> Any:
        """The staff passes of a room: for whom, until when, by whom; never themselves."""
        found = self._store.status(room)
        return [
            asdict(one) | {"state": one.state(found.staff_epoch, found.now_ms)}
            for one in self._store.staff.all(room)
        ]

    def make_pass(self, room: str, body: dict[str, Any]) -> Any:
        """A URL that lets one person into the shop, past the line."""
        origin = check_origins(room, self._store.status(room).origins)
        check_path(body["to"])
        actor, name = self._bearers.actor(), body["name"]
        made = self._store.staff.make(room, name, body["lasts_ms"], actor=actor)
        return {
            "room": room,
            "name": name,
            "lease": made.lease,
            "url": link(made, self._keyring.room_keys(room), origin, body["to"]),
            "url_until_ms": made.link_until_ms,
            "until_ms": made.until_ms,
        }

    def revoke_passes(self, room: str, version: int | None) -> Any:
        """End every staff pass of a room."""
        actor = self._bearers.actor()
        return with_version(self._store.act(room, "revoke_staff", actor=actor, version=version))

    def revoke_pass(self, room: str, lease: str) -> Any:
        """End one staff pass."""
        return {"revoked": self._store.staff.revoke(room, lease, actor=self._bearers.actor())}

    def list_shop_keys(self) -> Any:
        """All keys of shops: for which rooms, made by whom, and when last used."""
        found = self._store.shop_keys.all()
        used = self._store.shop_keys.used(found)
        return [_known(one) | {"used_at_ms": used[one.name]} for one in found]

    def add_shop_key(self, body: dict[str, Any]) -> Any:
        """Make a key for the shop of a room; what opens is told this once."""
        actor, now_ms = self._bearers.actor(), clock.now_ms()
        made = self._store.shop_keys.add(body["name"], body["rooms"], actor=actor, now_ms=now_ms)
        return _known(made[1]) | {"key": made[0]}

    def revoke_shop_key(self, name: str) -> Any:
        """End a shop's key at once."""
        self._store.shop_keys.revoke(name, actor=self._bearers.actor())
        return ""

    def show_guard_keys(self, room: str) -> Any:
        """The keys that a shop's guard needs; recorded, since they open the shop."""
        self._store.note(room, "guard_keys_shown", "", actor=self._bearers.actor())
        return {"room": room, "keys": self._keyring.room_keys(room).export()}


def _known(one: ShopKey) -> dict[str, Any]:
    return {
        "name": one.name,
        "rooms": list(one.rooms),
        "made_at_ms": one.made_at_ms,
        "made_by": one.made_by,
    }
