"""The keeper of the history in a real system: through kills, a store that restarts, a full disk."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from systems import Folder, Run, eventually, fill, small_file_system

from waitingroom import clock
from waitingroom.errors import StoreDown
from waitingroom.history import Sample
from waitingroom.store.client import Store
from waitingroom.store.history import HOUR

ROOM = "spring"
Kept = Callable[[], list[Sample]]


@contextmanager
def history(run: Run) -> Iterator[Kept]:
    """What is kept of the room; nothing while the store is away."""
    store = Store.connect(run.note["store_url"], timeout_s=10)

    def kept() -> list[Sample]:
        try:
            return store.history.read(ROOM, HOUR)
        except StoreDown:
            return []

    yield kept
    store.close()


def goes_on(kept: Kept) -> None:
    """Wait until a moment is kept that has yet to come."""
    now_ms = clock.now_ms()
    eventually(lambda: [one for one in kept() if one.at_ms > now_ms], "the history goes on", 60)


def test_a_history_is_kept_through_kills_of_its_keeper_and_its_store(folder: Folder) -> None:
    """From the room's first seconds, while nobody looks; what was kept stays."""
    run = folder.up()
    folder.do("room", "create", ROOM)
    with history(run) as kept:
        goes_on(kept)
        first = kept()[0]
        # A gate that was held up for a second is told of as away.
        eventually(lambda: [one for one in kept() if one.gate_us > 0], "the gate has answered")
        keeper = run.note["pids"]["keeper"]
        os.kill(keeper, signal.SIGKILL)
        run.says("keeper ended (signal 9); starting it again in 0.5 s")
        goes_on(kept)
        keeper = run.note["pids"]["keeper"]
        os.kill(run.note["pids"]["store"], signal.SIGKILL)
        run.says("store ended (signal 9)")
        goes_on(kept)
        assert run.note["pids"]["keeper"] == keeper, "it waits for its store, and does not end"
        assert eventually(kept, "the store answers")[0] == first
    assert run.interrupt() == 0


@pytest.mark.long
def test_a_history_goes_on_after_a_full_disk(folder: Folder, tmp_path: Path) -> None:
    """Nothing is kept meanwhile, which is a gap in the charts; and no log fills up with that."""
    with small_file_system(tmp_path / "small") as disk:
        folder.env["WAITINGROOM_DATA"] = str(disk / "data")
        run = folder.up()
        folder.do("room", "create", ROOM)
        with history(run) as kept:
            goes_on(kept)
            keeper = run.note["pids"]["keeper"]
            filler = fill(disk)
            run.says("store ended")
            filler.unlink()
            goes_on(kept)
            assert run.note["pids"]["keeper"] == keeper
        assert run.interrupt() == 0
        log = (disk / "data" / "log" / "keeper.log").read_text()
        assert log.count("\n") < 10, log
