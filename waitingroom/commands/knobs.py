"""The knobs of a room as options, and what is wrong with one in the words of its option."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from waitingroom.commands.values import Duration, Number, Origin, Time
from waitingroom.durations import shown_duration
from waitingroom.errors import BadSetting
from waitingroom.model import DrawMethod, Settings, WhileNoSale
from waitingroom.settings import RANGES

Command = TypeVar("Command", bound=Callable[..., Any])

RULES = click.Choice([rule.value for rule in WhileNoSale])
DRAWS = click.Choice([method.value for method in DrawMethod])

KNOBS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("--rate", "rate_per_min", {"type": Number(), "help": "Most entries a minute."}),
    ("--burst", "burst", {"type": Number(), "help": "Most entries at once; 0 = automatic."}),
    ("--capacity", "capacity", {"type": Number(), "help": "Most shoppers inside; 0 = no cap."}),
    ("--early-at", "early_at_ms", {"type": Time(), "help": "When joining begins."}),
    ("--opens-at", "opens_at_ms", {"type": Time(), "help": "When the sale opens."}),
    ("--closes-at", "closes_at_ms", {"type": Time(), "help": "When the sale ends."}),
    ("--draw-at", "draw_at_ms", {"type": Time(), "help": "When the draw is; before the opening."}),
    ("--draw", "draw", {"type": DRAWS, "help": "How early shoppers are ordered."}),
    ("--call-timeout", "call_timeout_ms", {"type": Duration(), "help": "Silent for this long, a "
     "called shopper is a no-show, and the turn goes to the next at the latest."}),
    ("--claim-grace", "claim_grace_ms", {"type": Duration(), "help": "How long after the call a "
     "shopper may still come."}),
    ("--session", "session_ms", {"type": Duration(), "help": "How long an idle pass lasts."}),
    ("--session-max", "session_max_ms", {"type": Duration(), "help": "How long any pass lasts; "
     "0 = four sessions."}),
    ("--join-limit", "join_limit", {"type": Number(), "help": "Joins a minute from one network; "
     "0 = no limit."}),
    ("--joins/--no-joins", "joins", {"default": None, "help": "Whether new shoppers may join."}),
    ("--poll-min", "poll_min_ms", {"type": Duration(), "help": "A waiting page asks no more often; "
     "0 = 2s."}),
    ("--poll-max", "poll_max_ms", {"type": Duration(), "help": "A waiting page asks no less often; "
     "0 = 30s."}),
    ("--poll-divisor", "poll_divisor", {"type": Number(), "help": "It asks that many times in its "
     "wait, more often as it gets shorter; 0 = 10."}),
    ("--outside", "outside", {"type": RULES, "help": "The shop while there is no sale: as it is "
     "set itself, open to all, or blocked for all but staff."}),
    ("--origin", "origins", {"type": Origin(), "multiple": True, "help": "Where shoppers may be "
     "sent back to, like https://shop.example.com; may be repeated."}),
    ("--title", "title", {"help": "The room's title on its page."}),
    ("--message", "message", {"help": "A message to those who wait."}),
)  # fmt: skip
"""Each option, the field of :class:`Settings` it sets, and how it is read."""
OPTIONS = {field: option.partition("/")[0] for option, field, _ in KNOBS}
NO_TIME = {"early_at_ms": "at once", "draw_at_ms": "at the opening"}
"""What no time means, where that is not never."""


def knobs(*, defaults: bool = False) -> Callable[[Command], Command]:
    """The options for all knobs; one that is not given is None (or an empty tuple).

    ``defaults``: their help says what a room gets without them.
    """

    def add(command: Command) -> Command:
        for option, field, details in reversed(KNOBS):
            shown = default_of(field) if defaults else ""
            command = click.option(option, field, show_default=shown or None, **details)(command)
        return command

    return add


def default_of(field: str) -> str:
    """A knob's default as it may be typed; "" for none."""
    default = getattr(Settings(), field)
    if field.endswith("_at_ms"):
        return NO_TIME.get(field, "never")
    if field.endswith("_ms"):
        return shown_duration(default)
    if isinstance(default, bool):
        return "joins" if default else "no-joins"
    return str(default) if isinstance(default, int | str) else ""


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The knobs that were named. Raises :class:`BadSetting` for a number out of its range."""
    found = {name: value for name, value in values.items() if value is not None and value != ()}
    for field, value in found.items():
        low, high = RANGES.get(field, (value, value))
        if not low <= value <= high:
            raise BadSetting(OPTIONS[field], _range(field, low, high))
    return found


def _range(field: str, low: int, high: int) -> str:
    if field.endswith("_at_ms"):
        return "must be a time between 1970 and 2100"
    if field.endswith("_ms"):
        return f"must be from {shown_duration(low)} to {shown_duration(high)}"
    return f"must be from {low} to {high}"


@contextmanager
def in_our_words(**others: str) -> Iterator[None]:
    """A complaint about a setting names the option that was typed. ``others``: field, option."""
    try:
        yield
    except BadSetting as error:
        name = (OPTIONS | others).get(error.field, error.field)
        raise type(error)(name, error.why) from None
