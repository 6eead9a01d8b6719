"""Whatever the console can do, the API and the command line can.

A page, form or command that is new wants one line here: in ``PAGES`` its method and rule, with the
operation and the command that do the same; or, where it is no verb of its own, in ``NO_VERBS`` why.
"""

import click
import pytest
from callers import AWAY, console

from waitingroom.cli import cli
from waitingroom.console.acts import ACTS

PREFIX = "/api/v1"

PREVIEW = "shows pages, as `waitingroom preview` does; asks no line"
PAGES = {
    "POST /new": ("POST /rooms", "room create"),
    "POST /rooms/<room>/edit": ("PATCH /rooms/{room}/knobs", "room set"),
    "POST /rooms/<room>/brand": ("PATCH /rooms/{room}/brand", "room brand"),
    "GET /rooms/<room>/rehearsal": ("GET /rooms/{room}/rehearsal", "room rehearse"),
    "POST /rooms/<room>/rehearsal": ("POST /rooms/{room}/rehearsal", "room rehearse"),
    "POST /rooms/<room>/rehearsal/end": ("DELETE /rooms/{room}/rehearsal", "room rehearse"),
    "GET /": ("GET /rooms", "room list"),
    "GET /live.json": ("GET /figures", "room figures"),
    "GET /rooms/<room>": ("GET /rooms/{room}", "room show"),
    "GET /rooms/<room>/live.json": ("GET /rooms/{room}/figures", "room figures"),
    "GET /rooms/<room>/<span>/<name>.svg": ("GET /rooms/{room}/history", "room history"),
    "POST /rooms/<room>/acts/<name>": ("POST /rooms/{room}/ACT", "room ACT"),
    "GET /rooms/<room>/knobs": ("GET /rooms/{room}/knobs", "room show"),
    "POST /rooms/<room>/knobs": ("PATCH /rooms/{room}/knobs", "room set"),
    "GET /rooms/<room>/record": ("GET /rooms/{room}/record", "audit show"),
    "GET /rooms/<room>/record.<form>": ("GET /rooms/{room}/record.jsonl", "audit export"),
    "GET /record": ("GET /record", "audit show"),
    "GET /record.<form>": ("GET /record.jsonl", "audit export"),
}
"""Each verb of the console. ``ACT`` stands for every act there is."""
NO_VERBS = {
    "GET /new": "the form of a new room",
    "GET /rooms/<room>/edit": "the form of a room's name and texts",
    "GET /rooms/<room>/brand": "the form of a room's look",
    **{
        f"{method} /rooms/<room>/preview/{rest}": PREVIEW
        for method in ("GET", "POST", "DELETE")
        for rest in ("", "<path:rest>")
    },
    "GET /part": "a part of the page of all rooms",
    "GET /rooms/<room>/acts": "a part of a room's page",
    "GET /rooms/<room>/acts/<name>": "the form of an act",
    "GET /login": "a key takes its place",
    "POST /login": "a key takes its place",
    "POST /logout": "a key is revoked",
    "GET /static/<path:filename>": "the pages' own files",
    "GET /healthz": "for whoever watches the process",
    "GET /readyz": "for whoever watches the process",
}
COMMANDS = {
    "room clone": "POST /rooms/{room}/clone",
    "room create": "POST /rooms",
    "room ramp": "POST /rooms/{room}/ramp",
    "room schedule": "POST /rooms/{room}/schedule",
    "room undo": "POST /rooms/{room}/undo",
    "room keys": "POST /rooms/{room}/shop-keys",
    "audit verify": "GET /rooms/{room}/record/verify",
    "operator add": "POST /operators",
    "operator list": "GET /operators",
    "operator password": "PUT /operators/{name}/password",
    "operator role": "PUT /operators/{name}/role",
    "operator remove": "DELETE /operators/{name}",
    "operator key add": "POST /keys",
    "operator key list": "GET /keys",
    "operator key revoke": "DELETE /keys/{name}",
    "staff pass": "POST /rooms/{room}/staff-passes",
    "staff revoke": "DELETE /rooms/{room}/staff-passes",
}
"""What only commands and operations do, so far."""
AT_HOME = {
    "up": "starts the system that the API is part of",
    "demo": "starts the system that the API is part of",
    "preview": "shows pages on this machine",
    "secret": "asks no system",
    "draw verify": "asks no system, on purpose",
}
"""Commands without an operation, and why."""


def acts(told: str) -> list[str]:
    """``told`` for every act, where it stands for each."""
    return [told.replace("ACT", name) for name in ACTS] if "ACT" in told else [told]


def leaves(command: click.Command = cli, path: str = "") -> list[str]:
    """Every command that does something."""
    if not isinstance(command, click.Group):
        return [path]
    return [
        found
        for name, inner in command.commands.items()
        for found in leaves(inner, f"{path} {name}".strip())
    ]


@pytest.fixture(scope="module")
def rules() -> set[str]:
    """What the console serves."""
    found = console(AWAY).application.url_map.iter_rules()
    asked = [(rule, (rule.methods or set()) - {"HEAD", "OPTIONS"}) for rule in found]
    return {f"{method} {rule.rule}" for rule, methods in asked for method in methods}


@pytest.fixture(scope="module")
def operations() -> set[str]:
    """What the API is described to do."""
    paths = console(AWAY).get(f"{PREFIX}/openapi.json").json["paths"]
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, item in paths.items()
        for method in item
    }


def test_every_page_and_form_of_the_console_has_its_operation_and_command(
    rules: set[str], operations: set[str]
) -> None:
    """A new one without either fails here: give it a line in PAGES, or in NO_VERBS."""
    pages = {rule for rule in rules if f" {PREFIX}" not in rule}
    assert pages == PAGES.keys() | NO_VERBS.keys()
    for operation, command in PAGES.values():
        assert set(acts(operation)) <= operations
        assert set(acts(command)) <= set(leaves())


def test_every_command_has_its_operation(operations: set[str]) -> None:
    """A new one without fails here: give it a line in COMMANDS, or in AT_HOME."""
    of_pages = {name for _, command in PAGES.values() for name in acts(command)}
    assert set(leaves()) == of_pages | COMMANDS.keys() | AT_HOME.keys()
    assert set(COMMANDS.values()) <= operations
