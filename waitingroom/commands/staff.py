"""``waitingroom staff``: let somebody see the shop before the opening, and end that again."""

from dataclasses import asdict
from pathlib import Path

import click

from waitingroom.commands import system
from waitingroom.commands.output import acting, common, print_json, print_table
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.values import Duration, shown_time
from waitingroom.durations import shown_duration
from waitingroom.errors import BadSetting
from waitingroom.staff import LINK_MS, check_origins, check_pass, check_path, link
from waitingroom.tokens import Keyring


@click.group()
def staff() -> None:
    """Passes for those who must see the shop before the opening."""


@staff.command("pass")
@room_argument
@click.option("--name", required=True, help="Who it is for; goes into the room's record.")
@click.option(
    "--for",
    "lasts_ms",
    type=Duration(),
    default="8h",
    show_default=True,
    help="How long the pass is good.",
)
@click.option(
    "--to",
    "path",
    default="/",
    show_default=True,
    help="Where in the shop the link leads: a path that the room guards.",
)
@acting
def staff_pass(
    *, room_id: str, name: str, lasts_ms: int, path: str, file: Path | None, as_json: bool
) -> None:
    """Print a URL that lets one person into the shop, past the line. Recorded."""
    try:
        check_pass(name, lasts_ms)
        check_path(path)
    except BadSetting as wrong:
        raise click.BadParameter(wrong.why, param_hint=f"--{wrong.field}") from None
    config = system.with_secrets(file)
    with system.store_of(config) as store:
        origin = check_origins(room_id, store.status(room_id).origins)
        made = store.staff.make(room_id, name, lasts_ms, actor=system.actor())
    url = link(made, Keyring(config.secret_keys).room_keys(room_id), origin, path)
    if as_json:
        told = {"room": room_id, "name": name, "lease": made.lease, "url": url}
        print_json(told | {"url_until_ms": made.link_until_ms, "until_ms": made.until_ms})
        return
    click.echo(url)
    click.echo(
        f"Works once, within {shown_duration(LINK_MS)}; the pass is good until "
        f"{shown_time(made.until_ms)} or `waitingroom staff revoke {room_id}`.",
        err=True,
    )


@staff.command("list")
@room_argument
@common
def list_passes(room_id: str, file: Path | None, as_json: bool) -> None:
    """The staff passes of a room: for whom, until when, by whom.

    Never the passes themselves, which are kept nowhere.
    """
    with system.store_of(system.find(file)) as store:
        room = store.status(room_id)
        found = store.staff.all(room_id)
    states = [one.state(room.staff_epoch, room.now_ms) for one in found]
    if as_json:
        pairs = zip(found, states, strict=True)
        print_json([asdict(one) | {"state": state} for one, state in pairs])
        return
    rows = [
        (one.lease, one.name, state, shown_time(one.until_ms), shown_time(one.made_at_ms), one.by)
        for one, state in zip(found, states, strict=True)
    ]
    print_table(("pass", "for", "state", "until", "made", "by"), rows)


@staff.command()
@room_argument
@click.option("--pass", "lease", default="", help="Only this one, as `list` tells it.")
@acting
def revoke(room_id: str, lease: str, file: Path | None, as_json: bool) -> None:
    """End every staff pass of the room, or one."""
    with system.store_of(system.find(file)) as store:
        if lease:
            done = store.staff.revoke(room_id, lease, actor=system.actor())
            told: dict[str, object] = {"room": room_id, "lease": lease, "revoked": done}
            sentence = f"{lease} has ended." if done else f"{lease} was over already."
        else:
            after = store.act(room_id, "revoke_staff", actor=system.actor())
            told = {"room": room_id, "staff_epoch": after.staff_epoch}
            sentence = f"Every staff pass of “{room_id}” has ended."
    if as_json:
        print_json(told)
    else:
        click.echo(sentence)
