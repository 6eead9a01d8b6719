"""``waitingroom audit``: what operators and time did, and whether anybody edited that since."""

import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from waitingroom.commands import noted, system
from waitingroom.commands.output import common, print_json, print_table
from waitingroom.commands.roomid import RoomId
from waitingroom.commands.values import shown_time
from waitingroom.exports import csv_lines, json_lines, row
from waitingroom.record import Head, LogEntry, Verdict
from waitingroom.store.keys import SYSTEM

WIDEST, WIDEST_CHANGES = 60, 120
"""Of a cell that is shown to people; --json and exports have all of it."""


class _RoomOrSystem(RoomId):
    """A room's id, or ``@system``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id, if it may be one."""
        return SYSTEM if value == SYSTEM else super().convert(value, param, ctx)


class _Hash(click.ParamType[str]):
    """64 hexadecimal digits."""

    name = "hash"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The hash, if it may be one."""
        if re.fullmatch("[0-9a-f]{64}", str(value), re.ASCII) is None:
            self.fail(f"{str(value)[:80]!r} is no hash: it has 64 hexadecimal digits", param, ctx)
        return str(value)


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
            ("WHEN", "WHO", "FROM", "WHAT", "DETAIL", "CHANGED", "WHY"),
            [(shown_time(entry.at_ms), *_told(entry)) for entry in entries],
        )


def _told(entry: LogEntry) -> list[str]:
    """The columns that people read."""
    # Takes a moment to load, which the other commands of this file do not need.
    from waitingroom.console.entries import changes, detail

    cells = [entry.actor, entry.text("from"), entry.act, detail(entry), entry.text("why")]
    told = [_cut(cell or "-", WIDEST) for cell in cells]
    told.insert(-1, _cut("; ".join(changes(entry)) or "-", WIDEST_CHANGES))
    return told


def _cut(cell: str, widest: int) -> str:
    return cell if len(cell) <= widest else f"{cell[: widest - 1]}…"


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
    help="What was kept elsewhere: an export of this one record, or a copy of log/keeper.log; "
    "without it the log of the system that runs from this folder.",
)
@click.option(
    "--expect",
    type=_Hash(),
    metavar="HASH",
    help="A hash that was noted elsewhere: one that the head of this one record once had.",
)
@common
def verify(
    *,
    room_ids: tuple[str, ...],
    against: Path | None,
    expect: str | None,
    file: Path | None,
    as_json: bool,
) -> int:
    """Find any edit of these records, or of all. Exit status 1 where there is one."""
    path = against or system.keepers_log(file)
    kept = noted.read(path) if path else noted.Noted()
    if (kept.exported or expect) and len(room_ids) != 1:
        raise click.UsageError("say of which one record: name a room, or @system")
    if against:
        _check_says(against, kept, room_ids)
    heads = (Head(0, expect),) if expect else ()
    with system.store_of(system.find(file)) as store:
        verdicts = {
            room: store.record.verify(room, (*kept.of(room), *heads))
            for room in room_ids or (SYSTEM, *store.rooms())
        }
        if against and kept.exported:
            _check_says_the_same(against, kept, store.record.entries(room_ids[0]))
    if against and kept.exported:
        _check_reaches(against, kept, *verdicts.values())
    if as_json:
        print_json({room: _verdict_json(verdict) for room, verdict in verdicts.items()})
    else:
        for room, verdict in verdicts.items():
            click.echo("\n".join((f"{room}: {_sentence(verdict)}", *_findings(verdict))))
    return int(any(verdict.findings for verdict in verdicts.values()))


def _check_says(path: Path, kept: noted.Noted, rooms: tuple[str, ...]) -> None:
    """Raise where a file that was named says nothing: "unedited" would be taken for its word. A
    device, like /dev/null, is meant to say nothing.
    """
    said = [room for room in rooms if kept.of(room)] if rooms else kept.by_room
    if not (said or path.is_char_device()):
        of = f" of {', '.join(rooms)}" if rooms else ""
        told = f"{path} tells no hash{of}: it is no copy of keeper.log, and no export"
        raise click.BadParameter(told, param_hint=noted.OPTION)


def _check_reaches(path: Path, kept: noted.Noted, verdict: Verdict) -> None:
    """Raise where all that an export tells of has made room meanwhile, for the same reason."""
    newest = max(head.seq for head in kept.exported)
    if newest < verdict.first_seq:
        told = f"{path} ends with entry {newest}, which has made room: it tells nothing of the rest"
        raise click.BadParameter(told, param_hint=noted.OPTION)


def _check_says_the_same(path: Path, kept: noted.Noted, entries: Iterable[LogEntry]) -> None:
    """Raise where somebody edited the export itself, and left the hashes in it as they were."""
    if other := next(filter(kept.tells_otherwise, entries), None):
        told = f"{path} was edited: what it tells of entry {other.seq} does not fit its hash there"
        raise click.BadParameter(told, param_hint=noted.OPTION)


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
