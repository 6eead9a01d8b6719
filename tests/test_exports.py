"""A record as a table: nothing in it is carried out by a spreadsheet."""

import csv

import pytest

from waitingroom.exports import csv_lines
from waitingroom.record import LogEntry


@pytest.mark.parametrize(
    ("why", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-2+3", "'-2+3"),
        (" +1", "' +1"),
        ("＝1+1", "'＝1+1"),
        ("so;=1+1;", "so;'=1+1;"),
        ("1 + 1 = 2, said <b>", "1 + 1 = 2, said <b>"),
    ],
)
def test_what_a_spreadsheet_would_carry_out_is_text(why: str, cell: str) -> None:
    """Also to one that takes a wide sign for a formula's, or a semicolon for a cell's end."""
    entry = LogEntry("1-0", {"seq": "1", "act": "set", "why": why})
    (row,) = csv.DictReader(csv_lines([entry]))
    assert row["why"] == cell
