"""The routes of a room's brand: colours, logo, links, sentences."""

from collections.abc import Mapping

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for

from waitingroom.brand import LARGEST_LOGO, LONGEST_LOGO
from waitingroom.console import drafts, looks
from waitingroom.console.access import Access
from waitingroom.console.forms import Page, acting, surely, version, wrong_why
from waitingroom.console.posted import moved
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting, VersionConflict
from waitingroom.model import Snapshot
from waitingroom.operators import Role
from waitingroom.store.client import Store

WITH_LOGO = {"branding.brand": LARGEST_LOGO + 1, "api_preparing.brand": LONGEST_LOGO}
"""By endpoint, here and in the API: how many bytes a logo is."""


def let_logos_in(app: Flask) -> None:
    """A logo and the other fields are more than the console takes elsewhere. To be registered
    before whatever reads forms.
    """

    @app.before_request
    def _larger() -> None:
        if request.max_content_length is not None:
            request.max_content_length += WITH_LOGO.get(request.endpoint or "", 0)


class Branding:
    """Over one store."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("branding", __name__, url_prefix="/rooms/<room>/brand")
        turn = self._access.needs(Role.OPERATOR)
        dressed = takes("version", "why", "logo", "no_logo", must=drafts.names(looks.ENTRIES))
        routes.get("")(turn(self.show))
        routes.post("")(turn(dressed(self.brand)))
        return routes

    def show(self, room: str) -> str:
        """The form; with what was typed before a log-in."""
        found = self._store.status(room)
        kept = looks.texts_of(found.brand) | dict(request.args)
        return self._form(found, found.version, kept, {})

    def brand(self, room: str) -> Page:
        """Look so: 303 to the form; 400 and 409 with the form again, and nothing changed."""
        found, based_on = self._store.status(room), version()
        values, problems = drafts.read(looks.ENTRIES, request.form)
        if problems or wrong_why():
            return self._form(found, based_on, request.form, problems), 400
        try:
            logo = _logo()
            made = looks.wanted(found.brand, values, logo)
        except BadSetting as wrong:
            # Of colours it begins with the one that cannot be read.
            what = "" if wrong.field == "colour" else f"the {wrong.field} "
            told = f"Nothing was changed: {what}{wrong.why}."
            return self._form(found, based_on, request.form, {}, told), 400
        actor = acting(self._access)
        try:
            surely(
                lambda: self._store.brand(room, made, logo=logo, actor=actor, version=based_on)
            )  # fmt: skip
        except VersionConflict:
            now, told = self._store.status(room), moved(self._store, room)
            return self._form(now, now.version, request.form, {}, told), 409
        flash("Saved. Shoppers who come now see it; look at it in the preview.")
        return redirect(url_for("branding.show", room=room), 303)

    def _form(
        self,
        room: Snapshot,
        version: int,
        typed: Mapping[str, str],
        problems: Mapping[str, str],
        problem: str = "",
    ) -> str:
        return render_template(
            "brand.html",
            room=room,
            version=version,
            fields=drafts.shown(looks.ENTRIES, typed, problems),
            problem=problem,
            largest=LARGEST_LOGO // 1024,
        )


def _logo() -> bytes | None:
    """The picture that came along; b"" for none any more, None to leave it. A new one takes the
    place of the old also where that is to go. Raises :class:`BadSetting` where it is no file.
    """
    if request.form.get("logo"):
        raise BadSetting("logo", "must be a file")
    # A form whose sender has chosen none holds a file without a name.
    if not (file := request.files.get("logo")):
        return b"" if "no_logo" in request.form else None
    body = bytes(file.read(LARGEST_LOGO + 1))
    if not body:
        raise BadSetting("logo", "must not be an empty file")
    return body
