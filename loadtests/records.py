"""What the crowd writes down: one JSON array a line, the kind of record first.

Times are wall-clock milliseconds of this machine, which the store shares.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the gate or the shop. ``status``: 0 where none came. ``call``: what was asked.

    ``retry_after_ms``: what the answer asked to wait.
    """

    shopper: int
    call: str
    sent_ms: int
    at_ms: int
    status: int
    error: str = ""
    retry_after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """What a shopper was told of their place. ``fresh``: a new one (201), not the one they had."""

    shopper: int
    at_ms: int
    fresh: bool
    epoch: int
    arrival: int
    number: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A status document that a shopper read; ``now_ms`` is the store's clock when it was made.

    ``ahead``: the people ahead that the shopper then shows; None without a number.
    """

    shopper: int
    at_ms: int
    now_ms: int
    epoch: int
    phase: str
    serving: int
    drawn: int | None
    commitment: str
    seed: str | None
    ahead: int | None


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry that a shopper saw: it happened between the question and the answer."""

    shopper: int
    sent_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order page that a shopper was shown. ``token``: the order's own, from its address."""

    shopper: int
    item: str
    token: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a visit ended. Who has none was still at it when the test was over."""

    shopper: int
    at_ms: int
    how: str


@dataclass(frozen=True, slots=True)
class Sender:
    """The process that sent the crowd: the share of a core that it used, itself a limit at 1."""

    busy: float


Record = Answer | Place | Seen | Entered | Order | Ended | Sender
KINDS: dict[str, type[Record]] = {
    kind.__name__: kind for kind in (Answer, Place, Seen, Entered, Order, Ended, Sender)
}


class Recorder:
    """Adds records to a file."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, record: Record) -> None:
        """Write one record; the file keeps a few thousand bytes back until :meth:`flush`."""
        line = (type(record).__name__, *astuple(record))
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def flush(self) -> None:
        """So that a reader sees everything."""
        self._file.flush()


def parsed(lines: Iterable[str]) -> Iterator[Record]:
    """Records from lines; a last line that was cut short is left out."""
    for line in lines:
        if line.endswith("\n"):
            kind, *values = json.loads(line)
            yield KINDS[kind](*values)


def read(file: Path) -> list[Record]:
    """All records of a finished run; none where nothing was written."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8") as lines:
        return list(parsed(lines))
