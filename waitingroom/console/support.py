"""Support's page of a room: the place behind a shopper's code, and its second chance."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for

from waitingroom.chances import second_chance_ms
from waitingroom.codes import Codes
from waitingroom.console.access import Access
from waitingroom.console.figures import clock_time, moment, number, span
from waitingroom.console.forms import Page, surely
from waitingroom.console.knobs import zone_of
from waitingroom.console.whole import takes
from waitingroom.errors import BadSetting, NoSuchPlace
from waitingroom.model import Phase, Snapshot
from waitingroom.operators import Role
from waitingroom.places import (
    LONGEST_WHY,
    REFUSED,
    SHORTEST_WHY,
    ChanceCode,
    Place,
    PlaceState,
    Step,
)
from waitingroom.store.client import Store

MOST_TYPED = 40
STATES = {
    PlaceState.EARLY: "Waits for the draw: there is no number yet.",
    PlaceState.WAITING: "In line, not called yet.",
    PlaceState.CALLED: "Called: they may go in now.",
    PlaceState.DOOR: "At the door: they go in within moments.",
    PlaceState.INSIDE: "In the shop.",
    PlaceState.SPENT: "Used: they were in the shop with it, and the visit has ended.",
    PlaceState.LEFT: "Given up: they left the line.",
    PlaceState.LAPSED: "Lapsed: it was called, and nobody came in time.",
}
STEPS = {
    Step.JOINED: "Joined",
    Step.DRAWN: "Drawn",
    Step.CALLED: "Called",
    Step.LAPSED: "Lapsed",
    Step.SECOND_CHANCE: "Second chance",
    Step.ENTERED: "Went in",
    Step.LEFT: "Left the line",
    Step.RELEASED: "Visit ended (the shop gave the place back)",
    Step.EXPIRED: "Visit ended (the time was over)",
}
NOT_KEPT = "time not kept"


@dataclass(frozen=True, slots=True)
class Shown:
    """A place as the page shows it: finished words. ``refused``: why there is no second chance."""

    code: str
    number: str
    state: str
    steps: tuple[tuple[str, str], ...]
    may: bool
    refused: str


class SupportPages:
    """Over one store, with the keys that codes are read with."""

    def __init__(self, store: Store, access: Access, codes: Codes) -> None:
        self._store = store
        self._access = access
        self._codes = codes

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("support", __name__, url_prefix="/rooms/<room>")
        help_ = self._access.needs(Role.SUPPORT)
        routes.get("/support")(help_(self.show))
        routes.post("/support")(help_(takes("code", "why")(self.give)))
        return routes

    def show(self, room: str) -> Page:
        """The form; with a code, the place behind it, or 404 with a sentence."""
        return self._page(room, request.args.get("code", ""), why=request.args.get("why", ""))

    def give(self, room: str) -> Page:
        """A second chance: 303 to the place; 400, 404 and 409 with a sentence, and nothing done."""
        code, why = request.form.get("code", ""), request.form.get("why", "").strip()
        zone = zone_of(self._store.status(room))
        actor = self._access.actor(why)
        support = self._store.support
        try:
            place, chance = surely(
                lambda: support.second_chance(room, code, self._codes, actor=actor)
            )
        except BadSetting:
            problem = f"Nothing was done: say why, in {SHORTEST_WHY} to {LONGEST_WHY} characters."
            return self._page(room, code, why=why, problem=problem, status=400)
        except NoSuchPlace as wrong:
            return self._page(room, code, why=why, problem=f"{wrong}.", status=404)
        if chance.code is not ChanceCode.CALLED:
            problem = f"Nothing was done: {_refusal(chance.code, chance.at_ms, zone)}."
            return self._page(room, code, problem=problem, status=409)
        flash(
            f"Number {number(place.number or 0)} may go in until {clock_time(chance.at_ms, zone)} "
            f"({zone}). Their page tells them within half a minute, and lets them in."
        )
        return redirect(url_for("support.show", room=room, code=place.code), 303)

    def _page(
        self, room: str, code: str, *, why: str = "", problem: str = "", status: int = 200
    ) -> Page:
        found, now = None, self._store.status(room)
        if code.strip():
            try:
                found = self._store.support.find(room, code, self._codes)
            except NoSuchPlace as wrong:
                problem, status = f"{wrong}.", 404
        page = render_template(
            "support.html",
            room=now,
            zone=zone_of(now),
            code=code[:MOST_TYPED],
            place=found and shown(found, now),
            why=why[:LONGEST_WHY],
            longest=LONGEST_WHY,
            grace=span(second_chance_ms(now.claim_grace_ms)),
            left=number(found.chances_left) if found else "",
            problem=problem,
        )
        return (page, status) if status != 200 else page


def shown(place: Place, room: Snapshot) -> Shown:
    """A place in words, with the times of its room's zone."""
    zone = zone_of(room)
    may = place.may_have_a_second_chance and room.phase is not Phase.CLOSED
    refused = "" if may else _refusal_of(place, room)
    steps = tuple(
        (STEPS[step], moment(at_ms, zone) if at_ms else NOT_KEPT) for step, at_ms in place.steps()
    )
    return Shown(
        code=place.code,
        number=number(place.number) if place.number else "not drawn yet",
        state=_state(place, zone),
        steps=steps,
        may=may,
        refused=refused,
    )


def _state(place: Place, zone: str) -> str:
    words = STATES[place.state]
    if place.state is PlaceState.WAITING:
        words = f"In line, with {number(place.ahead)} ahead." if place.ahead else "Next in line."
    if place.state is PlaceState.CALLED and place.claim_by_ms:
        until = clock_time(place.claim_by_ms, zone)
        words = f"Called: they may go in until {until} ({zone}), if the room runs."
    if place.state is PlaceState.INSIDE:
        words = f"In the shop, at first until {clock_time(place.expires_at_ms, zone)} ({zone})."
    return words


def _refusal_of(place: Place, room: Snapshot) -> str:
    """Why this place gets none, as far as can be seen."""
    codes = {
        PlaceState.EARLY: ChanceCode.NOT_CALLED,
        PlaceState.WAITING: ChanceCode.NOT_CALLED,
        PlaceState.CALLED: ChanceCode.NOT_LAPSED,
        PlaceState.DOOR: ChanceCode.NOT_LAPSED,
        PlaceState.INSIDE: ChanceCode.INSIDE,
        PlaceState.SPENT: ChanceCode.SPENT,
        PlaceState.LEFT: ChanceCode.LEFT,
    }
    code = codes.get(place.state, ChanceCode.USED_UP)
    if place.chance_at_ms and place.state is PlaceState.LAPSED:
        code = ChanceCode.HAD_ONE
    elif room.phase is Phase.CLOSED:
        code = ChanceCode.CLOSED
    return _refusal(code, place.chance_at_ms, zone_of(room))


def _refusal(code: ChanceCode, at_ms: int, zone: str) -> str:
    told = REFUSED[code]
    if code is not ChanceCode.HAD_ONE or not at_ms:
        return told
    return f"{told}: {moment(at_ms, zone)}{' (UTC)' if zone == 'UTC' else ''}"
