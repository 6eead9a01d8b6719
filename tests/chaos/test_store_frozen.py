"""A store that stops answering: DESIGN §8, "store down or slow"."""

import asyncio
import time
from itertools import chain

import psutil
import pytest
from chaos_checks import all_hold
from chaos_system import ROOM, Chaos, frozen, start
from chaos_wire import Wire
from chaos_workers import all_know_the_room, staleness, told_by_every_worker
from systems import Folder, at_best, eventually, nine_in_ten

from waitingroom.errors import StoreDown
from waitingroom.model import Settings
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.aclient import MOST_CONNECTIONS, AsyncStore
from waitingroom.store.client import Store

FROZEN_S = 10
ONE_TIMEOUT_S = 3.5
"""The gate's time-out towards the store is 2 s, so two in a row are 4; the rest is this machine's
other work."""
AT_ONCE_S = 1


def look_around(chaos: Chaos) -> None:
    """What can be seen of the gate while its store is frozen."""
    eventually(lambda: staleness(chaos) == {True}, "every worker says that its status is old")
    ready = told_by_every_worker(chaos, "/readyz").values()
    assert {answer.status for answer in ready} == {503}
    assert {answer.code for answer in ready} == {"store_down"}
    path = f"/{ROOM}/status.json"
    looks = [look for _ in range(10) for look in told_by_every_worker(chaos, path).values()]
    assert nine_in_ten(look.took_s for look in looks) < AT_ONCE_S, "they wait for no store"
    alive = told_by_every_worker(chaos, "/healthz").values()
    assert {answer.status for answer in alive} == {200}
    place = next(iter(chaos.ledger.places.values()))
    wire = Wire(chaos.gate_url)
    for path in ("ticket", "pass"):
        answer = wire.ask("POST", f"/{ROOM}/{path}", bearer=place.ticket)
        assert (answer.status, answer.code) == (503, "store_down")
        assert 1 <= int(answer.headers["retry-after"]) <= 3
        assert 1_000 <= answer.value["retry_after_ms"] <= 3_000
    wire.close()


def test_a_store_frozen_for_ten_seconds_costs_nobody_a_place(folder: Folder) -> None:
    """Status from the snapshot, 503 soon for the rest, nothing doubled after, and all by itself."""
    chaos = start(folder)
    store = psutil.Process(chaos.pid("store"))
    with chaos.under_load("frozen"):
        chaos.goes_on()
        all_know_the_room(chaos)
        with frozen(store.pid):
            thaws_at_s = time.monotonic() + FROZEN_S
            look_around(chaos)
            time.sleep(max(0, thaws_at_s - time.monotonic()))
        chaos.goes_on()
    all_hold(chaos)
    assert chaos.pid("store") == store.pid
    took_s = chaos.ledger.took_s
    assert nine_in_ten(took_s["status", 200]) < AT_ONCE_S
    refusals = (all_s for (_, status), all_s in took_s.items() if status == 503)
    assert nine_in_ten(chain.from_iterable(refusals)) < ONE_TIMEOUT_S


@pytest.fixture
def open_room(embedded: EmbeddedStore, room_id: str) -> str:
    """A room of the run's own store."""
    store = Store.connect(embedded.url, timeout_s=10)
    store.create(room_id, Settings(opens_at_ms=1), actor="test")
    store.close()
    return room_id


def test_more_knocks_than_connections_wait_for_one_time_out_together(
    embedded: EmbeddedStore, open_room: str
) -> None:
    """Who waited for a connection is refused with those who had one; then all are, at once."""

    async def knock_all(store: AsyncStore) -> float:
        started_s = time.monotonic()
        knocks = [store.enter(open_room, 1, n, n) for n in range(1, 3 * MOST_CONNECTIONS)]
        outcomes = await asyncio.gather(*knocks, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {StoreDown}
        return time.monotonic() - started_s

    async def main() -> bool:
        store = AsyncStore.connect(embedded.url)
        await store.join(open_room, [None])
        assert embedded.process is not None
        with frozen(embedded.process.pid):
            took_s, again_s = await knock_all(store), await knock_all(store)
        # The refresh finds it again, and so does everybody from then on.
        await store.status(open_room)
        assert (await store.enter(open_room, 1, 1, 1)).is_in
        await store.close()
        return took_s < ONE_TIMEOUT_S and again_s < 0.5

    at_best(lambda: asyncio.run(main()), "all are refused after one time-out, then at once")
