"""The admins' page of shops' keys: made, shown once, listed, revoked."""

import re
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from waitingroom.console.access import Access
from waitingroom.console.forms import (
    Field,
    acting,
    ask,
    number_sent,
    once,
    sent,
    sentence,
    surely,
    told_actor,
    told_moment,
    typed,
)
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting, NoSuchRoom
from waitingroom.operators import KeyExists, NoSuchKey, Role
from waitingroom.shop_keys import ShopKey, TooManyShopKeys
from waitingroom.store.client import Store

WHERE = "the shops’ keys"
ALL_ROOMS = "all rooms"
LONGEST_ROOMS = 4_000
Page = str | tuple[str, int] | Response


class ShopKeyPages:
    """Over one store."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("shop_keys", __name__, url_prefix="/shop-keys")
        rule = self._access.needs(Role.ADMIN)
        routes.get("")(rule(self.list))
        routes.post("")(rule(takes("name", "rooms", "all")(self.add)))
        routes.get("/<name>/revoke")(rule(self.ask_to_revoke))
        routes.post("/<name>/revoke")(rule(takes("version", "why")(self.revoke)))
        return routes

    def list(self) -> str:
        """All of them, and the form for one more."""
        return self._list({})

    def _list(self, problems: Mapping[str, str]) -> str:
        keys = self._store.shop_keys.all()
        used = self._store.shop_keys.used(keys)
        rows = [
            {
                "name": one.name,
                "rooms": rooms_of(one),
                "made": told_moment(one.made_at_ms),
                "by": told_actor(one.made_by),
                "used": told_moment(used[one.name]),
            }
            for one in keys
        ]
        fields = [
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
        problem = problems.get("", "")
        return render_template("shop_keys.html", rows=rows, fields=fields, problem=problem)

    def add(self) -> Page:
        """Make a key and show it, this once."""
        name, all_rooms = sent("name"), bool(request.form.get("all"))
        rooms = [one for one in re.split(r"[\s,]+", sent("rooms")) if one]
        if bool(rooms) == all_rooms:
            told = "Say which rooms it is for; or tick that it is for all, and name none."
            return self._list({"rooms": told}), 400
        self._access.make_one()
        actor, now_ms = self._access.actor(), self._access.now_ms()
        add = self._store.shop_keys.add
        try:
            text, made = surely(lambda: add(name, rooms, actor=actor, now_ms=now_ms), WHERE)
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
        return once(f"The shop key {name}", text, lines, url_for("shop_keys.list"))

    def ask_to_revoke(self, name: str) -> str:
        """What it will do."""
        return self._ask(self._found(name))

    def _found(self, name: str) -> ShopKey:
        found = self._store.shop_keys.find(name)
        if found is None:
            raise NoSuchKey(name)
        return found

    def _ask(self, found: ShopKey, problem: str = "") -> str:
        used = self._store.shop_keys.used([found])[found.name]
        told = (
            f"The key, which opens {rooms_of(found)}, is refused from the next call on. A shop "
            "that has it goes on checking passes by itself, but renews and gives back no place, "
            "and hears of nothing. Give it another key first.",
            f"Last used: {told_moment(used)} UTC." if used else "It was never used.",
        )
        back, held = url_for("shop_keys.list"), {"version": found.made_at_ms}
        return ask(f"Revoke {found.name}", "Revoke", told, back, held=held, problem=problem)

    def revoke(self, name: str) -> Page:
        """End a key: 303 to the others."""
        found, made_at_ms = self._found(name), number_sent("version")
        try:
            actor = acting(self._access)
        except BadSetting as wrong:
            return self._ask(found, f"The reason: {wrong.why}."), 400
        revoke = self._store.shop_keys.revoke
        surely(lambda: revoke(name, actor=actor, made_at_ms=made_at_ms), WHERE)
        flash(f"The shop key “{name}” opens nothing any more.")
        return redirect(url_for("shop_keys.list"), 303)


def rooms_of(key: ShopKey) -> str:
    """Which rooms a key opens, in words."""
    return ", ".join(key.rooms) or ALL_ROOMS
