"""How often pages ask: a room's own knob, told to all of them by every worker."""

from collections.abc import Callable

from gates import LocalGate, RunningGate
from rooms import Room


def test_every_worker_tells_how_often_to_ask(
    running_gate: RunningGate, make_room: Callable[..., Room]
) -> None:
    """By the look at the room that brings every knob, twice a second."""
    room = make_room()
    usual = {"min_ms": 2_000, "max_ms": 30_000, "divisor": 10}
    running_gate.sees(room.name, lambda status: usual.items() <= status["poll"].items())
    room.store.set(room.name, {"poll_min_ms": 7_000, "poll_divisor": 20}, actor="test")
    wanted = usual | {"min_ms": 7_000, "divisor": 20}
    running_gate.sees(room.name, lambda status: wanted.items() <= status["poll"].items())


def test_who_knocks_too_early_is_told_to_ask_as_pages_do(
    gate: LocalGate, make_room: Callable[..., Room]
) -> None:
    """Not sooner than the room wants."""
    room = make_room(rate_per_min=60, burst=1, poll_min_ms=9_000, poll_max_ms=9_000)
    room.store.join(room.name, 30)
    late = gate.ask("POST", f"/{room.name}/ticket", {"Wr-Client": "native"})
    bearer = {"Authorization": f"Bearer {late.json['ticket']}"}
    answer = gate.ask("POST", f"/{room.name}/pass", bearer)
    assert (answer.status, answer.error) == (409, "not_called")
    assert answer.json["retry_after_ms"] == 9_000
