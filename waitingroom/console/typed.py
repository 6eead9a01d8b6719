"""What was typed into a form of knobs: read, checked, and shown again. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from waitingroom import zones
from waitingroom.console.figures import number
from waitingroom.console.knobs import KNOBS, Group, Kind, frozen, shown, typed, zone_of
from waitingroom.durations import duration_ms, shown_duration
from waitingroom.errors import BadSetting
from waitingroom.model import DrawMethod, Snapshot, WhileNoSale
from waitingroom.ramps import SHORTEST_STEP_MS
from waitingroom.settings import (
    LEAST_BUT_0,
    MS_PER_DAY,
    PASSED,
    RANGES,
    Value,
    check,
    has_passed,
)

LONGEST_NUMBER = 12
LONGEST_SHOWN = 600
"""Characters of what was typed that are shown again."""
OF_THE_FORM = frozenset(
    {
        "csrf_token",
        "version",
        "step",
        "zone",
        "was_zone",
        "when",
        "at",
        "fold_at",
        "over",
        "replace",
        "why",
    }
)
NOW, AT, RAMP = "now", "at", "ramp"
LONGEST_RAMP_MS = 365 * MS_PER_DAY
"""Longer than any sale: more is a slip, of which the store would say only where the plan ends."""
_WORDS: dict[str, type[DrawMethod] | type[WhileNoSale]] = {
    "draw": DrawMethod,
    "outside": WhileNoSale,
}
WHAT_THEN = {
    "early_at_ms": "leave it empty to let people join at once",
    "draw_at_ms": "leave it empty to draw at the opening",
    "opens_at_ms": "to open now, use “Open now”",
    "closes_at_ms": "to close now, use “Close”",
}
"""What somebody may have meant by a time that has passed."""


@dataclass
class Typed:
    """``changes``: what is to be otherwise than it is. ``problems``: a sentence by field.
    ``choices``: by field, the two moments that a time may mean. ``when``, ``at_ms``, ``over_ms``:
    now, at a time, or little by little.
    """

    zone: str
    changes: dict[str, Value] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[int, int]] = field(default_factory=dict)
    when: str = NOW
    at_ms: int = 0
    over_ms: int = 0
    replace: bool = False


def read(room: Snapshot, group: Group, form: Mapping[str, str]) -> Typed:
    """Against the room as it is. A field that stands as it was shown changes nothing, whatever
    others have done meanwhile; nor does one that is not there.
    """
    found = Typed(zone_of(room, form.get("zone", "")))
    if (wanted := form.get("zone", "")) and wanted != found.zone:
        found.problems["zone"] = f"“{wanted[:40]}” is no time zone that can be chosen here."
    for name in sorted(form.keys() - _fields(group.names)):
        found.problems["form"] = f"There is no field “{name[:40]}” here; nothing was changed."
    for name in group.names:
        before = "" if group.planned else typed(room, name, found.zone)
        if name not in form or _untouched(name, before, form):
            continue
        try:
            value = _value(name, form[name].strip(), form, found)
            check({name: value})
        except BadSetting as wrong:
            found.problems[name] = f"{KNOBS[name].label} {_said(name, wrong)}."
        except ValueError as wrong:
            found.problems[name] = sentence(name, wrong, found)
        else:
            _take(room, group, name, value, found)
    if group.planned:
        _read_when(room, form, found)
    return found


def _untouched(name: str, before: str, form: Mapping[str, str]) -> bool:
    """A time that there is twice looks alike both times: whoever chose has touched it."""
    return form[name] == form.get(f"was_{name}", before) and f"fold_{name}" not in form


def _fields(names: Iterable[str]) -> frozenset[str]:
    return OF_THE_FORM.union(*({name, f"was_{name}", f"fold_{name}"} for name in names))


def _value(name: str, text: str, form: Mapping[str, str], found: Typed) -> Value:
    match KNOBS[name].kind:
        case Kind.DURATION:
            return duration_ms(text)
        case Kind.MOMENT:
            return zones.read(text, found.zone, second=second(form, f"fold_{name}"))
        case Kind.TEXT:
            return text
        case Kind.CHOICE if text not in (choices := KNOBS[name].choices or {}):
            raise ValueError(f"must be one of: {', '.join(choices.values())}")
        case Kind.CHOICE:
            return _WORDS[name](text) if name in _WORDS else text == "1"
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        low, high = RANGES[name]
        raise ValueError(
            f"must be a whole number from {number(low)} to {number(high)}, in digits alone; "
            f"“{text[:40]}” is not"
        )
    return int(text)


def second(form: Mapping[str, str], name: str) -> bool | None:
    """Which of two moments was chosen, where a clock shows both alike; None for neither."""
    return {"0": False, "1": True}.get(form.get(name, ""))


def _said(name: str, wrong: BadSetting) -> str:
    if name in RANGES and KNOBS[name].kind is Kind.DURATION:
        low, high = map(shown_duration, RANGES[name])
        least = shown_duration(LEAST_BUT_0.get(name, 0))
        return (
            f"must be {f'0, or from {least}' if name in LEAST_BUT_0 else f'from {low}'} to {high}"
        )
    if name in RANGES and KNOBS[name].kind is Kind.COUNT:
        low, high = map(number, RANGES[name])
        return f"must be a whole number from {low} to {high}"
    return wrong.why


def sentence(name: str, wrong: ValueError, found: Typed) -> str:
    """What is wrong with a field; where it is a time that there is twice, with both as choices."""
    if isinstance(wrong, zones.TwiceTold):
        found.choices[name] = wrong.choices
    label = KNOBS[name].label if name in KNOBS else "The time"
    end = "" if str(wrong).endswith("?") else "."
    return f"{label}{' ' if str(wrong).startswith('must') else ': '}{wrong}{end}"


def _take(room: Snapshot, group: Group, name: str, value: Value, found: Typed) -> None:
    if value == getattr(room, name) and not group.planned:
        return
    if why := frozen(room, name):
        found.problems[name] = f"{KNOBS[name].label} cannot be changed any more: {why}."
    elif name in WHAT_THEN and isinstance(value, int) and 0 < value <= room.now_ms:
        found.problems[name] = f"{KNOBS[name].label} {PASSED}; {WHAT_THEN[name]}."
    else:
        found.changes[name] = value


def _read_when(room: Snapshot, form: Mapping[str, str], found: Typed) -> None:
    found.when, found.replace = form.get("when", ""), "replace" in form
    if found.when not in (AT, RAMP):
        found.problems["when"] = "Say whether at a time or little by little."
        return
    text = form.get("at", "").strip()
    try:
        found.at_ms = zones.read(text, found.zone, second=second(form, "fold_at"))
    except ValueError as wrong:
        found.problems["at"] = sentence("at", wrong, found)
    else:
        if found.at_ms and has_passed(found.at_ms, room.now_ms):
            found.problems["at"] = f"The time {PASSED}."
        elif found.at_ms:
            found.at_ms = max(found.at_ms, room.now_ms)
        elif found.when == AT:
            found.problems["at"] = "Say at what time."
    if found.when == RAMP:
        try:
            found.over_ms = duration_ms(form.get("over", "").strip())
        except ValueError as wrong:
            found.problems["over"] = f"How long it takes: {wrong}."
        else:
            if not SHORTEST_STEP_MS <= found.over_ms <= LONGEST_RAMP_MS:
                least, most = map(shown_duration, (SHORTEST_STEP_MS, LONGEST_RAMP_MS))
                found.problems["over"] = f"How long it takes must be from {least} to {most}."


@dataclass(frozen=True, slots=True)
class Field:
    """A knob as the form shows it. ``was``: what it was on the page that the form is based on.
    ``folds``: by ``0`` and ``1``, the moments that its time may mean, in words.
    """

    name: str
    label: str
    hint: str
    kind: str
    text: str
    was: str
    problem: str
    choices: Mapping[str, str]
    folds: Mapping[str, str]
    frozen: str


def form(
    room: Snapshot,
    names: Iterable[str],
    sent: Mapping[str, str],
    found: Typed,
    *,
    planned: bool = False,
) -> list[Field]:
    """Each knob with what its sender typed; else as it is, also where others have turned it.

    ``planned``: else empty.
    """
    return [_field(room, name, sent, found, planned=planned) for name in names]


def _field(
    room: Snapshot, name: str, sent: Mapping[str, str], found: Typed, *, planned: bool
) -> Field:
    knob, now = KNOBS[name], "" if planned else typed(room, name, found.zone)
    hint = f"now {shown(name, getattr(room, name))}" if planned else knob.hint
    choices = knob.choices or {}
    text = sent.get(name, now)
    mine = name in sent and not _untouched(name, now, sent)
    return Field(
        name,
        knob.label,
        hint,
        knob.kind.name.lower(),
        text[:LONGEST_SHOWN] if mine else now,
        now,
        found.problems.get(name, ""),
        {"": "as it is", **choices} if planned else choices,
        folds(found, name),
        frozen(room, name),
    )


def folds(found: Typed, name: str) -> dict[str, str]:
    """The two moments that a time may mean, in words; nothing where it is clear."""
    both = found.choices.get(name, ())
    return {str(at): zones.shown(at_ms, found.zone) for at, at_ms in enumerate(both)}
