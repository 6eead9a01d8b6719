"""How often pages ask: a room's own knob, told to all of them by every worker."""

import time
from collections.abc import Callable

from gates import LocalGate, RunningGate
from rooms import Room

SOON_S = 1.0


def test_every_worker_tells_within_a_second_how_often_to_ask(
    running_gate: RunningGate, make_room: Callable[..., Room]
) -> None:
    """Measured from when the knob is turned; other knobs of the document are as they were."""
    room = make_room()
    running_gate.sees(room.name, lambda status: status["poll"]["min_ms"] == 2_000)
    with running_gate.one_connection_each() as connections:
        room.store.set(room.name, {"poll_min_ms": 7_000, "poll_divisor": 20}, actor="test")
        waiting, ends = list(connections), time.monotonic() + SOON_S
        while waiting and time.monotonic() < ends:
            told = running_gate.ask_on(waiting[0], "GET", f"/{room.name}/status.json").json["poll"]
            if told["min_ms"] == 7_000:
                assert (told["max_ms"], told["divisor"]) == (30_000, 20)
                del waiting[0]
        assert not waiting, f"a worker did not tell within {SOON_S} s"


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
