"""``waitingroom operator``: who may use the console, and as what."""

import sys
from pathlib import Path

import click

from waitingroom import clock
from waitingroom.commands import system
from waitingroom.commands.operator_key import key
from waitingroom.commands.output import acting, common, print_json, print_table
from waitingroom.commands.values import shown_time
from waitingroom.operators import Operator, Role, checked_name, hashed

role_option = click.option(
    "--role",
    type=click.Choice([one.value for one in Role]),
    default=Role.OPERATOR.value,
    show_default=True,
    help="What they may do: viewer looks; support also helps single shoppers; operator also "
    "turns knobs; admin also makes operators and keys.",
)
password_option = click.option(
    "--password-stdin",
    "piped",
    is_flag=True,
    help="Read the password from standard input; else it is asked for.",
)


@click.group()
def operator() -> None:
    """Who may use the console, and as what."""


operator.add_command(key)


def _asked(piped: bool) -> str:
    """The password, hashed."""
    if piped:
        return hashed(sys.stdin.readline().rstrip("\r\n"))
    return hashed(
        click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    )


@operator.command()
@click.argument("name")
@role_option
@password_option
@acting
def add(name: str, role: Role, piped: bool, file: Path | None, as_json: bool) -> None:
    """Make an operator."""
    checked_name(name)
    with system.store_of(system.find(file)) as store:
        made = Operator(name, Role(role), _asked(piped), clock.now_ms())
        store.accounts.add(made, actor=system.actor())
    if as_json:
        print_json(_told(made))
    else:
        click.echo(f"“{name}” may use the console, as {made.role}.")


@operator.command("list")
@common
def list_operators(file: Path | None, as_json: bool) -> None:
    """All operators."""
    with system.store_of(system.find(file)) as store:
        found = store.accounts.all()
    if as_json:
        print_json([_told(one) for one in found])
    else:
        rows = [(one.name, one.role, shown_time(one.made_at_ms)) for one in found]
        print_table(("name", "role", "made"), rows)


@operator.command()
@click.argument("name")
@password_option
@acting
def password(name: str, piped: bool, file: Path | None, as_json: bool) -> None:
    """Give an operator a new password; ends their sessions."""
    with system.store_of(system.find(file)) as store:
        changed = store.accounts.change(name, password=_asked(piped), actor=system.actor())
    _say(changed, f"“{name}” has a new password; every session of theirs has ended.", as_json)


@operator.command()
@click.argument("name")
@click.argument("role", type=click.Choice([one.value for one in Role]))
@acting
def role(name: str, role: Role, file: Path | None, as_json: bool) -> None:
    """Let an operator do more, or less; ends their sessions."""
    with system.store_of(system.find(file)) as store:
        changed = store.accounts.change(name, role=Role(role), actor=system.actor())
    _say(changed, f"“{name}” is {changed.role} now.", as_json)


@operator.command()
@click.argument("name")
@acting
def remove(name: str, file: Path | None, as_json: bool) -> None:
    """End an operator's account, and their sessions with it."""
    with system.store_of(system.find(file)) as store:
        store.accounts.remove(name, actor=system.actor())
    if as_json:
        print_json({"removed": name})
    else:
        click.echo(f"“{name}” may use the console no more.")


def _say(changed: Operator, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(_told(changed))
    else:
        click.echo(sentence)


def _told(one: Operator) -> dict[str, object]:
    """What may be shown of an account: all but its password's hash."""
    return {"name": one.name, "role": one.role, "made_at_ms": one.made_at_ms}
