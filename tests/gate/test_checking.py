"""`GET /{room}/check`: a proxy asks about each request whether there is a good pass."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from gates import Answer, Browser, LocalGate, Native, RunningGate
from rooms import MINUTE_MS, Room, now_ms

from waitingroom.tokens import Pass, Ticket

Rooms = Callable[..., Room]


def check(gate: LocalGate, room: Room, raw: str, *, bearer: bool = False) -> Answer:
    """The gate's answer to a pass."""
    shown = (
        {"Authorization": f"Bearer {raw}"} if bearer else {"Cookie": f"wr-pass-{room.name}={raw}"}
    )
    answer = gate.ask("GET", f"/{room.name}/check", shown)
    assert answer.status in (204, 401)
    assert answer.header("cache-control") == "no-store"
    assert not answer.set_cookies
    if answer.status == 401:
        assert answer.error == "no_pass"
    return answer


@pytest.fixture
def room(make_room: Rooms) -> Room:
    """The room that is asked about."""
    return make_room()


@pytest.fixture
def good() -> Callable[[Room], Pass]:
    """A pass that is good."""

    def one(room: Room) -> Pass:
        start_ms = now_ms()
        return Pass(room.name, 1, "1-1", start_ms, start_ms + MINUTE_MS, start_ms + 4 * MINUTE_MS)

    return one


def test_a_pass_from_the_gate_is_good(running_gate: RunningGate, make_room: Rooms) -> None:
    """204 and nothing more, by cookie as by bearer."""
    room = make_room()
    shopper = Browser(running_gate, room.name)
    shopper.join()
    shopper.enter()
    answer = shopper.ask("GET", f"/{room.name}/check")
    assert (answer.status, answer.body) == (204, b"")
    app = Native(running_gate, room.name)
    app.join()
    app.enter()
    headers = {"Authorization": f"Bearer {app.passed}"}
    assert running_gate.ask("GET", f"/{room.name}/check", headers).status == 204


def test_without_a_pass_it_is_401(gate: LocalGate, room: Room) -> None:
    """No cookie, an empty one, nonsense."""
    assert gate.ask("GET", f"/{room.name}/check").status == 401
    for raw in ("", "x", "p1", "p1.." + "." * 5, "\xff" * 50, "p1." * 1000):
        assert check(gate, room, raw).status == 401
        assert check(gate, room, raw, bearer=True).status == 401


def test_only_a_pass_of_this_room_epoch_and_kind_counts(
    gate: LocalGate, make_room: Rooms, room: Room, good: Callable[[Room], Pass]
) -> None:
    """Each of the others is somebody's honest credential, for something else."""
    value, other = good(room), make_room()
    keys = gate.keyring.room_keys(room.name)
    assert check(gate, room, keys.sign_pass(value)).status == 204
    assert check(gate, other, keys.sign_pass(value)).status == 401
    assert check(gate, room, keys.sign_pass(replace(value, epoch=2))).status == 401
    assert check(gate, room, keys.sign_pass(replace(value, epoch=0))).status == 401
    assert (
        check(gate, room, gate.keyring.sign_ticket(Ticket(room.name, 1, 1, now_ms()))).status == 401
    )
    theirs = gate.keyring.room_keys(other.name).sign_pass(replace(value, room=other.name))
    assert check(gate, room, theirs).status == 401


def test_a_pass_counts_until_its_end_by_the_gates_clock(
    gate: LocalGate, room: Room, good: Callable[[Room], Pass]
) -> None:
    """To the millisecond; and a reasonable lead of the issuer's clock is put up with."""
    value = good(room)
    raw = gate.keyring.room_keys(room.name).sign_pass(value)
    for clock_ms, status in (
        (value.issued_at_ms, 204),
        (value.expires_at_ms - 1, 204),
        (value.expires_at_ms, 401),
        (value.issued_at_ms - 30_000, 204),
        (value.issued_at_ms - 30_001, 401),
    ):
        gate.clock_ms = clock_ms
        assert check(gate, room, raw).status == status, clock_ms - value.issued_at_ms


def test_a_pass_ends_with_the_running_of_the_room(gate: LocalGate, room: Room) -> None:
    """A reset ends all of the older ones."""
    shopper = Browser(gate, room.name)
    shopper.join()
    shopper.enter()
    raw = shopper.cookies[f"wr-pass-{room.name}"]
    room.reset()
    gate.refresh()
    assert check(gate, room, raw).status == 401


def test_a_staff_pass_counts_until_staff_is_revoked(
    gate: LocalGate, make_room: Rooms, good: Callable[[Room], Pass]
) -> None:
    """It goes by an epoch of its own, in every phase, also before the opening."""
    room = make_room(opens_at_ms=0, early_at_ms=now_ms() + MINUTE_MS)
    value = replace(good(room), lease="s-0123456789abcdef")
    raw = gate.keyring.room_keys(room.name).sign_pass(value)
    assert check(gate, room, raw).status == 204
    room.act("revoke_staff", "all of them")
    gate.refresh()
    assert check(gate, room, raw).status == 401
    anew = gate.keyring.room_keys(room.name).sign_pass(replace(value, epoch=2))
    assert check(gate, room, anew).status == 204


def test_revoking_staff_ends_no_shoppers_pass(gate: LocalGate, room: Room) -> None:
    """The two epochs are apart."""
    shopper = Browser(gate, room.name)
    shopper.join()
    shopper.enter()
    room.act("revoke_staff", "all of them")
    gate.refresh()
    assert check(gate, room, shopper.cookies[f"wr-pass-{room.name}"]).status == 204


def test_whatever_the_proxy_passes_on_changes_nothing(
    gate: LocalGate, room: Room, good: Callable[[Room], Pass]
) -> None:
    """The shopper's own headers come along with a sub-request."""
    raw = gate.keyring.room_keys(room.name).sign_pass(good(room))
    headers = {
        "Cookie": f"x=y; wr-pass-{room.name}={raw}",
        "Origin": "https://shop.example",
        "Content-Length": "12345678",
        "Content-Type": "multipart/form-data",
        "Sec-Fetch-Site": "cross-site",
        "Accept": "text/html",
    }
    assert gate.ask("GET", f"/{room.name}/check", headers).status == 204
    assert gate.ask("HEAD", f"/{room.name}/check", headers).status == 204
