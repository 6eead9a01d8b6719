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

PRESSED = "what is pressed in a preview; asks no line"
PAGES = {
    "POST /new": ("POST /rooms", "room create"),
    "POST /rooms/<room>/edit": ("PATCH /rooms/{room}/knobs", "room set"),
    "POST /rooms/<room>/brand": ("PATCH /rooms/{room}/brand", "room brand"),
    "GET /rooms/<room>/preview/<path:rest>": ("GET /rooms/{room}/preview", "preview"),
    "GET /rooms/<room>/rehearsal": ("GET /rooms/{room}/rehearsal", "room rehearse"),
    "POST /rooms/<room>/rehearsal": ("POST /rooms/{room}/rehearsal", "room rehearse"),
    "POST /rooms/<room>/rehearsal/end": ("DELETE /rooms/{room}/rehearsal", "room rehearse"),
    "GET /": ("GET /rooms", "room list"),
    "GET /live.json": ("GET /figures", "room figures"),
    "GET /operators": ("GET /operators", "operator list"),
    "GET /operators/<name>": ("GET /operators", "operator list"),
    "GET /record": ("GET /record", "audit show"),
    "GET /record.<form>": ("GET /record.jsonl", "audit export"),
    "GET /rooms/<room>": ("GET /rooms/{room}", "room show"),
    "GET /rooms/<room>/<span>/<name>.svg": ("GET /rooms/{room}/history", "room history"),
    "GET /rooms/<room>/knobs": ("GET /rooms/{room}/knobs", "room show"),
    "GET /rooms/<room>/live.json": ("GET /rooms/{room}/figures", "room figures"),
    "GET /rooms/<room>/plan": ("GET /rooms/{room}/plan", "room schedule"),
    "GET /rooms/<room>/ready": ("GET /rooms/{room}/readiness", "ready"),
    "GET /rooms/<room>/record": ("GET /rooms/{room}/record", "audit show"),
    "GET /rooms/<room>/record.<form>": ("GET /rooms/{room}/record.jsonl", "audit export"),
    "GET /rooms/<room>/staff": ("GET /rooms/{room}/staff-passes", "staff list"),
    "GET /rooms/<room>/support": ("GET /rooms/{room}/places/{code}", "room place"),
    "GET /keys": ("GET /keys", "operator key list"),
    "GET /shop-keys": ("GET /shop-keys", "room shop-key list"),
    "POST /account": ("PUT /operators/{name}/password", "operator password"),
    "POST /operators": ("POST /operators", "operator add"),
    "POST /operators/<name>/password": ("PUT /operators/{name}/password", "operator password"),
    "POST /operators/<name>/remove": ("DELETE /operators/{name}", "operator remove"),
    "POST /operators/<name>/role": ("PUT /operators/{name}/role", "operator role"),
    "POST /rooms/<room>/acts/<name>": ("POST /rooms/{room}/ACT", "room ACT"),
    "POST /rooms/<room>/acts/reset": ("POST /rooms/{room}/reset", "room reset"),
    "POST /rooms/<room>/knobs/<name>": ("PATCH /rooms/{room}/knobs", "room set"),
    "POST /rooms/<room>/plan/<key>": ("PUT /rooms/{room}/plan", "room schedule"),
    "POST /rooms/<room>/staff": ("POST /rooms/{room}/staff-passes", "staff pass"),
    "POST /rooms/<room>/staff/<lease>/revoke": (
        "DELETE /rooms/{room}/staff-passes/{lease}",
        "staff revoke",
    ),
    "POST /rooms/<room>/staff/revoke": ("DELETE /rooms/{room}/staff-passes", "staff revoke"),
    "POST /rooms/<room>/support": (
        "POST /rooms/{room}/places/{code}/second-chance",
        "room second-chance",
    ),
    "POST /rooms/<room>/undo": ("POST /rooms/{room}/undo", "room undo"),
    "POST /keys": ("POST /keys", "operator key add"),
    "POST /keys/<name>/revoke": ("DELETE /keys/{name}", "operator key revoke"),
    "POST /shop-keys": ("POST /shop-keys", "room shop-key add"),
    "POST /shop-keys/<name>/revoke": ("DELETE /shop-keys/{name}", "room shop-key revoke"),
}
"""Each verb of the console. ``ACT`` stands for every act there is."""
NO_VERBS = {
    "GET /account": "a form",
    "GET /operators/<name>/password": "a form",
    "GET /operators/<name>/remove": "a form",
    "GET /operators/<name>/role": "a form",
    "GET /rooms/<room>/acts/<name>": "a form",
    "GET /rooms/<room>/knobs/<name>": "a form",
    "GET /rooms/<room>/plan/<key>": "a form",
    "GET /rooms/<room>/staff/<lease>/revoke": "a form",
    "GET /rooms/<room>/staff/revoke": "a form",
    "GET /keys/<name>/revoke": "a form",
    "GET /shop-keys/<name>/revoke": "a form",
    "GET /new": "the form of a new room",
    "GET /rooms/<room>/edit": "the form of a room's name and texts",
    "GET /rooms/<room>/brand": "the form of a room's look",
    "GET /rooms/<room>/preview/": "leads to each state's page",
    **{
        f"{method} /rooms/<room>/preview/{rest}": PRESSED
        for method in ("POST", "DELETE")
        for rest in ("", "<path:rest>")
    },
    "GET /part": "a part of the page of all rooms",
    "GET /rooms/<room>/acts": "a part of a room's page",
    "GET /login": "a key takes its place",
    "POST /login": "a key takes its place",
    "POST /logout": "a key is revoked",
    "GET /static/<path:filename>": "the pages' own files",
    "GET /healthz": "for whoever watches the process",
    "GET /readyz": "for whoever watches the process",
}
COMMANDS = {
    "preview": "GET /rooms/{room}/preview",
    "alarms": "GET /alarms",
    "room load-test": "PUT /rooms/{room}/load-test",
    "room clone": "POST /rooms/{room}/clone",
    "audit verify": "GET /rooms/{room}/record/verify",
    "room create": "POST /rooms",
    "room keys": "POST /rooms/{room}/guard-keys",
    "room ramp": "POST /rooms/{room}/ramp",
    "room undo": "GET /rooms/{room}/undo",
}
"""What only commands and operations do, so far; or a page does as a part of something else."""
AT_HOME = {
    "up": "starts the system that the API is part of",
    "demo": "starts the system that the API is part of",
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
