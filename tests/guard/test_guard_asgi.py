"""What is ASGI's own in the guard: the loop is never held up, websockets, lifespan, odd scopes."""

import asyncio
import time
from typing import Any

import pytest
from guarded import GATE, SESSION_MS, SHOP_KEY, Clock, StandInApi, a_handover, a_pass, ring, signed
from systems import at_best

from waitingroom.guard import PASS_KEY, release
from waitingroom.guard.asgi import NO_PASS_CODE, Guard, environ_of

PASS = (b"cookie", f"wr-pass-demo={signed(a_pass())}".encode())


class Application:
    """An ASGI shop that accepts websockets, and notes what it was given."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            await send({"type": "lifespan.startup.complete"})
        elif scope["type"] == "websocket":
            assert (await receive())["type"] == "websocket.connect"
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "hello"})
        else:
            if scope["path"] == "/checkout":
                release(scope)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"page"})


def guard_of(app: Application, clock: Clock, **words: Any) -> Guard:
    """A guard before it."""
    settings = {
        "gate": GATE,
        "api": "",
        "shop_key": SHOP_KEY,
        "keys": [ring().export()],
        "rooms": {"/": "demo"},
        "allow": ["/static/*"],
    }
    return Guard(app, **{**settings, **words}, now_ms=clock)


def scope(kind: str = "http", path: str = "/x", *headers: tuple[bytes, bytes], **more: Any) -> Any:
    """A conversation's beginning."""
    made = {"type": kind, "path": path, "query_string": b"", "headers": list(headers), **more}
    return made if kind != "http" else {"method": "GET", **made}


async def talk(guard: Guard, said: Any, *inbox: str) -> list[Any]:
    """What the guard sends."""
    waiting = [{"type": one} for one in inbox]
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await guard(said, receive, send)
    return sent


def test_a_websocket_with_a_pass_is_let_through(clock: Clock) -> None:
    """With the pass at hand; a later one goes with the answer to the handshake."""
    app = Application()
    guard = guard_of(app, clock)
    sent = asyncio.run(talk(guard, scope("websocket", "/x", PASS), "websocket.connect"))
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]
    assert sent[0]["headers"] == []
    assert app.scopes[-1][PASS_KEY] == a_pass()
    clock.now_ms += SESSION_MS // 2
    sent = asyncio.run(talk(guard, scope("websocket", "/x", PASS), "websocket.connect"))
    (cookie,) = [value for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert cookie.startswith(b"wr-pass-demo=p1.")


@pytest.mark.parametrize("mode", [b"navigate", b"websocket"])
def test_a_websocket_without_a_pass_is_denied(clock: Clock, mode: bytes) -> None:
    """In JSON where the server can send that, else by closing it; never by a redirect."""
    app = Application()
    guard = guard_of(app, clock)
    said = scope("websocket", "/x", (b"sec-fetch-mode", mode), (b"accept", b"text/html"))
    (closed,) = asyncio.run(talk(guard, said, "websocket.connect"))
    assert (closed["type"], closed["code"]) == ("websocket.close", NO_PASS_CODE)
    said["extensions"] = {"websocket.http.response": {}}
    start, body = asyncio.run(talk(guard, said, "websocket.connect"))
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    assert body["type"] == "websocket.http.response.body"
    assert b'"no_pass"' in body["body"]
    assert app.scopes == []
    asyncio.run(talk(guard, scope("websocket", "/static/x"), "websocket.connect"))
    assert app.scopes[-1][PASS_KEY] is None


def test_a_websocket_swaps_no_handover(clock: Clock) -> None:
    """It could not be sent on to the address without it; the handover stays good."""
    guard = guard_of(Application(), clock)
    token = signed(a_handover())
    said = scope("websocket", "/x", query_string=f"wr_handover={token}".encode())
    (closed,) = asyncio.run(talk(guard, said, "websocket.connect"))
    assert closed["type"] == "websocket.close"
    start, _ = asyncio.run(talk(guard, {**said, "type": "http", "method": "GET"}))
    assert start["status"] == 303
    assert b"set-cookie" in dict(start["headers"])


def test_lifespan_goes_through_untouched(clock: Clock) -> None:
    """An application that is started by its server is started behind the guard, too."""
    app = Application()
    (sent,) = asyncio.run(talk(guard_of(app, clock), scope("lifespan"), "lifespan.startup"))
    assert sent == {"type": "lifespan.startup.complete"}
    assert PASS_KEY not in app.scopes[0]


def test_what_it_does_not_know_does_not_go_through(clock: Clock) -> None:
    """A server may come to speak more than we do."""
    app = Application()
    with pytest.raises(ValueError, match="webtransport"):
        asyncio.run(talk(guard_of(app, clock), scope("webtransport")))
    assert app.scopes == []


def test_the_servers_own_scope_is_left_alone(clock: Clock) -> None:
    """And what stands in it under our names counts for nothing."""
    app = Application()
    said = scope("http", "/x", PASS, **{PASS_KEY: "forged"})
    before = dict(said)
    asyncio.run(talk(guard_of(app, clock), said))
    assert said == before
    assert app.scopes[0][PASS_KEY] == a_pass()


def test_a_checkout_takes_the_pass_from_the_browser(clock: Clock) -> None:
    """``release`` takes the scope as it takes an environment."""
    start, _ = asyncio.run(talk(guard_of(Application(), clock), scope("http", "/checkout", PASS)))
    (cookie,) = [value for name, value in start["headers"] if name == b"set-cookie"]
    assert cookie.startswith(b"wr-pass-demo=;")
    assert b"Max-Age=0" in cookie


def test_a_silent_room_api_holds_up_nobody_else(clock: Clock, api: StandInApi) -> None:
    """While one handover waits half a second, the loop serves the others."""
    api.mood = "frozen"
    query = f"wr_handover={signed(a_handover())}".encode()

    async def both(guard: Guard) -> tuple[float, int]:
        waits = asyncio.create_task(talk(guard, scope(query_string=query)))
        await asyncio.sleep(0)
        longest = served = 0.0
        while not waits.done():
            began = time.monotonic()
            (start, _) = await talk(guard, scope("http", "/x", PASS))
            assert start["status"] == 200
            longest, served = max(longest, time.monotonic() - began), served + 1
            await asyncio.sleep(0.005)
        (start, _) = await waits
        assert start["status"] == 303
        return longest, int(served)

    def serves() -> bool:
        guard = guard_of(Application(), clock, api=api.url)
        longest, served = asyncio.run(both(guard))
        guard.close()
        return served >= 3 and longest < 0.3  # a loop that is held up serves none

    at_best(serves, "the others are served")


@pytest.mark.parametrize(
    ("root", "path", "inside"),
    [
        ("", "/x", "/x"),
        ("/shop", "/shop/x", "/x"),
        ("/shop", "/shop", ""),
        ("/shop/", "/shop/x", "/x"),
        ("/shop", "/shopping", "/shopping"),
        ("/shop", "/x", "/x"),
    ],
)
def test_the_root_is_no_part_of_the_path_that_is_judged(root: str, path: str, inside: str) -> None:
    """As frameworks route: where the path begins with it, it is taken off."""
    assert environ_of(scope("http", path, root_path=root))["PATH_INFO"] == inside


def test_letters_beyond_ascii_are_judged_as_wsgi_shows_them() -> None:
    """Bytes of UTF-8, each as a latin-1 letter; headers that come twice are joined."""
    made = environ_of(scope("http", "/é", (b"cookie", b"a=1"), (b"cookie", b"b=2"), scheme="wss"))
    assert made["PATH_INFO"] == "/\xc3\xa9"
    assert made["HTTP_COOKIE"] == "a=1; b=2"
    assert made["wsgi.url_scheme"] == "https"
