"""``waitingroom audit``: what operators and time did, and whether anybody edited that since."""

import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from waitingroom.commands import system
from waitingroom.commands.output import common, print_json, print_table
from waitingroom.commands.roomid import RoomId
from waitingroom.commands.values import shown_time
from waitingroom.exports import csv_lines, json_lines, row
from waitingroom.record import Head, LogEntry, Verdict
from waitingroom.store.keys import SYSTEM

WIDEST = 60
"""Of a cell that is shown to people; --json and exports have all of it."""
_NOTED = re.compile(r"\brecord (\S+) ([0-9]{1,15}) ([0-9a-f]{64})\b", re.ASCII)


class _RoomOrSystem(RoomId):
    """A room's id, or ``@system``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id, if it may be one."""
        return SYSTEM if value == SYSTEM else super().convert(value, param, ctx)


room_argument = click.argument("room_id", metavar="[ID]", type=_RoomOrSystem(), default=SYSTEM)


@click.group()
def audit() -> None:
    """Look at what was done, export it, find edits of it.

    ID is a room's. Without it: operators' accounts and log-ins, which belong to no room.
    """


@audit.command()
@room_argument
@click.option(
    "--count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many."
)
@common
def show(room_id: str, count: int, file: Path | None, as_json: bool) -> None:
    """The newest entries of a record, the newest first."""
    with system.store_of(system.find(file)) as store:
        entries = store.record.newest(room_id, count)
    if as_json:
        print_json([row(entry) for entry in entries])
    else:
        print_table(
            ("WHEN", "WHO", "FROM", "WHAT", "DETAIL", "BEFORE", "AFTER", "WHY"),
            [(shown_time(entry.at_ms), *_told(entry)) for entry in entries],
        )


def _told(entry: LogEntry) -> list[str]:
    """The columns that people read."""
    cells = [entry.actor, entry.text("from"), entry.act, entry.words]
    cells += [entry.text(name) for name in ("before", "after", "why")]
    return [_cut(cell or "-") for cell in cells]


def _cut(cell: str) -> str:
    return cell if len(cell) <= WIDEST else f"{cell[: WIDEST - 1]}…"


@audit.command()
@room_argument
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet; else JSON lines.")
@common
def export(room_id: str, as_csv: bool, file: Path | None, as_json: bool) -> None:
    """A whole record, the oldest entry first, on standard output.

    One JSON object a line, which anybody can verify (docs/operations.md, “The record”).
    """
    if as_csv and as_json:
        raise click.UsageError("--csv or --json, not both")
    with system.store_of(system.find(file)) as store:
        lines = csv_lines if as_csv else json_lines
        sys.stdout.writelines(lines(store.record.entries(room_id)))


@audit.command()
@click.argument("room_ids", metavar="[ID]...", type=_RoomOrSystem(), nargs=-1)
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with heads that were noted earlier, like a copy of log/keeper.log; without it the "
    "one of the system that runs from this folder.",
)
@common
def verify(
    room_ids: tuple[str, ...], against: Path | None, file: Path | None, as_json: bool
) -> int:
    """Find any edit of these records, or of all. Exit status 1 where there is one."""
    path = against or system.keepers_log(file)
    noted = _noted(path) if path else {}
    with system.store_of(system.find(file)) as store:
        verdicts = {
            room: store.record.verify(room, noted.get(room, ()))
            for room in room_ids or (SYSTEM, *store.rooms())
        }
    if as_json:
        print_json({room: _verdict_json(verdict) for room, verdict in verdicts.items()})
    else:
        for room, verdict in verdicts.items():
            click.echo("\n".join((f"{room}: {_sentence(verdict)}", *_findings(verdict))))
    return int(any(verdict.findings for verdict in verdicts.values()))


def _noted(path: Path) -> dict[str, Sequence[Head]]:
    """Heads by room, from lines with ``record ROOM SEQ HASH``."""
    found: dict[str, dict[Head, None]] = {}
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for match in filter(None, map(_NOTED.search, lines)):
                found.setdefault(match[1], {})[Head(int(match[2]), match[3])] = None
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint="--against") from None
    return {room: tuple(heads) for room, heads in found.items()}


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {"ok": not verdict.findings, **asdict(verdict)}


def _sentence(verdict: Verdict) -> str:
    parts = [f"{'EDITED' if verdict.findings else 'unedited'}, {verdict.chained} chained"]
    if verdict.first_seq > 1:
        parts.append(f"{verdict.first_seq - 1} older ones made room")
    if verdict.before:
        parts.append(f"{verdict.before} from before the chain")
    if verdict.older:
        parts.append(f"{verdict.older} by an older version, {verdict.unbound} of them not bound")
    if verdict.head:
        parts.append(f"head {verdict.head.seq} {verdict.head.hash}")
    return "; ".join(parts)


def _findings(verdict: Verdict) -> list[str]:
    return [f"  {finding.edit}: {finding.sentence}" for finding in verdict.findings]
