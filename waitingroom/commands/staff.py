"""``waitingroom staff``: let somebody see the shop before the opening, and end that again."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import click

from waitingroom.commands import system
from waitingroom.commands.output import acting, print_json
from waitingroom.commands.roomid import room_argument
from waitingroom.commands.values import Duration, shown_time
from waitingroom.config import Config
from waitingroom.durations import shown_duration
from waitingroom.errors import BadSetting
from waitingroom.links import with_handover
from waitingroom.store.keys import HANDOVER_TTL_MS
from waitingroom.tokens import Handover, Keyring

SHORTEST_MS, LONGEST_MS = 60_000, 7 * 86_400_000
"""Of a pass: as long as its URL works, and no longer than any other pass may last."""


@dataclass(frozen=True, slots=True)
class StaffPass:
    """A way in for one person. The ``url`` works once, until ``url_until_ms``."""

    room: str
    name: str
    lease: str
    url: str
    url_until_ms: int
    until_ms: int


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
@acting
def staff_pass(
    room_id: str, name: str, lasts_ms: int, file: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Print a URL that lets one person into the shop, past the line. Recorded."""
    if not name.strip():
        raise click.BadParameter("say who it is for", param_hint="--name")
    if not SHORTEST_MS <= lasts_ms <= LONGEST_MS:
        raise click.BadParameter("a pass is good for 1m to 7d", param_hint="--for")
    made = _make(system.with_secrets(file), room_id, name, lasts_ms)
    if as_json:
        print_json(
            {field: getattr(made, field) for field in ("room", "name", "lease", "url")}
            | {"url_until_ms": made.url_until_ms, "until_ms": made.until_ms}
        )
        return
    click.echo(made.url)
    click.echo(
        f"Works once, within {shown_duration(HANDOVER_TTL_MS)}; the pass is good until "
        f"{shown_time(made.until_ms)} or `waitingroom staff revoke {room_id}`.",
        err=True,
    )


def _make(config: Config, room_id: str, name: str, lasts_ms: int) -> StaffPass:
    """Record the pass, then sign it: what is not in the record does not exist."""
    lease = f"s-{secrets.token_hex(8)}"
    with system.store_of(config) as store:
        origins = store.status(room_id).origins
        if not origins:
            raise BadSetting("origins", f"give the shop's first: waitingroom room set {room_id} "
                             "--origin https://shop.example.com")  # fmt: skip
        _, staff_epoch, now_ms = store.note(
            room_id, "staff_pass", f"{lease} for {name}", actor=system.actor()
        )
    handover = Handover(
        room=room_id,
        epoch=staff_epoch,
        lease=lease,
        nonce=secrets.token_hex(8),
        issued_at_ms=now_ms,
        expires_at_ms=now_ms + HANDOVER_TTL_MS,
        pass_expires_at_ms=now_ms + lasts_ms,
        pass_ends_at_ms=now_ms + lasts_ms,
    )
    token = Keyring(config.secret_keys).room_keys(room_id).sign_handover(handover)
    url = with_handover(f"{origins[0]}/", token)
    return StaffPass(room_id, name, lease, url, handover.expires_at_ms, handover.pass_ends_at_ms)


@staff.command()
@room_argument
@acting
def revoke(room_id: str, file: Path | None, as_json: bool) -> None:
    """End every staff pass of the room."""
    with system.store_of(system.find(file)) as store:
        after = store.act(room_id, "revoke_staff", actor=system.actor())
    if as_json:
        print_json({"room": room_id, "staff_epoch": after.staff_epoch})
    else:
        click.echo(f"Every staff pass of “{room_id}” has ended.")
