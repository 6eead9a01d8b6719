"""``waitingroom room open``, ``pause``, ``resume``, ``drain``, ``close``, ``reset``, and why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from waitingroom import clock
from waitingroom.commands import system
from waitingroom.commands.done import done
from waitingroom.commands.knobs import in_our_words
from waitingroom.commands.output import acting, based_on_option
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.sure import sure, yes_option
from waitingroom.commands.values import Time
from waitingroom.errors import BadSetting
from waitingroom.model import Snapshot
from waitingroom.reasons import Cause, Reason
from waitingroom.settings import check_to_come
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
    return room_argument(by_code(in_words(based_on_option(acting(command)))))


def _reason(cause: str | None, text: str) -> Reason:
    return Reason(cause or "", text.strip())


@click.command("reset")
@click.option(
    "--opens-at",
    "opens_at_ms",
    type=Time(),
    show_default="as it was",
    help="When the new sale opens; as it was: at once, if that has passed.",
)
@yes_option
@because
def reset(
    *,
    room_id: str,
    opens_at_ms: int | None,
    yes: bool,
    cause: str | None,
    reason: str,
    version: int | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Begin anew: ends every ticket and pass that was given out.

    Times are now, +30s, or ISO 8601 with an offset, like 2026-12-01T14:00+01:00.
    """
    if opens_at_ms is not None:
        with in_our_words(opens_at_ms="--opens-at"):
            if not opens_at_ms:  # which to the store is the time that the room had
                raise BadSetting("opens_at_ms", "must be a time to come, not never")
            check_to_come({"opens_at_ms": opens_at_ms}, clock.now_ms())
    why = _reason(cause, reason)

    def verb(store: Store) -> Snapshot:
        seen = version if yes else sure(store, "reset", room_id, version, opens_at_ms or 0)
        how: dict[str, Any] = {"actor": system.actor(), "reason": why, "version": seen}
        return store.reset(room_id, opens_at_ms=opens_at_ms or 0, **how)

    done(file, as_json, verb, reason="--reason")


def _act(name: str, does: str, *, asks: bool = False) -> click.Command:
    """An act without more to say than its reason. ``asks``: in some rooms, unless ``--yes``."""

    @because
    def command(
        *,
        room_id: str,
        cause: str | None,
        reason: str,
        version: int | None,
        file: Path | None,
        as_json: bool,
        yes: bool = not asks,
    ) -> None:
        why = _reason(cause, reason)

        def verb(store: Store) -> Snapshot:
            seen = version if yes else sure(store, name, room_id, version)
            how: dict[str, Any] = {"actor": system.actor(), "reason": why, "version": seen}
            return store.open(room_id, **how) if name == "open" else store.act(room_id, name, **how)

        done(file, as_json, verb, reason="--reason")

    return click.command(name, help=does)(yes_option(command) if asks else command)


COMMANDS = (
    _act("open", "Open now; after draining go on, after closing begin anew.", asks=True),
    _act("pause", "Hold everybody where they are."),
    _act("resume", "Go on after a pause."),
    _act("drain", "No more joins, calls or entries; those inside finish."),
    _act("close", "End the sale: every place in line ends with it.", asks=True),
    reset,
)
