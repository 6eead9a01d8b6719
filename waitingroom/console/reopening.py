"""When the sale opens that a reset begins: a time on its form, read and shown again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from waitingroom import zones
from waitingroom.console.knobs import KNOBS, Kind, zone_of
from waitingroom.console.typed import LONGEST_SHOWN, Field, Typed, folds, second, sentence
from waitingroom.model import Snapshot
from waitingroom.settings import PASSED, has_passed

NAME = "opens_at_ms"
FIELDS = (NAME, f"fold_{NAME}")
"""Of the form."""


@dataclass(frozen=True, slots=True)
class Opening:
    """``at_ms``: 0 where nothing was typed (as it was), or nothing that can be."""

    field: Field
    at_ms: int

    @property
    def problem(self) -> str:
        """A sentence, or ""."""
        return self.field.problem


def opening(room: Snapshot, form: Mapping[str, str]) -> Opening:
    """In the room's zone, which the field names."""
    found, text, at_ms = Typed(zone_of(room)), form.get(NAME, "").strip(), 0
    try:
        at_ms = zones.read(text, found.zone, second=second(form, f"fold_{NAME}"))
        if at_ms and has_passed(at_ms, room.now_ms):
            raise ValueError(PASSED)
    except ValueError as wrong:
        found.problems[NAME] = sentence(NAME, wrong, found)
    problem = found.problems.get(NAME, "")
    shown = Field(
        name=NAME,
        label=KNOBS[NAME].label,
        hint=f"of the new sale, in {found.zone}; empty is as it was",
        kind=Kind.MOMENT.name.lower(),
        text=text[:LONGEST_SHOWN],
        was="",
        problem=problem,
        choices={},
        folds=folds(found, NAME),
        frozen="",
    )
    return Opening(shown, 0 if problem else at_ms)
