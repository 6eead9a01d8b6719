"""One line an event: its fields, its length, what it never holds; and as people read it."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from waitingroom.logs import Facts, JsonFormatter, Lines, PeoplesFormatter, for_people
from waitingroom.request_ids import CURRENT, NONE, About, fresh, well_formed
from waitingroom.request_lines import MOST_A_SECOND, RequestLines
from waitingroom.variables import LogRequests


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """A logger of its own, and what it has written."""
    file = tmp_path / "part.log"
    handler = Lines(str(file))
    handler.setFormatter(JsonFormatter())
    handler.addFilter(Facts("gate"))
    log = logging.getLogger(f"waitingroom.test.{tmp_path.name}")
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    CURRENT.set(NONE)
    yield log, lambda: [json.loads(line) for line in file.read_text("utf-8").split("\n")[:-1]]
    log.removeHandler(handler)
    handler.close()


def test_a_line_has_its_time_level_event_part_and_message(written: Any) -> None:
    """The event is ours, or the logger's name where nobody gave one."""
    log, lines = written
    log.warning("the store %s", "is away", extra={"event": "store_away"})
    log.info("plain")
    one, other = lines()
    assert one["time"].endswith("+00:00")
    assert (one["level"], one["event"], one["part"]) == ("warning", "store_away", "gate")
    assert (one["pid"], one["message"]) == (os.getpid(), "the store is away")
    assert other["event"] == log.name
    assert "room" not in other
    assert "request_id" not in other


def test_a_traceback_stays_within_its_line(written: Any) -> None:
    """Whatever is in it, line ends too; the end of one that is too long."""
    log, lines = written
    for text in ("first\nsecond \u2028 third", "x" * 50_000):
        try:
            raise ValueError(text)
        except ValueError:
            log.exception("failed")
    one, other = lines()
    assert "ValueError: first\nsecond" in one["traceback"]
    assert len(other["traceback"]) < 20_000
    assert other["traceback"].endswith("xxx")


def test_the_request_at_hand_is_told_and_a_line_may_say_otherwise(written: Any) -> None:
    """By the thread's own context."""
    log, lines = written
    before = CURRENT.set(About("a" * 16, "spring"))
    log.info("one")
    log.info("two", extra={"room": "vip", "request_id": "b" * 16})
    CURRENT.reset(before)
    assert [(line["room"], line["request_id"]) for line in lines()] == [
        ("spring", "a" * 16),
        ("vip", "b" * 16),
    ]


def test_a_line_is_written_whole_or_not_at_all(tmp_path: Path, capfd: Any) -> None:
    """Where it cannot be, nothing complains to the same place."""
    handler = Lines()
    handler.setFormatter(JsonFormatter())
    handler.addFilter(Facts("gate"))
    handler._output = os.open(tmp_path, os.O_RDONLY)
    handler.emit(logging.LogRecord("x", logging.INFO, "x.py", 1, "a %s line", ("bad",), None))
    os.close(handler._output)
    handler._output = 2
    assert capfd.readouterr().err == ""


def test_people_read_the_same_in_plain_words(written: Any) -> None:
    """With what is known of the request behind it."""
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "a %s", ("line",), None)
    record.__dict__ |= {"part": "gate", "room": "spring", "status": 503}
    told = PeoplesFormatter().format(record)
    assert told.endswith(f"gate[{os.getpid()}] a line  room=spring  status=503")
    log, lines = written
    log.error("it failed", exc_info=(ValueError, ValueError("why"), None))
    assert for_people(json.dumps(lines()[0])) == "it failed: ValueError: why"
    for raw in ("plain words", '{"no": "line"}', "{broken"):
        assert for_people(raw) == raw


def test_what_nobody_catches_and_warnings_are_lines_too(tmp_path: Path) -> None:
    """In the main thread and in any other."""
    code = """
import threading, warnings
from waitingroom import logs
logs.set_up_from_environment("test")
warnings.warn("mind this")
print("printed", end=""); print(" by somebody")
import traceback
try: 1 / 0
except ZeroDivisionError: traceback.print_exc()
def fail(): raise ValueError("in a thread")
one = threading.Thread(target=fail); one.start(); one.join()
raise ValueError("in the main thread")
"""
    env = {name: text for name, text in os.environ.items() if not name.startswith("WAITINGROOM_")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    events = ["py.warnings", "printed", "printed", "uncaught", "uncaught"]
    assert [line["event"] for line in lines] == events
    assert (lines[1]["level"], lines[1]["message"]) == ("info", "printed by somebody")
    assert (lines[2]["level"], lines[2]["message"]) == (
        "error",
        "ZeroDivisionError: division by zero",
    )
    assert lines[2]["traceback"].startswith("Traceback")
    assert "in the main thread" in lines[4]["traceback"]


def test_no_two_processes_make_the_same_id() -> None:
    """A child goes on with ids of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, " ".join(fresh() for _ in range(50)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reader, 4_096).decode().split()
    os.close(reader)
    os.close(writer)
    ours = [fresh() for _ in range(50)]
    assert len({*theirs, *ours}) == 100
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ours + theirs)


@pytest.mark.parametrize(
    "good", ["21e32e9c00000000", "3f2fc5e7-28cd-4f46-9f2e-52a79c2b60eb", "a_b-c0123"]
)
def test_ids_that_may_be(good: str) -> None:
    """Ours, UUIDs, nginx's."""
    assert well_formed(good) == good


LONG, DOTTED, OTHERS = "x" * 49, "a.b.c.d.e.f", ("a b c d e f", "é" * 10, "a" * 9 + "\n")


@pytest.mark.parametrize("bad", ["", "short", LONG, DOTTED, *OTHERS])
def test_ids_that_may_not_be(bad: str) -> None:
    """A token of ours among them: it has dots."""
    assert well_formed(bad) == ""


FAULTS = [("POST", 503), ("POST", 401), ("GET", 404), ("GET", 500)]
CHANGES = [*FAULTS, ("POST", 201), ("DELETE", 204), ("POST", 409)]
ALL = [*CHANGES, ("GET", 200), ("HEAD", 304)]


@pytest.mark.parametrize(
    ("which", "left"), [("faults", FAULTS), ("changes", CHANGES), ("all", ALL)]
)
def test_which_requests_leave_a_line(which: str, left: list[tuple[str, int]]) -> None:
    """What a sale is full of is no fault."""
    lines = RequestLines(LogRequests(which))
    assert [one for one in ALL if lines.wants(*one)] == left


def test_a_flood_of_rubbish_fills_no_disk(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred lines a second; how many more there were is told by the next."""
    now_ms = [5_000]
    monkeypatch.setattr("waitingroom.request_lines.clock.monotonic_ms", lambda: now_ms[0])
    caplog.set_level(logging.INFO)
    lines = RequestLines()
    facts = {"method": "GET", "route": "none", "status": 404, "took_ns": 1, "request_id": "x"}
    for _ in range(MOST_A_SECOND + 7):
        lines.write(client="198.51.100.7", **facts)  # type: ignore[arg-type]
    assert len(caplog.records) == MOST_A_SECOND
    now_ms[0] += 1_000
    lines.write(client="198.51.100.7", **facts)  # type: ignore[arg-type]
    last = caplog.records[-1].__dict__
    assert (last["left_out"], last["client"]) == (7, "198.51.100.0/24")
