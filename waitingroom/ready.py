"""“Are we ready?”: every row, judged from the facts. Pure."""

from collections.abc import Callable, Mapping, Sequence

from waitingroom import ready_room, ready_system
from waitingroom.readiness import ROWS, Facts, Judged, Row, State

JUDGES: Mapping[str, Callable[[Facts], Judged]] = {
    "ready-secrets": ready_system.secrets,
    "ready-store": ready_system.store,
    "ready-clocks": ready_system.clocks,
    "ready-workers": ready_system.workers,
    "ready-shop": ready_room.shop,
    "ready-opening": ready_room.opening,
    "ready-words": ready_room.words,
    "ready-brand": ready_room.brand,
    "ready-load-test": ready_room.load_test,
    "ready-alarms": ready_system.alarms,
}


def rows(facts: Facts) -> list[Row]:
    """Every row, in order."""
    return [Row(id, *JUDGES[id](facts)) for id in ROWS]


def is_ready(found: Sequence[Row]) -> bool:
    """Whether no row fails."""
    return all(row.state is not State.NOT_READY for row in found)
