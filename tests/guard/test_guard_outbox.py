"""What waits to be told, how much of it, and when the next try is."""

import pytest

from waitingroom.guard import outbox
from waitingroom.guard.outbox import Outbox, Pace


def test_a_shopper_who_is_active_twice_is_told_once() -> None:
    """The box is as large as the number of active shoppers, not of their pages."""
    box = Outbox()
    for lease in ("1-1", "1-2", "1-1"):
        box.renew(lease)
    assert box.take_renewals() == ["1-1", "1-2"]
    assert not box


def test_a_release_makes_renewals_void() -> None:
    """Told in the other order they would open the lease again."""
    box = Outbox()
    box.renew("1-1")
    box.release("1-1")
    box.renew("1-1")
    assert box.take_renewals() == []
    assert box.take_releases() == ["1-1"]


def test_a_renewal_that_comes_back_after_a_release_is_void() -> None:
    """The shopper checked out while the call was under way."""
    box = Outbox()
    box.renew("1-1")
    taken = box.take_renewals()
    box.release("1-1")
    box.put_back_renewals(taken)
    assert box.take_renewals() == []


def test_a_call_takes_at_most_a_thousand() -> None:
    """More than the room API takes would be refused as a whole."""
    box = Outbox()
    for n in range(2_500):
        box.renew(f"1-{n}")
    assert [len(box.take_renewals()) for _ in range(4)] == [1000, 1000, 500, 0]


def test_what_did_not_arrive_goes_first_again() -> None:
    """Nothing is lost or told twice by a call that failed."""
    box = Outbox()
    for n in range(3):
        box.release(f"1-{n}")
    taken = box.take_releases()
    box.release("1-9")
    box.put_back_releases(taken)
    assert box.take_releases() == ["1-0", "1-1", "1-2", "1-9"]
    box.redeem("a")
    box.put_back_handovers(["b", "a"])
    assert box.take_handovers() == ["b", "a"]


@pytest.mark.parametrize("kind", ["renew", "release", "redeem"])
def test_a_full_box_drops_its_oldest(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """With the API away for hours memory stays bounded, and what was dropped is counted."""
    for most in ("MOST_RENEWALS", "MOST_RELEASES", "MOST_HANDOVERS"):
        monkeypatch.setattr(outbox, most, 3)
    box = Outbox()
    for n in range(5):
        getattr(box, kind)(str(n))
    take = {
        "renew": box.take_renewals, "release": box.take_releases, "redeem": box.take_handovers,
    }[kind]  # fmt: skip
    assert take() == ["2", "3", "4"]
    assert box.dropped == 2


def test_releases_outlast_renewals() -> None:
    """A lost renewal mends itself at the next page; a lost release costs a place for a session."""
    assert outbox.MOST_RELEASES >= 5 * outbox.MOST_RENEWALS


def test_putting_back_into_a_full_box_drops_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound holds on this way in, too."""
    monkeypatch.setattr(outbox, "MOST_RENEWALS", 3)
    box = Outbox()
    box.renew("1-8")
    box.renew("1-9")
    box.put_back_renewals(["1-1", "1-2", "1-3"])
    assert box.take_renewals() == ["1-3", "1-8", "1-9"]
    assert box.dropped == 2


class TestPace:
    """When the next turn is."""

    def test_the_first_turn_is_at_once(self) -> None:
        """A process that starts wants to know where its rooms stand."""
        assert Pace().wait_ms(1_000_000) == 0

    def test_with_no_news_it_asks_every_few_seconds(self) -> None:
        """Give or take 15 %, so that processes do not march in step."""
        pace = Pace()
        pace.done(1_000, more=False)
        assert 4_250 <= pace.wait_ms(1_000) <= 5_750

    def test_news_are_gathered_for_half_a_second(self) -> None:
        """The first one sets the time; later ones do not put it off."""
        pace = Pace()
        pace.done(1_000, more=False)
        pace.news(1_000)
        pace.news(1_400)
        assert pace.wait_ms(1_400) == 100

    def test_what_did_not_fit_goes_at_once(self) -> None:
        """A long list is told call by call without a pause."""
        pace = Pace()
        pace.done(1_000, more=True)
        assert pace.wait_ms(1_000) == 0

    def test_failures_wait_longer_and_longer_and_never_for_ever(self) -> None:
        """From half a second to half a minute, with jitter; news do not hurry it."""
        pace = Pace()
        waits = []
        for _ in range(100):
            pace.failed(0)
            pace.news(0)
            waits.append(pace.wait_ms(0))
        assert 425 <= waits[0] <= 575
        assert 3_400 <= waits[3] <= 4_600
        assert all(25_500 <= wait <= 34_500 for wait in waits[6:])
        assert len(set(waits[6:])) > 10

    def test_success_forgets_the_failures(self) -> None:
        """The next outage starts from the beginning."""
        pace = Pace()
        for _ in range(9):
            pace.failed(0)
        pace.done(0, more=False)
        pace.failed(0)
        assert pace.wait_ms(0) <= 575
