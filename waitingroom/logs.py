"""How every process of ours logs: one line an event, as JSON or for people. Set up here alone.

A line of JSON has ``time`` (RFC 3339, UTC), ``level``, ``event`` (a word that stays the same, for
whoever filters by it; the logger's name where the code is not ours), ``part``, ``pid`` and
``message``; where there is one ``room``, ``request_id`` and ``traceback``. A request has also
``method``, ``route``, ``status``, ``duration_ms`` and ``client`` (a network, never an address).
docs/operations.md, “Logs”, tells the same.
"""

import io
import logging
import os
import sys
import threading
import time
from contextlib import suppress
from logging.config import dictConfig
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
from pythonjsonlogger.orjson import OrjsonFormatter

from waitingroom.config import environment
from waitingroom.request_ids import CURRENT
from waitingroom.scrub import scrubbed
from waitingroom.variables import BY_NAME, PART, LogFormat

LONGEST_TEXT = 4_000
LONGEST_TRACEBACK = 16_000
"""Characters of a field. Of a traceback the end is kept, which says what happened."""
STDERR = 2
TRACEBACK = "Traceback (most recent call last):"
FIELDS = ("levelname", "event", "part", "process", "room", "request_id", "message")
RENAMED = {"levelname": "level", "process": "pid", "exc_info": "traceback", "stack_info": "stack"}
FOR_PEOPLE = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(part)s[%(process)d] %(message)s"


class Facts(logging.Filter):
    """Fills in what a line has of its process and its request, where its own code did not say."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets through."""
        about = CURRENT.get()
        given = record.__dict__
        record.part = self._part
        record.event = given.get("event") or record.name
        record.room = given.get("room") or about.room
        record.request_id = given.get("request_id") or about.request_id
        return True


class JsonFormatter(OrjsonFormatter):
    """One object a line."""

    def __init__(self) -> None:
        super().__init__(FIELDS, style="sequence", rename_fields=RENAMED, timestamp="time")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Nothing that is empty, nothing that no log may hold, and nothing without end."""
        told: dict[str, Any] = {"time": log_data.pop("time")}
        for name, value in log_data.items():
            if value is None or value == "":
                continue
            told[name] = scrubbed(_cut(name, value)) if isinstance(value, str) else value
        told["level"] = told["level"].lower()
        return told


class PeoplesFormatter(logging.Formatter):
    """The same for a terminal; a traceback stands below its line."""

    def __init__(self) -> None:
        super().__init__(FOR_PEOPLE, "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """With what is known of the request behind it."""
        known = (f"{name}={value}" for name in _MORE if (value := record.__dict__.get(name)))
        return scrubbed("  ".join((super().format(record), *known)))


_MORE = ("room", "status", "duration_ms", "request_id")


def _cut(name: str, text: str) -> str:
    if name == "traceback":
        return text if len(text) <= LONGEST_TRACEBACK else f"…{text[-LONGEST_TRACEBACK:]}"
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


class Lines(logging.Handler):
    """Each line by one write, so that processes that share a file never mix two of them.

    ``file``: "" for standard error, which a supervisor has made a file. What cannot be written (a
    full disk) is lost: a complaint would go to the same place.
    """

    def __init__(self, file: str = "") -> None:
        super().__init__()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._output = os.open(file, flags, 0o600) if file else STDERR

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        with suppress(Exception):
            rest = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
            while rest:
                rest = rest[os.write(self._output, rest) :]

    def close(self) -> None:
        """Let go of the file."""
        if self._output != STDERR:
            os.close(self._output)
            self._output = STDERR
        super().close()


class Stray(io.TextIOBase):
    """In place of standard output where that is a log: what is printed is logged.

    A traceback is one line.
    """

    def __init__(self, level: int) -> None:
        self._level = level
        self._rest = ""
        self._block: list[str] = []

    def writable(self) -> bool:
        """It is for nothing else."""
        return True

    def fileno(self) -> int:
        """For those who write past us."""
        return STDERR

    def write(self, text: str) -> int:
        """Log each line that is whole by now."""
        *lines, self._rest = f"{self._rest}{text}".split("\n")
        for line in lines:
            self._take(line)
        return len(text)

    def _take(self, line: str) -> None:
        if line.startswith(TRACEBACK) or (self._block and line.startswith((" ", "\t"))):
            self._block.append(line)
        elif self._block:
            self._say(line, "\n".join([*self._block, line]))
            self._block = []
        elif line.strip():
            self._say(line)

    def _say(self, line: str, traceback: str = "") -> None:
        about = {"event": "printed", "traceback": traceback or None}
        logging.getLogger("waitingroom.printed").log(self._level, "%s", line, extra=about)


def _lines(file: str) -> Lines:
    """The handler. With it, whatever else a process says is lines too.

    That is: what nobody catches, Python's warnings, and what is printed where that goes to the log.
    """
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda what: _uncaught(what.exc_type, what.exc_value, what.exc_traceback)
    threading.excepthook = lambda what: _uncaught(what.exc_type, what.exc_value, what.exc_traceback)
    if not file:
        sys.stdout, sys.stderr = Stray(logging.INFO), Stray(logging.ERROR)
    return Lines(file)


def as_dict(part: str, how: LogFormat, file: str = "") -> dict[str, Any]:
    """The whole set-up, as ``logging.config`` takes it."""
    formatter = JsonFormatter if how is LogFormat.JSON else PeoplesFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"facts": {"()": Facts, "part": part}},
        "formatters": {"line": {"()": formatter}},
        "handlers": {
            "lines": {"()": _lines, "file": file, "formatter": "line", "filters": ["facts"]}
        },
        "root": {"level": "INFO", "handlers": ["lines"]},
    }


def set_up(part: str, how: LogFormat, file: Path | None = None) -> None:
    """From here on this process logs so."""
    dictConfig(as_dict(part, how, str(file or "")))


def set_up_from_environment(unnamed: str) -> None:
    """For a process that a supervisor has told what it is; ``unnamed`` where there is none."""
    set_up(*_told(unnamed))


def dict_from_environment(unnamed: str) -> dict[str, Any]:
    """The same for a program that sets itself up, and asks for a dictionary."""
    return as_dict(*_told(unnamed))


def _told(unnamed: str) -> tuple[str, LogFormat]:
    env = environment()
    return env.get(PART, "") or unnamed, BY_NAME["log_format"].found_in(env)


def _uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit) or error is None:
        return
    logging.getLogger("waitingroom").critical(
        "%s, which nobody caught", kind.__name__, exc_info=(kind, error, trace),
        extra={"event": "uncaught"},
    )  # fmt: skip


def for_people(line: str) -> str:
    """A line of a log as a person reads it: of JSON what it says; any other as it is."""
    if not line.startswith("{"):
        return line
    try:
        told = orjson.loads(line)
        lines = [str(told["message"]), *str(told.get("traceback", "")).splitlines()[-1:]]
    except (ValueError, KeyError, TypeError):
        return line
    return ": ".join(lines)
