"""The bench's part with the console open: watched only when it should be, and judged as it was."""

import tempfile
from pathlib import Path

import psutil
import pytest
from systems import eventually

from loadtests.bench.measure import Pair, Slot
from loadtests.bench.servers import bench
from loadtests.bench.watched import disturbed, watchers


def slot(busy: float) -> Slot:
    """Of a worker that was so busy."""
    return Slot("join", 1_000, 0, 50, busy, 0.2)


def test_a_pair_is_disturbed_where_the_gate_was_short_while_nobody_watched() -> None:
    """Short while somebody did is what is measured."""
    full, short = (slot(1), slot(1)), (slot(0.5), slot(1))
    assert not disturbed(Pair(short, full))
    assert disturbed(Pair(full, short))


@pytest.mark.long
def test_console_and_keeper_work_while_they_watch_and_rest_else() -> None:
    """A page is answered each second; at rest both are stopped."""
    with (
        tempfile.TemporaryDirectory(prefix="wr-bench-") as folder,
        bench(Path(folder)) as running,
        watchers(running, Path(folder)) as watching,
    ):
        states = lambda: [psutil.Process(pid).status() for pid in watching._groups]  # noqa: E731
        eventually(lambda: states() == [psutil.STATUS_STOPPED] * 2, "both rest")
        assert watching.answers == 0
        watching.wake()
        eventually(lambda: watching.answers >= 2, "a page is answered")
        assert psutil.STATUS_STOPPED not in states()
