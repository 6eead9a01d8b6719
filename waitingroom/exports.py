"""A record as lines of JSON, which anybody can verify, and as a table for a spreadsheet. Pure."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator

from waitingroom.record import LogEntry

COLUMNS = (
    *("id", "seq", "at_ms", "actor", "from", "act", "detail", "before", "after", "why"),
    *("strays", "strays_hash", "prev", "hash"),
)
"""In this order."""
FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\t\r＝＋－＠])")
"""How a cell begins that a spreadsheet would carry out; some read wide signs as the plain ones. A
semicolon begins one too, where commas stand in numbers.
"""


def row(entry: LogEntry) -> dict[str, str]:
    """Every field that is not empty, as text; those that a newer version has added at the end."""
    known = {"id": entry.id, **entry.fields}
    names = [name for name in COLUMNS if known.get(name)]
    return {name: known[name] for name in [*names, *sorted(set(entry.fields) - set(COLUMNS))]}


def json_lines(entries: Iterable[LogEntry]) -> Iterator[str]:
    """One object a line."""
    for entry in entries:
        yield json.dumps(row(entry), ensure_ascii=False) + "\n"


def csv_lines(entries: Iterable[LogEntry]) -> Iterator[str]:
    """A head, and a row for each entry; a cell that would be carried out begins with ``'``."""
    yield _csv_line(COLUMNS)
    for entry in entries:
        yield _csv_line(list(cells(entry).values()))


def cells(entry: LogEntry) -> dict[str, str]:
    """A row of the table, by its columns."""
    known = row(entry)
    return {name: _inert(known.get(name, "")) for name in COLUMNS}


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _inert(cell: str) -> str:
    return FORMULA.sub(r"\1'", cell)
