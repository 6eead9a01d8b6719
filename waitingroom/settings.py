"""Which values a knob may take. Pure; every refusal names the field and says what is wrong."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from urllib.parse import urlsplit

from waitingroom.durations import shown_duration
from waitingroom.errors import BadSetting, WrongState
from waitingroom.model import DrawMethod, Settings, Snapshot, WhileNoSale, poll_of
from waitingroom.plain import is_line
from waitingroom.plan import PlanStep, Ramp
from waitingroom.reasons import Cause, Reason

MS_PER_DAY = 86_400_000
LONGEST_WHY = 500
"""Characters of a reason for the record, which shoppers do not read."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01: a time beyond it is a slip, such as microseconds."""

RANGES: dict[str, tuple[int, int]] = {
    "rate_per_min": (0, 1_000_000),
    "burst": (0, 1_000_000),
    "capacity": (0, 10_000_000),
    "call_timeout_ms": (1_000, 600_000),
    "claim_grace_ms": (1_000, MS_PER_DAY),
    "session_ms": (1_000, MS_PER_DAY),
    "session_max_ms": (0, 7 * MS_PER_DAY),
    "join_limit": (0, 1_000_000),
    "early_at_ms": (0, LATEST_MS),
    "opens_at_ms": (0, LATEST_MS),
    "draw_at_ms": (0, LATEST_MS),
    "closes_at_ms": (0, LATEST_MS),
    "poll_min_ms": (0, 60_000),
    "poll_max_ms": (0, 600_000),
    "poll_divisor": (0, 100),
}
"""Each numeric knob and the lowest and highest value it takes."""

MOMENTS = frozenset({"early_at_ms", "opens_at_ms", "draw_at_ms", "closes_at_ms"})
JUST_NOW_MS = 60_000
"""A time that has passed by less is meant as now: clocks differ, and people take a moment."""

PASSED = "must be a time to come; this one has passed"

LEAST_BUT_0 = {"poll_min_ms": 1_000, "poll_max_ms": 1_000}
"""Of knobs whose 0 means something else: a page that asks more often asks for what it has."""

PLANNABLE = frozenset({"rate_per_min", "burst", "capacity", "join_limit", "joins"})
"""Knobs that a plan may turn: none that another one could contradict when the time comes."""

LONGEST_PLAN = 100
LONGEST_TEXT = {"title": 80, "message": 500, "reason": 500}
MOST_ORIGINS = 50
LONGEST_ORIGIN = len("https://:65535") + 253
"""Characters; 253 are the most that the name of a host has."""
TOO_LATE = {
    "draw": "people have come and were promised it, or the draw has been",
    "draw_at_ms": "the draw has been",
    "early_at_ms": "the room has opened",
    "opens_at_ms": "the room has opened",
}
"""Why a knob cannot be changed any more, where :func:`is_too_late`."""
FIXED_AT_CREATION = frozenset({"test_clock"})
ORIGIN = (
    r"^https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])"
    r"(:(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$"
)
"""What :func:`is_origin` takes, as far as a pattern can say."""
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
LONGEST_SAID = 60
"""Characters of a wrong value that are said back."""
Value = int | str | bool | tuple[str, ...]


def _said(value: object) -> str:
    """A wrong value as its sender wrote it: whoever sends ``null`` has never heard of ``None``."""
    said = json.dumps(value, ensure_ascii=False, default=str)
    return said if len(said) <= LONGEST_SAID else f"{said[:LONGEST_SAID]}…"


def _check_number(field: str, value: Value) -> None:
    low, high = RANGES[field]
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadSetting(field, f"must be a whole number, not {_said(value)}")
    if not low <= value <= high:
        raise BadSetting(field, f"must be from {low} to {high}, not {value}")
    if 0 < value < (least := LEAST_BUT_0.get(field, 0)):
        least_said, said = shown_duration(least), shown_duration(value)
        told = f"must be 0, which is as usual, or {least_said} or more, not {said}"
        raise BadSetting(field, told)


def _check_text(field: str, value: Value) -> None:
    if not isinstance(value, str):
        raise BadSetting(field, f"must be text, not {_said(value)}")
    if len(value) > LONGEST_TEXT[field]:
        raise BadSetting(field, f"must have at most {LONGEST_TEXT[field]} characters")
    if not is_line(value):
        raise BadSetting(field, "must not hold line breaks or control characters")
    if value.isspace():
        raise BadSetting(field, "must be empty, or more than blanks")


def _check_origins(value: Value) -> None:
    if not isinstance(value, tuple):
        raise BadSetting("origins", f"must be a list of origins, not {_said(value)}")
    if len(value) > MOST_ORIGINS:
        raise BadSetting("origins", f"must be {MOST_ORIGINS} at most, not {len(value)}")
    for origin in value:
        if not is_origin(origin):
            told = "is no origin; write it like https://shop.example.com"
            raise BadSetting("origins", f"{_said(origin)} {told}")


def is_origin(text: str) -> bool:
    """Whether ``text`` is a scheme, a host and perhaps a port, in the form browsers send."""
    if len(text) > LONGEST_ORIGIN:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name else name
    plain = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(name)) and plain == text


def check(changes: Mapping[str, Value]) -> None:
    """Raise :class:`BadSetting` for the first field that is unknown or out of its range."""
    known = {field.name for field in fields(Settings)} - FIXED_AT_CREATION
    for field, value in changes.items():
        if field not in known:
            raise BadSetting(field, "there is no such setting")
        if field in RANGES:
            _check_number(field, value)
        elif field in LONGEST_TEXT:
            _check_text(field, value)
        elif field == "origins":
            _check_origins(value)
        elif field == "joins" and not isinstance(value, bool):
            raise BadSetting(field, f"must be true or false, not {_said(value)}")
        elif field == "draw" and value not in tuple(DrawMethod):
            raise BadSetting(field, f"must be shuffle or fifo, not {_said(value)}")
        elif field == "outside" and value not in tuple(WhileNoSale):
            raise BadSetting(field, f"must be shop, open or blocked, not {_said(value)}")


def to_come(at_ms: int, now_ms: int) -> int:
    """The time of a step or ramp as it is meant: one that has just passed is now. Raises
    :class:`BadSetting` for one that passed before.
    """
    if has_passed(at_ms, now_ms):
        raise BadSetting("at_ms", PASSED)
    return max(at_ms, now_ms)


def has_passed(at_ms: int, now_ms: int) -> bool:
    """Whether a time is over, and not just now."""
    return at_ms < now_ms - JUST_NOW_MS


def check_to_come(changes: Mapping[str, Value], now_ms: int, was: Settings | None = None) -> None:
    """Raise :class:`BadSetting` for a time that has passed, such as last year's: a sale would open
    at once, which nobody can take back. ``was``: what the room has already stays.
    """
    for field in MOMENTS & changes.keys():
        value = changes[field]
        passed = isinstance(value, int) and value > 0 and has_passed(value, now_ms)
        if passed and not (was and value == getattr(was, field)):
            raise BadSetting(field, PASSED)


def is_too_late(room: Snapshot, field: str) -> bool:
    """Whether a knob is past changing, as the store has it: what was shown or promised to those who
    came stays what it was.
    """
    if field == "draw":
        return bool(room.tail) or room.drawn is not None
    if field == "draw_at_ms":
        return room.drawn is not None
    return field in TOO_LATE and room.opened_at_ms > 0


def check_not_too_late(room: Snapshot, changes: Mapping[str, Value]) -> None:
    """Raise :class:`WrongState` for a knob that cannot be changed any more, as the store would."""
    for field, value in changes.items():
        if is_too_late(room, field) and value != getattr(room, field):
            raise WrongState(field, f"cannot be changed any more: {TOO_LATE[field]}")


def check_reason(reason: Reason) -> None:
    """Raise :class:`BadSetting` for a code that the pages have no words for, or a text that they
    cannot show.
    """
    if reason.code and reason.code not in tuple(Cause):
        told = f"has no code {_said(reason.code)}; there are {', '.join(Cause)}"
        raise BadSetting("reason", told)
    _check_text("reason", reason.text)


def check_why(why: str) -> None:
    """Raise :class:`BadSetting` for a reason that the record does not take."""
    if len(why) > LONGEST_WHY or not is_line(why):
        raise BadSetting("why", f"at most {LONGEST_WHY} characters, and no line breaks")


def check_plan(steps: Sequence[PlanStep]) -> None:
    """Raise :class:`BadSetting` for a plan that is too long or has a step that cannot be taken."""
    if len(steps) > LONGEST_PLAN:
        raise BadSetting("plan", f"must have at most {LONGEST_PLAN} steps")
    for step in steps:
        if step.field not in PLANNABLE:
            these = ", ".join(sorted(PLANNABLE))
            raise BadSetting(step.field, f"cannot be planned; these can: {these}")
        check({step.field: step.value})
        if not isinstance(step.at_ms, int) or not 0 <= step.at_ms <= LATEST_MS:
            said = _said(step.at_ms)
            raise BadSetting("at_ms", f"must be a time from 0 to {LATEST_MS}, not {said}")
        if (ramp := step.ramp) and not _is_within(step, ramp):
            raise BadSetting("ramp", "must be of the step's own field, and its time lie in it")
    turned = set()
    for step in steps:
        if (step.field, step.at_ms) in turned:
            raise BadSetting(step.field, "is turned twice at the same moment")
        turned.add((step.field, step.at_ms))
    _check_ramps(steps)


def _check_ramps(steps: Sequence[PlanStep]) -> None:
    """What turns a knob on the way of a ramp would jump there and back; and whoever reads the plan
    takes it for a step of the ramp.
    """
    ramps = dict.fromkeys(step.ramp for step in steps if step.ramp)
    for ramp in ramps:
        if any(step.ramp != ramp and _is_within(step, ramp) for step in steps):
            raise BadSetting(ramp.field, "is turned on the way of a ramp by a step that is not its")


def _is_within(step: PlanStep, ramp: Ramp) -> bool:
    return ramp.field == step.field and ramp.begins_ms <= step.at_ms <= ramp.ends_ms


def check_together(settings: Settings) -> None:
    """Raise :class:`BadSetting` where two settings contradict each other."""
    if settings.claim_grace_ms < settings.call_timeout_ms:
        raise BadSetting("claim_grace_ms", "must not be shorter than the call timeout")
    if settings.session_max_ms and settings.session_max_ms < settings.session_ms:
        raise BadSetting("session_max_ms", "must not be shorter than the session")
    if settings.opens_at_ms and settings.early_at_ms > settings.opens_at_ms:
        raise BadSetting("early_at_ms", "must not be later than the opening")
    if settings.draw_at_ms and settings.opens_at_ms and settings.draw_at_ms > settings.opens_at_ms:
        raise BadSetting("draw_at_ms", "must not be later than the opening")
    if settings.closes_at_ms and settings.closes_at_ms <= settings.opens_at_ms:
        raise BadSetting("closes_at_ms", "must be later than the opening")
    if (poll := poll_of(settings)).min_ms > poll.max_ms:
        longest = shown_duration(poll.max_ms)
        raise BadSetting("poll_min_ms", f"must not be longer than the longest, {longest}")
