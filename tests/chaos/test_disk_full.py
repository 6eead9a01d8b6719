"""A data folder that fills up under load, and gets room again (M5)."""

from pathlib import Path

import pytest
from chaos_checks import all_hold
from chaos_system import Chaos, start
from chaos_workers import all_know_the_room, staleness
from systems import Folder, eventually, fill, small_file_system


def holds_out(chaos: Chaos) -> None:
    """No place is given meanwhile, and the page still has its status."""
    chaos.ledger.await_more("join", 503, 20)
    eventually(lambda: staleness(chaos) == {True}, "every worker says that its status is old")
    chaos.ledger.await_more("status", 200, 5)
    chaos.run.says("store ended")


def test_a_full_disk_stops_the_line_and_loses_nobody(folder: Folder, tmp_path: Path) -> None:
    """Joins are refused, never kept in memory only; with room again all goes on by itself."""
    with small_file_system(tmp_path / "small") as disk:
        folder.env["WAITINGROOM_DATA"] = str(disk / "data")
        chaos = start(folder)
        with chaos.under_load("disk"):
            chaos.goes_on()
            all_know_the_room(chaos)
            filler = fill(disk)
            holds_out(chaos)
            filler.unlink()
            chaos.goes_on()
        all_hold(chaos)
        assert chaos.run.interrupt() == 0


@pytest.mark.long
def test_a_disk_that_fills_up_again_and_again_loses_nobody(folder: Folder, tmp_path: Path) -> None:
    """Each time the store ends at another write."""
    with small_file_system(tmp_path / "small") as disk:
        folder.env["WAITINGROOM_DATA"] = str(disk / "data")
        chaos = start(folder)
        with chaos.under_load("disk again"):
            for _ in range(4):
                chaos.goes_on()
                filler = fill(disk)
                chaos.ledger.await_more("join", 503, 20)
                filler.unlink()
            chaos.goes_on()
        all_hold(chaos)
