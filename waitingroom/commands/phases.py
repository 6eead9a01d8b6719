"""``waitingroom room open``, ``pause``, ``resume``, ``drain``, ``close``, ``reset``, and why."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from waitingroom.commands import system
from waitingroom.commands.done import done
from waitingroom.commands.output import acting
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.values import Time
from waitingroom.model import Snapshot
from waitingroom.reasons import Cause, Reason
from waitingroom.store.client import Store

Command = TypeVar("Command", bound=Callable[..., Any])


def because(command: Command) -> Command:
    """The options for a reason, as shoppers read it."""
    in_words = click.option("--reason", default="", help="What shoppers read, as it is.")
    by_code = click.option(
        "--cause",
        type=click.Choice([cause.value for cause in Cause]),
        help="What they read in their language.",
    )
    return room_argument(by_code(in_words(acting(command))))


def _reason(cause: str | None, text: str) -> Reason:
    return Reason(cause or "", text.strip())


@click.command("open")
@because
def open_room(
    room_id: str, cause: str | None, reason: str, file: Path | None, as_json: bool
) -> None:
    """Open now; after draining go on, after closing begin anew."""
    why = _reason(cause, reason)

    def verb(store: Store) -> Snapshot:
        return store.open(room_id, actor=system.actor(), reason=why)

    done(file, as_json, verb, reason="--reason")


@click.command("reset")
@click.option(
    "--opens-at",
    "opens_at_ms",
    type=Time(),
    default="never",
    show_default="as it was",
    help="When the new sale opens; at once, if that has passed.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@because
def reset(
    *,
    room_id: str,
    opens_at_ms: int,
    yes: bool,
    cause: str | None,
    reason: str,
    file: Path | None,
    as_json: bool,
) -> None:
    """Begin anew: ends every ticket and pass that was given out.

    Times are now, +30s, or ISO 8601 with an offset, like 2026-12-01T14:00+01:00.
    """
    again = "" if opens_at_ms else "; where its opening has passed, it opens at once"
    warning = f"this ends every ticket and pass of “{room_id}”{again}"
    if not yes and not sys.stdin.isatty():
        raise click.UsageError(f"{warning}; say --yes if you mean it")
    if not yes:
        click.confirm(f"{warning.capitalize()}. Go on?", abort=True, err=True)
    why = _reason(cause, reason)

    def verb(store: Store) -> Snapshot:
        return store.reset(room_id, actor=system.actor(), opens_at_ms=opens_at_ms, reason=why)

    done(file, as_json, verb, reason="--reason")


def _act(name: str, does: str) -> click.Command:
    """An act without more to say than its reason."""

    @click.command(name, help=does)
    @because
    def command(
        room_id: str, cause: str | None, reason: str, file: Path | None, as_json: bool
    ) -> None:
        why = _reason(cause, reason)

        def verb(store: Store) -> Snapshot:
            return store.act(room_id, name, actor=system.actor(), reason=why)

        done(file, as_json, verb, reason="--reason")

    return command


COMMANDS = (
    open_room,
    _act("pause", "Hold everybody where they are."),
    _act("resume", "Go on after a pause."),
    _act("drain", "No more joins, calls or entries; those inside finish."),
    _act("close", "End the sale."),
    reset,
)
