"""Documentation that the code asserts."""

import re
import shlex
from pathlib import Path

import click
import pytest
from flask import Flask

from waitingroom.cli import cli
from waitingroom.console import metrics
from waitingroom.console.metrics import GateCounts, RoomFigures
from waitingroom.errors import StoreDown, StoreUnfit
from waitingroom.gate import counts
from waitingroom.tokens import Keyring
from waitingroom.variables import SETTINGS

DOCS = Path(__file__).parents[1] / "docs"
CODE = DOCS.parent / "waitingroom"
README = DOCS.parent / "README.md"
READ = (
    README,
    *DOCS.glob("*.md"),
    DOCS.parent / "CHANGELOG.md",
    DOCS.parent / "loadtests/README.md",
)
OPERATIONS = (DOCS / "operations.md").read_text("utf-8")


def settings_table() -> str:
    """The table of settings as docs/operations.md shows it."""
    lines = ["| in the file | in the environment | default | what it is |", "|---|---|---|---|"]
    for row in SETTINGS:
        default = f"`{row.default}`" if row.default else "none"
        lines.append(f"| `{row.name}` | `{row.env}` | {default} | {row.about} |")
    return "\n".join(lines)


def test_the_settings_table_is_the_one_in_the_code() -> None:
    """To mend: paste the table that this test expects."""
    assert settings_table() in OPERATIONS, f"docs/operations.md wants:\n\n{settings_table()}\n"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"WAITINGROOM_[A-Z_]+", OPERATIONS))))
def test_every_variable_that_is_mentioned_exists(name: str) -> None:
    """A variable that was renamed must not live on in the text."""
    assert name in {row.env for row in SETTINGS}


HEADINGS = {
    file.resolve(): re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    for file in (*READ, *DOCS.glob("decisions/*.md"))
}


def anchor(heading: str) -> str:
    """What a link to a heading ends with, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


@pytest.mark.parametrize("file", sorted(HEADINGS), ids=lambda file: file.name)
def test_every_place_that_a_document_names_is_there(file: Path) -> None:
    """Files, and sections: as links (also of one document to itself) and by name."""
    text = file.read_text("utf-8")
    for name, section in re.findall(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", text):
        there = (file.parent / name).resolve() if name else file
        assert there.exists(), name
        if section:
            assert section in map(anchor, HEADINGS[there]), f"{name}#{section}"
    for name, section in re.findall(r"`docs/(\w+\.md)`, [*“]([^*”]+)[*”]", text):
        assert section in HEADINGS[DOCS / name], f"{name}, {section}"


def metrics_table() -> str:
    """The table of metrics as docs/operations.md shows it."""
    lines = ["| metric | kind | labels | what it is |", "|---|---|---|---|"]
    families = [*RoomFigures(dict, dict).collect(), *GateCounts(DOCS, 1).collect()]
    rooms = {family.name: "`room`" for family in families if "_room_" in family.name}
    labels = rooms | {metrics.PHASE: "`room`, `phase`"}
    rows = [(one.name, one.type, labels.get(one.name, ""), one.documentation) for one in families]
    for metric in counts.ALL:
        names = ", ".join(f"`{name}`" for name in metric._labelnames)
        rows.append((metric._name, metric._type, names, metric._documentation))
    for name, kind, named, about in rows:
        told = f"{name}_total" if kind == "counter" else name
        lines.append(f"| `{told}` | {kind} | {named or 'none'} | {about} |")
    return "\n".join(lines)


def test_the_table_of_metrics_is_the_one_in_the_code() -> None:
    """To mend: paste the table that this test expects."""
    assert metrics_table() in OPERATIONS, f"docs/operations.md wants:\n\n{metrics_table()}\n"


def test_every_act_that_a_record_may_tell_is_in_its_table_and_no_other() -> None:
    """As the library and the store's modules write them down."""
    files = [one for one in CODE.rglob("*") if one.suffix in (".py", ".lua")]
    code = "".join(one.read_text("utf-8") for one in files)
    shapes = (
        r"(?:finish|pass_into)\(keys, s, '(\w+)'",
        r"= act\('(\w+)'",
        r"record\(keys, s, [^']+?,\s+'(\w+)', ?[^)]",
        r"record\(.* and '(\w+)' or '\w+'",
        r"record\(.* and '\w+' or '(\w+)'",
        r'(?:record\.note|_put|_Done)\(\s*"(\w+)"',
        r'acts\.note\(room, "(\w+)"',
        r'_store\.note\(room, "(\w+)"',
        r"stock == 1 and '(\w+)' or",
        r"stock == 1 and '\w+' or '(\w+)'",
        r'act = "(\w+)" if',
        r' (?:added|revoked) = "(\w+)"',
        r'act = "\w+" if \w+ else "(\w+)"',
    )
    written = {act for shape in shapes for act in re.findall(shape, code)}
    (row,) = re.findall(r"^\| `act` \|(.*)$", OPERATIONS, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == written


def test_every_event_that_a_line_of_a_log_may_have_is_explained_and_no_other() -> None:
    """Of the store's faults the code is the event."""
    folders = (CODE, CODE.with_name("workers"), CODE.with_name("storefront"))
    code = "".join(one.read_text("utf-8") for at in folders for one in at.rglob("*.py"))
    shapes = (r'"event": "(\w+)"', r'event="(\w+)"', r'_log\(logging\.\w+, "(\w+)"')
    written = {event for shape in shapes for event in re.findall(shape, code)}
    table = OPERATIONS.partition("| event | says |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(named))) == written | {
        StoreDown.code,
        StoreUnfit.code,
    }


def test_every_variable_of_the_shop_is_explained_and_no_other() -> None:
    """What the two composition roots read is what the table shows."""
    roots = ("storefront/wsgi.py", "workers/environment.py")
    code = "".join((DOCS.parent / root).read_text("utf-8") for root in roots)
    read = set(re.findall(r'"(SHOP_[A-Z_]+)"', code))
    assert set(re.findall(r"^\| `(SHOP_[A-Z_]+)` \|", OPERATIONS, re.MULTILINE)) == read


def typed(text: str) -> list[str]:
    """The ``waitingroom`` and ``make`` commands in a document: in blocks for a shell and inline."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    inline = re.findall(r"`((?:[A-Z_]+=\S+ )*(?:waitingroom|make) [^`]+)`", text)
    plain = (line.partition("#")[0].partition(" > ")[0].strip() for line in lines)
    found = (re.sub(r"^(?:[A-Z_]+=\S+ )+", "", line) for line in plain)
    return sorted({*filter(None, found), *(re.sub(r"^(?:\S+=\S+ )+", "", one) for one in inline)})


COMMANDS = sorted({line for file in READ for line in typed(file.read_text("utf-8"))})
PLACEHOLDERS = {"ID": "spring", "ROOM": "spring", "FILE": "waitingroom.toml", "…": "--help"}


@pytest.mark.parametrize("line", [one for one in COMMANDS if one.startswith("waitingroom ")])
def test_every_command_in_the_documents_can_be_typed(line: str) -> None:
    """Its command is there, with these options and values that they take."""
    words = [PLACEHOLDERS.get(word, word) for word in shlex.split(line)[1:]]
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in command.commands, f"{line}: there is no {name}"
        command = command.commands[name]
    if words and "--help" not in words:
        # Below the program, since click keeps what a command's help option is called.
        command.make_context(command.name, words, click.Context(cli, **cli.context_settings))


@pytest.mark.parametrize("line", [one for one in COMMANDS if one.startswith("make ")])
def test_every_target_of_make_in_the_documents_exists(line: str) -> None:
    """As the Makefile has it."""
    makefile = (DOCS.parent / "Makefile").read_text("utf-8")
    assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE)


def test_the_lines_in_the_readme_put_a_guard_before_a_shop() -> None:
    """Copied as they stand, with the two secrets filled in."""
    (lines,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    shop = Flask("shop")
    shop.add_url_rule("/", view_func=lambda: "inside")
    shop.add_url_rule("/healthz", "healthz", view_func=lambda: "ok")
    keys = Keyring([bytes(range(32))]).room_keys("spring").export()
    exec(lines, {"app": shop, "SHOP_KEY": "k" * 32, "ROOM_KEYS": keys})
    client = shop.test_client()
    assert client.get("/healthz").text == "ok"
    sent = client.get("/", headers={"Accept": "text/html"})
    assert sent.status_code == 303
    assert sent.location.startswith("https://wait.example.com/spring")
