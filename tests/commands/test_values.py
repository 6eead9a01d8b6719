"""Durations and times as people type them."""

import pytest

from waitingroom.commands.values import time_ms
from waitingroom.durations import duration_ms, shown_duration

NOW_MS = 1_790_000_000_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [("10s", 10_000), ("15m", 900_000), ("1h30m", 5_400_000), ("500ms", 500), ("2d", 172_800_000),
     ("0", 0)],
)  # fmt: skip
def test_a_duration_is_numbers_with_units(text: str, ms: int) -> None:
    """And is shown as it may be typed."""
    assert duration_ms(text) == ms
    assert duration_ms(shown_duration(ms)) == ms


@pytest.mark.parametrize("text", ["", "10", "s", "10 s", "-10s", "1.5m", "10sm", "١٠s", "ten"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    """A bare number could be seconds or minutes: nobody guesses."""
    with pytest.raises(ValueError, match="write it like 10s"):
        duration_ms(text)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("now", NOW_MS),
        ("never", 0),
        ("+30s", NOW_MS + 30_000),
        ("+1h30m", NOW_MS + 5_400_000),
        ("2026-12-01T14:00+01:00", 1_796_130_000_000),
        ("2026-12-01T13:00Z", 1_796_130_000_000),
        ("2026-12-01T13:00:00.250+00:00", 1_796_130_000_250),
    ],
)
def test_a_time_is_now_or_from_now_or_iso_with_an_offset(text: str, ms: int) -> None:
    """All of them are milliseconds since 1970, UTC."""
    assert time_ms(text, NOW_MS) == ms


@pytest.mark.parametrize("text", ["2026-12-01T14:00", "2026-12-01"])
def test_a_time_without_an_offset_is_refused_with_what_to_add(text: str) -> None:
    """The operator's zone, the server's and the shoppers' may be three."""
    with pytest.raises(ValueError, match=r"time zone; add an offset, like 2026-12-01T14:00\+01:00"):
        time_ms(text, NOW_MS)


@pytest.mark.parametrize("text", ["", "tomorrow", "14:00", "2026-13-01T00:00Z", "+", "+soon"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    """One sentence that shows the three forms."""
    with pytest.raises(ValueError, match="write "):
        time_ms(text, NOW_MS)
