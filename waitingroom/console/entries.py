"""Entries of the record in words: what was turned, from what to what. Pure.

Somebody may have edited an entry: what cannot be read stands as it is.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from waitingroom.console.figures import NONE, moment, number, stock_text
from waitingroom.console.knobs import KNOBS, shown
from waitingroom.model import DrawMethod, WhileNoSale
from waitingroom.reasons import LABELS
from waitingroom.record import LATEST_TOLD_MS, LogEntry

WORDS: Mapping[str, Mapping[str, str]] = {
    "draw": {"0": DrawMethod.SHUFFLE, "1": DrawMethod.FIFO},
    "outside": {"0": WhileNoSale.SHOP, "1": WhileNoSale.OPEN, "2": WhileNoSale.BLOCKED},
}
"""What the store's numbers for a choice mean."""
NAMES: Mapping[str, str] = {
    "": "Cannot be read",
    "epoch": "Running",
    "staff_epoch": "Running of staff passes",
    "origins": "Shops",
    "pause_reason": "Words of the pause",
    "pause_code": "Reason of the pause",
    "end_reason": "Words of the end",
    "end_code": "Reason of the end",
    "stock": "Left in the shop",
}
"""Of what is no knob and has no name that speaks for itself."""
OTHERS: Mapping[str, Callable[[str], str]] = {
    "stock": lambda left: stock_text(int(left) if left else None),
    "pause_code": lambda code: LABELS.get(code, code),
    "end_code": lambda code: LABELS.get(code, code),
    "epoch": lambda count: number(int(count)),
}
"""Of what is no knob: how its word is told, where not as it is."""
UNTOLD = frozenset({"generation", "test_clock"})
"""What says nothing to an operator: the count of an account's changes, and that of a test."""
LONGEST = 300
"""Characters of a line."""
MOST_STEPS = 3
"""Of a plan that are told one by one."""
_STEP = re.compile(r"([0-9]{1,15}) ([a-z_]+) ([0-9]{1,15})", re.ASCII)
_HALF = r"\ud"
"""How half of a pair may begin, as JSON escapes it."""
_DUE = re.compile(r"due ([0-9]{1,15})", re.ASCII)
Facts = Mapping[str, str]
"""By name, as the store's own words."""


def detail(entry: LogEntry, zone: str = "UTC") -> str:
    """What was asked for, where that says more than the changes do."""
    if due := _DUE.fullmatch(entry.detail):
        return f"due {_moment(due[1], zone)}"
    told = entry.act in ("plan", "undo") and changes(entry)
    return "" if told else entry.words


def changes(entry: LogEntry, zone: str = "UTC") -> list[str]:
    """What it changed: a line each, like ``Rate: 60 → 120 a minute``."""
    before, after = facts(entry.text("before")), facts(entry.text("after"))
    lines = []
    for name in dict.fromkeys((*before, *after)):
        if name == "plan":
            lines += _of_plan(before.get(name, ""), after.get(name, ""), zone)
        elif name == "brand":
            lines += _lines(_of_look(before.get(name, "")), _of_look(after.get(name, "")), zone)
        elif name not in UNTOLD:
            was, now = ({name: one[name]} if name in one else {} for one in (before, after))
            lines += _lines(was, now, zone)
    return [line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in lines]


def facts(text: str) -> dict[str, str]:
    """By name, as the store's own words; by "" what cannot be read."""
    found = _members(text)
    return {"draw" if name == "fifo" else name: _word(value) for name, value in found.items()}


def change(name: str, before: Facts, after: Facts, zone: str) -> str:
    """``60 → 120 a minute``; a dash where there is nothing."""
    was, now = _shown(name, before, zone), _shown(name, after, zone)
    knob = KNOBS.get(name)
    if knob and was != knob.none and now.endswith(knob.unit):
        was = was.removesuffix(knob.unit)
    return f"{was} → {now}"


def value(name: str, word: str) -> int | str:
    """A knob's value as the store tells it, as ours."""
    if name in WORDS:
        return WORDS[name].get(word, word)
    return int(word) if word.isascii() and word.isdigit() and name != "message" else word


def _word(found: object) -> str:
    if isinstance(found, list | dict):
        return ", ".join(map(str, found.values() if isinstance(found, dict) else found))
    return "" if found is None else str(found)


def _lines(before: Facts, after: Facts, zone: str) -> list[str]:
    """Of each fact that is another now. Of what was made, only what is set."""
    lines = []
    for name in dict.fromkeys((*before, *after)):
        label = _label(name)
        if before.get(name) == after.get(name):
            continue
        if name in before:
            lines.append(f"{label}: {change(name, before, after, zone)}")
        elif after[name] not in ("", "0"):
            lines.append(f"{label}: {_shown(name, after, zone)}")
    return lines


def _label(name: str) -> str:
    if name in KNOBS:
        return KNOBS[name].label
    plain = NAMES.get(name, name).replace("_", " ")
    return plain[:1].upper() + plain[1:]


def _shown(name: str, found: Facts, zone: str) -> str:
    if name not in found:
        return NONE
    word = found[name]
    tell = OTHERS.get(name)
    try:
        if name in KNOBS:
            return shown(name, value(name, word), zone)
        return (tell(word) if tell else word) or NONE
    except (ValueError, OverflowError, OSError):
        return word


def _of_look(text: str) -> Facts:
    """A brand, piece by piece."""
    found: dict[str, str] = {}
    for group, pieces in _members(text).items():
        if not isinstance(pieces, list):
            found[f"Look, {group}"] = _word(pieces)
            continue
        for piece in pieces:
            *name, word = piece if isinstance(piece, list) and piece else [piece]
            found[" ".join(("Look,", group, *map(str, name)))] = _word(word)
    return found


def _members(text: str) -> Mapping[str, object]:
    """Of a JSON object. What holds half of a surrogate pair could be shown on no page."""
    try:
        found = json.loads(text or "{}")
        if _HALF in text.lower():
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {"": text}
    return found if isinstance(found, dict) else {"": text}


def _of_plan(before: str, after: str, zone: str) -> list[str]:
    was, now = ([step for step in text.split(", ") if step] for text in (before, after))
    gone, new = ([one for one in a if one not in b] for a, b in ((was, now), (now, was)))
    return [*_steps("Out of the plan", gone, zone), *_steps("Planned", new, zone)]


def _steps(what: str, steps: Sequence[str], zone: str) -> list[str]:
    if len(steps) <= MOST_STEPS:
        return [f"{what}: {_step(step, zone)}" for step in steps]
    first, last = (_step(step, zone) for step in (steps[0], steps[-1]))
    return [f"{what}: {len(steps)} steps, from {first} to {last}"]


def _moment(at_ms: str, zone: str) -> str:
    """With its zone."""
    told = moment(int(at_ms), zone) if int(at_ms) < LATEST_TOLD_MS else at_ms
    return told if zone != "UTC" else f"{told} UTC"


def _step(text: str, zone: str) -> str:
    found = _STEP.fullmatch(text)
    if found is None:
        return text
    at, name, word = found.groups()
    return f"{_label(name)} {_shown(name, {name: word}, zone)} at {_moment(at, zone)}"
