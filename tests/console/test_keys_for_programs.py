"""The page of operators' keys for the API: made, shown once, listed, revoked."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from desks import Desk, hidden, read, shown_secret

from waitingroom import clock
from waitingroom.operators import Role, made_key
from waitingroom.store.client import Store
from waitingroom.store.keys import OPERATOR_KEYS, OPERATOR_KEYS_USED, SYSTEM

People = dict[Role, str]


@pytest.fixture
def name(no_counts: None, store: Store, room_id: str) -> Iterator[str]:
    """Of a key of this test only; nothing that was made counts for another's."""
    yield f"ci-{room_id}"
    store._redis.hdel(OPERATOR_KEYS, f"ci-{room_id}")


def moment(at_ms: bytes) -> str:
    """As pages show it."""
    return datetime.fromtimestamp(int(at_ms) / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def asked(desk: Desk, key: str, path: str = "/rooms") -> int:
    """What the API answers whoever shows this key."""
    sent = {"Authorization": f"Bearer {key}"}
    return desk.client.get(f"/api/v1{path}", headers=sent).status_code


def test_a_key_is_shown_once_does_what_its_role_may_and_is_revoked(
    admin: Desk, store: Store, people: People, name: str
) -> None:
    """From the page to the program's request; both acts are in the record with who and why."""
    answer = admin.post("/keys", {"name": name, "role": "support"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "Whoever has it is support" in read(answer)
    key = shown_secret(answer)
    assert "It was never used." in read(admin.get(f"/keys/{name}/revoke"))
    assert (asked(admin, key), asked(admin, key, "/operators")) == (200, 403)
    listed, secret = read(admin.get("/keys")), key.partition(".")[2]
    assert f'<th scope="row">{name}</th>' in listed
    used = moment(store._redis.hget(OPERATOR_KEYS_USED, name))
    assert f'<span class="soft" aria-hidden="true">Last used</span> {used}</td>' in listed
    assert secret not in listed
    assert secret.encode() not in store._redis.hget(OPERATOR_KEYS, name)
    again = admin.post("/keys", {"name": name, "role": "admin"})
    assert (again.status_code, secret in again.text) == (409, False)
    assert "revoke it first" in again.text
    path = f"/keys/{name}/revoke"
    page = admin.get(path)
    assert "which is support, is refused from the next request on" in read(page)
    assert f"Last used: {used} UTC." in read(page)
    done = admin.post(path, hidden(page) | {"why": "lost a laptop"})
    assert (done.status_code, done.location) == (303, "/keys")
    assert f"The key “{name}” opens nothing any more." in read(admin.get("/keys"))
    assert asked(admin, key) == 401
    assert not store._redis.hexists(OPERATOR_KEYS_USED, name), "it is forgotten with the key"
    acts = [one for one in store.record.newest(SYSTEM, 9) if one.detail == name]
    who = f"console:{people[Role.ADMIN]}"
    assert [(one.act, one.actor, one.text("why")) for one in acts] == [
        ("key_revoke", who, "lost a laptop"), ("key_add", who, ""),
    ]  # fmt: skip
    assert all(secret not in " ".join(one.fields.values()) for one in acts)
    assert admin.get(path).status_code == 404


def test_admins_find_the_page_and_a_key_does_nothing_unless_more_is_chosen(admin: Desk) -> None:
    assert 'href="/keys"' in admin.get("/").text
    assert '<option value="viewer" selected' in admin.get("/keys").text


BAD_KEYS: list[tuple[dict[str, str], str]] = [
    ({"name": ""}, "cannot name a key"),
    ({"name": "No Name"}, "cannot name a key: write lower-case letters, digits and _ -"),
    ({"name": "x" * 41}, "cannot name a key"),
    ({"role": ""}, "Choose one of these."),
    ({"role": "owner"}, "Choose one of these."),
]


def test_a_key_for_programs_that_cannot_be_is_refused_in_a_sentence(
    admin: Desk, store: Store, name: str
) -> None:
    """Beside its field; nothing is made."""
    before = store.keys.all()
    for fields, says in BAD_KEYS:
        answer = admin.post("/keys", {"name": name, "role": "viewer"} | fields)
        assert answer.status_code == 400, fields
        assert says in read(answer)
    assert store.keys.all() == before


def test_what_is_wrong_with_the_reason_or_the_form_revokes_no_key(
    admin: Desk, store: Store, name: str
) -> None:
    """400, with the page again; 404 where the page is older than the key of that name."""
    store.keys.add(made_key(name, Role.VIEWER, clock.now_ms())[1], actor="test")
    path = f"/keys/{name}/revoke"
    page = hidden(admin.get(path))
    long = admin.post(path, page | {"why": "x" * 501})
    assert (long.status_code, "The reason: at most 500" in long.text) == (400, True)
    assert admin.post(path, page | {"version": "no"}).status_code == 400
    store.keys.revoke(name, actor="test")
    store.keys.add(made_key(name, Role.VIEWER, clock.now_ms() + 1)[1], actor="test")
    assert admin.post(path, page).status_code == 404
    assert name in [one.name for one in store.keys.all()]


def test_keys_count_among_the_secrets_that_one_operator_may_make(
    admin: Desk, store: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429, and none is made."""
    monkeypatch.setattr("waitingroom.console.access.MOST_MADE", 0)
    assert admin.post("/keys", {"name": name, "role": "viewer"}).status_code == 429
    assert name not in [one.name for one in store.keys.all()]
