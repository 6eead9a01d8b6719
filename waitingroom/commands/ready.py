"""``waitingroom ready`` and ``waitingroom room load-test``: are we ready, and what shows it."""

from dataclasses import asdict
from pathlib import Path

import click

from waitingroom import clock
from waitingroom.commands import system
from waitingroom.commands.output import acting, common, print_json
from waitingroom.commands.roomid import RoomId, room_argument
from waitingroom.plain import is_line
from waitingroom.readiness import LONGEST_ABOUT, MOST_PEOPLE, LoadTest, Row, State

MARKS = {State.READY: "ready", State.NOTE: "note", State.NOT_READY: "NOT READY"}


@click.command()
@click.argument("room_id", metavar="[ID]", required=False, type=RoomId())
@click.option("--expected", type=click.IntRange(0, MOST_PEOPLE), default=0, help="How many people.")
@common
def ready(room_id: str | None, expected: int, file: Path | None, as_json: bool) -> int:
    """Look at everything before a sale; say how to mend what fails.

    Of the room ID, or of each room. Ends with status 1 where a row fails.
    """
    from waitingroom.console.survey import survey
    from waitingroom.ready import is_ready

    config = system.with_secrets(file)
    with system.store_of(config) as store:
        names = [room_id] if room_id else store.rooms()
        found = {
            name: survey(store, config.console(), name, expected=expected, private=True)
            for name in names
        }
    if as_json:
        print_json([_json(name, rows) for name, rows in found.items()])
    else:
        for name, rows in found.items():
            _print(name, rows)
    return 0 if all(is_ready(rows) for rows in found.values()) else 1


def _json(room: str, rows: list[Row]) -> dict[str, object]:
    from waitingroom.ready import is_ready

    told = [asdict(row) | {"title": row.title} for row in rows]
    return {"room": room, "ready": is_ready(rows), "rows": told}


def _print(room: str, rows: list[Row]) -> None:
    click.echo(f"{room}:")
    for row in rows:
        click.echo(f"  {MARKS[row.state]:<10}{row.title}: {row.says}")
        if row.mend:
            click.echo(f"  {'':<10}To mend: {row.mend} (docs/runbook.md#{row.id})")


@click.command("load-test")
@room_argument
@click.option("--people", type=click.IntRange(1, MOST_PEOPLE), required=True, help="How many came.")
@click.option("--passed/--failed", required=True, help="Whether every rule held.")
@click.option("--about", default="", help="What was tried, in a few words.")
@acting
def load_test(
    *, room_id: str, people: int, passed: bool, about: str, file: Path | None, as_json: bool
) -> None:
    """Record a load test, for `waitingroom ready` to show."""
    if len(about) > LONGEST_ABOUT or not is_line(about):
        raise click.BadParameter(f"--about: at most {LONGEST_ABOUT} characters, no line breaks")
    done = LoadTest(clock.now_ms(), people, passed, about)
    with system.store_of(system.find(file)) as store:
        store.load_tests.record(room_id, done, actor=system.actor())
    if as_json:
        print_json({"room": room_id} | asdict(done))
    else:
        click.echo(f"Recorded for {room_id}: {done.words}.")
