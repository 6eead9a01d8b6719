"""The routes by which rooms are made, cloned and edited, by whoever runs sales."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for

from waitingroom.console import drafts
from waitingroom.console.access import Access
from waitingroom.console.forms import Page, acting, surely, version, wrong_why
from waitingroom.console.posted import moved
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting, NoSuchRoom, RoomExists, VersionConflict
from waitingroom.model import Settings, Snapshot
from waitingroom.operators import Role
from waitingroom.room_ids import is_room_id
from waitingroom.store.acts import settings_of
from waitingroom.store.client import Store
from waitingroom.store.rooms import made_like


class RoomForms:
    """Over one store. ``gate_url``: where shoppers find rooms."""

    def __init__(self, store: Store, access: Access, gate_url: str) -> None:
        self._store = store
        self._access = access
        self._gate_url = gate_url

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("rooms", __name__)
        turn = self._access.needs(Role.OPERATOR)
        routes.get("/new")(turn(self.ask))
        routes.post("/new")(turn(takes("like", "why", *drafts.names(drafts.MADE))(self.make)))
        routes.get("/rooms/<room>/edit")(turn(self.show))
        edited = takes("version", "why", must=drafts.names(drafts.EDITED))
        routes.post("/rooms/<room>/edit")(turn(edited(self.edit)))
        return routes

    def ask(self) -> str:
        """The form of a new room; with ``?like=ID`` of a clone, with what was typed before."""
        like = self._like(request.args)
        kept = drafts.texts_of(settings_of(like) if like else Settings())
        return self._new(like, kept | dict(request.args), {})

    def make(self) -> Page:
        """Make it: 303 to the room; 400 and 409 with the form again, and nothing made."""
        like = self._like(request.form)
        values, problems = drafts.read(drafts.MADE, request.form)
        if problems or wrong_why():
            return self._new(like, request.form, problems), 400
        room, actor = values.pop("room"), acting(self._access)
        try:
            surely(lambda: made_like(self._store, room, like, values, actor=actor))
        except RoomExists:
            problems = {"room": f"There is a room “{room}” already; its id is taken."}
            return self._new(like, request.form, problems), 409
        except BadSetting as wrong:
            return self._new(like, request.form, {"room": f"{wrong}."}), 400
        flash(
            f"The room was made. Shoppers find it at {self._gate_url}/{room} within a second; it "
            "opens when you open it, or at a time that you set. The shop’s guard needs its keys: "
            f"waitingroom room keys {room}"
        )
        return redirect(url_for("pages.room", room=room), 303)

    def _like(self, typed: Mapping[str, str]) -> Snapshot | None:
        """The room that is cloned; None for none."""
        like = typed.get("like", "")
        if not like:
            return None
        if not is_room_id(like):
            raise NoSuchRoom(like[:40])
        return self._store.status(like)

    def _new(
        self, like: Snapshot | None, typed: Mapping[str, str], problems: Mapping[str, str]
    ) -> str:
        fields = drafts.shown(drafts.MADE, typed, problems)
        return render_template("new_room.html", like=like, fields=fields)

    def show(self, room: str) -> str:
        """The form of a room's names and texts; with what was typed before a log-in."""
        found = self._store.status(room)
        kept = drafts.texts_of(settings_of(found)) | dict(request.args)
        return self._edit(found, found.version, kept, {})

    def edit(self, room: str) -> Page:
        """Change them: 303 to the room; 400 and 409 with the form again, and nothing changed."""
        found, based_on = self._store.status(room), version()
        values, problems = drafts.read(drafts.EDITED, request.form)
        if problems or wrong_why():
            return self._edit(found, based_on, request.form, problems), 400
        changes = {name: one for name, one in values.items() if one != getattr(found, name)}
        actor = acting(self._access)
        try:
            if changes or based_on != found.version:
                surely(lambda: self._store.set(room, changes, actor=actor, version=based_on))
        except VersionConflict:
            now = self._store.status(room)
            told = moved(self._store, room)
            return self._edit(now, now.version, request.form, {}, told), 409
        names = ", ".join(one.label.partition(",")[0] for one in drafts.EDITED
                          if one.name in changes)  # fmt: skip
        flash(f"Changed: {names}." if changes else "Nothing was changed: that is how it was.")
        return redirect(url_for("pages.room", room=room), 303)

    def _edit(
        self,
        room: Snapshot,
        version: int,
        typed: Mapping[str, str],
        problems: Mapping[str, str],
        problem: str = "",
    ) -> str:
        fields = drafts.shown(drafts.EDITED, typed, problems)
        return render_template(
            "edit_room.html",
            room=room,
            version=version,
            fields=fields,
            problem=problem,
        )
