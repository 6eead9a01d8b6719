"""Shops' keys that the store keeps: what they open, how long, and that nothing kept opens it."""

import pytest
from flask.testing import FlaskClient
from test_room_api import KEYS, NOW_MS, OLD, call, refused

from waitingroom.config import ConsoleConfig
from waitingroom.console.app import create_app
from waitingroom.errors import BadSetting, NoSuchRoom
from waitingroom.model import Settings
from waitingroom.operators import KeyExists, NoSuchKey
from waitingroom.shop_keys import TooManyShopKeys
from waitingroom.store import shop_keys
from waitingroom.store.client import Store
from waitingroom.store.keys import SHOP_KEYS, SHOP_KEYS_USED, SYSTEM

pytestmark = pytest.mark.usefixtures("no_shop_keys")
ME = {"actor": "console:ada"}
ASKS = {"leases": []}


@pytest.fixture
def room(store: Store, room_id: str) -> str:
    """An open room."""
    store.create(room_id, Settings(opens_at_ms=NOW_MS), actor="test")
    return room_id


@pytest.fixture
def other(store: Store, room_id: str) -> str:
    """Another shop's."""
    store.create(f"{room_id}-b", Settings(opens_at_ms=NOW_MS), actor="test")
    return f"{room_id}-b"


@pytest.fixture
def workers(store_url: str) -> list[FlaskClient]:
    """Two workers of the console, with a key of the environment."""
    config = ConsoleConfig(store_url, KEYS, (OLD,))
    return [create_app(config, now_ms=lambda: NOW_MS).test_client() for _ in "ab"]


def statuses(workers: list[FlaskClient], room: str, key: str) -> list[int]:
    """What each worker answers."""
    return [call(one, f"{room}/leases/renew", ASKS, key).status_code for one in workers]


def test_a_key_opens_its_room_at_every_worker_until_it_is_revoked(
    store: Store, workers: list[FlaskClient], room: str
) -> None:
    """From the next call on; the environment's key goes on all the while."""
    text, _ = store.shop_keys.add("spring", [room], now_ms=NOW_MS, **ME)
    assert statuses(workers, room, text) == [200, 200]
    store.shop_keys.revoke("spring", **ME)
    assert statuses(workers, room, text) == [401, 401]
    assert statuses(workers, room, OLD) == [200, 200]


def test_a_key_of_one_shop_opens_no_other(
    store: Store, workers: list[FlaskClient], room: str, other: str
) -> None:
    """403, whether there is such a room or not; one for all rooms opens each."""
    text, _ = store.shop_keys.add("spring", [room], now_ms=NOW_MS, **ME)
    for name in (other, "nowhere", "No Room"):
        for verb in ("redeem", "leases/renew", "leases/release"):
            refused(call(workers[0], f"{name}/{verb}", ASKS, text), 403, "forbidden")
    both, _ = store.shop_keys.add("both", [room, other], now_ms=NOW_MS, **ME)
    every, _ = store.shop_keys.add("every", [], now_ms=NOW_MS, **ME)
    for key in (both, every):
        assert statuses(workers, room, key) == statuses(workers, other, key) == [200, 200]
    refused(call(workers[0], "nowhere/leases/renew", ASKS, every), 404, "no_such_room")


def test_nothing_that_is_kept_or_recorded_opens_anything(
    store: Store, workers: list[FlaskClient], room: str
) -> None:
    """Not the digest, nor the name, nor half of the key, nor one of an earlier making."""
    old, _ = store.shop_keys.add("spring", [room], now_ms=NOW_MS, **ME)
    store.shop_keys.revoke("spring", **ME)
    text, made = store.shop_keys.add("spring", [room], now_ms=NOW_MS, **ME)
    secret = text.removeprefix("spring.")
    assert len(secret) == 64
    for given in (old, made.digest, f"spring.{made.digest}", "spring", "spring.", secret,
                  text[:-1], f"{text}0", f" {text}", "." * 300, f"spring.{'é' * 64}"):  # fmt: skip
        refused(call(workers[0], f"{room}/leases/renew", ASKS, given), 401, "unauthorized")
    kept = b" ".join(store._redis.hvals(SHOP_KEYS)).decode()
    entries = store.record.newest(SYSTEM, 3)
    assert [entry.act for entry in entries] == ["shop_key_add", "shop_key_revoke", "shop_key_add"]
    told = " ".join(" ".join(entry.fields.values()) for entry in entries)
    assert secret not in kept + told
    assert made.digest not in told
    assert f'"{room}"' in entries[0].text("after")


def test_a_full_store_takes_no_note_but_takes_a_place_back(
    store: Store, workers: list[FlaskClient], room: str
) -> None:
    """Releasing makes room; that the key was used is not worth an error."""
    text, made = store.shop_keys.add("spring", [room], now_ms=NOW_MS, **ME)
    store._redis.config_set("maxmemory", 1)
    try:
        answer = call(workers[0], f"{room}/leases/release", {"leases": ["1-1"]}, text)
    finally:
        store._redis.config_set("maxmemory", 0)
    assert answer.status_code == 200
    assert store.shop_keys.used([made]) == {"spring": 0}


def test_when_a_key_was_used_is_known_to_the_minute_without_a_write_for_each_call(
    store: Store, workers: list[FlaskClient], room: str
) -> None:
    """The first call of a minute is noted, the next ones are not."""
    text, made = store.shop_keys.add("spring", [room], now_ms=NOW_MS - 3_600_000, **ME)
    assert store.shop_keys.used([made]) == {"spring": 0}
    statuses(workers[:1], room, text)
    noted_ms = store.shop_keys.used([made])["spring"]
    assert noted_ms == NOW_MS // 60_000 * 60_000
    store._redis.hdel(SHOP_KEYS_USED, "spring")
    statuses(workers[:1], room, text)
    assert store.shop_keys.used([made]) == {"spring": 0}
    statuses(workers[:1], room, f"spring.{'0' * 64}")
    assert store.shop_keys.used([made]) == {"spring": 0}


def test_a_note_of_an_earlier_key_of_the_name_is_not_told_of_the_later(store: Store) -> None:
    """A call that came while the key was revoked may note it a moment later."""
    store.shop_keys.note_used("spring", NOW_MS - 120_000)
    _, made = store.shop_keys.add("spring", [], now_ms=NOW_MS, **ME)
    assert store.shop_keys.used([made]) == {"spring": 0}


def test_a_key_that_cannot_be_is_refused_with_the_reason_and_not_recorded(
    store: Store, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names, rooms that are none or are not there, a name that is taken, too many."""
    before = store.record.newest(SYSTEM, 1)

    def refuses(fault: type[Exception], name: str, rooms: list[str]) -> None:
        with pytest.raises(fault):
            store.shop_keys.add(name, rooms, now_ms=NOW_MS, **ME)

    for name in ("", "Spring", "a b", "a.b", "x" * 41, "-a", "é"):
        refuses(BadSetting, name, [])
    refuses(BadSetting, "a", ["No Room"])
    refuses(BadSetting, "a", ["a"] * 51)
    refuses(NoSuchRoom, "a", [room, "nowhere"])
    assert store.record.newest(SYSTEM, 1) == before
    store.shop_keys.add("a", [], now_ms=NOW_MS, **ME)
    refuses(KeyExists, "a", [])
    monkeypatch.setattr(shop_keys, "MOST_SHOP_KEYS", 1)
    refuses(TooManyShopKeys, "b", [])
    assert [one.name for one in store.shop_keys.all()] == ["a"]


def test_who_revokes_a_key_means_the_one_they_saw(store: Store) -> None:
    """Not one that was made under its name since."""
    _, seen = store.shop_keys.add("spring", [], now_ms=NOW_MS, **ME)
    store.shop_keys.revoke("spring", **ME)
    store.shop_keys.add("spring", [], now_ms=NOW_MS + 1, **ME)
    with pytest.raises(NoSuchKey):
        store.shop_keys.revoke("spring", made_at_ms=seen.made_at_ms, **ME)
    store.shop_keys.revoke("spring", made_at_ms=NOW_MS + 1, **ME)
    with pytest.raises(NoSuchKey):
        store.shop_keys.revoke("spring", **ME)


def test_a_store_that_is_away_says_so_and_takes_no_key_for_a_wrong_one(room: str) -> None:
    """503: a guard then tries again later, and lets nobody out."""
    away = create_app(ConsoleConfig("unix:///nowhere.sock", KEYS, (OLD,))).test_client()
    refused(call(away, f"{room}/leases/renew", ASKS, f"spring.{'0' * 64}"), 503, "store_down")
