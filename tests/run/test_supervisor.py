"""The supervisor over small real processes: restarts, pauses, endings."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from systems import eventually, gone

from waitingroom.run.child import FIRST_PAUSE_MS, LONGEST_PAUSE_MS, SETTLED_MS, Child, Part
from waitingroom.run.signals import Signals
from waitingroom.run.supervisor import Interrupted, PartFailed, Supervisor

Make = Callable[..., Part]

NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    with open(sys.argv[1], "a") as file:
        file.write(sys.argv[2] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, end)
open(sys.argv[1] + "." + sys.argv[2], "w").close()
time.sleep(60)
"""


ENDS_WHEN_TOLD = """
import sys, time
from pathlib import Path
while not Path(sys.argv[1]).exists():
    time.sleep(0.02)
"""
"""Not before it has been seen to run, however long that takes."""


@pytest.fixture
def said() -> list[str]:
    """What the supervisor told the terminal."""
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    """A supervisor without children yet; they end with the test."""
    with Signals() as signals:
        made = Supervisor(signals, said.append)
        yield made
        made.stop()


@pytest.fixture
def part(tmp_path: Path) -> Make:
    """Makes parts that run Python text."""

    def make(name: str, code: str, *words: str, **more: object) -> Part:
        argv = (sys.executable, "-c", code, *words)
        more = {"ready": lambda: True} | more
        return Part(name, argv, dict(os.environ), tmp_path / f"{name}.log", **more)  # type: ignore[arg-type]

    return make


def test_the_last_started_ends_first_and_each_before_the_next(
    supervisor: Supervisor, part: Make, tmp_path: Path
) -> None:
    """The store is first to come and last to go: everybody else needs it to the end."""
    notes = tmp_path / "notes"
    for name in ("store", "shop", "gate"):
        up = Path(f"{notes}.{name}").exists
        supervisor.start([part(name, NOTES_ITS_END, str(notes), name, ready=up)])
    supervisor.stop()
    assert notes.read_text().split() == ["gate", "shop", "store"]


def test_a_child_that_does_not_end_in_time_is_killed_with_all_it_started(
    supervisor: Supervisor, part: Make, tmp_path: Path
) -> None:
    """No part may hold up an ending for ever, and none leaves children of its own."""
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    file = tmp_path / "pid"
    deaf = part(
        "deaf", code, str(file), patience_s=0.3, ready=lambda: file.exists() and file.read_text()
    )
    supervisor.start([deaf])
    grandchild = psutil.Process(int(file.read_text()))
    supervisor.stop()
    eventually(lambda: gone([grandchild]), "it ends")


def test_asking_twice_does_not_wait_for_the_slow(supervisor: Supervisor, part: Make) -> None:
    """A second Ctrl-C means: now."""
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True); time.sleep(60)"
    )
    slow = part("slow", code, patience_s=30)
    supervisor.start([slow])
    eventually(slow.log.read_text, "it is deaf")
    supervisor.signals.asked = 1
    again = threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,))
    again.start()
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 10
    again.join()


def test_a_child_that_ends_is_said_and_started_again_after_a_pause(
    supervisor: Supervisor, said: list[str], part: Make, tmp_path: Path
) -> None:
    """With how it ended, and its last words when it was young."""
    told = tmp_path / "told"
    code = ENDS_WHEN_TOLD + "raise SystemExit('my last words')"
    supervisor.start([part("brief", code, str(told))])
    first = supervisor.pids()["brief"]
    told.touch()
    eventually(supervisor.look_after, "noticed")
    assert said[0] == "brief ended (exit status 1); starting it again in 0.5 s"
    assert "my last words" in said[1]
    assert supervisor.pids() == {"brief": 0}
    eventually(supervisor.look_after, "started again")
    assert supervisor.pids()["brief"] not in (0, first)


def test_pauses_double_up_to_a_limit_and_begin_anew_after_a_long_life(part: Make) -> None:
    """Who cannot run must not burn the machine; who ran for long gets a quick second chance."""
    child = Child(part("brief", ""))
    pauses = []
    now_ms = 0
    for _ in range(9):
        child.start(now_ms)
        assert child.process is not None
        child.process.wait()
        child.ended(now_ms)
        pauses.append(child.start_again_at_ms - now_ms)
    assert pauses[:3] == [FIRST_PAUSE_MS, 2 * FIRST_PAUSE_MS, 4 * FIRST_PAUSE_MS]
    assert pauses[-1] == LONGEST_PAUSE_MS
    child.start(now_ms)
    assert child.process is not None
    child.process.wait()
    child.ended(now_ms + SETTLED_MS)
    assert child.start_again_at_ms == now_ms + SETTLED_MS + FIRST_PAUSE_MS


def test_a_part_that_may_end_is_not_started_again(
    supervisor: Supervisor, said: list[str], part: Make, tmp_path: Path
) -> None:
    """The demo's crowd goes home one day; its last line says how it went."""
    told = tmp_path / "told"
    supervisor.start([part("crowd", ENDS_WHEN_TOLD + "print('200 bought')", str(told), ends=True)])
    told.touch()
    eventually(supervisor.look_after, "noticed")
    assert said == ["crowd is done: 200 bought"]
    time.sleep(FIRST_PAUSE_MS / 1000 + 0.1)
    assert not supervisor.look_after()


def test_a_part_that_ends_before_it_answers_fails_the_start(
    supervisor: Supervisor, part: Make
) -> None:
    """The fault carries the part's last words."""
    with pytest.raises(PartFailed, match=r"gate ended at once[\s\S]*no such luck"):
        supervisor.start([part("gate", "raise SystemExit('no such luck')", ready=lambda: False)])


def test_ctrl_c_while_starting_ends_the_start(supervisor: Supervisor, part: Make) -> None:
    """Nobody waits for a slow start to be allowed to stop it."""
    supervisor.signals.asked = 1
    with pytest.raises(Interrupted):
        supervisor.start([part("slow", "import time; time.sleep(60)", ready=lambda: False)])
    supervisor.stop()
    supervisor.signals.asked = 0


def test_a_program_that_does_not_exist_is_said_in_words(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    """The exec shim itself tells; no traceback."""
    missing = Part("store", ("/no/such/server",), {}, tmp_path / "log", lambda: False)
    with pytest.raises(PartFailed, match="/no/such/server cannot be run: No such file"):
        supervisor.start([missing])


def test_a_restart_that_the_machine_refuses_is_put_off_not_given_up(
    supervisor: Supervisor, said: list[str], part: Make, tmp_path: Path
) -> None:
    """Out of files, memory or disk: the supervisor itself goes on."""
    told = tmp_path / "told"
    brief = part("brief", ENDS_WHEN_TOLD, str(told))
    supervisor.start([brief])
    told.touch()
    eventually(supervisor.look_after, "noticed")
    brief.log.unlink()
    brief.log.mkdir()
    eventually(supervisor.look_after, "tried again")
    assert said[-1] == "brief cannot be started (Is a directory); starting it again in 1 s"
    brief.log.rmdir()
    eventually(supervisor.look_after, "started again")
    assert supervisor.pids()["brief"] != 0
