"""Documentation that the code asserts."""

import re
from pathlib import Path

import pytest

from waitingroom.config import SETTINGS

DOCS = Path(__file__).parents[1] / "docs"
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


def test_every_variable_of_the_shop_is_explained_and_no_other() -> None:
    """What the two composition roots read is what the table shows."""
    roots = ("storefront/wsgi.py", "workers/environment.py")
    code = "".join((DOCS.parent / root).read_text("utf-8") for root in roots)
    read = set(re.findall(r'"(SHOP_[A-Z_]+)"', code))
    assert set(re.findall(r"^\| `(SHOP_[A-Z_]+)` \|", OPERATIONS, re.MULTILINE)) == read
