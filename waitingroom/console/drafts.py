"""The forms of a room that is made, cloned or edited: read, checked, shown again. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from waitingroom.console.figures import number
from waitingroom.errors import BadSetting
from waitingroom.model import DrawMethod, Settings
from waitingroom.room_ids import RESERVED_IDS, is_room_id
from waitingroom.settings import LONGEST_TEXT, RANGES, check

LONGEST_NUMBER = 12
LONGEST_SHOWN = 2_000
"""Of what was typed, at most so much comes back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a form. ``hint``: what may stand there. ``kind``: text, number, lines, colour or
    one of ``options`` (value and label). ``read``: its text as a value; raises :class:`BadSetting`.
    ``longest``: characters that a browser lets in; 0 for any.
    """

    name: str
    label: str
    hint: str
    read: Callable[[str], Any]
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as its page shows it."""

    entry: Entry
    text: str
    problem: str


def names(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Of all that a whole form has."""
    return tuple(one.name for one in entries)


def shown(
    entries: Sequence[Entry], typed: Mapping[str, str], problems: Mapping[str, str]
) -> list[Shown]:
    """Each entry with what was typed, or stands there."""
    return [
        Shown(one, typed.get(one.name, "")[:LONGEST_SHOWN], problems.get(one.name, ""))
        for one in entries
    ]


def read(
    entries: Sequence[Entry], typed: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values by name, and a sentence for each that cannot be."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for one in entries:
        try:
            values[one.name] = one.read(typed.get(one.name, "").strip())
        except BadSetting as wrong:
            problems[one.name] = f"{one.label.partition(',')[0]} {wrong.why}."
    return values, problems


def _id(text: str) -> str:
    if text in RESERVED_IDS:
        raise BadSetting("room", f"cannot be “{text}”: the gate has a page of its own there")
    if not is_room_id(text):
        raise BadSetting(
            "room", "must be 1 to 40 small letters, digits and hyphens, with no hyphen first"
        )
    return text


def _text(field: str) -> Callable[[str], str]:
    def read_text(text: str) -> str:
        check({field: text})
        return text

    return read_text


def whole(field: str, low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number from ``low`` to ``high``."""
    wants = f"must be a whole number from {number(low)} to {number(high)}, in digits alone"

    def read_whole(text: str) -> int:
        plain = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
        if not plain or not low <= int(text) <= high:
            raise BadSetting(field, f"{wants}; “{text[:40]}” is not")
        return int(text)

    return read_whole


def _origins(text: str) -> tuple[str, ...]:
    # As it is copied from a browser's address bar.
    found = tuple(word.removesuffix("/") for word in text.split())
    try:
        check({"origins": found})
    except BadSetting as wrong:
        raise BadSetting("origins", f"cannot be so: {wrong.why}") from None
    return found


def _method(text: str) -> DrawMethod:
    if text not in tuple(DrawMethod):
        raise BadSetting("draw", "must be one of the two")
    return DrawMethod(text)


ID = Entry(
    "room", "Id", "in the address: small letters, digits, hyphens; for good", _id, longest=40
)
TITLE = Entry(
    *("title", "Title", "on the shoppers’ page"), _text("title"), longest=LONGEST_TEXT["title"]
)
MESSAGE = Entry(
    *("message", "Message", "to all who wait; may be empty"),
    _text("message"),
    longest=LONGEST_TEXT["message"],
)
ORIGINS = Entry(
    "origins",
    "Shops, where shoppers are sent back to",
    "one a line, like https://shop.example.com",
    _origins,
    "lines",
)
RATE = Entry(
    *("rate_per_min", "Rate, people a minute", "0 holds everybody"),
    whole("rate_per_min", *RANGES["rate_per_min"]),
    "number",
)
CAPACITY = Entry(
    *("capacity", "Capacity, people inside at once", "0 is no limit"),
    whole("capacity", *RANGES["capacity"]),
    "number",
)
METHOD = Entry(
    *("draw", "Order of those who come early", "by lot, earlier gains nothing"), _method, "choice",
    ((DrawMethod.SHUFFLE, "by lot"), (DrawMethod.FIFO, "by arrival")),
)  # fmt: skip
EDITED = (TITLE, MESSAGE, ORIGINS)
MADE = (ID, TITLE, ORIGINS, RATE, CAPACITY, METHOD)


def texts_of(settings: Settings) -> dict[str, str]:
    """Settings as their entries are typed."""
    return {
        "title": settings.title,
        "message": settings.message,
        "origins": "\n".join(settings.origins),
        "rate_per_min": str(settings.rate_per_min),
        "capacity": str(settings.capacity),
        "draw": settings.draw,
    }
