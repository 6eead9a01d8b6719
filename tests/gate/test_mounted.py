"""A gate that a proxy mounts below a path: every address that it writes lies below it."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from gates import Answer, Browser, LocalGate
from rooms import EARLY, Room

from waitingroom.gate.targets import origin_of

Rooms = Callable[..., Room]
SHOP = "https://shop.example"
ADDRESS = re.compile(r'(?:href|src|action)="([^"?][^"]*)"|"base":"([^"]*)"')


@pytest.fixture
def mounted(store_url: str, gate_over: Callable[..., LocalGate]) -> LocalGate:
    """As behind nginx, which takes the path off."""
    gate = gate_over(store_url, public_url=f"{SHOP}/wr")
    gate.headers["Host"] = "shop.example"
    return gate


def addresses(answer: Answer) -> list[str]:
    """Those of a page, and where a redirect leads."""
    found = [first or second for first, second in ADDRESS.findall(answer.body.decode())]
    return [*found, *filter(None, [answer.header("location")])]


def test_every_address_lies_below_the_path_or_in_the_shop(
    mounted: LocalGate, make_room: Rooms
) -> None:
    """Redirects, forms, files and the script's base, in the line, at the door and inside."""
    seen = []
    for knobs in ({"rate_per_min": 0}, EARLY, {}):
        room = make_room(origins=(SHOP,), **knobs)
        shopper, base = Browser(mounted, room.name), f"/{room.name}"
        seen += [
            shopper.go_to(base),
            shopper.go_to(f"{base}/en?to=%2Fsale"),
            shopper.go_to(f"{base}/go?to=%2Fsale"),
            shopper.go_to(f"{base}/go?again=1&to=%2Fsale"),
            shopper.go_to(f"{base}/wait"),
            shopper.submit(f"{base}/ticket", to="/sale"),
            shopper.go_to(f"{base}/wait?to=%2Fsale"),
            shopper.submit(f"{base}/pass", to="/sale"),
            shopper.submit(f"{base}/leave"),
            shopper.go_to(f"{base}/wait"),
            shopper.go_to("/no-such-room"),
        ]
    said = [address for answer in seen for address in addresses(answer)]
    assert len(said) > 40
    for address in said:
        assert address.startswith("/wr/") or address in (f"{SHOP}/", f"{SHOP}/sale"), address


def test_no_handover_is_needed_on_the_shops_own_host(mounted: LocalGate, make_room: Rooms) -> None:
    """Its cookies are the shop's, so they hold for the whole host, and no credential travels in an
    address."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(mounted, room.name)
    shopper.join()
    answer = shopper.enter("/sale")
    assert answer.json["redirect"] == f"{SHOP}/sale"
    for line in (*answer.set_cookies, *shopper.join().set_cookies):
        assert line.startswith("__Host-wr-")
        assert "Path=/;" in line and "Secure" in line


def test_its_own_pages_may_post_and_others_may_not(mounted: LocalGate, make_room: Rooms) -> None:
    """The path is no part of an origin."""
    room = make_room(origins=(SHOP,))
    assert origin_of(urlsplit(f"{SHOP}/wr")) == SHOP
    for origin, status in ((SHOP, 201), ("https://evil.example", 403)):
        shopper = Browser(mounted, room.name, more={"Origin": origin})
        assert shopper.join().status == status
