"""``waitingroom demo`` on a terminal and off it."""

import contextlib
import os
import pty
import subprocess
import sys

import psutil
from systems import Folder, eventually

CTRL_C = b"\x03"
ON_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_on_a_terminal_it_shows_one_status_line_and_ctrl_c_ends_everything(folder: Folder) -> None:
    """Ctrl-C typed on a real terminal goes to the whole foreground group, as it does for people."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ON_A_TERMINAL, *folder.program, "demo", "--shoppers", "10"],
        cwd=folder.path,
        env=folder.env | {"COLUMNS": "120"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.set_blocking(ours, False)
    seen = bytearray()

    def shown(text: bytes) -> bool:
        with contextlib.suppress(BlockingIOError, OSError):
            seen.extend(os.read(ours, 65_536))
        assert process.poll() is None or text in seen, seen.decode()
        return text in seen

    try:
        eventually(lambda: shown("serving 0 · 0 entries/min · 0 inside".encode()), "a status")
        assert b"demo: early, opens in " in seen
        assert folder.env["WAITINGROOM_SHOP_PORT"].encode() in seen
        eventually(lambda: shown(b"\r\x1b[K"), "written over in place")
        children = psutil.Process(process.pid).children(recursive=True)
        os.write(ours, CTRL_C)
        eventually(lambda: process.poll() is not None, "it ends")
        assert process.returncode == 0
        assert not psutil.wait_procs(children, timeout=5)[1]
    finally:
        os.close(ours)
        process.kill()
        process.wait()


def test_off_a_terminal_it_prints_plain_lines_and_commands_find_it(folder: Folder) -> None:
    """Its folder is its own, made anew each time, and its room is there to be turned."""
    leftover = folder.path / ".waitingroom" / "demo" / "leftover"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("of an earlier run")
    run = folder.start("demo", "--shoppers", "0")
    status = run.says("demo: early, opens in ")
    assert status.endswith("0 waiting · serving 0 · 0 entries/min · 0 inside")
    assert not leftover.exists()
    assert "6 a minute" in folder.do("room", "set", "demo", "--rate", "6").stdout
    assert folder.do("room", "keys", "demo").returncode == 0
    assert run.interrupt() == 0
