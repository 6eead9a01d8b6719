"""What a verb is to the clients that run it: a function's name, its keys, its arguments."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from waitingroom.model import Actor
from waitingroom.store.keys import RoomKeys

Reply = Any
"""What a client hands back: integers, bytes, None and lists of them."""


@dataclass(frozen=True, slots=True)
class Call:
    """One function call: the verb's name, the keys it touches, its arguments."""

    verb: str
    keys: tuple[str, ...]
    args: tuple[str | int | bytes, ...]


def call(verb: str, room: str, *args: str | int | bytes, extra: Sequence[str] = ()) -> Call:
    """A call that touches the keys of ``room``, and ``extra`` ones behind them."""
    return Call(verb, (*RoomKeys.of(room), *extra), args)


def text(value: Reply) -> str:
    """A text of a reply; "" for none."""
    return value.decode() if isinstance(value, bytes) else str(value or "")


def who(actor: Actor | str) -> str:
    """An actor, as the function library takes one."""
    known = actor if isinstance(actor, Actor) else Actor(actor)
    return json.dumps({"actor": known.name, "from": known.place, "why": known.why})


def in_ms(reply: Reply) -> int:
    """What ``TIME`` answers."""
    seconds, microseconds = reply
    return int(seconds) * 1000 + int(microseconds) // 1000


def clock(now_ms: int | None) -> str | int:
    """The store's own clock rules unless the room was made with a test clock."""
    return "" if now_ms is None else now_ms
