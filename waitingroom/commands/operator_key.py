"""``waitingroom operator key``: the ways in for programs."""

from pathlib import Path

import click

from waitingroom import clock
from waitingroom.commands import system
from waitingroom.commands.output import acting, common, print_json, print_table
from waitingroom.commands.values import shown_time
from waitingroom.operators import Key, Role, made_key


@click.group()
def key() -> None:
    """Keys for the API, for programs; see docs/api.md."""


@key.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([one.value for one in Role]),
    default=Role.VIEWER.value,
    show_default=True,
    help="What its holder may do, as of operators.",
)
@acting
def add(name: str, role: Role, file: Path | None, as_json: bool) -> None:
    """Make a key; it is shown this once."""
    text, made = made_key(name, Role(role), clock.now_ms())
    with system.store_of(system.find(file)) as store:
        store.keys.add(made, actor=system.actor())
    if as_json:
        print_json(_told(made) | {"key": text})
        return
    click.echo(text)
    click.echo(f"Kept nowhere else: whoever has it may do what the role {made.role} may.", err=True)


@key.command("list")
@common
def list_keys(file: Path | None, as_json: bool) -> None:
    """All keys: their names and roles, and when each was last used.

    To the minute.
    """
    with system.store_of(system.find(file)) as store:
        found = store.keys.all()
        used = store.keys.used(found)
    if as_json:
        print_json([_told(one) | {"used_at_ms": used[one.name]} for one in found])
        return
    rows = [
        (one.name, one.role, shown_time(one.made_at_ms), shown_time(used[one.name]))
        for one in found
    ]
    print_table(("name", "role", "made", "last used"), rows)


@key.command()
@click.argument("name")
@acting
def revoke(name: str, file: Path | None, as_json: bool) -> None:
    """End a key at once."""
    with system.store_of(system.find(file)) as store:
        store.keys.revoke(name, actor=system.actor())
    if as_json:
        print_json({"revoked": name})
    else:
        click.echo(f"The key “{name}” opens nothing any more.")


def _told(one: Key) -> dict[str, object]:
    """What may be shown of a key at any time."""
    return {"name": one.name, "role": one.role, "made_at_ms": one.made_at_ms}
