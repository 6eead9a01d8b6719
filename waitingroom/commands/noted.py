"""What was noted of records elsewhere: heads in a copy of the keeper's log, or an export."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import click

from waitingroom.exports import COLUMNS, cells, row
from waitingroom.record import Head, LogEntry, hash_of

OPTION = "--against"
_SEQ, _HASH = r"([0-9]{1,15})", r"([0-9a-f]{64})"
_LOGGED = re.compile(rf"\brecord (\S+) {_SEQ} {_HASH}\b", re.ASCII)
_EXPORTED = re.compile(rf"{_SEQ} {_HASH}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Noted:
    """``by_room``: as logs tell it, each head once. ``exported``: the entries of an export, which
    does not say of which room it is, as they stand there.
    """

    by_room: dict[str, dict[Head, None]] = field(default_factory=dict)
    exported: dict[Head, Mapping[str, str]] = field(default_factory=dict)

    def of(self, room: str) -> tuple[Head, ...]:
        """What is to be found in the record of ``room``."""
        return (*self.by_room.get(room, ()), *self.exported)

    def tells_otherwise(self, entry: LogEntry) -> bool:
        """Whether the export has other words under the hash of ``entry``, whose own they are."""
        told = self.exported.get(Head(entry.seq, entry.hash))
        if told is None or hash_of(entry) != entry.hash:
            return False
        return not any(_words(told) == _words(own) for own in (row(entry), cells(entry)))


def read(path: Path) -> Noted:
    """A file of either kind; what else stands in it is passed over. Raises ``BadParameter``."""
    found = Noted()
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            first = file.readline()
            # A pipe cannot be read from its beginning again.
            lines = chain([first], file)
            if first.rstrip("\r\n") == ",".join(COLUMNS):
                found.exported.update(_exported(csv.DictReader(lines)))
            else:
                _read_lines(found, lines)
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint=OPTION) from None
    except csv.Error as error:
        raise click.BadParameter(f"{path}: {error}", param_hint=OPTION) from None
    return found


def _read_lines(found: Noted, lines: Iterator[str]) -> None:
    for line in lines:
        if logged := _LOGGED.search(line):
            head = Head(int(logged[2]), logged[3])
            found.by_room.setdefault(logged[1], {})[head] = None
        elif '"hash"' in line:
            found.exported.update(_exported([_object(line)]))


def _object(line: str) -> dict[str, str]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _exported(entries: Iterable[dict[str, str]]) -> Iterator[tuple[Head, dict[str, str]]]:
    """But for entries without a hash."""
    for entry in entries:
        if told := _EXPORTED.fullmatch(f"{entry.get('seq')} {entry.get('hash')}"):
            yield Head(int(told[1]), told[2]), entry


def _words(entry: Mapping[str, str]) -> dict[str, str]:
    """Without the store's own name of it, which is not hashed."""
    return {name: text for name, text in entry.items() if name != "id"}
