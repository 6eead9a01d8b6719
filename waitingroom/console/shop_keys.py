"""The admins' page of shops' keys: made, shown once, listed, revoked."""

import re
from collections.abc import Callable, Sequence

from flask import request

from waitingroom.console.access import Access
from waitingroom.console.faults import sentence
from waitingroom.console.forms import (
    Field,
    Page,
    Problems,
    last_used,
    sent,
    surely,
    told_actor,
    told_moment,
    typed,
)
from waitingroom.console.key_pages import Cells, KeyPages
from waitingroom.errors import BadSetting, NoSuchRoom
from waitingroom.operators import KeyExists
from waitingroom.shop_keys import ShopKey, TooManyShopKeys
from waitingroom.store.shop_keys import ShopKeys

ALL_ROOMS = "all rooms"
LONGEST_ROOMS = 4_000


class ShopKeyPages(KeyPages[ShopKey]):
    """Over the shops' keys of a store."""

    kind = "shop_keys"
    path = "/shop-keys"
    what = "shop key"
    where = "the shops’ keys"
    made_of = ("name", "rooms", "all")

    def __init__(self, keys: ShopKeys, access: Access, zone: Callable[[], str]) -> None:
        super().__init__(keys, access, zone)
        self._keys = keys

    def _cells(self, keys: Sequence[ShopKey], zone: str) -> Sequence[Cells]:
        used = self._keys.used(keys)
        return [
            (
                ("For", rooms_of(one)),
                ("Made", told_moment(one.made_at_ms, zone)),
                ("By", told_actor(one.made_by)),
                ("Last used", told_moment(used[one.name], zone)),
            )
            for one in keys
        ]

    def _fields(self, problems: Problems) -> Sequence[Field]:
        return [
            Field(
                "name", "Name", "which shop it is for: lower-case letters, digits and _ -",
                text=typed("name"), problem=problems.get("name", ""),
            ),
            Field(
                "rooms", "Rooms", "their ids, with blanks between them",
                text=typed("rooms", longest=LONGEST_ROOMS), problem=problems.get("rooms", ""),
            ),
            Field("all", "For all rooms, also those to come", kind="checkbox", text=typed("all")),
        ]  # fmt: skip

    def add(self) -> Page:
        """Make a key and show it, this once."""
        name, all_rooms = sent("name"), bool(request.form.get("all"))
        rooms = [one for one in re.split(r"[\s,]+", sent("rooms")) if one]
        if bool(rooms) == all_rooms:
            told = "Say which rooms it is for; or tick that it is for all, and name none."
            return self._list({"rooms": told}), 400
        self._access.make_one()
        actor, now_ms = self._access.actor(), self._access.now_ms()
        add = self._keys.add
        try:
            text, made = surely(lambda: add(name, rooms, actor=actor, now_ms=now_ms), self.where)
        except BadSetting as wrong:
            return self._list({wrong.field: sentence(wrong.why)}), 400
        except NoSuchRoom as wrong:
            return self._list({"rooms": sentence(str(wrong))}), 400
        except KeyExists as wrong:
            return self._list({"name": sentence(str(wrong))}), 409
        except TooManyShopKeys as wrong:
            return self._list({"": sentence(str(wrong))}), 409
        lines = (
            f"It opens the room API for {rooms_of(made)}.",
            "Set it as WAITINGROOM_SHOP_KEY where that shop runs.",
        )
        return self._shown(name, text, lines)

    def _ending(self, found: ShopKey) -> tuple[str, ...]:
        used = self._keys.used([found])[found.name]
        return (
            f"The key, which opens {rooms_of(found)}, is refused from the next call on. A shop "
            "that has it goes on checking passes by itself, but renews and gives back no place, "
            "and hears of nothing. Give it another key first.",
            last_used(used, self._zone()),
        )


def rooms_of(key: ShopKey) -> str:
    """Which rooms a key opens, in words."""
    return ", ".join(key.rooms) or ALL_ROOMS
