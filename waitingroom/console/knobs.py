"""The form for a room's rate and capacity: read, checked, shown again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from waitingroom.console.figures import number
from waitingroom.errors import BadSetting
from waitingroom.model import Snapshot
from waitingroom.settings import RANGES, check

LONGEST_NUMBER = 12


@dataclass(frozen=True, slots=True)
class Knob:
    """``label``: its name to people. ``hint``: what its 0 means."""

    label: str
    hint: str


KNOBS = {
    "rate_per_min": Knob("Rate, people a minute", "0 holds everybody"),
    "capacity": Knob("Capacity, people inside at once", "0 is no limit"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A knob as the form shows it. ``was``: what it was on the page that the form is based on."""

    name: str
    label: str
    hint: str
    text: str
    was: str
    problem: str


def form(
    room: Snapshot, typed: Mapping[str, str], problems: Mapping[str, str] | None = None
) -> list[Field]:
    """Each knob with what was typed, or as it is."""
    fields = []
    for name, knob in KNOBS.items():
        now = str(getattr(room, name))
        text, was = typed.get(name, now)[:40], typed.get(f"was_{name}", now)[:40]
        fields.append(Field(name, knob.label, knob.hint, text, was, (problems or {}).get(name, "")))
    return fields


def read(typed: Mapping[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """The values, and a sentence for each that cannot be."""
    values: dict[str, int] = {}
    problems: dict[str, str] = {}
    for name, knob in KNOBS.items():
        text = typed.get(name, "").strip()
        low, high = RANGES[name]
        short = knob.label.partition(",")[0]
        wants = f"{short} must be a whole number from {number(low)} to {number(high)}"
        if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
            problems[name] = f"{wants}, in digits alone; “{text[:40]}” is not."
            continue
        try:
            check({name: int(text)})
        except BadSetting:
            problems[name] = f"{wants}; {number(int(text))} is not."
        else:
            values[name] = int(text)
    return values, problems


def kept(typed: Mapping[str, str]) -> dict[str, str]:
    """What the sender themselves changed; the rest as others have set it meanwhile."""
    return {
        name: typed[name]
        for name in KNOBS
        if name in typed and typed[name] != typed.get(f"was_{name}")
    }


def said(room: Snapshot) -> str:
    """``60 a minute, at most 20 inside``."""
    return f"{_rate(room.rate_per_min)}, {_capacity(room.capacity)}"


def turned(before: Snapshot, changes: Mapping[str, int]) -> str:
    """What was changed, and from what."""
    told = [] if changes else ["Nothing was changed: that is how it is set."]
    if "rate_per_min" in changes:
        now, was = _rate(changes["rate_per_min"]), _rate(before.rate_per_min)
        told.append(f"The rate is now {now}; it was {was}.")
    if "capacity" in changes:
        now, was = _capacity(changes["capacity"]), _capacity(before.capacity)
        told.append(f"Capacity is now {now}; it was {was}.")
    return " ".join(told)


def _rate(per_min: int) -> str:
    return f"{number(per_min)} a minute"


def _capacity(capacity: int) -> str:
    return f"at most {number(capacity)} inside" if capacity else "no limit inside"
