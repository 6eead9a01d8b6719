"""What must hold once the dust has settled: what was told, against the store's own records."""

from collections import Counter
from collections.abc import Iterable

from chaos_crowd import ask_again
from chaos_ledger import Ledger, Place
from chaos_system import ROOM, Chaos
from chaos_wire import Wire
from chaos_workers import staleness
from systems import eventually

from waitingroom.model import Settings, Snapshot
from waitingroom.store.keys import RoomKeys

MOST_TRIES = 5


def nothing_odd(ledger: Ledger) -> None:
    """Every answer was one that the protocol has, and none contradicts another."""
    assert not ledger.oddities, ledger.oddities[:10]


def no_place_lost(chaos: Chaos, snapshot: Snapshot) -> None:
    """Every ticket that somebody holds is still good: the same place, the same number (M5)."""
    ledger = chaos.ledger
    kept = [place for place in ledger.places.values() if not place.given_up]
    assert kept
    wire = Wire(chaos.gate_url)

    def status_of(place: Place) -> int:
        """Asked again where the machine kept the store from answering in time, as a page asks."""
        answers = (ask_again(wire, ledger, ROOM, place) for _ in range(MOST_TRIES))
        return next((status for status in answers if status != 503), 503)

    statuses = Counter(map(status_of, kept))
    wire.close()
    nothing_odd(ledger)
    assert set(statuses) == {200}, statuses
    assert max(ledger.places) <= snapshot.tail
    numbers = [place.number for place in kept]
    assert None not in numbers
    assert len(set(numbers)) == len(numbers)


def entries(chaos: Chaos) -> dict[int, int]:
    """Arrival and moment of every entry: as the store has it, or as a released lease was told."""
    keys = RoomKeys.of(ROOM)
    with chaos.redis() as client:
        kept = client.hgetall(keys.entered)
        spent = client.bitcount(keys.spent)
    moments = {int(arrival): int(at) for arrival, at in kept.items()}
    for place in chaos.ledger.places.values():
        for expires_at_ms in place.told:
            moment = expires_at_ms - chaos.settings.session_ms
            assert moments.setdefault(place.arrival, moment) == moment
    assert spent == len(moments), "somebody entered whom nobody knows of"
    return moments


def within_the_limit(moments: Iterable[int], settings: Settings) -> None:
    """M1: in any window of T ms, entries ≤ burst + rate × T / 60,000."""
    lowest = float("inf")
    for index, moment in enumerate(sorted(moments)):
        # Entries i to j keep the limit when (j + 1 - rate × t_j) - (i - rate × t_i) ≤ burst.
        earned = moment * settings.rate_per_min / 60_000
        lowest = min(lowest, index - earned)
        assert index + 1 - earned - lowest <= settings.burst + 1e-6, f"too many up to {moment}"


def all_hold(chaos: Chaos) -> Snapshot:
    """M1, M2, M3 and M5 over everything that the crowd was told. Answers the room as it is."""
    eventually(lambda: staleness(chaos) == {False}, "every worker is up to date")
    nothing_odd(chaos.ledger)
    snapshot = chaos.snapshot()
    no_place_lost(chaos, snapshot)
    assert snapshot.serving >= chaos.ledger.serving
    moments = entries(chaos)
    assert len(moments) == snapshot.counters.entered
    within_the_limit(moments.values(), chaos.settings)
    return snapshot
