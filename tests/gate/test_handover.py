"""From the gate to a shop on another host: a token in the redirect, good once and for 30 s."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from gates import KEYS, Browser, LocalGate
from rooms import Room, now_ms

from waitingroom.config import ConsoleConfig
from waitingroom.console.app import create_app

Rooms = Callable[..., Room]
SHOP = "http://shop.example"
BEARER = {"Authorization": f"Bearer {'k' * 32}"}


@pytest.fixture
def room_api(store_url: str) -> FlaskClient:
    """What the shop asks."""
    return create_app(ConsoleConfig(store_url, KEYS, ("k" * 32,))).test_client()


def handover_in(address: str) -> str:
    """The token that an address carries."""
    (token,) = parse_qs(urlsplit(address).query)["wr_handover"]
    return token


def redeem(room_api: FlaskClient, room: Room, token: str) -> int:
    """The status of the shop's question."""
    path = f"/api/v1/rooms/{room.name}/redeem"
    return room_api.post(path, json={"handover": token}, headers=BEARER).status_code


@pytest.fixture
def inside(gate: LocalGate, make_room: Rooms) -> tuple[Room, Browser, str]:
    """A room whose shop is elsewhere, somebody who is in, and their address."""
    room = make_room(origins=(SHOP, "http://gate.example:8080"))
    shopper = Browser(gate, room.name)
    shopper.join()
    return room, shopper, shopper.enter("/sale?a=1").json["redirect"]


def test_the_address_of_a_shop_elsewhere_carries_the_pass(
    gate: LocalGate, inside: tuple[Room, Browser, str]
) -> None:
    """All that the shop needs to make a pass of its own, for half a minute."""
    room, shopper, address = inside
    assert address.startswith(f"{SHOP}/sale?a=1&wr_handover=h1.")
    keys = gate.keyring.room_keys(room.name)
    found = keys.read_handover(handover_in(address), now_ms=now_ms())
    held = keys.read_pass(shopper.cookies[f"wr-pass-{room.name}"], now_ms=now_ms())
    assert (found.room, found.epoch, found.lease) == (held.room, held.epoch, held.lease)
    assert (found.pass_expires_at_ms, found.pass_ends_at_ms) == (
        held.expires_at_ms, held.ends_at_ms,
    )  # fmt: skip
    assert found.expires_at_ms - found.issued_at_ms == 30_000


def test_on_the_same_host_there_is_none(inside: tuple[Room, Browser, str]) -> None:
    """Cookies ignore ports; a credential in an address would only be one more to lose."""
    _, shopper, _ = inside
    again = shopper.enter("http://gate.example:8080/sale").json["redirect"]
    assert again == "http://gate.example:8080/sale"


def test_it_is_good_once(room_api: FlaskClient, inside: tuple[Room, Browser, str]) -> None:
    """Somebody who finds it in a log or a history gets nothing for it."""
    room, _, address = inside
    assert [redeem(room_api, room, handover_in(address)) for _ in range(3)] == [200, 409, 409]


def test_knocking_again_gives_another_one(
    room_api: FlaskClient, inside: tuple[Room, Browser, str]
) -> None:
    """A shopper whose first one was used (by a preview, say) gets in all the same."""
    room, shopper, address = inside
    assert redeem(room_api, room, handover_in(address)) == 200
    again = shopper.enter("/sale?a=1").json["redirect"]
    assert handover_in(again) != handover_in(address)
    assert redeem(room_api, room, handover_in(again)) == 200


def test_of_an_earlier_running_it_is_over(
    room_api: FlaskClient, inside: tuple[Room, Browser, str]
) -> None:
    """410."""
    room, _, address = inside
    room.reset()
    assert redeem(room_api, room, handover_in(address)) == 410


def test_an_old_one_in_the_wanted_address_does_not_come_back(
    inside: tuple[Room, Browser, str],
) -> None:
    """A guard that sends people back with the whole address would go round in circles."""
    _, shopper, address = inside
    again = shopper.enter(address).json["redirect"]
    assert again.count("wr_handover=") == 1
    assert handover_in(again) != handover_in(address)


def test_a_redirect_with_a_handover_tells_no_other_site(
    inside: tuple[Room, Browser, str],
) -> None:
    """Not cached, and in nobody's Referer."""
    room, shopper, _ = inside
    answer = shopper.submit(f"/{room.name}/pass", to="/sale")
    assert handover_in(answer.header("location"))
    assert answer.header("cache-control") == "no-store"
    assert answer.header("referrer-policy") == "no-referrer"
