"""The function library: its source from the folder ``room``, its name from its content.

An older and a newer gate that share a server load a library each, under different names, and both
work on the same state. A server that lost its functions (an empty failover, ``FUNCTION FLUSH``)
answers "Function not found"; the clients then load it again.
"""

import hashlib
from functools import cache
from importlib.resources import files

from waitingroom.model import (
    APPOINTMENT_HELD_MS,
    APPOINTMENT_KEPT_MS,
    LAST_APPOINTMENT_MS,
    MOST_APPOINTMENTS,
    NO_APPOINTMENT_MS,
    UNITS_PER_ADMISSION,
)
from waitingroom.store.keys import FIELDS, FORMAT, SCHEMA

MOST_LOADS = 3
"""For one call: somebody may take the functions away again before it is repeated."""


def _body() -> str:
    folder = files("waitingroom.store") / "room"
    parts = sorted((part for part in folder.iterdir() if part.name.endswith(".lua")), key=str)
    source = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    fields = ", ".join(f"'{name}'" for name in FIELDS)
    # A library's top level may not call `string`, so the layout arrives ready-made.
    marks = {
        "FIELDS": fields,
        "FORMAT": FORMAT,
        "SCHEMA": SCHEMA,
        "UNIT": UNITS_PER_ADMISSION,
        "LAST_APPOINTMENT": LAST_APPOINTMENT_MS,
        "APPOINTMENT_KEPT": APPOINTMENT_KEPT_MS,
        "APPOINTMENT_HELD": APPOINTMENT_HELD_MS,
        "MOST_APPOINTMENTS": MOST_APPOINTMENTS,
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
