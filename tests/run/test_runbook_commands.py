"""Every command of the runbook, typed once into a system that runs."""

import re
import subprocess
from pathlib import Path

import pytest
from gates import Browser
from sale import Place
from systems import Folder

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text("utf-8")
ROOM = "spring"
MAY_FAIL = {
    "waitingroom ready": "a test's secrets are its own",
    "grep -h": "it finds nothing",
    "waitingroom room second-chance": "nobody has lapsed yet",
    "waitingroom room undo": "the ramp's first step may have come",
}
"""With exit status 1, and why."""


def typed() -> list[str]:
    """In order, what is behind a # left out."""
    blocks = re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL)
    lines = [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return list(filter(None, lines))


@pytest.mark.long
def test_every_command_can_be_typed_in_order(folder: Folder) -> None:
    """By an operator from the pause at its top to the reset at its end, and by alarms after it."""
    folder.up()
    operator = ("operator", "add", "ada", "--role", "operator", "--json")
    assert subprocess.run(
        [*folder.program, *operator],
        **{"cwd": folder.path, "env": folder.env, "input": "a long enough password\n" * 2},
        text=True, capture_output=True, check=False, timeout=30,
    ).returncode == 0  # fmt: skip
    knobs = ("--opens-at", "now", "--rate", "6", "--origin", "http://127.0.0.1:9")
    assert folder.do("room", "create", ROOM, *knobs).returncode == 0
    gate = Place(int(folder.env["WAITINGROOM_GATE_PORT"]))
    code = Browser(gate, ROOM).join().json["code"]
    lines = typed()
    assert len(lines) > 30
    for line in lines:
        words = re.sub(r"\bID\b", ROOM, line).replace("CODE", f"'{code}'")
        own = " ".join(folder.program)
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", re.sub(r"^waitingroom ", f"{own} ", words)],
            cwd=folder.path,
            env=folder.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        may_fail = any(line.startswith(start) for start in MAY_FAIL)
        assert done.returncode in ((0, 1) if may_fail else (0,)), (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
