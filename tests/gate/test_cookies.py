"""Cookies: out of reach for scripts and other sites, and for plain http where there is https."""

from collections.abc import Callable

import pytest
from gates import Browser, LocalGate, RunningGate, running
from rooms import Room

from waitingroom.run.embedded import EmbeddedStore

Rooms = Callable[..., Room]
Gates = Callable[..., LocalGate]


def walk(gate: LocalGate, room: Room) -> list[str]:
    """Every Set-Cookie of a shopper's way: express entry, ticket, pass, forms."""
    lines: list[str] = []
    for way in ("express", "script", "form"):
        shopper = Browser(gate, room.name)
        if way == "express":
            answer = shopper.go_to(f"/{room.name}/go")
            answers = [answer, shopper.follow(answer)]
        elif way == "script":
            answers = [shopper.join(), shopper.enter()]
        else:
            answers = [shopper.submit(f"/{room.name}/{verb}") for verb in ("ticket", "pass")]
        assert all(answer.status < 400 for answer in answers)
        lines += [line for answer in answers for line in answer.set_cookies]
    return lines


def test_behind_https_every_cookie_is_secure_and_bound_to_the_host(
    store_url: str, gate: LocalGate, gate_over: Gates, make_room: Rooms
) -> None:
    """`__Host-`: no other host of the site, and no plain http page, can set it."""
    room = make_room()
    https = gate_over(store_url, public_url="https://gate.example")
    lines = walk(https, room)
    assert len(lines) == 8
    for line in lines:
        name, *words = line.replace("=", "; ", 1).split("; ")
        assert {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"} <= set(words)
        assert not any(word.startswith("Domain") for word in words)
        assert name.startswith("__Host-wr-")


def test_on_plain_http_no_cookie_is_secure(gate: LocalGate, make_room: Rooms) -> None:
    """A browser would drop it."""
    lines = walk(gate, make_room())
    assert len(lines) == 8
    for line in lines:
        assert line.startswith("wr-")
        assert "Secure" not in line
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line


def test_a_cookie_from_plain_http_does_not_count_behind_https(
    store_url: str, gate: LocalGate, gate_over: Gates, make_room: Rooms
) -> None:
    """Somebody on the way could have set it: only the name with the prefix is read."""
    room = make_room()
    plain = Browser(gate, room.name)
    plain.join()
    https = gate_over(store_url, public_url="https://gate.example")
    answer = Browser(https, room.name, dict(plain.cookies)).enter()
    assert (answer.status, answer.error) == (401, "bad_ticket")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_public_url_decides_in_the_running_system(
    embedded: EmbeddedStore, make_room: Rooms, tmp_path_factory: pytest.TempPathFactory, scheme: str
) -> None:
    """Behind a proxy that ends TLS the gate itself sees plain http."""
    room = make_room()
    folder = tmp_path_factory.mktemp("scheme")
    settings = {"WAITINGROOM_GATE_URL": f"{scheme}://gate.example", "WAITINGROOM_GATE_WORKERS": "1"}
    with running(embedded.url, folder, **settings) as gate:
        (line,) = Browser(gate, room.name).join().set_cookies
        assert ("Secure" in line) == (scheme == "https")
        assert line.startswith("__Host-wr-ticket-") == (scheme == "https")


def test_what_a_cookie_is_named_depends_on_the_room(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """One browser may stand in several rooms' lines."""
    first, second = make_room(), make_room()
    shopper = Browser(running_gate, first.name)
    shopper.join()
    shopper.room = second.name
    assert shopper.join().json["arrival"] == 1
    shopper.room = first.name
    assert shopper.join().status == 200
    assert sorted(shopper.cookies) == sorted(f"wr-ticket-{r.name}" for r in (first, second))
