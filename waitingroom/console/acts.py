"""What operators do to a room: each act with its words, and when it is offered. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from waitingroom.console.figures import number, span
from waitingroom.model import DrawMethod, Phase, Snapshot
from waitingroom.operators import Role

UNDONE_NEVER = "This cannot be undone."


@dataclass(frozen=True, slots=True)
class Act:
    """An act by its verb's name. ``label``: of its button. ``tells``: what it will do to a room;
    ``done``: that it did, with where the room stands then told behind it. ``fits``: whether a room
    is such that it makes sense. ``at_once``: its button on the room's page asks nothing more.
    ``by_name``: the room's name is typed first. ``reopens``: it may say when the next sale opens.
    ``costs_places``: whether people in such a room lose places or passes by it for good, which a
    command asks before, too. It asks before nothing else: whoever types an act and a room has not
    touched the wrong button.
    """

    label: str
    tells: Callable[[Snapshot], str]
    done: str
    fits: Callable[[Snapshot], bool]
    role: Role = Role.OPERATOR
    at_once: bool = False
    by_name: bool = False
    reopens: bool = False
    costs_places: Callable[[Snapshot], bool] = lambda _: False


def offered(room: Snapshot, role: Role) -> dict[str, Act]:
    """What somebody of this role may do to the room as it is, by name."""
    return {name: act for name, act in ACTS.items() if act.fits(room) and role.may(act.role)}


def _opening(room: Snapshot) -> str:
    if room.phase is Phase.DRAINING:
        return "Joins, calls and entries go on where they stopped."
    if room.phase is Phase.CLOSED:
        return f"{_running(room)} The new one opens at once.{_held(room)} {UNDONE_NEVER}"
    lots = "" if room.draw is DrawMethod.FIFO else f" Places by lot: {people(room.tail)} so far."
    return f"The sale opens now.{lots}{_held(room)} {UNDONE_NEVER}"


def _held(room: Snapshot) -> str:
    return " It stays paused until you resume it." if room.paused else ""


def _draining(room: Snapshot) -> str:
    return (
        f"Nobody joins, is called or goes in any more. Whoever is in line ({people(room.waiting)}) "
        f"waits, and whoever is inside ({people(room.leases)}) finishes. You may open it again; it "
        "then goes on."
    )


def _closing(room: Snapshot) -> str:
    return (
        f"The sale ends: whoever is in line ({people(room.waiting)}) is told so, and nobody goes "
        "in any more. "
        f"To open it again later begins a new running, in which no place counts. {UNDONE_NEVER}"
    )


def _resetting(room: Snapshot) -> str:
    opens = "It opens when you open it."
    if room.opens_at_ms > room.now_ms:
        opens = f"It opens in {span(room.opens_at_ms - room.now_ms)}."
    elif room.opens_at_ms:
        opens = "It opens at once."
    return f"{_running(room)} {opens}{_held(room)} {UNDONE_NEVER}"


def _running(room: Snapshot) -> str:
    return (
        f"A new running begins: whoever is in line ({people(room.waiting)}) loses their place, and "
        f"whoever is inside ({people(room.leases)}) their pass."
    )


def people(count: int) -> str:
    """``1 person``, ``12,345 people``."""
    return f"{number(count)} {'person' if count == 1 else 'people'}"


def _before_or_after(room: Snapshot) -> bool:
    return room.phase not in (Phase.OPEN, Phase.PAUSED)


ACTS: Mapping[str, Act] = {
    "pause": Act(
        label="Pause",
        tells=lambda _: "Nobody goes in until you resume. Everybody keeps their place.",
        done="Paused.",
        fits=lambda room: room.phase is not Phase.CLOSED,
        at_once=True,
    ),
    "resume": Act(
        label="Resume",
        tells=lambda _: "People are called and go in again, at the set rate.",
        done="Resumed.",
        fits=lambda room: room.paused and room.phase is not Phase.CLOSED,
        at_once=True,
    ),
    "open": Act(
        label="Open now",
        tells=_opening,
        done="Opened.",
        fits=_before_or_after,
        costs_places=lambda room: room.phase is Phase.CLOSED,
    ),
    "drain": Act(
        label="Drain",
        tells=_draining,
        done="Draining: those inside finish.",
        fits=lambda room: room.phase in (Phase.OPEN, Phase.PAUSED),
    ),
    "close": Act(
        label="Close",
        tells=_closing,
        done="Closed.",
        fits=lambda room: room.phase is not Phase.CLOSED,
        costs_places=lambda room: room.phase is not Phase.CLOSED,
    ),
    "reset": Act(
        label="Reset",
        tells=_resetting,
        done="A new running of the room has begun.",
        fits=lambda _: True,
        role=Role.ADMIN,
        by_name=True,
        reopens=True,
        costs_places=lambda _: True,
    ),
}
"""In the order of their buttons."""
