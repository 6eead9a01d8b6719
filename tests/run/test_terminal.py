"""The status line: what it says, where it is written, how entries a minute are counted."""

import io
from dataclasses import replace

import pytest
from rooms import make

from waitingroom.model import Phase
from waitingroom.run.terminal import Terminal, Velocity, fitting, status_line
from waitingroom.store.client import Store


class Screen(io.StringIO):
    """An output that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_on_a_terminal_the_status_is_written_over_in_place() -> None:
    """And a line that stays goes above it."""
    screen = Screen()
    terminal = Terminal(screen)
    terminal.status("one", 0)
    terminal.status("two", 1)
    terminal.say("gate ended")
    assert screen.getvalue() == "one\r\x1b[Ktwo\r\x1b[Kgate ended\n"


def test_the_line_of_a_demo_fits_in_80_columns(store_url: str, room_id: str) -> None:
    """In its widest moment: the countdown, and everybody there."""
    store = Store.connect(store_url, timeout_s=10)
    demo = make(store, room_id).status()
    store.close()
    early = replace(demo, room="demo", phase=Phase.EARLY, now_ms=1, opens_at_ms=30_001, tail=200)
    line = status_line(early, 0)
    assert line == (
        "demo: early, opens in 30 s · 200 waiting · serving 0 · 0 entries/min · 0 inside"
    )
    assert fitting(line, 79) == line
    assert "opens in 30 s, paused · " in status_line(replace(early, paused=True), 0)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (79, "demo: open · 12 waiting · serving 3"),
        (35, "demo: open · 12 waiting · serving 3"),
        (34, "demo: open · 12 waiting"),
        (4, "demo"),
    ],
)
def test_a_narrow_terminal_gets_whole_fields(width: int, shown: str) -> None:
    """Half a number would be a wrong one."""
    assert fitting("demo: open · 12 waiting · serving 3", width) == shown


def test_elsewhere_the_status_is_a_plain_line_every_five_seconds() -> None:
    """A log is not filled with the same line."""
    out = io.StringIO()
    terminal = Terminal(out)
    for now_ms in range(0, 11_000, 500):
        terminal.status(f"at {now_ms}", now_ms)
    assert out.getvalue().split("\n") == ["at 0", "at 5000", "at 10000", ""]


def test_entries_a_minute_are_those_of_the_last_minute() -> None:
    """From the first moment on, and without memory of what was before."""
    velocity = Velocity()
    assert velocity.per_min(0, 0) == 0
    assert velocity.per_min(10_000, 10) == 60
    for second in range(11, 200):
        per_min = velocity.per_min(second * 1000, 10 + (second if second >= 130 else 0))
    assert 55 <= per_min <= 200
    for second in range(200, 270):
        per_min = velocity.per_min(second * 1000, 500)
    assert per_min == 0
