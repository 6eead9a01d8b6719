"""``waitingroom demo`` on a terminal and off it."""

import contextlib
import os
import pty
import re
import subprocess
import sys
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

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
        assert not psutil.wait_procs(children, timeout=20)[1]
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


def test_its_operator_may_log_in_with_a_password_that_is_printed_once(folder: Folder) -> None:
    """No default: another run has another, and no file of the demo has it in the open."""
    passwords = []
    for _ in range(2):
        run = folder.start("demo", "--shoppers", "0")
        run.says("demo: early, opens in ")
        told = [line for line in run.lines if "password" in line]
        assert len(told) == 1
        # Where a newcomer looks for it: right below the console's address.
        assert "  console " in run.lines[run.lines.index(told[0]) - 1]
        who, password = re.search(r"as (\S+), password (\S+)$", told[0]).groups()
        passwords.append(password)
        console = f"http://127.0.0.1:{folder.env['WAITINGROOM_CONSOLE_PORT']}"
        assert "<h1>Rooms</h1>" in logged_in(console, who, password)
        data = folder.path / ".waitingroom" / "demo"
        kept = [path for path in data.rglob("*") if path.is_file()]
        assert kept
        assert not [path for path in kept if password.encode() in path.read_bytes()]
        assert run.interrupt() == 0
    assert passwords[0] != passwords[1]


def logged_in(url: str, who: str, password: str) -> str:
    """The console's first page, by the form."""
    browser = build_opener(HTTPCookieProcessor())
    with browser.open(f"{url}/login", timeout=30) as page:
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())[1]
    form = {"csrf_token": token, "name": who, "password": password, "to": "/"}
    with browser.open(f"{url}/login", urlencode(form).encode(), timeout=30) as page:
        return page.read().decode()
