"""The gate stopped, frozen or answering 503: who was let in goes on, others wait, no 500."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread

import pytest
from gates import KEYS, Answer, Browser
from rooms import Room, now_ms
from seldom import seldom
from sites import Site, insider, walker
from systems import at_best, eventually, nine_in_ten
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from waitingroom.tokens import Keyring, Pass

Build = Callable[..., tuple[Site, Room]]
HTML = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
FRESH_S = 7
"""A verdict is fresh for five seconds, counted in whole ones."""


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    """Connections are refused."""
    site.stop_gate()
    yield
    site.start_gate()


@contextmanager
def frozen(site: Site) -> Iterator[None]:
    """Connections are taken, and nothing comes."""
    site.signal_gate(signal.SIGSTOP)
    yield
    site.signal_gate(signal.SIGCONT)


@contextmanager
def refusing(site: Site) -> Iterator[None]:
    """Somebody in front of the gate says 503 to everything, without another word."""
    site.stop_gate()
    with saying(site, 503):
        yield
    site.start_gate()


@contextmanager
def saying(site: Site, status: int) -> Iterator[None]:
    """Somebody in the place of the gate, which is stopped, says this to everything."""
    words = Response("overloaded", status)
    with in_the_gates_place(site) as listener:
        port, fd = site.ports.gate, listener.fileno()
        server = make_server("127.0.0.1", port, words, threaded=True, fd=fd)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


def in_the_gates_place(site: Site) -> socket.socket:
    """Listens there; on a busy machine who was there before may hold the port a moment longer."""
    return eventually(lambda: _listening(site.ports.gate), "the gate's port is free")


def _listening(port: int) -> socket.socket | None:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None


def is_static_page(answer: Answer) -> bool:
    """The page that looks again by itself."""
    assert answer.status == 503, answer
    assert answer.header("retry-after") == "10"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-type") == "text/html; charset=utf-8"
    return b'http-equiv="refresh" content="10"' in answer.body and b"<script" not in answer.body


def everybody_else_waits(site: Site, room: Room) -> None:
    """Without a pass, with one that was never looked at, as a person, with a form, as a program."""
    base = f"/wr/{room.name}"
    unseen = {"Cookie": f"wr-pass-{room.name}=p1.{room.name}.1.1-9.1.2.3.{'A' * 43}"}
    person = {**HTML, **unseen}
    turned = walker(site).go_to("/item?x=1")
    assert (turned.status, turned.header("location")) == (303, f"{base}/go?back=/item?x=1")
    pages_of_the_gate = (f"{base}/go?to=%2F", base, f"{base}/de", f"{base}/wait?to=%2F")
    paths = (turned.header("location"), "/item", *pages_of_the_gate)
    programs = (("GET", "/item"), ("POST", "/checkout"), ("GET", f"{base}/go"))
    with ThreadPoolExecutor() as pool:  # a frozen gate keeps each waiting for a while
        pages = pool.map(lambda path: site.ask("GET", path, person), paths)
        told = pool.map(lambda asked: site.ask(*asked, unseen), programs)
        form = pool.submit(site.ask, "POST", "/checkout", person, b"x").result()
        assert all(is_static_page(page) for page in pages)
        assert (form.status, form.header("location")) == (303, "/")
        for program in told:
            assert (program.status, program.error) == (503, "store_down")
            assert program.header("retry-after") == "10"
            assert program.json["retry_after_ms"] == 10_000


def holder_goes_on(holder: Browser, room: Room) -> None:
    """Pages, and an order."""
    lease = holder.go_to("/item").json["lease"]
    assert lease.startswith("1-")
    assert holder.post("/checkout").status == 200


def is_served_soon(holder: Browser) -> bool:
    """A page, without a long wait for the gate."""
    began = time.monotonic()
    assert holder.go_to("/item").status == 200
    return time.monotonic() - began < 3


@pytest.mark.parametrize("away", seldom([stopped, frozen, refusing], frozen))
def test_holders_go_on_and_everybody_else_waits(
    build: Build, away: Callable[[Site], object]
) -> None:
    """Also once the verdict is no longer fresh; and all of it mends itself."""
    site, room = build()
    holder, second = insider(site), insider(site)
    assert holder.go_to("/item").status == second.go_to("/item").status == 200
    with away(site):
        holder_goes_on(holder, room)
        everybody_else_waits(site, room)
        time.sleep(FRESH_S)
        at_best(lambda: is_served_soon(second), "a page within three seconds")
        assert is_static_page(site.ask("GET", f"/wr/{room.name}/go?back=/item", HTML))
        assert second.post("/checkout").status == 200
    newcomer = walker(site)

    def comes_in() -> bool:
        answer = newcomer.go_to("/item")
        for _ in range(4):
            answer = newcomer.follow(answer) if answer.status == 303 else answer
        return answer.status == 200

    eventually(comes_in, "the gate is back")


def test_a_crowd_before_a_frozen_gate_is_told_within_seconds(build: Build) -> None:
    """Also where nothing is kept yet, so that all wait for one who gets no answer."""
    site, room = build()
    paths = [f"/wr/{room.name}/{what}" for what in ("status.json", "de")] * 20

    def waits(path: str) -> float:
        began = time.monotonic()
        assert site.ask("GET", path, HTML).status == 503
        return time.monotonic() - began

    with frozen(site), ThreadPoolExecutor(len(paths)) as pool:
        assert nine_in_ten(pool.map(waits, paths)) < 8


def test_whatever_is_said_in_the_gates_place_nobody_meets_an_error(build: Build) -> None:
    """Any status, and what is no HTTP at all."""
    site, room = build()
    holder = insider(site)
    assert holder.go_to("/item").status == 200
    unseen = {**HTML, "Cookie": f"wr-pass-{room.name}=p1.{room.name}.1.1-9.1.2.3.{'A' * 43}"}
    site.stop_gate()
    time.sleep(FRESH_S)
    for status in (302, 402, 404, 418, 429, 451, 500, 502, 504, 511, 520, 598):
        with saying(site, status):
            assert is_static_page(site.ask("GET", "/item", unseen)), status
            assert holder.go_to("/item").status == 200, status
    with in_the_gates_place(site) as server:
        Thread(target=mumbles, args=(server,), daemon=True).start()
        assert is_static_page(site.ask("GET", "/item", unseen))


def mumbles(server: socket.socket) -> None:
    """Answer one question with something that is no HTTP."""
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"220 mail.example ready\r\n")


def is_kept(site: Site, shown: str) -> bool:
    """Whether nginx has the verdict on a pass. What it still writes has a dot in its name. (The
    gate's log tells of an answer before nginx has it.)"""
    files = (path for path in site.folder.glob("cache-*/*") if "." not in path.name)
    return any(shown.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize("bearer", [False, True], ids=["cookie", "bearer"])
def test_who_was_handed_a_later_pass_goes_on_with_it(build: Build, bearer: bool) -> None:
    """It was looked at as it was handed out; the gate goes while that very page is read."""
    site, room = build()
    keys, now = Keyring(KEYS).room_keys(room.name), now_ms()
    aged = keys.sign_pass(Pass(room.name, 1, "1-7", now - 600_000, now + 300_000, now + 3_000_000))
    name = f"wr-pass-{room.name}"

    def shows(raw: str) -> Answer:
        shown = {"Authorization": f"Bearer {raw}"} if bearer else {"Cookie": f"{name}={raw}"}
        return site.ask("GET", "/item", HTML | shown)

    answer = shows(aged)
    later = answer.header("wr-pass") if bearer else answer.cookies[name]
    eventually(lambda: is_kept(site, later), "the later pass was looked at")
    eventually(lambda: site.asked(f"/{room.name}/check") == 2, "by a second question")
    site.stop_gate()
    assert shows(later).status == 200
    # Of the one before nothing is kept; nor is it shown any more.
    assert is_static_page(shows(aged))


@pytest.mark.long
def test_a_verdict_outlives_the_gate_for_the_stated_time_and_no_longer(build: Build) -> None:
    """Here seven seconds beyond the five for which it is fresh; asking does not prolong it."""
    site, _ = build(hold_s=7)
    holder = insider(site)
    assert holder.go_to("/item").status == 200
    verified = time.monotonic()
    site.stop_gate()
    seen = []
    while (asked := time.monotonic() - verified) < 20:
        status = holder.go_to("/item").status
        seen.append((asked, status, time.monotonic() - verified))
        time.sleep(0.2)
    assert {status for _, status, _ in seen} == {200, 503}
    last = max(asked for asked, status, _ in seen if status == 200)
    assert all(status == 200 for asked, status, _ in seen if asked < last)
    assert last <= 14
    assert min(told for _, status, told in seen if status == 503) >= 11


@pytest.mark.long
def test_a_held_verdict_ends_with_the_pass(build: Build) -> None:
    """However long verdicts may be held: a pass with 14 s left is good for 14 s."""
    site, room = build()
    now = now_ms()
    value = Pass(room.name, 1, "1-5", now, now + 14_000, now + 14_000)
    cookie = {
        **HTML,
        "Cookie": f"wr-pass-{room.name}={Keyring(KEYS).room_keys(room.name).sign_pass(value)}",
    }
    assert site.ask("GET", "/item", cookie).status == 200
    site.stop_gate()
    last, refused = 0, []
    while (asked := now_ms()) < now + 20_000:
        if site.ask("GET", "/item", cookie).status == 200:
            last = asked
        else:
            refused.append(now_ms())
        time.sleep(0.2)
    assert last <= now + 15_500
    assert refused[0] > now + 9_000
