"""The room API: what a shop's guard calls in the background, over a real store."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask.testing import FlaskClient
from sale import Sale, sale
from werkzeug.test import TestResponse

from waitingroom import clock
from waitingroom.config import ConsoleConfig
from waitingroom.console.app import create_app
from waitingroom.model import Settings, WhileNoSale
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.store.keys import shop_key
from waitingroom.tokens import Handover, Keyring

NOW_MS = clock.now_ms()
"""Of the run: the API goes by the store's own clock, so these rooms do too."""
KEYS = (b"k" * 32, b"l" * 32)
OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
def room(store: Store, room_id: str) -> str:
    """An open room with three shoppers inside: leases 1-1, 1-2, 1-3."""
    settings = Settings(rate_per_min=600, burst=10, opens_at_ms=NOW_MS)
    store.create(room_id, settings, actor="test")
    store.join(room_id, 3)
    store.status(room_id)
    for arrival in (1, 2, 3):
        assert store.enter(room_id, 1, arrival, arrival).is_in
    return room_id


@pytest.fixture
def client(store_url: str) -> FlaskClient:
    """The API with an old and a new shop key."""
    app = create_app(ConsoleConfig(store_url, KEYS, (OLD, NEW)), now_ms=lambda: NOW_MS)
    return app.test_client()


def call(client: FlaskClient, path: str, json: object, key: str = NEW) -> TestResponse:
    """One call as a guard makes it."""
    return client.post(
        f"/api/v1/rooms/{path}", json=json, headers={"Authorization": f"Bearer {key}"}
    )


def handover(room: str, *, keys: tuple[bytes, ...] = KEYS, **changes: object) -> str:
    """A signed handover."""
    value = {
        "room": room,
        "epoch": 1,
        "lease": "1-1",
        "nonce": "0123456789abcdef",
        "issued_at_ms": NOW_MS,
        "expires_at_ms": NOW_MS + 30_000,
        "pass_expires_at_ms": NOW_MS + 900_000,
        "pass_ends_at_ms": NOW_MS + 3_600_000,
    } | changes
    return Keyring(keys).room_keys(room).sign_handover(Handover(**value))  # type: ignore[arg-type]


def refused(answer: TestResponse, status: int, code: str) -> None:
    """An answer that is a refusal in the one form that they have."""
    assert answer.status_code == status, answer.text
    assert answer.json is not None
    assert set(answer.json) == {"error", "message"}
    assert answer.json["error"] == code
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_handover_is_good_once(
    client: FlaskClient, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever comes second with the same one is told so, and the log counts them."""
    token = handover(room)
    first = call(client, f"{room}/redeem", {"handover": token})
    told = Keyring(KEYS).room_keys(room).read_handover(token, now_ms=NOW_MS).carried
    assert first.json == {
        **{"ok": True, "lease": told.lease, "staff": False},
        **{"expires_at_ms": told.expires_at_ms, "ends_at_ms": told.ends_at_ms},
    }
    assert first.status_code == 200
    assert not caplog.messages
    for _ in range(2):
        refused(call(client, f"{room}/redeem", {"handover": token}), 409, "replayed")
    assert caplog.messages == [f"a handover of the lease 1-1 of {room} came again"] * 2


def test_a_handover_of_an_earlier_running_is_gone(
    client: FlaskClient, room: str, store: Store
) -> None:
    """A reset ends everything that was given out before it."""
    store.reset(room, actor="test")
    refused(call(client, f"{room}/redeem", {"handover": handover(room)}), 410, "old_epoch")


def test_a_handover_that_is_forged_expired_or_anothers_is_bad(
    client: FlaskClient, room: str
) -> None:
    """And the answer does not say which."""
    tokens = [
        handover(room, keys=(b"x" * 32,)),
        handover(room, issued_at_ms=NOW_MS - 40_000, expires_at_ms=NOW_MS - 10_000),
        handover("another"),
        handover(room)[:-1],
        "",
    ]
    answers = [call(client, f"{room}/redeem", {"handover": token}) for token in tokens]
    for answer in answers:
        refused(answer, 401, "bad_token")
    assert len({answer.text for answer in answers}) == 1


def test_a_staff_handover_is_good_until_staff_passes_are_revoked(
    client: FlaskClient, room: str, store: Store
) -> None:
    """Its epoch is the staff's own, and it too is good once."""
    store.act(room, "revoke_staff", actor="test")
    epoch = store.status(room).staff_epoch
    assert epoch != store.status(room).epoch
    first = handover(room, epoch=epoch, lease="s-" + "a" * 16, nonce="a" * 16)
    statuses = [call(client, f"{room}/redeem", {"handover": first}).status_code for _ in "ab"]
    assert statuses == [200, 409]
    store.act(room, "revoke_staff", actor="test")
    later = handover(room, epoch=epoch, lease="s-" + "b" * 16, nonce="b" * 16)
    refused(call(client, f"{room}/redeem", {"handover": later}), 410, "old_epoch")


def test_a_guard_that_asks_what_is_new_is_told_each_time_which_staff_passes_are_revoked(
    client: FlaskClient, room: str, store: Store
) -> None:
    """It may have begun a moment ago, and heard of none. Its handover is worth nothing too."""
    made = store.staff.make(room, "Ada", 60_000, actor="test")

    def revoked() -> list[str]:
        told = call(client, f"{room}/leases/renew?since=", {"leases": []}).json
        assert told is not None
        return list(told["revoked"])

    assert revoked() == []
    store.staff.revoke(room, made.lease, actor="test")
    assert [revoked() for _ in "ab"] == [[made.lease], [made.lease]]
    token = handover(room, epoch=made.epoch, lease=made.lease)
    refused(call(client, f"{room}/redeem", {"handover": token}), 410, "old_epoch")


def test_renewing_tells_where_the_room_stands_and_what_became_of_each_lease(
    client: FlaskClient, room: str
) -> None:
    """Unknown and foreign leases are answered too: the guard decides."""
    call(client, f"{room}/leases/release", {"leases": ["1-2"]})
    told = call(client, f"{room}/leases/renew", {"leases": ["1-1", "1-2", "1-9", "x", "7-1"]}).json
    assert told is not None
    assert {name: told[name] for name in ("epoch", "staff_epoch", "phase", "outside")} == {
        "epoch": 1,
        "staff_epoch": 1,
        "phase": "open",
        "outside": False,
    }
    states = {lease: state["state"] for lease, state in told["leases"].items()}
    assert states == {
        "1-1": "active",
        "1-2": "released",
        "1-9": "unknown",
        "x": "old_epoch",
        "7-1": "old_epoch",
    }
    assert told["leases"]["1-1"]["expires_at_ms"] > NOW_MS
    assert told["leases"]["1-2"]["expires_at_ms"] == 0


def test_an_empty_renewal_only_asks_and_a_closed_room_is_outside_a_sale(
    client: FlaskClient, room: str, store: Store
) -> None:
    """This is how a guard learns the phase when nobody shops."""
    store.act(room, "close", actor="test")
    told = call(client, f"{room}/leases/renew", {"leases": []}).json
    assert told is not None
    assert (told["phase"], told["outside"], told["leases"]) == ("closed", True, {})
    assert told["shop"] is None, "as the shop is set itself"
    for rule in (WhileNoSale.OPEN, WhileNoSale.BLOCKED):
        store.set(room, {"outside": rule}, actor="test")
        assert call(client, f"{room}/leases/renew", {"leases": []}).json["shop"] == rule


def test_whoever_asks_is_told_what_was_released_since_they_asked_last(
    client: FlaskClient, room: str
) -> None:
    """So every process of a shop hears of it, and of nothing twice."""

    def since(mark: str) -> tuple[str, list[str]]:
        told = call(client, f"{room}/leases/renew?since={mark}", {"leases": []}).json
        assert told is not None
        return told["mark"], told["released"]

    first, leases = since("")
    assert leases == []
    call(client, f"{room}/leases/release", {"leases": ["1-1", "1-9", "x"]})
    second, leases = since(first)
    assert leases == ["1-1"]
    call(client, f"{room}/leases/release", {"leases": ["1-2"]})
    third, leases = since(second)
    assert leases == ["1-2"]
    assert since(third) == (third, [])
    assert since("") == (third, ["1-1", "1-2"])
    assert "released" not in (call(client, f"{room}/leases/renew", {"leases": []}).json or {})


def test_releasing_twice_is_the_same_as_once(client: FlaskClient, room: str, store: Store) -> None:
    """A reporter may repeat what it does not know to have arrived."""
    for _ in range(2):
        told = call(client, f"{room}/leases/release", {"leases": ["1-1"]}).json
        assert told is not None
        assert told["leases"]["1-1"]["state"] == "released"
    assert store.status(room).leases == 2


@pytest.mark.parametrize("verb", ["redeem", "leases/renew", "leases/release"])
@pytest.mark.parametrize(
    "given",
    [None, "", f"Bearer {'x' * 32}", f"Basic {NEW}", "Bearer", f"Bearer {NEW}x", "Bearer é"],
)
def test_without_a_shops_key_nothing_is_told(
    client: FlaskClient, verb: str, given: str | None
) -> None:
    """Not even whether the room exists."""
    headers = {} if given is None else {"Authorization": given}
    answer = client.post(f"/api/v1/rooms/nowhere/{verb}", json={}, headers=headers)
    refused(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_shop_key_opens_while_one_replaces_another(client: FlaskClient, room: str) -> None:
    """So that a key can be changed without a gap."""
    for key in (OLD, NEW):
        assert call(client, f"{room}/leases/renew", {"leases": []}, key).status_code == 200


def test_a_room_that_is_not_there_is_404(client: FlaskClient) -> None:
    """Also where its name could not be one."""
    for name in ("nowhere", "No Room", "x" * 50):
        refused(call(client, f"{name}/leases/renew", {"leases": []}), 404, "no_such_room")


@pytest.mark.parametrize(
    "body",
    [
        None, [], 7, "x", {}, {"leases": None}, {"leases": "1-1"}, {"leases": [1]},
        {"leases": [""]}, {"leases": ["x" * 41]}, {"leases": ["1"] * 1_001},
        {"leases": [], "more": 1}, {"leases": [["1"]]}, {"handover": "x"},
    ],
)  # fmt: skip
def test_a_body_that_is_not_what_it_should_be_is_400(
    client: FlaskClient, room: str, body: object
) -> None:
    """Whatever a broken client sends: a code, never a 500."""
    refused(call(client, f"{room}/leases/renew", body), 400, "bad_request")


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"{", b"\xff", b'{"leases": [NaN', b"[" * 5_000),
        b'{"leases": ["1-17"], "leases": []}',
    ],
)
def test_a_body_that_is_no_json_is_400(client: FlaskClient, room: str, raw: bytes) -> None:
    """Also one that is nested to break a parser, or that two readers would take for two things."""
    answer = client.post(
        f"/api/v1/rooms/{room}/leases/renew", data=raw, headers={"Authorization": f"Bearer {NEW}"}
    )
    refused(answer, 400, "bad_request")


def test_odd_leases_are_answered_not_stumbled_over(client: FlaskClient, room: str) -> None:
    """Text is text: half a surrogate, other scripts' digits, braces, a key's name."""
    odd = ["\ud800", "١-٢", "{x}", "1-1\n", "s-0123456789abcdef", "1-" + "9" * 30]
    told = call(client, f"{room}/leases/renew", {"leases": odd}).json
    assert told is not None
    assert {state["state"] for state in told["leases"].values()} == {"old_epoch"}


@pytest.fixture(scope="module")
def running(embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sale]:
    """The room API under gunicorn."""
    folder, key = tmp_path_factory.mktemp("api"), {"WAITINGROOM_SHOP_KEY": NEW}
    with sale(embedded.url, folder, "demo", wanted=("console",), **key) as made:
        yield made


@pytest.mark.parametrize(
    "chunks", [b"zz\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"2\r\n{}\r\n0\r\n\r\n"]
)
def test_a_body_in_chunks_is_411_under_the_real_server(running: Sale, chunks: bytes) -> None:
    """A broken one would be met while it is read, with a stack trace; so no guard sends any."""
    with socket.create_connection(("127.0.0.1", running.console.port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/v1/rooms/demo/leases/renew HTTP/1.1\r\nHost: api\r\n"
            b"Authorization: Bearer " + NEW.encode() + b"\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks
        )
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, json.loads(answer.read())["error"]) == (411, "length_required")
    assert "Traceback" not in running.logs()


def test_clients_that_were_answered_and_do_not_hang_up_hold_up_nobody(running: Sale) -> None:
    """gunicorn would wait for each, for 2 s, before it answers anybody else: the last for ten."""
    began = time.monotonic()
    with ExitStack() as held:
        for _ in range(6):
            connection = socket.create_connection(("127.0.0.1", running.console.port), timeout=10)
            held.enter_context(connection)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert time.monotonic() - began < 9


def test_a_body_beyond_the_limit_is_413(client: FlaskClient, room: str) -> None:
    """Read no further than that."""
    answer = call(client, f"{room}/leases/renew", {"leases": ["x" * 70_000]})
    refused(answer, 413, "too_large")


def test_what_is_not_there_is_404_and_what_is_not_done_405(client: FlaskClient) -> None:
    """In the same form as everything else."""
    refused(client.get("/nothing"), 404, "not_found")
    refused(client.get("/api/v1/rooms/x/redeem"), 405, "method_not_allowed")


def test_healthz_is_the_process_and_readyz_the_store(client: FlaskClient) -> None:
    """A store that is away does not make the process ill."""
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    away = create_app(ConsoleConfig("unix:///nowhere.sock", KEYS, (NEW,))).test_client()
    assert away.get("/healthz").status_code == 200
    refused(away.get("/readyz"), 503, "store_down")


def test_a_store_that_is_away_is_503_with_when_to_ask_again() -> None:
    """And without the address of the store."""
    away = create_app(ConsoleConfig("unix:///nowhere.sock", KEYS, (NEW,))).test_client()
    answer = call(away, "spring/leases/renew", {"leases": []})
    refused(answer, 503, "store_down")
    assert int(answer.headers["Retry-After"]) > 0
    assert "nowhere" not in answer.text


def test_no_answer_of_any_route_can_be_kept_by_a_cache(client: FlaskClient, room: str) -> None:
    """With and without the key, whatever the method: the answers are one shop's own."""
    every = client.application.url_map.iter_rules()
    rules = [rule for rule in every if rule.rule.startswith(("/api/", "/healthz", "/readyz"))]
    assert len(rules) > 4
    for rule in rules:
        path = re.sub("<.*?>", "somebody", rule.rule.replace("<room>", room))
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            for headers in ({}, {"Authorization": f"Bearer {NEW}"}):
                answer = client.open(path, method=method, headers=headers, json={})
                assert answer.headers["Cache-Control"] == "no-store", (method, path)
                assert "Set-Cookie" not in answer.headers


def test_a_shop_tells_how_many_of_its_answers_were_failures(
    client: FlaskClient, store: Store, room: str
) -> None:
    """They add up, over all of its processes; and when it last did."""
    assert store.shops.of([room, "nowhere"])[room].told_ms == 0
    for answers, failures in ((100, 3), (20, 0)):
        body = {"answers": answers, "failures": failures}
        assert call(client, f"{room}/health", body).json == {"ok": True}
    told = store.shops.of([room])[room]
    assert (told.answers, told.failures, told.told_ms) == (120, 3, NOW_MS)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"answers": 1},
        {"answers": 1, "failures": 0, "more": 1},
        {"answers": 1, "failures": 2},
        {"answers": -1, "failures": -1},
        {"answers": 10**12, "failures": 0},
        {"answers": "5", "failures": 0},
        {"answers": 5, "failures": True},
        {"answers": 1.5, "failures": 0},
    ],
)
def test_figures_that_cannot_be_are_refused(
    client: FlaskClient, store: Store, room: str, body: object
) -> None:
    """And nothing is counted."""
    refused(call(client, f"{room}/health", body), 400, "bad_request")
    assert store.shops.of([room])[room].answers == 0


def test_figures_of_a_room_that_is_not_there_leave_nothing(
    client: FlaskClient, store: Store, room_id: str
) -> None:
    """A key of a shop opens no way to fill the store."""
    refused(call(client, f"{room_id}/health", {"answers": 1, "failures": 0}), 404, "no_such_room")
    assert not store.client.exists(shop_key(room_id))


def test_a_shop_tells_what_it_has_left(client: FlaskClient, store: Store, room: str) -> None:
    """A level: twice is the same as once. Null: it is no longer reported."""
    for left in (12, 12, 0, 10**9, None):
        assert call(client, f"{room}/stock", {"left": left}).json == {"ok": True}
        assert store.status(room).stock == left
    assert call(client, f"{room}/stock", {"left": 3, "age_ms": 0}).json == {"ok": True}
    assert call(client, f"{room}/stock", {"left": 9, "age_ms": 60_000}).json == {"ok": True}
    assert store.status(room).stock == 3, "the other was so a minute ago"
    acts = [one for one in store.record.entries(room) if one.act in ("sold_out", "restocked")]
    assert [(one.act, one.actor) for one in acts] == [("sold_out", "shop"), ("restocked", "shop")]


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], {"left": -1}, {"left": 10**9 + 1}, {"left": "5"}, {"left": True}, {"left": 1.5}),
        *({"age_ms": 1}, {"left": 1, "age_ms": -1}, {"left": 1, "age_ms": None}),
        {"left": 1, "more": 1},
    ],
)
def test_a_stock_that_cannot_be_is_refused(
    client: FlaskClient, store: Store, room: str, body: object
) -> None:
    """And nothing is kept."""
    refused(call(client, f"{room}/stock", body), 400, "bad_request")
    assert store.status(room).stock is None


def test_a_stock_of_a_room_that_is_not_there(client: FlaskClient, room_id: str) -> None:
    """Like every call."""
    refused(call(client, f"{room_id}/stock", {"left": 1}), 404, "no_such_room")
