"""Operators' keys: what opens the API, for how long, and for whom not."""

import json

import pytest
from callers import Caller, refused

from waitingroom.console.access import MOST_FAILURES
from waitingroom.operators import BadOperator, KeyExists, NoSuchKey, Role, made_key
from waitingroom.store.client import Store
from waitingroom.store.keys import LOGIN_TTL_S, OPERATOR_KEYS, SYSTEM

pytestmark = pytest.mark.usefixtures("no_counts")
Callers = dict[Role, Caller]


def test_the_store_keeps_nothing_that_opens(store: Store, callers: Callers) -> None:
    """The digest of a key is not the key; neither is the digest taken for one."""
    for role, caller in callers.items():
        name, _, secret = caller.key.partition(".")
        kept = json.loads(store._redis.hget(OPERATOR_KEYS, name))
        assert kept.keys() == {"role", "digest", "made_at_ms"}
        assert kept["role"] == role
        assert len(secret) == 64
        assert secret not in json.dumps(kept)
        stolen = Caller(caller.client, f"{name}.{kept['digest']}")
        refused(stolen("GET", "/rooms"), 401, "unauthorized")


def test_a_key_that_is_revoked_opens_nothing_from_then_on(store: Store, callers: Callers) -> None:
    """The next request already; and its name may be taken again, by another secret."""
    caller = callers[Role.VIEWER]
    name = caller.key.partition(".")[0]
    assert caller("GET", "/rooms").status_code == 200
    store.keys.revoke(name, actor="test")
    refused(caller("GET", "/rooms"), 401, "unauthorized")
    with pytest.raises(NoSuchKey):
        store.keys.revoke(name, actor="test")
    text, made = made_key(name, Role.VIEWER, 1)
    store.keys.add(made, actor="test")
    refused(caller("GET", "/rooms"), 401, "unauthorized")
    assert Caller(caller.client, text)("GET", "/rooms").status_code == 200
    with pytest.raises(KeyExists):
        store.keys.add(made_key(name, Role.ADMIN, 2)[1], actor="test")


def test_making_and_revoking_is_recorded_without_the_key(store: Store, room_id: str) -> None:
    """Who did it, and which role it had."""
    text, made = made_key(f"k-{room_id}", Role.ADMIN, 1)
    store.keys.add(made, actor="cli:ada")
    store.keys.revoke(made.name, actor="cli:bob")
    revoked, added = store.record.newest(SYSTEM, 2)
    assert (added.act, added.actor, added.detail) == ("key_add", "cli:ada", made.name)
    assert (revoked.act, revoked.actor, revoked.detail) == ("key_revoke", "cli:bob", made.name)
    assert json.loads(added.text("after")) == {"role": "admin"}
    assert json.loads(revoked.text("before")) == {"role": "admin"}
    assert text.partition(".")[2] not in str((added, revoked))
    assert store.record.verify(SYSTEM).findings == []


@pytest.mark.parametrize("name", ["", "Big", "a b", "-a", "a.b", "a" * 41, "ä"])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(BadOperator, match="cannot name a key"):
        made_key(name, Role.VIEWER, 1)


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", "Basic {key}", "{key}", "Bearer {key}x", "Bearer {name}."],
)
def test_without_a_key_nothing_is_told(callers: Callers, given: str) -> None:
    """Not even whether the room exists; nor is a role."""
    caller = callers[Role.ADMIN]
    header = given.format(key=caller.key, name=caller.key.partition(".")[0])
    stranger = Caller(caller.client)
    for path in ("/rooms/nowhere", "/rooms/No Room"):
        answer = stranger("GET", path, Authorization=header)
        refused(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_guessing_keys_is_throttled_by_network_and_recorded_once(
    store: Store, callers: Callers
) -> None:
    """A right one opens all the same: a program with an old key shuts no other out, as behind one
    proxy. Passwords are counted apart.
    """
    caller = callers[Role.VIEWER]
    guesser = Caller(caller.client, "nobody.knows", "198.51.100.7")
    for _ in range(MOST_FAILURES):
        refused(guesser("GET", "/rooms"), 401, "unauthorized")
    told = guesser("GET", "/rooms")
    refused(told, 429, "too_many")
    assert told.headers["Retry-After"] == str(LOGIN_TTL_S)
    right = Caller(caller.client, caller.key, guesser.address)
    assert right("GET", "/rooms").status_code == 200
    refused(guesser("GET", "/rooms"), 429, "too_many")
    (entry,) = store.record.newest(SYSTEM, 1)
    assert (entry.act, entry.text("from")) == ("log_in_throttled", guesser.address)
    assert guesser.address not in entry.detail
    network = entry.detail.removeprefix("keys-of:")
    assert store.accounts.failures(f"network:{network}") == [0]


def test_each_role_may_what_those_before_it_may(callers: Callers, room: str, store: Store) -> None:
    """A viewer looks, an operator acts, an admin resets; what is refused changes nothing."""
    for role, caller in callers.items():
        assert caller("GET", f"/rooms/{room}").status_code == 200
        before = store.status(room).version
        paused = caller("POST", f"/rooms/{room}/pause", {})
        reset = caller("POST", f"/rooms/{room}/reset", {"name": room})
        if not role.may(Role.OPERATOR):
            refused(paused, 403, "forbidden")
            assert store.status(room).version == before
        else:
            assert (paused.status_code, paused.json["phase"]) == (200, "paused")
        if role is Role.ADMIN:
            assert (reset.status_code, reset.json["epoch"]) == (200, 2)
        else:
            refused(reset, 403, "forbidden")
            assert store.status(room).epoch == 1
