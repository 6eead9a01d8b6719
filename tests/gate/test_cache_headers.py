"""What caches may keep: what is the same for everybody, and nothing that is somebody's."""

import re
from collections.abc import Callable

import pytest
from gates import Answer, Browser, LocalGate, Native, RunningGate
from rooms import EARLY, MINUTE_MS, Room, now_ms

from waitingroom.gate.app import ROUTES

Rooms = Callable[..., Room]
CREDENTIALS = (b"t1.", b"p1.", b"h1.")


def is_private(answer: Answer) -> bool:
    """Whether there is anything of one shopper in it."""
    secret = any(mark in answer.body for mark in CREDENTIALS)
    return secret or bool(answer.set_cookies) or "wr_handover" in answer.header("location")


def every_answer(gate: LocalGate, make_room: Rooms) -> list[tuple[str, Answer]]:
    """A walk through everything that the gate says."""
    said: list[tuple[str, Answer]] = []
    room = make_room(origins=("https://shop.example",), join_limit=40)
    slow = make_room(rate_per_min=0)
    closed = make_room()
    closed.act("close")
    crowded = make_room(join_limit=1)
    Browser(gate, crowded.name).join()
    scheduled = make_room(early_at_ms=now_ms() + MINUTE_MS, opens_at_ms=now_ms() + MINUTE_MS)
    for one in (room, slow, closed, crowded, scheduled, make_room(**EARLY)):
        for kind in (Browser, Native):
            shopper = kind(gate, one.name)
            path = f"/{one.name}"
            for step in (
                "",
                "/en",
                "/go",
                "/go?again=1",
                "/status.json",
                "/check",
                "/wait",
                "/logo",
            ):
                said.append((f"{kind.__name__} {step}", shopper.go_to(path + step)))
            for step in ("/ticket", "/pass", "/more-time", "/ticket", "/pass", "/leave", "/pass"):
                said.append((f"{kind.__name__} POST {step}", shopper.post(path + step)))
                said.append((f"{kind.__name__} wait after {step}", shopper.go_to(path + "/wait")))
                said.append((f"{kind.__name__} check after {step}", shopper.go_to(path + "/check")))
            said.append((f"{kind.__name__} /brand.css", shopper.go_to(path + "/brand.css")))
            for step in ("/ticket", "/pass", "/more-time", "/leave"):
                said.append((f"{kind.__name__} form {step}", shopper.submit(path + step, to="/a")))
            for step in ("/pass", "/ticket"):
                answer = shopper.ask("DELETE", path + step)
                said.append((f"{kind.__name__} DELETE {step}", answer))
            said.append((f"{kind.__name__} OPTIONS", shopper.ask("OPTIONS", path + "/ticket")))
            said.append((f"{kind.__name__} bad", shopper.post(path + "/ticket", [])))
    for path in ("/healthz", "/readyz", "/nowhere", "/", "/static/page.css", "/static/none"):
        said.append((path, gate.ask("GET", path)))
    return said


def test_no_answer_with_a_cookie_or_a_credential_can_be_kept(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Whatever is asked, in whatever phase, by whomever: no-store, or nothing private."""
    said = every_answer(gate, make_room)
    for what, answer in said:
        if is_private(answer) or answer.status != 200:
            assert answer.header("cache-control") == "no-store", what
        assert answer.header("cache-control"), what
        assert answer.status < 500, what
        assert answer.header("x-content-type-options") == "nosniff" or not answer.body, what
    assert sum(is_private(answer) for _, answer in said) > 20
    assert any(answer.status == 429 and answer.set_cookies for _, answer in said)
    walked = {what.partition("?")[0] for what, _ in said}
    for method, verb in ROUTES:
        step = f"/{verb}" if verb else ""
        asked = step if method == "GET" else f"{method} {step}"
        assert f"Browser {asked}" in walked
    kept = {what for what, answer in said if "public" in answer.header("cache-control")}
    assert kept == {
        *("Browser /en", "Native /en", "Browser /status.json", "Native /status.json"),
        "/static/page.css",
    }


def test_the_status_has_exactly_the_header_that_was_measured(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """With stale-while-revalidate a browser always showed the document before."""
    room = make_room()
    for headers in ({}, {"Cookie": "a=b"}, {"Wr-Client": "native"}, {"Accept": "text/html"}):
        answer = running_gate.ask("GET", f"/{room.name}/status.json", headers)
        assert answer.header("cache-control") == "public, max-age=0, s-maxage=1"
        assert answer.header("content-type") == "application/json"
        assert not answer.set_cookies
        assert not answer.header("vary")


def test_the_page_is_the_same_for_everybody(gate: LocalGate, make_room: Rooms) -> None:
    """Byte for byte, whoever asks and wherever they want to go; and any cache may keep it."""
    room = make_room(origins=("https://shop.example",))
    shopper = Browser(gate, room.name)
    shopper.join()
    shopper.enter()
    gate.refresh()
    answers = [
        gate.ask("GET", f"/{room.name}/en"),
        shopper.go_to(f"/{room.name}/en?to=%2Fsecret-sale"),
        shopper.go_to(f"/{room.name}/en?to=https%3A%2F%2Fevil.example%2F"),
        gate.ask("GET", f"/{room.name}/en?bounced=1", {"Accept-Language": "de"}),
    ]
    for answer in answers:
        assert answer == answers[0]
        assert answer.status == 200
        assert answer.header("cache-control") == "public, max-age=0, s-maxage=5"
        assert not answer.set_cookies
        assert b"secret-sale" not in answer.body


def test_head_has_the_headers_of_get_and_no_body(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """For the page, the status and what is not there."""
    room = make_room()
    for path in (f"/{room.name}/en", f"/{room.name}/status.json", "/nowhere", "/static/page.css"):
        head, get = (running_gate.ask(method, path) for method in ("HEAD", "GET"))
        assert head.status == get.status
        assert head.body == b""
        for name in ("content-type", "cache-control", "content-security-policy"):
            assert head.header(name) == get.header(name)


@pytest.mark.parametrize("path", ["/en", "/wait", "/nowhere"])
def test_every_page_has_a_strict_policy(gate: LocalGate, make_room: Rooms, path: str) -> None:
    """No script or style inline, nothing from elsewhere, in nobody's frame; errors included."""
    shopper = Browser(gate, make_room(rate_per_min=0).name)
    shopper.join()
    answer = shopper.go_to(f"/{shopper.room}{path}")
    policy = answer.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("referrer-policy") in ("same-origin", "no-referrer")


def test_the_choice_of_a_language_is_not_kept_and_keeps_the_query(
    gate: LocalGate, make_room: Rooms
) -> None:
    """It depends on who asks."""
    room = make_room()
    for wanted in ("", "en", "pt-BR,pt;q=0.9", "*", "en;q=0", ";;q=,", "x" * 200, "en;q=1e9,\xff"):
        answer = gate.ask("GET", f"/{room.name}?to=%2Fa%26b&x=1", {"Accept-Language": wanted})
        assert answer.status == 303
        assert answer.header("location") == f"/{room.name}/en?to=%2Fa%26b&x=1"
        assert answer.header("cache-control") == "no-store"


def test_a_file_whose_address_names_its_content_is_kept_for_good(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """As the pages name it. An address that names none is kept for a minute; one that names other
    content not at all: while a new version is rolled out, an old gate may be asked for it."""
    page = running_gate.ask("GET", f"/{make_room().name}/en").body.decode()
    named = re.findall(r'"(/static/[^"]+)"', page)
    assert {path.partition("?")[0] for path in named} == {
        *("/static/page.css", "/static/page.js", "/static/later.js", "/static/icon.svg")
    }
    for path in named:
        answer = running_gate.ask("GET", path)
        assert answer.header("cache-control") == "public, max-age=31536000, immutable"
        for other in (path.partition("?")[0], f"{path.partition('=')[0]}="):
            kept = running_gate.ask("GET", other).header("cache-control")
            assert kept == "public, max-age=60", other
        assert running_gate.ask("GET", f"{path}0").header("cache-control") == "no-store"


def test_a_file_that_a_browser_has_is_not_sent_again(running_gate: RunningGate) -> None:
    """304 with the same headers and no body; any other tag gets the file."""
    connection = running_gate.connect()
    path = "/static/page.css"
    full = running_gate.ask_on(connection, "GET", path)
    tag = full.header("etag")
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = running_gate.ask_on(connection, "GET", path, {"If-None-Match": known})
        assert (answer.status, answer.body) == (304, b"")
        assert answer.header("etag") == tag
        assert answer.header("cache-control") == full.header("cache-control")
    for known in ('"other"', "", f'{tag[:-1]}x"'):
        answer = running_gate.ask_on(connection, "GET", path, {"If-None-Match": known})
        assert answer == full, known
    connection.close()
