"""Whatever is sent, the answer is one of ours: a code, never a 500, never a stack trace."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from gates import FORM, Answer, LocalGate, talk
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rooms import Room

from waitingroom.gate import request

Rooms = Callable[..., Room]
many = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
few = settings(many, max_examples=50)

VERBS = ["", "go", "check", "wait", "status.json", "ticket", "leave", "pass", "en", "de", "x"]
METHODS = ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO"]
HEADERS = """
Accept Accept-Language Authorization Content-Type Content-Length Cookie Host Origin Purpose
Sec-Fetch-Mode Sec-Fetch-Site Sec-Purpose Transfer-Encoding Wr-Client X-Forwarded-For Referer
If-None-Match
"""
WORDS = """
native text/html Bearer application/json application/x-www-form-urlencoded ;charset= utf-16
boundary= = ; , " \\ q= * null http:// https://gate.example [ ] % @ cross-site navigate prefetch
chunked wr-ticket- wr-pass- t1. . 0 -1 99999999999999999999 ² \xff en utf-8''%ff filename*= / //
"""
PATHS = """
/ .. %2e en ROOM go static ü é/ * http:// healthz readyz api metrics page.css \ufffd
"""
QUERIES = """
to= & = % %ff %00 %ed%a0%80 %2f / ; + again still bounced wr_handover= \xff # %u0041
"""
ONE = st.sampled_from
header_text = st.lists(ONE([*WORDS.split(), " ", "\t", "\x85"]), max_size=8).map("".join) | st.text(
    st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60
)
headers = st.dictionaries(ONE(HEADERS.split()), header_text, max_size=6)
texts = st.text(max_size=40) | st.lists(ONE(WORDS.split()), max_size=6).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
bodies = st.binary(max_size=200) | values.map(json.dumps).map(str.encode) | texts.map(
    lambda text: f"to={text}".encode("utf-8", "surrogatepass")
)  # fmt: skip


def of_ours(answer: Answer) -> Answer:
    """One of the protocol's answers: a body in the stated form, with a code where it is refused."""
    assert answer.status in (200, 201, 204, 303) or 400 <= answer.status < 500, answer
    kind = answer.header("content-type")
    assert b"Traceback" not in answer.body
    if answer.status >= 400 and answer.body and kind == "application/json":
        assert set(answer.json) >= {"error", "message"}
        assert isinstance(answer.error, str)
    elif answer.status >= 400 and answer.body:
        assert kind == "text/html; charset=utf-8"
        assert answer.body.startswith(b"<!doctype html>")
    assert int(answer.header("content-length") or 0) == len(answer.body) or not answer.body
    if location := answer.header("location"):
        assert location.isascii()
        assert location.startswith("/")
    return answer


@pytest.fixture
def room(make_room: Rooms) -> Room:
    """An open room on the shop's own host."""
    return make_room(burst=0, rate_per_min=1)


@many
@given(method=ONE(METHODS), verb=ONE(VERBS), sent=headers, body=st.none() | bodies, query=texts)
def test_any_request_gets_an_answer_of_ours(
    gate: LocalGate,
    room: Room,
    method: str,
    verb: str,
    sent: dict[str, str],
    body: bytes,
    query: str,
) -> None:
    """Headers, methods, queries and bodies, all at once."""
    path = f"/{room.name}/{verb}?to={quote(query.encode('utf-8', 'surrogatepass'))}"
    of_ours(gate.ask(method, path, sent, body))


@few
@given(verb=ONE(["ticket", "pass", "leave"]), body=bodies, kind=header_text | st.just(FORM))
def test_any_body_gets_an_answer_of_ours(
    gate: LocalGate, room: Room, verb: str, body: bytes, kind: str
) -> None:
    """Of any content type."""
    of_ours(gate.ask("POST", f"/{room.name}/{verb}", {"Content-Type": kind}, body))


@many
@given(
    path=st.lists(ONE([*PATHS.split(), "\0", " "]), max_size=6).map("".join) | st.text(max_size=30),
    method=ONE(METHODS),
    accept=ONE(["text/html", "*/*", ""]),
)
def test_any_path_gets_an_answer_of_ours(
    gate: LocalGate, room: Room, path: str, method: str, accept: str
) -> None:
    """As the server hands it over: percent-decoded, with what is no UTF-8 replaced."""
    raw = path.replace("ROOM", room.name).encode("utf-8", "replace").decode("utf-8", "replace")
    scope = gate.scope(method, "/", {"Accept": accept}, None) | {"path": raw.replace("?", "")}
    of_ours(gate.runner.run(talk(gate.app, scope)))


@many
@given(
    query=st.text(st.characters(max_codepoint=255), max_size=60)
    | st.lists(ONE(QUERIES.split()), max_size=10).map("".join),
    verb=ONE(["", "go", "wait", "en", "check", "status.json"]),
)
def test_any_query_gets_an_answer_of_ours(
    gate: LocalGate, room: Room, query: str, verb: str
) -> None:
    """Broken escapes, bytes in no encoding, a name twice."""
    path = f"/{room.name}/{verb}".rstrip("/")
    scope = gate.scope("GET", path, {"Cookie": f"wr-round-{room.name}=1"}, None)
    of_ours(gate.runner.run(talk(gate.app, scope | {"query_string": query.encode("latin-1")})))


@many
@given(cookie=header_text, token=texts, kind=ONE(["ticket", "pass", "round"]))
def test_any_cookie_gets_an_answer_of_ours(
    gate: LocalGate, room: Room, cookie: str, token: str, kind: str
) -> None:
    """Also one that has our name."""
    ours = f"wr-{kind}-{room.name}={token.encode('utf-8', 'replace').decode('latin-1')}"
    for line in (cookie, ours, f"{cookie}; {ours}"):
        sent = {"Cookie": line.replace("\r", "").replace("\n", "").replace("\0", "")}
        for method, verb in (("POST", "pass"), ("GET", "check"), ("GET", "wait"), ("GET", "go")):
            answer = of_ours(gate.ask(method, f"/{room.name}/{verb}", sent))
            assert answer.status not in (200, 204)


@few
@given(room_id=st.text(max_size=60) | st.from_regex(r"[a-z0-9-]{1,45}", fullmatch=True))
def test_any_room_that_is_not_there_is_404(gate: LocalGate, room: Room, room_id: str) -> None:
    """Whether or not it could be a room's name; the message shows it shortened, as text."""
    scope = gate.scope("POST", "/", None, None)
    name = room_id.replace("/", "").replace("?", "")
    assume(name != "static")  # our files: 405, as another test has it
    path = f"/{name}/ticket"
    raw = path.encode("utf-8", "replace").decode()
    answer = of_ours(gate.runner.run(talk(gate.app, scope | {"path": raw})))
    assert (answer.status, answer.error) == (404, "no_such_room")
    assert len(answer.body) < 600


@pytest.mark.parametrize(
    "room_id",
    ["healthz", "readyz", "static", "api", "metrics", "-a", "A", "a" * 41, "a_b", "a.b", ""],
)
def test_a_name_that_no_room_can_have_is_not_even_looked_for(gate: LocalGate, room_id: str) -> None:
    """Reserved ones, and what does not fit the form."""
    answer = gate.ask("GET", f"/{room_id}/status.json")
    assert answer.status == 404
    assert answer.error in ("no_such_room", "not_found")


BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b"[]", 400, "bad_request"),
    (b"null", 400, "bad_request"),
    (b'"x"', 400, "bad_request"),
    (b"12", 400, "bad_request"),
    (b"{", 400, "bad_request"),
    (b"{}{}", 400, "bad_request"),
    (b"\xff\xfe", 400, "bad_request"),
    (b'{"to": "\xff"}', 400, "bad_request"),
    (b'{"to": 1}', 400, "bad_request"),
    (b'{"to": null}', 400, "bad_request"),
    (b'{"to": ["/"]}', 400, "bad_request"),
    (b'{"to": NaN}', 400, "bad_request"),
    (b'{"to": ' + b"9" * 5_000 + b"}", 400, "bad_request"),
    (b"[" * 10_000, 400, "bad_request"),
    (b'{"to":' * 2_000, 400, "bad_request"),
    ('{"to": "/"}'.encode("utf-16"), 400, "bad_request"),
    ('{"to": "/"}'.encode("utf-32"), 400, "bad_request"),
    (b'{"count": "5"}', 400, "unknown_field"),
    (b'{"to": "/", "arrival": "1"}', 400, "unknown_field"),
    (b'{"\\ud800": "x"}', 400, "unknown_field"),
    (b'{"to": "\\ud800"}', 400, "bad_target"),
    (b'{"to": "//evil.example"}', 400, "bad_target"),
    (b"x" * 16_385, 413, "too_large"),
    (b" " * 16_384, 400, "bad_request"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES, ids=lambda part: str(part)[:30])
@pytest.mark.parametrize("verb", ["ticket", "pass"])
def test_a_bad_body_is_refused_by_its_code(
    gate: LocalGate, room: Room, body: bytes, status: int, code: str, verb: str
) -> None:
    """And takes no place."""
    answer = of_ours(gate.ask("POST", f"/{room.name}/{verb}", None, body))
    assert (answer.status, answer.error) == (status, code)
    assert room.status().tail == 0


@pytest.mark.parametrize(
    "body", [b"", b"{}", b" {} ", b'{"to": ""}', b'{"to": "/a", "to": "/b"}', "\ufeff{}".encode()]
)
def test_a_good_body_is_taken_in_every_form(gate: LocalGate, room: Room, body: bytes) -> None:
    """None, an empty object, with or without an address."""
    assert gate.ask("POST", f"/{room.name}/ticket", None, body).status == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"to=%2F&to=%2F", 303), (b"to=/%ff", 303), (b"to=\xff", 400), (b"x=1", 400), (b"&&&", 303),
     (b"to", 303), (b"=", 400), (b"a=b&" * 30, 400), (b"to=" + b"%41" * 5_000, 400)],
)  # fmt: skip
def test_forms_are_read_as_strictly(gate: LocalGate, room: Room, body: bytes, status: int) -> None:
    """Of a field that comes twice the last counts; a broken escape is a replaced character."""
    answer = gate.ask("POST", f"/{room.name}/ticket", {"Content-Type": FORM}, body)
    assert answer.status == status


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO", "X" * 30])
def test_a_bad_method_is_told_the_good_ones(gate: LocalGate, room: Room, method: str) -> None:
    """405 with `Allow`, for each address."""
    allowed = {
        "ticket": "POST, DELETE", "pass": "POST, DELETE", "leave": "POST", "go": "GET, HEAD",
        "more-time": "POST",
        "check": "GET, HEAD", "wait": "GET, HEAD", "status.json": "GET, HEAD", "en": "GET, HEAD",
    }  # fmt: skip
    for verb, good in allowed.items():
        answer = of_ours(gate.ask(method, f"/{room.name}/{verb}"))
        assert (answer.status, answer.error, answer.header("allow")) == (405, "bad_method", good)
    for path in ("/healthz", "/readyz", "/static/page.css"):
        answer = of_ours(gate.ask(method, path))
        assert (answer.status, answer.header("allow")) == (405, "GET, HEAD")


def told(gate: LocalGate, room: Room, *messages: dict[str, Any]) -> Answer:
    """The answer to a body that comes in these messages, and then not at all."""
    inbox = list(messages)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if inbox:
            return inbox.pop(0)
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    declared = {"Content-Length": "10"}
    scope = gate.scope("POST", f"/{room.name}/ticket", declared, None)

    async def ask() -> None:
        await gate.app(scope, receive, send)

    gate.runner.run(ask())
    headers = tuple((name.decode(), value.decode()) for name, value in sent[0]["headers"])
    return Answer(sent[0]["status"], headers, sent[1]["body"])


def test_a_body_that_does_not_come_is_not_waited_for(
    gate: LocalGate, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A declared length that is a lie holds a connection for ten seconds, then it is 408."""
    assert request.BODY_WITHIN_S == 10
    monkeypatch.setattr(request, "BODY_WITHIN_S", 0.05)
    part = {"type": "http.request", "body": b"{", "more_body": True}
    for messages in ((), (part,), (part, part)):
        answer = told(gate, room, *messages)
        assert (answer.status, answer.error) == (408, "too_slow")
    assert room.status().tail == 0


def test_a_client_that_hangs_up_within_its_body_gets_no_place(gate: LocalGate, room: Room) -> None:
    """Nobody reads the answer; nothing is left behind."""
    part = {"type": "http.request", "body": b"{", "more_body": True}
    for messages in (({"type": "http.disconnect"},), (part, {"type": "http.disconnect"})):
        assert told(gate, room, *messages).status == 408
    assert room.status().tail == 0


def test_a_fault_of_our_own_says_nothing_about_us(
    gate: LocalGate, room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug is 500 with a code; the trace is in the log. Also where the error's own page fails."""
    monkeypatch.setattr(gate.app.gate.line, "_store", None)
    answer = gate.ask("POST", f"/{room.name}/ticket")
    assert (answer.status, answer.error) == (500, "error")
    assert b"Attribute" not in answer.body
    monkeypatch.setattr(gate.app.gate.pages, "notice", None)
    answer = gate.ask("GET", "/nowhere", {"Accept": "text/html"})
    assert (answer.status, answer.error) == (500, "error")
    assert caplog.text.count("Traceback") >= 2
