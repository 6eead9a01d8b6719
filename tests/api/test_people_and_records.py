"""Operators, keys, passes and records by the API: made, told once, ended, never lost."""

import csv
import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from callers import AWAY, KEYS, Caller, console, refused

from waitingroom import __version__, clock
from waitingroom.codes import Codes
from waitingroom.history import Sample
from waitingroom.model import Settings
from waitingroom.operators import Role, is_password_of
from waitingroom.store.client import Store
from waitingroom.store.keys import OPERATORS, SYSTEM
from waitingroom.tokens import Keyring, RoomKeyring

NOW_MS = clock.now_ms()
PASSWORD = "a long enough password"


@pytest.fixture
def boss(callers: dict[Role, Caller]) -> Caller:
    """A program with an admin's key."""
    return callers[Role.ADMIN]


def test_an_operator_is_made_changed_and_removed(boss: Caller, room_id: str, store: Store) -> None:
    """No answer holds a password, or its hash; each act is in the record."""
    name = f"ada.{room_id}"
    made = boss("POST", "/operators", {"name": name, "role": "viewer", "password": PASSWORD})
    assert (made.status_code, made.json.keys()) == (201, {"name", "role", "made_at_ms"})
    assert is_password_of(store.accounts.find(name), PASSWORD)
    again = {"name": name, "role": "admin", "password": PASSWORD}
    refused(boss("POST", "/operators", again), 409, "operator_exists")
    assert boss("PUT", f"/operators/{name}/role", {"role": "support"}).json["role"] == "support"
    newer = PASSWORD.upper()
    assert boss("PUT", f"/operators/{name}/password", {"password": newer}).status_code == 200
    assert is_password_of(store.accounts.find(name), newer)
    assert name in {one["name"] for one in boss("GET", "/operators").json}
    assert boss("DELETE", f"/operators/{name}").status_code == 204
    refused(boss("DELETE", f"/operators/{name}"), 404, "no_such_operator")
    acts = [entry.act for entry in store.record.newest(SYSTEM, 4)]
    assert acts == ["operator_remove", "operator_password", "operator_role", "operator_add"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": "Big Name"}, "bad_operator"),
        ({"password": "short"}, "bad_fields"),
        ({"password": " " * 12}, "bad_operator"),
        ({"role": "king"}, "bad_fields"),
        ({"more": 1}, "bad_fields"),
    ],
)
def test_an_operator_that_cannot_be_is_refused(
    boss: Caller, room_id: str, store: Store, wrong: dict[str, object], code: str
) -> None:
    good = {"name": f"bob.{room_id}", "role": "viewer", "password": PASSWORD}
    refused(boss("POST", "/operators", good | wrong), 422, code)
    assert store.accounts.find(good["name"]) is None


def test_the_last_admin_of_the_console_stays_one(boss: Caller, room_id: str, store: Store) -> None:
    """Nobody could make another; whoever has the machine still may, by command."""
    client, aside = store._redis, f"aside:{room_id}"
    others = bool(client.exists(OPERATORS)) and client.rename(OPERATORS, aside)
    try:
        name = f"eve.{room_id}"
        boss("POST", "/operators", {"name": name, "role": "admin", "password": PASSWORD})
        refused(boss("PUT", f"/operators/{name}/role", {"role": "viewer"}), 409, "last_admin")
        refused(boss("DELETE", f"/operators/{name}"), 409, "last_admin")
        assert store.accounts.find(name).role is Role.ADMIN
        store.accounts.remove(name, actor="test")
    finally:
        if others:
            client.rename(aside, OPERATORS)


def test_a_key_is_told_once_opens_and_is_revoked(boss: Caller, room_id: str) -> None:
    """No list has it."""
    name = f"ci-{room_id}"
    made = boss("POST", "/keys", {"name": name, "role": "viewer"})
    assert made.status_code == 201
    key = made.json["key"]
    with_it = Caller(boss.client, key)
    assert with_it("GET", "/me").json == {
        "name": name,
        "role": "viewer",
        "made_at_ms": made.json["made_at_ms"],
    }
    refused(boss("POST", "/keys", {"name": name, "role": "admin"}), 409, "key_exists")
    listed = boss("GET", "/keys")
    (ours,) = (one for one in listed.json if one["name"] == name)
    assert ours["made_at_ms"] - 60_000 < ours["used_at_ms"] <= ours["made_at_ms"] + 60_000
    assert key.partition(".")[2] not in listed.text
    assert boss("DELETE", f"/keys/{name}").status_code == 204
    refused(with_it("GET", "/me"), 401, "unauthorized")
    refused(boss("DELETE", f"/keys/{name}"), 404, "no_such_key")


def test_what_opens_a_shop_is_given_to_admins_and_recorded(
    boss: Caller, room_id: str, store: Store
) -> None:
    """A staff pass whose handover the shop's own keys read; and those keys."""
    store.create(room_id, Settings(), actor="test")
    wanted = {"name": "Ada", "lasts_ms": 60_000, "to": "/sale/"}
    told = refused(boss("POST", f"/rooms/{room_id}/staff-passes", wanted), 409, "wrong_state")
    assert "where its shop is" in told["fields"]["origins"]
    store.set(room_id, {"origins": ("https://shop.example",)}, actor="test")
    keys = boss("POST", f"/rooms/{room_id}/guard-keys")
    assert keys.json == {"room": room_id, "keys": Keyring(KEYS).room_keys(room_id).export()}
    elsewhere = wanted | {"to": "//evil.example"}
    refused(boss("POST", f"/rooms/{room_id}/staff-passes", elsewhere), 422, "bad_setting")
    made = boss("POST", f"/rooms/{room_id}/staff-passes", wanted)
    assert made.status_code == 201, made.text
    url = urlsplit(made.json["url"])
    assert (url.netloc, url.path) == ("shop.example", "/sale/")
    (token,) = (value for values in parse_qs(url.query).values() for value in values)
    handover = RoomKeyring.parse(keys.json["keys"]).read_handover(token, now_ms=clock.now_ms())
    assert (handover.lease, handover.pass_ends_at_ms) == (
        made.json["lease"],
        made.json["until_ms"],
    )
    (listed,) = boss("GET", f"/rooms/{room_id}/staff-passes").json
    assert (listed["name"], listed["state"]) == ("Ada", "good")
    one = f"/rooms/{room_id}/staff-passes/{listed['lease']}"
    assert [boss("DELETE", one).json["revoked"] for _ in "ab"] == [True, False]
    refused(boss("DELETE", f"{one[:-1]}x"), 404, "no_such_pass")
    before = store.status(room_id).staff_epoch
    assert boss("DELETE", f"/rooms/{room_id}/staff-passes").json["staff_epoch"] == before + 1
    acts = [entry.act for entry in store.record.newest(room_id, 4)]
    assert acts[0] == "revoke_staff"
    assert acts[2:] == ["staff_pass", "guard_keys_shown"]


def test_a_shops_key_is_told_once_opens_its_room_and_is_revoked(
    boss: Caller, room: str, store: Store
) -> None:
    """No list has it; a key for a room that is not there is none."""
    wanted = {"name": f"shop-{room}", "rooms": [room]}
    made = boss("POST", "/shop-keys", wanted)
    assert made.status_code == 201, made.text
    shop = Caller(boss.client, made.json["key"])
    assert shop("POST", f"/rooms/{room}/leases/renew", {"leases": []}).status_code == 200
    refused(boss("POST", "/shop-keys", wanted), 409, "key_exists")
    nowhere = wanted | {"name": f"x-{room}", "rooms": ["nowhere"]}
    refused(boss("POST", "/shop-keys", nowhere), 404, "no_such_room")
    listed = next(one for one in boss("GET", "/shop-keys").json if one["name"] == wanted["name"])
    assert (listed["rooms"], "key" in listed) == ([room], False)
    assert boss("DELETE", f"/shop-keys/{wanted['name']}").status_code == 204
    refused(shop("POST", f"/rooms/{room}/leases/renew", {"leases": []}), 401, "unauthorized")


def test_support_finds_a_place_and_gives_a_second_chance_once(
    callers: dict[Role, Caller], room_id: str, store: Store
) -> None:
    """With a reason; a viewer may not even look for whose place it is."""
    knobs = Settings(call_timeout_ms=1_000, claim_grace_ms=1_000, test_clock=True, burst=5)
    store.create(room_id, knobs, actor="test", now_ms=NOW_MS)
    store.open(room_id, actor="test", now_ms=NOW_MS)
    store.join(room_id, 3, now_ms=NOW_MS)
    for later_ms in range(0, 20_000, 1_000):
        store.status(room_id, now_ms=NOW_MS + later_ms)
    code = Codes(KEYS).of(room_id, 1, 1)
    ask, path = callers[Role.SUPPORT], f"/rooms/{room_id}/places/{code}"
    place = ask("GET", path)
    assert place.status_code == 200, place.text
    assert (place.json["state"], place.json["number"]) == ("lapsed", 1)
    refused(callers[Role.VIEWER]("GET", path), 403, "forbidden")
    refused(ask("POST", f"{path}/second-chance"), 422, "bad_fields")
    given = ask("POST", f"{path}/second-chance?why=the+tram+stood")
    assert (given.status_code, given.json["state"]) == (200, "called")
    (entry,) = store.record.newest(room_id, 1)
    assert (entry.act, entry.text("why")) == ("second_chance", "the tram stood")
    refused(ask("POST", f"{path}/second-chance?why=once+more"), 409, "no_second_chance")
    refused(ask("GET", f"/rooms/{room_id}/places/UUUU"), 404, "no_such_place")


def test_a_record_is_read_verified_and_taken_away(
    callers: dict[Role, Caller], room: str, store: Store
) -> None:
    """A room's by whoever may look, that of log-ins by admins."""
    look, boss = callers[Role.VIEWER], callers[Role.ADMIN]
    entries = list(store.record.entries(room))
    told = look("GET", f"/rooms/{room}/record?count=1").json["entries"]
    assert [entry["hash"] for entry in told] == [entries[-1].hash]
    lines = look("GET", f"/rooms/{room}/record.jsonl")
    assert lines.content_type == "application/x-ndjson"
    assert [json.loads(line)["hash"] for line in lines.text.splitlines()] == [
        entry.hash for entry in entries
    ]
    rows = list(csv.DictReader(io.StringIO(look("GET", f"/rooms/{room}/record.csv").text)))
    assert [row["act"] for row in rows] == [entry.act for entry in entries]
    verdict = look("GET", f"/rooms/{room}/record/verify").json
    assert (verdict["ok"], verdict["chained"]) == (True, len(entries))
    noted = f"seq={entries[0].seq}&hash={'0' * 64}"
    verdict = look("GET", f"/rooms/{room}/record/verify?{noted}").json
    assert (verdict["ok"], verdict["findings"][0]["edit"]) == (False, "changed")
    refused(look("GET", f"/rooms/{room}/record/verify?seq=1"), 422, "bad_fields")
    for path in ("/record", "/record/verify", "/record.jsonl", "/record.csv"):
        refused(look("GET", path), 403, "forbidden")
        assert boss("GET", path).status_code == 200
    refused(look("GET", "/rooms/@system/record"), 404, "no_such_room")


@pytest.mark.parametrize("count", ["0", "10001", "x", "-1", "1.0", "+1", "١", "1&count=2", ""])
def test_an_odd_count_is_refused(callers: dict[Role, Caller], room: str, count: str) -> None:
    """Or, said twice, taken once; never a 500."""
    answer = callers[Role.VIEWER]("GET", f"/rooms/{room}/record?count={count}")
    assert answer.status_code == (200 if "&" in count else 422), answer.text


def test_figures_are_numbers_of_now_and_as_they_were(
    callers: dict[Role, Caller], room: str, store: Store
) -> None:
    """What the console shows in words and charts."""
    look = callers[Role.VIEWER]
    now = store.status(room)
    store.history.add({room: Sample.of(now, store_us=1_500)})
    told = look("GET", f"/rooms/{room}/figures").json
    assert told["waits"]["hour"].keys() == told["waits"]["sale"].keys()
    assert told["waits"]["sale"]["people"] == 0
    assert told["waits"]["sale"]["p90_s"] is None
    assert store.status(room).waiting <= told["waiting"] <= now.waiting
    assert (told["phase"], told["rate_per_min"]) == ("open", 60)
    assert (told["store_us"], told["gate_us"]) == (1_500, None)
    assert room in {one["room"] for one in look("GET", "/figures").json}
    for span, every_ms in (("hour", 5_000), ("sale", 60_000)):
        kept = look("GET", f"/rooms/{room}/history?span={span}").json
        assert (kept["every_ms"], [one["store_us"] for one in kept["samples"]]) == (
            every_ms,
            [1_500],
        )
    refused(look("GET", f"/rooms/{room}/history?span=year"), 422, "bad_fields")
    refused(look("GET", "/rooms/nowhere/history"), 404, "no_such_room")


def test_the_system_tells_what_runs(callers: dict[Role, Caller], room: str) -> None:
    told = callers[Role.VIEWER]("GET", "/system").json
    assert told["version"] == __version__
    assert room in told["rooms"]


def test_released_leases_are_told_to_operators_too(
    callers: dict[Role, Caller], room: str, store: Store
) -> None:
    """What a guard hears, an operator's program may hear."""
    look = callers[Role.VIEWER]
    first = look("GET", f"/rooms/{room}/releases").json
    assert first["released"] == []
    shop = Caller(look.client, "s" * 32)
    store.enter(room, 1, 1, 1)
    told = shop("POST", f"/rooms/{room}/leases/release", {"leases": ["1-1"]}).json
    assert told["leases"]["1-1"]["state"] == "released"
    later = look("GET", f"/rooms/{room}/releases?since={first['mark']}").json
    assert later["released"] == ["1-1"]
    assert look("GET", f"/rooms/{room}/releases?since={later['mark']}").json["released"] == []


def test_a_shops_key_opens_nothing_of_operators_nor_the_other_way_round(
    callers: dict[Role, Caller], room: str
) -> None:
    boss = callers[Role.ADMIN]
    refused(Caller(boss.client, "s" * 32, "198.51.100.8")("GET", "/rooms"), 401, "unauthorized")
    refused(boss("POST", f"/rooms/{room}/leases/renew", {"leases": []}), 401, "unauthorized")


def test_what_is_not_there_is_404_and_what_is_not_done_405_with_what_is(
    callers: dict[Role, Caller], room: str
) -> None:
    """In the same form as everything else."""
    boss = callers[Role.ADMIN]
    refused(boss("GET", "/nothing"), 404, "not_found")
    answer = boss("DELETE", f"/rooms/{room}/knobs")
    refused(answer, 405, "method_not_allowed")
    assert {"GET", "PATCH"} <= set(answer.headers["Allow"].split(", "))


def test_a_store_that_is_away_is_503_with_when_to_ask_again() -> None:
    """And without its address; nothing is half-done."""
    answer = Caller(console(AWAY), "any.key")("GET", "/rooms")
    assert "nowhere" not in str(refused(answer, 503, "store_down"))
    assert int(answer.headers["Retry-After"]) > 0


def test_what_is_refused_is_logged_with_who_asked(
    callers: dict[Role, Caller], room: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The key's name, never the key."""
    ask = callers[Role.VIEWER]
    ask("POST", f"/rooms/{room}/close")
    name, _, secret = ask.key.partition(".")
    (line,) = caplog.messages
    assert f"refused (403) '/api/v1/rooms/{room}/close' to key:{name}" in line
    assert secret not in line


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/keys/{}"), ("POST", "/rooms/{}/close"), ("DELETE", "/shop-keys/{}")],
)
def test_a_key_in_place_of_its_name_is_in_no_log(
    callers: dict[Role, Caller], method: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """People paste the whole of what they were given."""
    ask = callers[Role.ADMIN]
    assert ask(method, path.format(ask.key)).status_code == 404
    (line,) = caplog.messages
    assert "refused (404)" in line
    assert ask.key.partition(".")[2][:20] not in line
