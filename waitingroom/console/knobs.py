"""Every knob of a room as its operators see it: its name, what it does, what it is now. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from waitingroom import zones
from waitingroom.console.figures import number
from waitingroom.durations import shown_duration
from waitingroom.model import DrawMethod, Phase, Snapshot, WhileNoSale
from waitingroom.settings import TOO_LATE, Value, is_too_late


class Kind(Enum):
    """How a knob is typed."""

    COUNT = auto()
    DURATION = auto()
    MOMENT = auto()
    CHOICE = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Knob:
    """``label``: its name to people. ``hint``: what it does, and what its 0 (or nothing) means.
    ``unit``: behind its number. ``none``: its 0 in words. ``choices``: words by value.
    """

    label: str
    kind: Kind
    hint: str = ""
    unit: str = ""
    none: str = ""
    choices: Mapping[str, str] | None = None


KNOBS: Mapping[str, Knob] = {
    "rate_per_min": Knob(
        "Rate", Kind.COUNT, "people let in a minute; 0 holds everybody", " a minute",
        "0 a minute, which holds everybody",
    ),
    "burst": Knob("Burst", Kind.COUNT, "most at once; 0 is two seconds of the rate",
        " at once", "automatic"),
    "capacity": Knob("Capacity", Kind.COUNT, "most inside at a time; 0 is no limit",
        " inside", "no limit inside"),
    "join_limit": Knob("Join budget", Kind.COUNT, "joins a minute from one network; 0 is no limit",
        " a minute from one network", "no limit"),
    "joins": Knob("New people", Kind.CHOICE, "those in line stay in any case",
        choices={"1": "may join", "0": "may not join"}),
    "early_at_ms": Knob("Joining begins", Kind.MOMENT, "empty: at once", none="at once"),
    "draw_at_ms": Knob("Draw", Kind.MOMENT, "empty: at the opening", none="at the opening"),
    "opens_at_ms": Knob("Opening", Kind.MOMENT, "empty: when an operator opens it",
        none="when an operator opens it"),
    "closes_at_ms": Knob("Closing", Kind.MOMENT, "empty: when an operator closes it",
        none="when an operator closes it"),
    "draw": Knob("Early places", Kind.CHOICE, "of those who come before the opening",
        choices={DrawMethod.SHUFFLE: "by lot", DrawMethod.FIFO: "first come, first served"}),
    "call_timeout_ms": Knob("Call timeout", Kind.DURATION, "silent so long, the turn passes on"),
    "claim_grace_ms": Knob("Claim grace", Kind.DURATION, "how long after the call one may come"),
    "session_ms": Knob("Session", Kind.DURATION, "how long somebody idle stays inside"),
    "session_max_ms": Knob("Longest session", Kind.DURATION, "of anybody; 0 is four sessions",
        none="four sessions"),
    "poll_min_ms": Knob("Pages ask no more often than", Kind.DURATION, "0 is 2s", none="2s"),
    "poll_max_ms": Knob("Pages ask no less often than", Kind.DURATION, "0 is 30s", none="30s"),
    "poll_divisor": Knob("Part of the wait", Kind.COUNT, "a page asks again after that part of its "
        "wait: 10 is a tenth; 0 is 10", "th", none="10th"),
    "outside": Knob("Shop without a sale", Kind.CHOICE, "before joining begins, and once closed",
        choices={WhileNoSale.SHOP: "as the shop is set", WhileNoSale.OPEN: "open to all",
                 WhileNoSale.BLOCKED: "blocked for all but staff"}),
    "message": Knob("Message", Kind.TEXT, "all in line read it; empty for none", none="none"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """A page of knobs. ``title``: of the page and of the way to it. ``planned``: they are turned
    later or little by little, and fields are empty for those that are not.
    """

    title: str
    names: tuple[str, ...]
    planned: bool = False

    @property
    def timed(self) -> bool:
        """Whether there is a time to type on this page."""
        return self.planned or any(KNOBS[name].kind is Kind.MOMENT for name in self.names)


PACE = ("rate_per_min", "capacity", "burst", "join_limit", "joins")
GROUPS: Mapping[str, Group] = {
    "pace": Group("Pace", PACE),
    "plan": Group("Later, or little by little", PACE, planned=True),
    "message": Group("Message", ("message",)),
    "times": Group("Times", ("early_at_ms", "draw_at_ms", "opens_at_ms", "closes_at_ms")),
    "stay": Group(
        "Calls, sessions, draw",
        ("call_timeout_ms", "claim_grace_ms", "session_ms", "session_max_ms", "draw"),
    ),
    "around": Group("Pages and shop", ("poll_min_ms", "poll_max_ms", "poll_divisor", "outside")),
}
"""In the order of their links."""
QUICK = ("rate_per_min", "capacity")
"""What stands on the room's own page."""


def frozen(room: Snapshot, name: str) -> str:
    """Why a knob cannot be changed any more, or "": as the store has it."""
    if not is_too_late(room, name):
        return ""
    if name == "draw":
        return "people have come, and were promised it" if room.tail else TOO_LATE["draw_at_ms"]
    return TOO_LATE[name]


def typed(room: Snapshot, name: str, zone: str) -> str:
    """A knob as its field shows it."""
    value = getattr(room, name)
    match KNOBS[name].kind:
        case Kind.DURATION:
            return shown_duration(value)
        case Kind.MOMENT:
            return zones.typed(value, zone)
        case Kind.CHOICE:
            return str(int(value)) if isinstance(value, bool) else str(value)
    return str(value)


def shown(name: str, value: Value, zone: str = "UTC") -> str:
    """A value in words: ``60 a minute``, ``no limit inside``."""
    knob = KNOBS[name]
    if knob.choices:
        word = str(int(value)) if isinstance(value, bool | int) else str(value)
        return knob.choices.get(word, word)
    if not value:
        return knob.none or "0"
    if knob.kind is Kind.MOMENT:
        return zones.shown(int(value), zone)  # type: ignore[arg-type]
    if knob.kind is Kind.DURATION:
        return shown_duration(int(value))  # type: ignore[arg-type]
    if knob.kind is Kind.TEXT:
        return f"“{value}”"
    at_most = "at most " if name == "capacity" else ""
    return f"{at_most}{number(int(value))}{knob.unit}"  # type: ignore[arg-type]


def zone_of(room: Snapshot, wanted: str = "") -> str:
    """In which zone times are typed: as somebody wants it, else the room's own, else UTC."""
    for name in (wanted, room.brand.time_zone):
        if name in zones.names():
            return name
    return "UTC"


def common_zone(rooms: Iterable[Snapshot]) -> str:
    """In which zone is told what belongs to no room: that of all rooms that are not closed (or,
    where all are, of all), else UTC.
    """
    by_closed: dict[bool, set[str]] = {False: set(), True: set()}
    for room in rooms:
        by_closed[room.phase is Phase.CLOSED].add(zone_of(room))
    found = by_closed[False] or by_closed[True]
    return found.pop() if len(found) == 1 else "UTC"
