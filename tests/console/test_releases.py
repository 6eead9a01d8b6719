"""What was released lately: bounded, by room, and with marks that only their own process knows."""

import pytest

from waitingroom.console.releases import Releases


@pytest.fixture
def releases() -> Releases:
    """Remembers three in each room."""
    return Releases(most=3)


def test_a_mark_leads_to_what_came_after_it(releases: Releases) -> None:
    """However often it is shown."""
    releases.add("demo", ["1-1"])
    mark, _ = releases.since("demo", "")
    releases.add("demo", ["1-2", "1-3"])
    assert [releases.since("demo", mark)[1] for _ in range(2)] == [["1-2", "1-3"]] * 2


def test_rooms_are_apart(releases: Releases) -> None:
    """Also in their marks."""
    releases.add("demo", ["1-1"])
    assert releases.since("vip", "")[1] == []


def test_the_oldest_are_forgotten(releases: Releases) -> None:
    """Who has not asked for that long gets what there is."""
    mark, _ = releases.since("demo", "")
    releases.add("demo", [f"1-{n}" for n in range(1, 6)])
    assert releases.since("demo", mark)[1] == ["1-3", "1-4", "1-5"]


def test_a_mark_that_is_not_ours_leads_to_everything(releases: Releases) -> None:
    """Of the process before this one, made up, or from the future."""
    releases.add("demo", ["1-1", "1-2"])
    mark, _ = releases.since("demo", "")
    born = mark.partition(".")[0]
    for foreign in (Releases().since("demo", "")[0], "x", ".", f"{born}.", f"{born}.-1",
                    f"{born}.\u0663", f"{born}.{'9' * 5000}"):  # fmt: skip
        assert releases.since("demo", foreign) == (mark, ["1-1", "1-2"]), foreign
    assert releases.since("demo", f"{born}.99") == (mark, [])
