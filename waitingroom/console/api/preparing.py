"""Rooms made after another, dressed and rehearsed by the API."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from marshmallow import fields, validate

from waitingroom import brand
from waitingroom.colours import ROLES, SCHEMES
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.knobs import ROOM_NAME
from waitingroom.console.api.rooms import ROOM, with_version
from waitingroom.console.api.schemas import asked, shown, text, whole
from waitingroom.console.faults import Refused
from waitingroom.errors import BadSetting
from waitingroom.gate.sayings import check_saying
from waitingroom.model import Brand, Saying
from waitingroom.operators import Role
from waitingroom.rehearsals import LONGEST_MIN, MOST_PEOPLE, SHORTEST_MIN, NoRehearsal, Rehearsal
from waitingroom.settings import LONGEST_TEXT
from waitingroom.store.client import Store
from waitingroom.store.rehearsals import Rehearsals
from waitingroom.store.rooms import made_like

CLONE = asked("Clone", room=ROOM_NAME, title=text(LONGEST_TEXT["title"]))
SAYING = asked(
    "NewSaying",
    lang=text(20, required=True),
    sentence=text(brand.LONGEST_TEXT, required=True),
    text=text(brand.LONGEST_TEXT, shortest=1, required=True),
)
LOGO = (
    f"An SVG (in UTF-8, without a document type) or a PNG of at most {brand.LARGEST_LOGO} bytes, "
    "in base64; empty takes it away. All else in the body may have 64 KiB."
)
WHOLLY = "Those that are named, and no others, are the room's from then on."
OF_PART = {"colour": "colours", "link": "links", "text": "texts"}
"""Fields by the parts of a look."""
COLOUR, LINK, BASE64 = "^#[0-9A-Fa-f]{6}$", "^https://", "^[A-Za-z0-9+/]*={0,2}$"
COLOURS = asked(
    "NewColours",
    **{
        f"{scheme}-{role}": text(7, form=COLOUR, about=f"Of pages that are {scheme}.")
        for scheme in SCHEMES
        for role in ROLES
    },
)
LINKS = asked(
    "NewLinks",
    **{
        name: text(brand.LONGEST_URL, form=LINK, about=f"Where “{name}” leads.")
        for name in brand.LINKS
    },
)
LOOK = asked(
    "NewBrand",
    (1, None),
    colours=fields.Nested(COLOURS, metadata={"description": f"Like `#0b6b60`. {WHOLLY}"}),
    links=fields.Nested(LINKS, metadata={"description": f"Addresses. {WHOLLY}"}),
    texts=fields.List(fields.Nested(SAYING), validate=validate.Length(max=brand.MOST_TEXTS)),
    time_zone=text(64),
    logo=text(brand.LONGEST_LOGO, form=BASE64, about=LOGO),
)
REHEARSAL = asked(
    "NewRehearsal",
    people=whole(1, MOST_PEOPLE, required=True),
    minutes=whole(SHORTEST_MIN, LONGEST_MIN, required=True),
)


class Preparing:
    """Over one store."""

    def __init__(self, store: Store, bearers: Bearers) -> None:
        self._store = store
        self._bearers = bearers
        self._rehearsals = Rehearsals(store)

    def group(self) -> Group:
        """The operations."""
        group = Group("preparing", "Clones, looks and rehearsals of rooms.", self._bearers)
        turn, at, one = Role.OPERATOR, "/rooms/<room>", shown(Rehearsal)
        new: dict[str, Any] = {"status": 201, "changes": True, "based": False, "also": (409,)}
        like: dict[str, Any] = {"body": CLONE, "answer": ROOM, "etag": True}
        group.add("POST", f"{at}/clone", self.clone, turn, **like, **new)
        group.add("PATCH", f"{at}/brand", self.brand, turn, body=LOOK, answer=ROOM, changes=True)
        where = f"{at}/rehearsal"
        group.add("GET", where, self.show_rehearsal, Role.VIEWER, answer=one)
        group.add("POST", where, self.rehearse, turn, body=REHEARSAL, answer=one, **new)
        group.add("DELETE", where, self.end_rehearsal, turn, status=204, changes=True, based=False)
        return group

    def clone(self, room: str, body: dict[str, Any]) -> Any:
        """Make another room with the knobs and the look of this one; nothing of its sale."""
        values, actor = dict(body), self._bearers.actor()
        name = values.pop("room")
        made_like(self._store, name, self._store.status(room), values, actor=actor)
        return with_version(self._store.status(name), 201)

    def brand(self, room: str, version: int | None, body: dict[str, Any]) -> Any:
        """Look and speak otherwise, where it is named; what is not stays as it is."""
        if not body:
            told = "name at least one part of the look"
            raise Refused("bad_fields", told, fields={"the document": told})
        found = self._store.status(room)
        logo = _logo(body)
        with _as_named():
            wanted = _wanted(found.brand, body, logo)
        based_on = found.version if version is None else version
        actor = self._bearers.actor()
        with _as_named():
            done = self._store.brand(room, wanted, logo=logo, actor=actor, version=based_on)
        return with_version(done)

    def show_rehearsal(self, room: str) -> Any:
        """The rehearsal that runs, if there is one."""
        return self._running(room)

    def rehearse(self, room: str, body: dict[str, Any]) -> Any:
        """Begin a rehearsal of this room, in a room of its own."""
        actor = self._bearers.actor()
        return self._rehearsals.begin(room, body["people"], body["minutes"], actor=actor)

    def end_rehearsal(self, room: str) -> Any:
        """End the rehearsal of this room."""
        self._rehearsals.end(self._running(room).room, actor=self._bearers.actor())

    def _running(self, room: str) -> Rehearsal:
        self._store.status(room)
        one = self._rehearsals.of(room)
        if one is None:
            raise NoRehearsal(room)
        return one


@contextmanager
def _as_named() -> Iterator[None]:
    """Tell what is wrong with a part of the look by the name of its field here."""
    try:
        yield
    except BadSetting as wrong:
        raise BadSetting(OF_PART.get(wrong.field, wrong.field), wrong.why) from None


def _logo(body: dict[str, Any]) -> bytes | None:
    if "logo" not in body:
        return None
    try:
        return base64.b64decode(body["logo"], validate=True)
    except (binascii.Error, ValueError):
        told = "must be base64"
        raise Refused("bad_fields", f"logo: {told}", fields={"logo": told}) from None


def _wanted(was: Brand, body: dict[str, Any], logo: bytes | None) -> Brand:
    named: dict[str, Any] = {
        name: tuple(sorted(body[name].items())) for name in ("colours", "links") if name in body
    }
    if "time_zone" in body:
        named["time_zone"] = body["time_zone"]
    if "texts" in body:
        said = {(one["lang"], one["sentence"]): one["text"] for one in body["texts"]}
        named["texts"] = tuple(Saying(*key, words) for key, words in sorted(said.items()))
        for saying in named["texts"]:
            check_saying(saying)
    if logo is not None:
        named["logo"] = brand.read_logo(logo) if logo else None
    return replace(was, **named)
