"""What commands have in common: two options, and two ways to show a result."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from waitingroom.commands.system import WHY
from waitingroom.commands.values import Number, shown_time
from waitingroom.durations import shown_duration
from waitingroom.errors import BadSetting
from waitingroom.model import Brand, Phase, Snapshot
from waitingroom.settings import check_why

Command = TypeVar("Command", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file; waitingroom.toml of this folder when it is there.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def common(command: Command) -> Command:
    """``--config`` and ``--json``, as every command has them."""
    return config_option(json_option(command))


def _keep_why(context: click.Context, _option: click.Parameter, why: str) -> None:
    try:
        check_why(why)
    except BadSetting as wrong:
        raise click.BadParameter(wrong.why) from None
    context.meta[WHY] = why


why_option = click.option(
    "--why",
    default="",
    expose_value=False,
    callback=_keep_why,
    help="Your reason, for the record; shoppers do not read it.",
)


def acting(command: Command) -> Command:
    """The same and ``--why``, for a command that changes something: see ``system.actor``."""
    return why_option(common(command))


based_on_option = click.option(
    "--based-on", "version", type=Number(), help="Refuse if the room's version is another."
)


def print_json(value: Any) -> None:
    """One JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns, as wide as they need to be."""
    texts = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    for row in texts:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


def room_json(room: Snapshot) -> dict[str, Any]:
    """Everything the store tells about a room."""
    return asdict(room) | {"waiting": room.waiting}


def print_room(room: Snapshot) -> None:
    """A room for people: where it stands, then its knobs."""
    lines = {**_standing(room), **_knobs(room)}
    click.echo(f"{room.room}: {phase_words(room)}")
    for name, value in lines.items():
        click.echo(f"  {name:<14}{value}")


def phase_words(room: Snapshot) -> str:
    """The phase, and that it is paused where the phase does not say so."""
    return f"{room.phase}, paused" if room.also_paused else str(room.phase)


def _standing(room: Snapshot) -> dict[str, object]:
    lines: dict[str, object] = {"waiting": room.waiting, "serving": room.serving}
    lines["inside"] = room.leases
    lines["entered"] = room.counters.entered
    lines["no-shows"] = room.counters.no_show
    if room.phase in (Phase.PAUSED, Phase.DRAINING, Phase.CLOSED):
        lines["reason"] = room.reason.in_words() or "-"
    if room.also_paused:
        lines["pause"] = room.pause.in_words() or "-"
    lines["epoch"] = f"{room.epoch} (version {room.version})"
    lines["commitment"] = room.commitment
    lines["seed"] = room.seed or "published at the draw"
    return lines


def _knobs(room: Snapshot) -> dict[str, object]:
    return {
        "rate": f"{room.rate_per_min} a minute",
        "burst": room.burst or "automatic",
        "capacity": room.capacity or "none",
        "early at": shown_time(room.early_at_ms),
        "opens at": shown_time(room.opens_at_ms),
        "closes at": shown_time(room.closes_at_ms),
        "draw": room.draw,
        "call timeout": shown_duration(room.call_timeout_ms),
        "claim grace": shown_duration(room.claim_grace_ms),
        "session": shown_duration(room.session_ms),
        "join limit": room.join_limit or "none",
        "joins": "yes" if room.joins else "no",
        "pages ask": f"every {shown_duration(room.poll.min_ms)} to "
        f"{shown_duration(room.poll.max_ms)}, 1/{room.poll.divisor} of the wait",
        "no sale": f"the shop is {room.outside}"
        if room.outside != "shop"
        else "as the shop is set",
        "origins": ", ".join(room.origins) or "-",
        "title": room.title or "-",
        "message": room.message or "-",
        **_brand(room.brand),
    }


def _brand(brand: Brand) -> dict[str, object]:
    """What is otherwise than in a new room; nothing for nothing."""
    lines: dict[str, object] = {
        "colours": ", ".join(f"{name} {value}" for name, value in brand.colours),
        "links": ", ".join(f"{name} {url}" for name, url in brand.links),
        "logo": brand.logo.content_type if brand.logo else "",
        "time zone": brand.time_zone,
    }
    for one in brand.texts:
        lines[f"text {one.lang}"] = (
            f"{lines.get(f'text {one.lang}', '')}\n    {one.sentence!r}: {one.text!r}"
        )
    return {name: value for name, value in lines.items() if value}
