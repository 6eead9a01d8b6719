"""The runbook has an entry for every alarm and every row of readiness, and for nothing else."""

import re
from pathlib import Path

import pytest

from waitingroom.alarms import ALARMS
from waitingroom.readiness import ROWS

ROOT = Path(__file__).parents[1]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
RULES = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8")
ENTRIES = dict(re.findall(r"^### (\S+)\n\n(.*?)(?=^##|\Z)", RUNBOOK, re.DOTALL | re.MULTILINE))


def test_every_alarm_and_every_row_has_its_entry_and_no_other_is_there() -> None:
    """By the name that consoles, mails and commands link to (lower case, as an anchor is)."""
    alerts = re.findall(r"- alert: (\w+)", RULES)
    assert sorted(ENTRIES) == sorted({*alerts, *ALARMS, *ROWS})


@pytest.mark.parametrize("name", sorted({*ALARMS, *re.findall(r"- alert: (\w+)", RULES)}))
def test_an_alarms_entry_says_how_bad_it_is_where_to_look_and_what_to_do(name: str) -> None:
    """In this order, and as bad as the rule has it."""
    entry = ENTRIES[name]
    (severity,) = re.findall(rf"alert: {name}\n.*?severity: (\w+)", RULES, re.DOTALL)[:1]
    assert entry.startswith(f"{severity.capitalize()}. ")
    assert 0 < entry.index("\n- Look: ") < entry.index("\n- Do: ")


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_rows_entry_says_what_is_right_and_how_to_mend_it(row: str) -> None:
    """For whoever was sent there by a row that fails."""
    assert re.search(r"To mend|Look at", ENTRIES[row])


def test_every_place_that_the_runbook_leads_to_is_there() -> None:
    """In itself and in other documents."""
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
    assert set(re.findall(r"\(#([\w-]+)\)", RUNBOOK)) <= anchors
    for file in re.findall(r"\]\((\w+\.md)\)", RUNBOOK):
        assert (ROOT / "docs" / file).is_file()
