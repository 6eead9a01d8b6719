"""Times in zones: what a clock leaves out, what it shows twice, and what is no time."""

import pytest

from waitingroom import zones

GAP = ("2027-03-28T02:30", "Europe/Warsaw")
TWICE = ("2027-10-31T02:30", "Europe/Warsaw")


@pytest.mark.parametrize(
    ("typed", "zone", "ms", "shown"),
    [
        ("2026-12-01T14:00", "UTC", 1_796_133_600_000, "2026-12-01 14:00 UTC"),
        ("2026-12-01T14:00", "Europe/Warsaw", 1_796_130_000_000,
         "2026-12-01 14:00 Europe/Warsaw (+01:00), 13:00 UTC"),
        ("2026-12-01T00:30:15", "Asia/Tokyo", 1_796_052_615_000,
         "2026-12-01 00:30:15 Asia/Tokyo (+09:00), 2026-11-30 15:30:15 UTC"),
        ("2026-12-01T14:00", "Asia/Kathmandu", 1_796_112_900_000,
         "2026-12-01 14:00 Asia/Kathmandu (+05:45), 08:15 UTC"),
    ],
)  # fmt: skip
def test_a_time_is_read_in_its_zone_and_shown_in_it_and_in_utc(
    typed: str, zone: str, ms: int, shown: str
) -> None:
    """With the day in UTC, where that is another."""
    assert zones.read(typed, zone) == ms
    assert zones.typed(ms, zone) == typed
    assert zones.shown(ms, zone) == shown


def test_no_time_is_none() -> None:
    assert zones.read("", "Europe/Warsaw") == 0
    assert zones.typed(0, "Europe/Warsaw") == ""


def test_a_time_that_a_clock_leaves_out_is_none_whichever_is_meant() -> None:
    for second in (None, False, True):
        with pytest.raises(ValueError, match=r"does not exist in Europe/Warsaw.*01:30 or .*03:30"):
            zones.read(*GAP, second=second)


def test_a_day_that_was_left_out_is_none() -> None:
    """Samoa went from Thursday to Saturday."""
    with pytest.raises(ValueError, match=r"2011-12-29 12:00 or 2011-12-31 12:00"):
        zones.read("2011-12-30T12:00", "Pacific/Apia")


def test_a_time_that_a_clock_shows_twice_is_asked_about() -> None:
    with pytest.raises(zones.TwiceTold, match="is there twice") as twice:
        zones.read(*TWICE)
    first, second = twice.value.choices
    assert second - first == 3_600_000
    assert zones.read(*TWICE, second=False) == first
    assert zones.read(*TWICE, second=True) == second
    assert zones.typed(first, TWICE[1]) == zones.typed(second, TWICE[1]) == TWICE[0]


def test_which_one_is_meant_says_nothing_about_a_time_that_is_there_once() -> None:
    for second in (False, True):
        assert zones.read("2026-12-01T14:00", "Europe/Warsaw", second=second) == 1_796_130_000_000


@pytest.mark.parametrize(
    "typed",
    ["soon", "2026-12-01", "14:00", "2026-12-01T14", "2026-13-01T14:00", "2026-12-01T25:00",
     "2026-12-01T14:00Z", "2026-12-01T14:00+01:00", "20261201T1400", "2026-W49-2T14:00",
     "２026-12-01T14:00", "1969-12-31T23:00", "2150-01-01T00:00", "9" * 5_000],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"write it like|from 1970 to 2099"):
        zones.read(typed, "UTC")


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "x" * 5_000])
def test_what_is_no_zone_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone; choose one like Europe/Warsaw"):
        zones.read("2026-12-01T14:00", name)


def test_zones_are_chosen_by_places() -> None:
    """No offsets with their sign turned round, no other clocks."""
    assert zones.names()[0] == "UTC"
    assert {"Europe/Warsaw", "America/Argentina/Ushuaia"} <= set(zones.names())
    assert not [name for name in zones.names() if name.startswith(("Etc/GMT", "posix", "right"))]
