"""What support does, by the API: the place behind a shopper's code, and its second chance."""

from typing import Any

from marshmallow import fields

from waitingroom.codes import Codes
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.schemas import Document, Flag, Whole, pick, shown, text
from waitingroom.operators import Role
from waitingroom.places import (
    LONGEST_WHY,
    SHORTEST_WHY,
    ChanceCode,
    NoSecondChance,
    Place,
    Step,
    told,
)
from waitingroom.store.client import Store


class PlaceStep(Document):
    """What happened, and when; null where the time is not kept."""

    step = pick(Step, required=True)
    at_ms = Whole(required=True, allow_none=True)


_TIMES = {
    name: Whole(required=True, allow_none=True)
    for name in Place.__dataclass_fields__
    if name.endswith("_at_ms")
}
PLACE = shown(
    Place,
    **_TIMES,
    may_have_a_second_chance=Flag(required=True),
    steps=fields.List(fields.Nested(PlaceStep), required=True),
)


REASON = {
    "why": text(LONGEST_WHY, shortest=SHORTEST_WHY, required=True, about="Why, for the record.")
}


class Support:
    """Over one store, with the keys that codes are read with."""

    def __init__(self, store: Store, bearers: Bearers, codes: Codes) -> None:
        self._store = store
        self._bearers = bearers
        self._codes = codes

    def group(self) -> Group:
        """The operations."""
        group = Group("support", "The place behind a code, and its second chance.", self._bearers)
        at, role = "/rooms/<room>/places/<code>", Role.SUPPORT
        group.add("GET", at, self.show_place, role, answer=PLACE)
        once: dict[str, Any] = {"answer": PLACE, "changes": True, "based": False, "also": (409,)}
        chance = f"{at}/second-chance"
        group.add("POST", chance, self.give_second_chance, role, query=REASON, **once)
        return group

    def show_place(self, room: str, code: str) -> Any:
        """The place behind a shopper's code: where it stands, and what happened when."""
        return told(self._store.support.find(room, code, self._codes))

    def give_second_chance(self, room: str, code: str, query: object) -> Any:  # noqa: ARG002 - actor
        """Let a lapsed place be called once more; `why` is needed. It moves nobody else."""
        actor, support = self._bearers.actor(), self._store.support
        place, chance = support.second_chance(room, code, self._codes, actor=actor)
        if chance.code is not ChanceCode.CALLED:
            raise NoSecondChance(chance)
        return told(place)
