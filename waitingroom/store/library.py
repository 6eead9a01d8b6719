"""The function library: its source from the folder ``room``, its name from its content.

An older and a newer gate that share a server load a library each, under different names, and both
work on the same state. A server that lost its functions (an empty failover, ``FUNCTION FLUSH``)
answers "Function not found"; the clients then load it again. Where it is gone once more before the
call is repeated, library and call are sent as one transaction, between whose parts nobody comes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from math import isqrt
from typing import Any

from waitingroom.appointments import (
    APPOINTMENT_HELD_MS,
    APPOINTMENT_KEPT_MS,
    LAST_APPOINTMENT_MS,
    MOST_APPOINTMENTS,
    NO_APPOINTMENT_MS,
)
from waitingroom.chances import MOST_SECOND_CHANCES, SHORTEST_SECOND_CHANCE_MS
from waitingroom.model import UNITS_PER_ADMISSION, Settings
from waitingroom.store.call import Call
from waitingroom.store.keys import (
    ENDS_KEPT,
    FIELDS,
    FORMAT,
    LOG_KEPT,
    MOST_STRAYS,
    SCHEMA,
    TEXTS_TOLD,
)

LOADS_FOR_ALL = 2
"""That one call waits for, shared with all who miss the library too; then it brings its own along,
which each such call costs the server some milliseconds."""


KNOBS = tuple(
    name
    for name in FIELDS
    if name in {"epoch", "staff_epoch", "fifo", *Settings.__dataclass_fields__}
)
TEXT_KNOBS = tuple(name for name in TEXTS_TOLD if name != "commitment")
"""What an act may change, and the record tells of before and after."""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def sha256_rounds() -> list[int]:
    """The first 32 bits behind the point of the first 64 primes' cube roots (FIPS 180-4)."""
    return [_cube_root(prime << 96) % 2**32 for prime in _primes(64)]


def sha256_start() -> list[int]:
    """The first 32 bits behind the point of the first eight primes' square roots."""
    return [isqrt(prime << 64) % 2**32 for prime in _primes(8)]


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _cube_root(number: int) -> int:
    """Rounded down; by halves."""
    low, high = 0, 1 << (number.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low


def _body() -> str:
    folder = files("waitingroom.store") / "room"
    parts = sorted((part for part in folder.iterdir() if part.name.endswith(".lua")), key=str)
    source = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    # A library's top level may not call `string`, so the layout arrives ready-made.
    marks = {
        "FIELDS": _listed(FIELDS),
        "FORMAT": FORMAT,
        "SCHEMA": SCHEMA,
        "KNOBS": _listed(KNOBS),
        "TEXT_KNOBS": _listed(TEXT_KNOBS),
        "TEXTS_TOLD": _listed(TEXTS_TOLD),
        "LOG_KEPT": LOG_KEPT,
        "MOST_STRAYS": MOST_STRAYS,
        "ROUNDS": ", ".join(map(str, sha256_rounds())),
        "START": ", ".join(map(str, sha256_start())),
        "UNIT": UNITS_PER_ADMISSION,
        "LAST_APPOINTMENT": LAST_APPOINTMENT_MS,
        "APPOINTMENT_KEPT": APPOINTMENT_KEPT_MS,
        "APPOINTMENT_HELD": APPOINTMENT_HELD_MS,
        "MOST_APPOINTMENTS": MOST_APPOINTMENTS,
        "MOST_CHANCES": MOST_SECOND_CHANCES,
        "SHORTEST_CHANCE": SHORTEST_SECOND_CHANCE_MS,
        "ENDS_KEPT": ENDS_KEPT,
        "NO_APPOINTMENT": NO_APPOINTMENT_MS,
    }
    for mark, value in marks.items():
        source = source.replace(f"@{mark}@", str(value))
    return source


@cache
def content_hash() -> str:
    """Eight hex digits that change with every change of the library."""
    return hashlib.sha256(_body().encode()).hexdigest()[:8]


@cache
def source() -> str:
    """What ``FUNCTION LOAD`` takes."""
    name = content_hash()
    return f"#!lua name=waitingroom_{name}\n" + _body().replace("@HASH@", name)


@cache
def function_name(verb: str) -> str:
    """The name under which a verb is called: ``wr_join_0123abcd``."""
    return f"wr_{verb}_{content_hash()}"


def commands(call: Call, *, bringing: bool = False) -> list[tuple[Any, ...]]:
    """What is sent for a call, in one go. ``bringing``: with the library, as one transaction."""
    fcall = ("FCALL", function_name(call.verb), len(call.keys), *call.keys, *call.args)
    if not bringing:
        return [fcall]
    return [("MULTI",), ("FUNCTION LOAD", "REPLACE", source()), fcall, ("EXEC",)]


def reply(replies: Sequence[Any], *, bringing: bool = False) -> Any:
    """The call's own of the replies to its :func:`commands`. Raises the first that is an error."""
    raise_error(replies)
    if bringing:
        replies = replies[-1]
        raise_error(replies)
    return replies[-1]


def raise_error(replies: Sequence[Any]) -> None:
    """The first among them: the driver would put words of its own before the server's."""
    for one in replies:
        if isinstance(one, Exception):
            raise one
