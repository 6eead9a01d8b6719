"""Posts and deletes from other sites' pages: refused, before anything is read or done."""

from collections.abc import Callable

import pytest
from gates import Browser, LocalGate, RunningGate
from rooms import Room

Rooms = Callable[..., Room]
Gates = Callable[..., LocalGate]
CHANGES = [("POST", verb) for verb in ("ticket", "pass", "more-time", "leave")]
CHANGES += [("DELETE", "ticket")]
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://gate.example:8080"},
    {"Origin": "http://gate.example.evil.example"},
    {"Origin": "http://evil.gate.example"},
    {"Origin": "http://gate.example@evil.example"},
    {"Origin": "http://gate.examples"},
    {"Origin": "ftp://gate.example"},
    {"Origin": "file://"},
    {"Origin": "gate.example"},
    {"Origin": "http://["},
    {"Origin": "http://gate.example:99999"},
    {"Origin": "http://gate.example:x"},
    {"Origin": "http://gate.example, https://evil.example"},
    {"Origin": "http://gate.example https://evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://gate.example"},
]


@pytest.mark.parametrize(("method", "verb"), CHANGES)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_sites_page_changes_nothing(
    gate: LocalGate, make_room: Rooms, method: str, verb: str, headers: dict[str, str]
) -> None:
    """403, no cookie, no place, and the place that there was is kept."""
    room = make_room(rate_per_min=0)
    shopper = Browser(gate, room.name)
    shopper.join()
    cookies = dict(shopper.cookies)
    answer = shopper.ask(method, f"/{room.name}/{verb}", headers, b"{}")
    assert (answer.status, answer.error) == (403, "cross_site")
    assert shopper.cookies == cookies
    assert shopper.join().status == 200
    assert room.status().tail == 1


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("gate.example", "http://gate.example"),
        ("gate.example", "https://gate.example"),
        ("GATE.example", "http://gate.example"),
        ("gate.example:8000", "http://gate.example:8000"),
        ("gate.example:80", "http://gate.example"),
        ("gate.example:443", "https://gate.example"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("internal:8000", "http://gate.example"),
    ],
)
def test_our_own_page_may(gate: LocalGate, make_room: Rooms, host: str, origin: str) -> None:
    """By the Host that the browser names; behind a proxy that names another, by the public URL."""
    shopper = Browser(gate, make_room().name, more={"Host": host, "Origin": origin})
    for site in ("same-origin", "none", "same-site"):
        shopper.more["Sec-Fetch-Site"] = site
        assert shopper.join().status in (200, 201)
    assert shopper.enter().status == 200
    assert shopper.leave().status == 204
    assert shopper.submit(f"/{shopper.room}/leave").status == 303


def test_behind_https_our_own_page_may(store_url: str, gate_over: Gates, make_room: Rooms) -> None:
    """The proxy speaks plain http to us, the browser https to it. A page by http is not ours."""
    https = gate_over(store_url, public_url="https://sale.example:8443")
    shopper = Browser(https, make_room().name)
    for host in ("sale.example:8443", "10.0.0.7:8000"):
        shopper.more = {"Host": host, "Origin": "https://sale.example:8443"}
        assert shopper.join().status in (200, 201)
    for origin in ("https://sale.example", "https://sale.example:8444", "http://sale.example:8443"):
        shopper.more = {"Host": "sale.example:8443", "Origin": origin}
        assert shopper.join().error == "cross_site"


def test_apps_and_old_browsers_send_neither_header(gate: LocalGate, make_room: Rooms) -> None:
    """They are served: a page of another site cannot leave Origin out."""
    assert Browser(gate, make_room().name).join().status == 201


def test_looking_is_not_changing(gate: LocalGate, make_room: Rooms) -> None:
    """Documents may be read from anywhere; a link from elsewhere leads to the page."""
    room = make_room()
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path, status in (("status.json", 200), ("en", 200), ("", 303), ("check", 401)):
        assert gate.ask("GET", f"/{room.name}/{path}".rstrip("/"), headers).status == status


def test_the_running_gate_goes_by_its_real_host(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """With its port."""
    shopper = Browser(running_gate, make_room().name, more={"Origin": running_gate.origin})
    assert shopper.join().status == 201
    shopper.more = {"Origin": running_gate.origin.rpartition(":")[0]}
    assert shopper.join().error == "cross_site"


def test_a_refused_form_is_a_page(gate: LocalGate, make_room: Rooms) -> None:
    """Somebody may look at it."""
    shopper = Browser(gate, make_room().name, more={"Origin": "https://evil.example"})
    answer = shopper.submit(f"/{shopper.room}/ticket")
    assert (answer.status, answer.header("content-type")) == (403, "text/html; charset=utf-8")
    assert not answer.set_cookies


def test_no_answer_lets_another_site_read_it(gate: LocalGate, make_room: Rooms) -> None:
    """Nothing of CORS is allowed: a preflight is a bad method."""
    room = make_room()
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = gate.ask("OPTIONS", f"/{room.name}/ticket", asked)
    assert (answer.status, answer.error) == (405, "bad_method")
    assert not any(name.startswith("access-control") for name, _ in answer.headers)
