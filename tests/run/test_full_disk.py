"""A data folder that cannot be written: at the start, and while the system runs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems import Folder, eventually, fill, lacking, small_file_system


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    with small_file_system(tmp_path / "small") as place:
        yield place


def test_a_full_disk_at_the_start_is_one_sentence(folder: Folder, small_disk: Path) -> None:
    """With the reason and what to do."""
    fill(small_disk)
    refused = folder.do("up", WAITINGROOM_DATA=str(small_disk / "data"))
    assert refused.returncode == 1
    (said,) = refused.stderr.splitlines()
    assert "No space left on device; make room" in said


@pytest.mark.long
def test_a_disk_that_fills_up_costs_nothing_that_was_promised(
    folder: Folder, small_disk: Path
) -> None:
    """Writes are refused meanwhile; with room again the system goes on by itself."""
    folder.env["WAITINGROOM_DATA"] = str(small_disk / "data")
    run = folder.up()
    assert folder.do("room", "create", "spring").returncode == 0
    filler = fill(small_disk)
    # The last block of the store's file may have room for a few writes yet.
    tries = (folder.do("room", "create", f"summer-{number}") for number in range(20))
    refused = next(done for done in tries if done.returncode)
    assert refused.returncode == 1
    assert "store" in refused.stderr
    run.says("store ended")
    filler.unlink()
    eventually(lambda: folder.do("room", "show", "spring").returncode == 0, "the room is there")
    eventually(lambda: folder.do("room", "create", "autumn").returncode == 0, "it writes again")
    assert run.interrupt() == 0


def test_a_folder_of_somebody_else_is_one_sentence(folder: Folder, tmp_path: Path) -> None:
    """Root may write everywhere, so root's test gives that right up first."""
    place = tmp_path / "theirs"
    place.mkdir(mode=0o500)
    drop: tuple[str, ...] = ()
    if os.geteuid() == 0:
        rights = "-dac_override,-dac_read_search"
        drop = ("setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}")
        if shutil.which("setpriv") is None:
            lacking("root needs setpriv to be refused anything")
    bound = Folder(folder.path, folder.env, program=(*drop, *folder.program))
    refused = bound.do("up", WAITINGROOM_DATA=str(place / "data"))
    assert refused.returncode == 1
    (said,) = refused.stderr.splitlines()
    assert "Permission denied" in said
