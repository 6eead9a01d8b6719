"""The admins' page of a room's staff passes: made, shown once, listed, revoked singly or all."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from waitingroom import zones
from waitingroom.console.access import Access
from waitingroom.console.faults import STATUS, sentence
from waitingroom.console.forms import (
    Field,
    Page,
    Problems,
    acting,
    ask,
    once,
    sent,
    surely,
    told_actor,
    told_moment,
    typed,
    version,
)
from waitingroom.console.knobs import zone_of
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting, VersionConflict
from waitingroom.model import Snapshot
from waitingroom.operators import Role
from waitingroom.staff import (
    NoSuchPass,
    PassState,
    StaffPass,
    TooManyPasses,
    check_origins,
    check_pass,
    check_path,
    link,
)
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring

MINUTE_MS = 60_000
LASTS = {
    "60": "an hour",
    "480": "8 hours",
    "1440": "a day",
    "4320": "3 days",
    "10080": "7 days",
}
"""Minutes that a pass may be made for here, and how they are called."""
STATES = {
    PassState.GOOD: "good",
    PassState.OVER: "over",
    PassState.REVOKED: "revoked",
    PassState.ENDED: "ended with all others",
}
HEARD = (
    "The gate refuses it at once, a shop within about six seconds, once it can reach the room API."
)


class StaffPages:
    """Over one store. ``keyring``: what passes are signed with."""

    def __init__(self, store: Store, access: Access, keyring: Keyring) -> None:
        self._store = store
        self._access = access
        self._keyring = keyring

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("staff", __name__, url_prefix="/rooms/<room>/staff")
        rule = self._access.needs(Role.ADMIN)
        routes.get("")(rule(self.list))
        routes.post("")(rule(takes("name", "for", "to")(self.make)))
        routes.get("/revoke")(rule(self.ask_to_revoke_all))
        routes.post("/revoke")(rule(takes("version", "why")(self.revoke_all)))
        routes.get("/<lease>/revoke")(rule(self.ask_to_revoke))
        routes.post("/<lease>/revoke")(rule(takes("why")(self.revoke)))
        return routes

    def list(self, room: str) -> str:
        """Those that are remembered, and the form for one more."""
        return self._list(self._store.status(room), {})

    def _list(self, room: Snapshot, problems: Problems) -> str:
        passes = self._store.staff.all(room.room)
        zone = zone_of(room)
        rows = [_row(one, one.state(room.staff_epoch, room.now_ms), zone) for one in passes]
        fields = [
            Field("name", "For whom", text=typed("name"), problem=problems.get("name", "")),
            Field(
                "for", "Good for", kind="select", text=typed("for", "480"),
                options=tuple(LASTS.items()), problem=problems.get("for", ""),
            ),
            Field(
                "to", "Leads to", "a page of the shop that this room guards",
                text=typed("to", "/"), problem=problems.get("to", ""),
            ),
        ]  # fmt: skip
        return render_template(
            "staff.html",
            room=room,
            zone=zone,
            rows=rows,
            fields=fields,
            problem=problems.get("", ""),
            origin=room.origins[0] if room.origins else "",
        )

    def make(self, room: str) -> Page:
        """Make a pass and show the link to it, this once."""
        found, name, lasts = self._store.status(room), sent("name"), request.form.get("for", "")
        if lasts not in LASTS:
            return self._list(found, {"for": "Choose one of these."}), 400
        lasts_ms = int(lasts) * MINUTE_MS
        try:
            origin, path = check_origins(room, found.origins), sent("to") or "/"
            check_pass(name, lasts_ms)
            check_path(path)
            self._access.make_one()
            actor, make = self._access.actor(), self._store.staff.make
            made = surely(lambda: make(room, name, lasts_ms, actor=actor), "the staff passes")
        except BadSetting as wrong:
            where = wrong.field if wrong.field in ("name", "for", "to") else ""
            return self._list(found, {where: sentence(wrong.why)}), STATUS[wrong.code]
        except TooManyPasses as wrong:
            return self._list(found, {"": sentence(str(wrong))}), 409
        lines = (
            f"It lets one browser into {origin}, once, within a minute from now. The pass is then "
            f"good until {zones.shown(made.until_ms, zone_of(found))}, or until it is revoked.",
            "Whoever was too late needs another: make it, and revoke this one.",
        )
        url = link(made, self._keyring.room_keys(room), origin, path)
        return once(f"The way in for {name}", url, lines, url_for("staff.list", room=room))

    def ask_to_revoke(self, room: str, lease: str) -> str:
        """What it will do."""
        return self._ask_one(self._found(room, lease))

    def _found(self, room: str, lease: str) -> StaffPass:
        self._store.status(room)
        for one in self._store.staff.all(room):
            if one.lease == lease:
                return one
        raise NoSuchPass(room, lease)

    def _ask_one(self, found: StaffPass, problem: str = "") -> str:
        told = (f"{found.name} is sent to the line like everybody. {HEARD}",)
        back = url_for("staff.list", room=found.room)
        title = f"Revoke the pass of {found.name}"
        return ask(title, "Revoke", told, back, room=found.room, problem=problem)

    def revoke(self, room: str, lease: str) -> Page:
        """End one: 303 to the others."""
        found = self._found(room, lease)
        try:
            actor = acting(self._access)
        except BadSetting as wrong:
            return self._ask_one(found, f"The reason: {wrong.why}."), 400
        revoke = self._store.staff.revoke
        done = surely(lambda: revoke(room, lease, actor=actor), "the staff passes")
        flash(f"The pass of {found.name} {'has ended' if done else 'was over already'}.")
        return redirect(url_for("staff.list", room=room), 303)

    def ask_to_revoke_all(self, room: str) -> str:
        """What it will do."""
        return self._ask_all(self._store.status(room))

    def _ask_all(self, room: Snapshot, problem: str = "") -> str:
        passes = self._store.staff.all(room.room)
        good = [
            one.name for one in passes if one.state(room.staff_epoch, room.now_ms) is PassState.GOOD
        ]
        listed = ", ".join(good) or "nobody on this list"
        told = (
            f"Every staff pass of this room ends, also one that is not on the list: {listed}. "
            f"Shoppers notice nothing. {HEARD}",
        )
        back, held = url_for("staff.list", room=room.room), {"version": room.version}
        title = "Revoke all staff passes"
        return ask(title, "Revoke all", told, back, room=room.room, held=held, problem=problem)

    def revoke_all(self, room: str) -> Page:
        """End all: 303 to the list."""
        found, based_on = self._store.status(room), version()
        act = self._store.act
        try:
            actor = acting(self._access)
            surely(
                lambda: act(room, "revoke_staff", actor=actor, version=based_on), "the staff passes"
            )
        except BadSetting as wrong:
            return self._ask_all(found, f"The reason: {wrong.why}."), 400
        except VersionConflict:
            told = "Nothing was done: somebody changed this room after your page was shown."
            return self._ask_all(self._store.status(room), f"{told} Look again."), 409
        flash("Every staff pass of this room has ended.")
        return redirect(url_for("staff.list", room=room), 303)


def _row(one: StaffPass, state: PassState, zone: str) -> dict[str, object]:
    told = STATES[state]
    if state is PassState.REVOKED:
        told = f"revoked {told_moment(one.revoked_at_ms, zone)} by {told_actor(one.revoked_by)}"
    return {
        "lease": one.lease,
        "name": one.name,
        "state": told,
        "good": state is PassState.GOOD,
        "until": told_moment(one.until_ms, zone),
        "made": told_moment(one.made_at_ms, zone),
        "by": told_actor(one.by),
    }
