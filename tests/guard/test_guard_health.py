"""The guard counts what the shop answers to holders of a pass, and tells how many were failures."""

from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from guarded import Shop, StandInApi, a_pass, by_hand

from waitingroom.guard.api import ApiAway, RoomApi
from waitingroom.guard.outbox import POLL_MS
from waitingroom.guard.reporter import Reporter

Build = Callable[..., Shop]


@pytest.fixture
def reporter(api: StandInApi) -> Iterator[Reporter]:
    """A reporter whose turns the test takes, each when it is due."""
    clock = iter(range(0, 10**9, 2 * POLL_MS))
    made = by_hand(api.url, lambda: next(clock))
    yield made
    made.close()


def told(api: StandInApi) -> list[dict[str, Any]]:
    """What was told of the shop's health."""
    return [body for path, body in api.calls if path.endswith("/health")]


def test_a_shop_that_fails_is_told_of(open_shop: Build, api: StandInApi, patient: None) -> None:
    """An answer with 5xx, and an application that breaks; not what the guard itself answers. Also
    by a process that ends before it would have told.
    """
    shop = open_shop(api=api.url)
    shop.app.add_url_rule("/busy", "busy", view_func=lambda: flask.Response("busy", status=503))
    shop.app.add_url_rule(
        "/missing", "missing", view_func=lambda: flask.Response("none", status=404)
    )

    def broken() -> str:
        raise RuntimeError("broken")

    shop.app.add_url_rule("/broken", view_func=broken)
    shop.app.config["PROPAGATE_EXCEPTIONS"] = True
    shop.get("/busy")
    shop.give(a_pass())
    for path in ("/", "/missing", "/busy"):
        shop.get(path)
    with pytest.raises(RuntimeError, match="broken"):
        shop.get("/broken")
    shop.guard.close()
    assert sum(body["answers"] for body in told(api)) == 4
    assert sum(body["failures"] for body in told(api)) == 2


def test_nothing_is_told_of_a_shop_that_nobody_asks(api: StandInApi, reporter: Reporter) -> None:
    """One call less, every five seconds, of each of its processes."""
    reporter.turn()
    reporter.answered("demo", failed=True)
    reporter.turn()
    reporter.turn()
    assert told(api) == [{"answers": 1, "failures": 1}]


def test_what_may_have_arrived_is_not_told_again(
    api: StandInApi, reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the room API is away, counts add up; one that is lost on the way is let go."""
    reporter.answered("demo", failed=False)
    api.mood = "error"
    reporter.turn()
    reporter.answered("demo", failed=True)
    api.mood = "ok"
    monkeypatch.setattr(RoomApi, "health", _lost(RoomApi.health))
    reporter.turn()
    monkeypatch.undo()
    reporter.answered("demo", failed=False)
    reporter.turn()
    assert told(api) == [{"answers": 2, "failures": 1}, {"answers": 1, "failures": 0}]


def _lost(call: Callable[..., None]) -> Callable[..., None]:
    """A call whose answer never comes."""

    def made(*words: Any, **named: Any) -> None:
        call(*words, **named)
        raise ApiAway("the line is dead")

    return made


def test_a_room_api_from_before_this_call_is_still_told_everything_else(
    api: StandInApi, reporter: Reporter
) -> None:
    """It answers 404, and that is no reason to come back later with the renewals."""
    api.unknown = "health"
    for nth in range(3):
        reporter.answered("demo", failed=True)
        reporter.renew(a_pass(lease=f"1-{nth}"))
        reporter.turn()
        assert reporter._paces["demo"].failures == 0
    assert api.leases("renew") == ["1-0", "1-1", "1-2"]
