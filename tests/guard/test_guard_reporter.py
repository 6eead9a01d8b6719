"""The reporter over real HTTP: it tells everything, learns, waits, and never holds up a request."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from guarded import (
    NOW_MS,
    PATIENCE_S,
    SESSION_MS,
    SHOP_KEY,
    Clock,
    Shop,
    StandInApi,
    a_handover,
    a_pass,
    by_hand,
    signed,
)
from systems import at_best, eventually

from waitingroom.guard.api import ApiAway, RoomApi
from waitingroom.guard.knowledge import Knowledge
from waitingroom.guard.outbox import LONGEST_RETRY_MS, MOST_RELEASES, POLL_MS
from waitingroom.guard.redeem import ANSWER_WITHIN_S, QUIET_MS
from waitingroom.guard.reporter import CLOSING_S, Reporter

Build = Callable[..., Shop]


class Steady:
    """A clock for the waits, set by the test."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def steady() -> Steady:
    """The clock of one reporter."""
    return Steady()


@pytest.fixture
def reporter(api: StandInApi, steady: Steady) -> Iterator[Reporter]:
    """A reporter whose turns the test takes: it has no thread."""
    made = by_hand(api.url, steady)
    yield made
    made.close()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The calls that guards have begun: which thread, and what for."""
    made: list[tuple[str, str]] = []
    post = RoomApi._post

    def noted(self: RoomApi, room: str, call: str, *words: Any) -> Any:
        made.append((threading.current_thread().name, call))
        return post(self, room, call, *words)

    monkeypatch.setattr(RoomApi, "_post", noted)
    return made


def paths(api: StandInApi) -> list[str]:
    """The calls so far, by their last words."""
    return [path.removeprefix("/api/v1/rooms/demo/") for path, _ in api.calls]


def test_one_turn_tells_everything_in_batches(api: StandInApi, reporter: Reporter) -> None:
    """Releases first (they free places), then handovers, then renewals, in as few calls as fit."""
    for n in range(1, 1_501):
        reporter.renew(a_pass(lease=f"1-{n}"))
    reporter.release(a_pass(lease="1-7"))
    token = signed(a_handover())
    reporter.redeem_later("demo", token)
    reporter.turn()
    assert paths(api) == ["leases/release", "redeem", "leases/renew"]
    reporter.turn()
    reporter.turn()
    assert api.leases("release") == ["1-7"]
    assert api.redeemed == {token}
    assert sorted(api.leases("renew")) == sorted(f"1-{n}" for n in range(1, 1_501) if n != 7)
    assert len(api.calls) == 4


def test_it_hears_of_each_release_once(api: StandInApi, reporter: Reporter, steady: Steady) -> None:
    """It shows the mark of the answer before; a process that has forked begins anew."""
    api.news = ["1-1", "1-2"]
    asked = []
    for _ in range(2):
        reporter.turn()
        steady.ms += 2 * POLL_MS
        asked.append(api.since[-1])
    assert asked == ["", "m.2"]
    gone = [reporter._known.releasing(a_pass(lease=f"1-{n}")) for n in (1, 2, 3)]
    assert gone == [True, True, False]
    reporter.after_fork()
    reporter.turn()
    assert api.since[-1] == ""


def test_staff_have_no_lease_to_tell_of(api: StandInApi, reporter: Reporter) -> None:
    """A staff pass occupies no place in the shop."""
    reporter.renew(a_pass(lease="s-0123456789abcdef"))
    reporter.release(a_pass(lease="s-0123456789abcdef"))
    reporter.turn()
    assert api.leases("renew") == api.leases("release") == []


def test_with_nothing_to_tell_it_asks_where_the_room_stands(
    api: StandInApi, reporter: Reporter, steady: Steady
) -> None:
    """At once, and then every few seconds: so a guard hears of an opening or a reset."""
    reporter.turn()
    steady.ms += POLL_MS // 2
    reporter.turn()
    assert len(api.calls) == 1
    steady.ms += POLL_MS
    api.epoch = 7
    reporter.turn()
    assert [body for _, body in api.calls] == [{"leases": []}, {"leases": []}]
    assert reporter._known.facts("demo").epoch == 7


@pytest.mark.parametrize("mood", ["error", "garbage"])
def test_an_answer_that_is_none_is_tried_again_later(
    api: StandInApi, reporter: Reporter, steady: Steady, mood: str
) -> None:
    """Nothing is lost; the tries become rare; with the first answer everything is told."""
    api.mood = mood
    reporter.release(a_pass(lease="1-1"))
    reporter.turn()
    reporter.renew(a_pass(lease="1-2"))
    for _ in range(120):
        steady.ms += 1_000
        reporter.turn()
    assert 7 <= len(api.calls) <= 12
    api.mood = "ok"
    api.calls.clear()
    steady.ms += LONGEST_RETRY_MS * 2
    reporter.turn()
    assert (api.leases("release"), api.leases("renew")) == (["1-1"], ["1-2"])


def test_a_wrong_key_keeps_what_there_is_to_tell(
    api: StandInApi, steady: Steady, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator can mend it; the log says once what is wrong, without the key."""
    key = "another key"
    reporter = by_hand(api.url, steady, key)
    reporter.release(a_pass())
    with caplog.at_level(logging.INFO):
        for _ in range(100):
            steady.ms += 1_000
            reporter.turn()
    # An API that is there is asked on as usual: what was mended is soon told.
    assert 100_000 / POLL_MS * 0.8 <= len(api.calls) <= 100_000 / POLL_MS * 1.2 + 5
    (record,) = [each for each in caplog.records if each.name == "waitingroom.guard"]
    assert "unauthorized" in record.getMessage()
    assert key not in caplog.text
    assert reporter._boxes["demo"].releases


def test_a_call_that_will_never_be_taken_is_let_go(
    api: StandInApi, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One poisoned note must not block all others for ever."""
    monkeypatch.setattr(StandInApi, "answer", lambda self, *_: self.json(400, error="bad_request"))
    reporter.release(a_pass())
    reporter.turn()
    assert not reporter._boxes["demo"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"epoch": 1, "staff_epoch": 1, "outside": False},
        {"epoch": "1", "staff_epoch": 1, "outside": False, "leases": {}},
        {"epoch": True, "staff_epoch": 1, "outside": False, "leases": {}},
        {"epoch": -1, "staff_epoch": 1, "outside": False, "leases": {}},
        {"epoch": 1, "staff_epoch": 1, "outside": 1, "leases": {}},
        {"epoch": 1, "staff_epoch": 1, "outside": True, "shop": "ajar", "leases": {}},
        {"epoch": 1, "staff_epoch": 1, "outside": False, "leases": []},
        {"epoch": 1, "staff_epoch": 1, "outside": False, "leases": {"1-1": "active"}},
    ],
)
def test_an_answer_of_another_shape_teaches_nothing(
    api: StandInApi, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any]
) -> None:
    """Half an answer is no answer."""
    monkeypatch.setattr(StandInApi, "answer", lambda self, _call, _body: self.json(200, **body))
    with pytest.raises(ApiAway):
        RoomApi(api.url, SHOP_KEY).renew("demo", [], now_ms=0, timeout_s=2)


def test_the_bearer_key_follows_no_redirect(
    api: StandInApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to the address that the shop named, and to no other."""

    def away(self: StandInApi, _call: str, _body: object) -> Any:
        answer = self.json(307, error="moved")
        answer.headers["Location"] = self.url + "/elsewhere"
        return answer

    monkeypatch.setattr(StandInApi, "answer", away)
    with pytest.raises(ApiAway):
        RoomApi(api.url, SHOP_KEY).renew("demo", [], now_ms=0, timeout_s=2)
    assert len(api.calls) == 1


class TestThread:
    """The thread in a shop: started by a request, quick to leave."""

    def test_a_shop_tells_of_its_shoppers_by_itself(
        self, open_shop: Build, api: StandInApi, clock: Clock
    ) -> None:
        """A renewal arrives without anybody waiting for it."""
        shop = open_shop(api=api.url)
        shop.give(a_pass())
        clock.now_ms = NOW_MS + SESSION_MS // 2
        shop.get("/x")
        api.until(lambda: api.leases("renew") == ["1-12"])

    def test_no_thread_before_the_first_request_and_one_after(
        self, open_shop: Build, api: StandInApi
    ) -> None:
        """Importing an application must start nothing: servers fork after it."""
        before = set(threading.enumerate())
        shop = open_shop(api=api.url)
        assert set(threading.enumerate()) <= before
        assert shop.guard._reporter._thread is None  # type: ignore[union-attr]
        for _ in range(5):
            shop.get("/healthz")
        first = shop.guard._reporter._thread  # type: ignore[union-attr]
        shop.get("/healthz")
        assert first is shop.guard._reporter._thread  # type: ignore[union-attr]
        assert first is not None and first.daemon

    @pytest.mark.parametrize("mood", ["frozen", "error", "garbage", "refused"])
    def test_no_request_ever_waits_for_it(
        self,
        open_shop: Build,
        api: StandInApi,
        calls: list[tuple[str, str]],
        unused_port: int,
        mood: str,
    ) -> None:
        """Two hundred pages and a checkout, with the API away in every way there is. The thread
        alone calls; and no page waits for it, which would be for as long as a frozen API is waited
        for.
        """
        api.mood = mood
        url = f"http://127.0.0.1:{unused_port}" if mood == "refused" else api.url
        shop = open_shop(api=url)
        for n in range(1, 201):
            shop.give(a_pass(lease=f"1-{n}", issued_at_ms=NOW_MS - SESSION_MS))
            began = time.monotonic()
            assert shop.get("/x").status_code == 200
            assert time.monotonic() - began < PATIENCE_S / 3
        shop.post("/checkout")
        eventually(lambda: calls, "it calls")
        assert {thread for thread, _ in calls} == {"waitingroom-reporter"}

    def test_at_the_end_what_is_left_is_sent(
        self, open_shop: Build, api: StandInApi, patient: None
    ) -> None:
        """A release in the last moment still arrives."""
        shop = open_shop(api=api.url)
        shop.give(a_pass())
        shop.post("/checkout")
        shop.guard.close()
        assert api.leases("release") == ["1-12"]
        shop.guard.close()

    def test_the_end_does_not_wait_for_a_frozen_api(
        self, open_shop: Build, api: StandInApi
    ) -> None:
        """At most a second and a half."""
        api.mood = "frozen"

        def ends_in_time() -> bool:
            shop = open_shop(api=api.url)
            shop.give(a_pass())
            shop.post("/checkout")
            began = time.monotonic()
            shop.guard.close()
            return time.monotonic() - began < CLOSING_S + 0.5

        at_best(ends_in_time, "the end is soon")

    def test_after_an_outage_everything_is_told(
        self, open_shop: Build, api: StandInApi, clock: Clock
    ) -> None:
        """The first pages after the API's return need nothing special."""
        api.mood = "error"
        shop = open_shop(api=api.url)
        shop.give(a_pass())
        shop.post("/checkout")
        api.until(lambda: len(api.calls) >= 2)
        api.mood = "ok"
        api.until(lambda: "1-12" in api.released)

    def test_a_process_without_threads_goes_on(
        self, open_shop: Build, api: StandInApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A limit of the machine is no reason to turn a shopper away."""
        from threading import Thread

        def no_more(self: Thread) -> None:
            raise RuntimeError("can't start new thread")

        shop = open_shop(api=api.url)
        shop.give(a_pass())
        monkeypatch.setattr(Thread, "start", no_more)
        assert shop.get("/x").status_code == 200
        other = open_shop(api=api.url)
        answer = other.bare.get(f"/?wr_handover={signed(a_handover())}")
        assert "Set-Cookie" in answer.headers
        monkeypatch.undo()
        assert other.guard._reporter._boxes["demo"].handovers  # type: ignore[union-attr]

    def test_a_surprise_does_not_end_the_thread(
        self, open_shop: Build, api: StandInApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A fault of ours is logged, and tried again like an outage."""
        shop = open_shop(api=api.url)
        monkeypatch.setattr(Knowledge, "learn", lambda *_: 1 / 0)
        shop.give(a_pass())
        shop.post("/checkout")
        api.until(lambda: api.leases("release")[:2] == ["1-12"] * 2)


class TestRedeem:
    """The one call in a shopper's request: half a second at most."""

    @pytest.mark.parametrize("mood", ["frozen", "error", "garbage", "refused"])
    def test_without_an_answer_the_signature_counts(
        self, open_shop: Build, api: StandInApi, unused_port: int, mood: str
    ) -> None:
        """The shopper is let in within half a second, once; a replay here is still refused."""
        api.mood = mood
        url = f"http://127.0.0.1:{unused_port}" if mood == "refused" else api.url
        token = signed(a_handover())

        def lets_in_time() -> bool:
            shop = open_shop(api=url)
            began = time.monotonic()
            answer = shop.bare.get(f"/x?wr_handover={token}")
            took_s = time.monotonic() - began
            assert answer.headers["Location"] == "http://localhost/x"
            assert "Set-Cookie" in answer.headers
            assert shop.bare.get(f"/x?wr_handover={token}").status_code == 401
            return took_s < ANSWER_WITHIN_S + 0.3

        at_best(lets_in_time, "the shopper is let in within half a second")

    def test_after_one_silence_others_do_not_wait(
        self, open_shop: Build, api: StandInApi, calls: list[tuple[str, str]]
    ) -> None:
        """A frozen API costs one shopper half a second, not each of them: it is not asked."""
        api.mood = "frozen"
        shop = open_shop(api=api.url)
        began = time.monotonic()
        for n in range(20):
            token = signed(a_handover(nonce=f"{n:016x}"))
            assert "Set-Cookie" in shop.bare.get(f"/x?wr_handover={token}").headers
        took_s = time.monotonic() - began
        asked = [thread for thread, call in calls if thread != "waitingroom-reporter"]
        assert 1 <= len(asked) <= 1 + took_s * 1000 // QUIET_MS

    def test_what_was_accepted_offline_is_reported_later(
        self, open_shop: Build, api: StandInApi
    ) -> None:
        """So that a replay at another process is refused as soon as the API is back."""
        api.mood = "error"
        shop = open_shop(api=api.url)
        tokens = {signed(a_handover(nonce=f"{n:016x}")) for n in range(3)}
        for token in tokens:
            shop.bare.get(f"/x?wr_handover={token}")
        api.mood = "ok"
        api.until(lambda: api.redeemed == tokens, patience_s=20)

    def test_a_late_answer_is_not_reported_again(self, open_shop: Build, api: StandInApi) -> None:
        """The API would take the second report for a replay."""
        api.mood = "frozen"
        shop = open_shop(api=api.url)
        token = signed(a_handover())
        assert "Set-Cookie" in shop.bare.get(f"/x?wr_handover={token}").headers
        api.mood = "ok"
        api.thaw.set()
        api.until(lambda: token in api.redeemed)
        shop.guard.close()
        assert len([path for path, _ in api.calls if path.endswith("redeem")]) == 1

    def test_a_wrong_key_does_not_keep_shoppers_out(
        self, open_shop: Build, api: StandInApi
    ) -> None:
        """Only a clear word about this handover refuses it."""
        shop = open_shop(api=api.url, shop_key="wrong")
        answer = shop.bare.get(f"/x?wr_handover={signed(a_handover())}")
        assert "Set-Cookie" in answer.headers

    @pytest.mark.parametrize(("status", "code"), [(401, "bad_token"), (410, "old_epoch")])
    def test_a_clear_no_is_a_no(
        self,
        open_shop: Build,
        api: StandInApi,
        monkeypatch: pytest.MonkeyPatch,
        patient: None,
        status: int,
        code: str,
    ) -> None:
        """The API knows of a removed key or a reset before the guard does."""
        monkeypatch.setattr(StandInApi, "answer", lambda self, *_: self.json(status, error=code))
        shop = open_shop(api=api.url)
        assert shop.bare.get(f"/x?wr_handover={signed(a_handover())}").status_code == 401


def test_the_box_for_releases_holds_what_a_long_outage_needs() -> None:
    """At ten checkouts a second and process, well over an hour."""
    assert MOST_RELEASES >= 10 * 3_600
