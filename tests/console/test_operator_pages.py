"""The pages of operators and of one's own account: who is let in, who is shut out, and when."""

from urllib.parse import unquote

import pytest
from desks import PASSWORD, Desk, hidden, shown_secret

from waitingroom.clients import network_of
from waitingroom.console import access
from waitingroom.console.access import session_key
from waitingroom.operators import LastAdmin, Role
from waitingroom.store.client import Store
from waitingroom.store.keys import LOGIN_TTL_S, OPERATORS, SYSTEM

pytestmark = pytest.mark.usefixtures("no_counts")
People = dict[Role, str]
NEW = "another long password"
ADMINS_PAGES = ["/operators", "/operators/{name}", "/operators/{name}/remove", "/shop-keys",
                "/shop-keys/x/revoke", "/keys", "/keys/x/revoke", "/rooms/x/staff",
                "/rooms/x/staff/revoke", "/rooms/x/staff/s-0/revoke"]  # fmt: skip
ADMINS_FORMS = ["/operators", "/operators/{name}/role", "/operators/{name}/password",
                "/operators/{name}/remove", "/shop-keys", "/shop-keys/x/revoke",
                "/keys", "/keys/x/revoke", "/rooms/x/staff", "/rooms/x/staff/revoke",
                "/rooms/x/staff/s-0/revoke"]  # fmt: skip


def test_who_is_no_admin_sees_and_does_nothing_here(
    desk: Desk, people: People, store: Store
) -> None:
    """403 on every page and form, and nothing is recorded but the log-in."""
    for role in (Role.VIEWER, Role.SUPPORT, Role.OPERATOR):
        desk.log_in(people[role])
        before = store.record.newest(SYSTEM, 1)
        for path in ADMINS_PAGES:
            assert desk.get(path.format(name=people[Role.ADMIN])).status_code == 403, path
        token = desk.token()
        for path in ADMINS_FORMS:
            form = path.format(name=people[Role.ADMIN])
            answer = desk.post(form, {"version": "1"}, token=token)
            assert answer.status_code == 403, path
        assert store.record.newest(SYSTEM, 1) == before
        front = desk.get("/").text
        assert "/operators" not in front
        assert "/shop-keys" not in front
        assert 'href="/keys"' not in front


def test_a_form_without_our_token_changes_nothing(admin: Desk, people: People) -> None:
    """400, on each."""
    for path in ADMINS_FORMS:
        answer = admin.post(path.format(name=people[Role.VIEWER]), {"version": "1"}, token="forged")
        assert answer.status_code == 400, path


def test_an_operator_is_made_with_a_password_that_is_shown_once_and_opens(
    admin: Desk, store: Store, store_url: str, room_id: str, people: People
) -> None:
    """Nowhere else: not in the list, the record, or what the store keeps."""
    name = f"new.{room_id}"
    answer = admin.post("/operators", {"name": name, "role": "support", "password": ""})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    password = shown_secret(answer)
    assert Desk(store_url).log_in(name, password).status_code == 303
    assert password not in admin.get("/operators").text
    assert f">{name}</a>" in admin.get("/operators").text
    assert password.encode() not in store._redis.hget(OPERATORS, name)
    entry = next(one for one in store.record.newest(SYSTEM, 5) if one.act == "operator_add")
    assert (entry.actor, entry.detail) == (f"console:{people[Role.ADMIN]}", name)
    assert password not in " ".join(entry.fields.values())
    again = admin.post("/operators", {"name": name, "role": "support", "password": ""})
    assert again.status_code == 409, "sent once more, as a reload does"
    assert "There is already an operator" in again.text
    store.accounts.remove(name, actor="test")


def test_an_operator_may_be_made_with_a_typed_password_which_is_not_shown(
    admin: Desk, store: Store, store_url: str, room_id: str
) -> None:
    name = f"new.{room_id}"
    answer = admin.post("/operators", {"name": name, "role": "viewer", "password": NEW})
    assert (answer.status_code, answer.location) == (303, "/operators")
    assert Desk(store_url).log_in(name, NEW).status_code == 303
    store.accounts.remove(name, actor="test")


BAD_ACCOUNTS: list[tuple[dict[str, str], str]] = [
    ({"name": "No Name"}, "cannot name an operator"),
    ({"name": ""}, "cannot name an operator"),
    ({"password": "short"}, "A password has 12 to 200 characters; this one has 5."),
    ({"password": "x" * 201}, "this one has 201."),
    ({"password": "abab" * 4}, "A password has at least 4 different characters."),
    ({"role": "owner"}, "Choose one of these."),
    ({"role": ""}, "Choose one of these."),
]


def test_what_cannot_be_is_said_in_a_sentence_and_what_was_typed_stays(
    admin: Desk, store: Store
) -> None:
    """But for the password."""
    before = {one.name for one in store.accounts.all()}
    for fields, says in BAD_ACCOUNTS:
        sent = {"name": "eve", "role": "viewer", "password": NEW} | fields
        answer = admin.post("/operators", sent)
        assert answer.status_code == 400
        assert says in answer.text
        assert f'value="{sent["name"]}"' in answer.text
        assert NEW not in answer.text
    assert {one.name for one in store.accounts.all()} == before


@pytest.mark.parametrize("what", ["role", "password", "remove"])
def test_who_is_changed_or_removed_is_out_with_their_next_page(
    admin: Desk, people: People, store: Store, store_url: str, what: str
) -> None:
    """Wherever they have a session open."""
    name = people[Role.OPERATOR]
    theirs = [Desk(store_url), Desk(store_url)]
    for one in theirs:
        one.log_in(name)
        assert one.get("/").status_code == 200
    less = {"role": "viewer", "why": "another job"}
    fields = {"role": less, "password": {"password": NEW}, "remove": {}}[what]
    page = admin.get(f"/operators/{name}/{what}")
    answer = admin.post(f"/operators/{name}/{what}", hidden(page) | fields)
    assert (answer.status_code, answer.location) == (303, "/operators")
    (entry,) = store.record.newest(SYSTEM, 1)
    assert (entry.detail, entry.text("why")) == (name, fields.get("why", ""))
    for one in theirs:
        assert one.get("/").status_code == 303
        assert (
            one.client.get("/live.json", headers={"Accept": "application/json"}).status_code == 401
        )
    assert name in admin.get("/operators").text, "told, or listed"
    again = Desk(store_url).log_in(name, NEW if what == "password" else PASSWORD)
    assert again.status_code == (401 if what == "remove" else 303)


def test_an_admin_who_takes_their_own_role_is_out_too(admin: Desk, people: People) -> None:
    """While others are left; what they are then is what the next log-in gives."""
    name = people[Role.ADMIN]
    admin_too = hidden(admin.get(f"/operators/{people[Role.OPERATOR]}"))
    path = f"/operators/{people[Role.OPERATOR]}/role"
    assert admin.post(path, admin_too | {"role": "admin"}).status_code == 303
    fields = hidden(admin.get(f"/operators/{name}")) | {"role": "viewer"}
    assert admin.post(f"/operators/{name}/role", fields).status_code == 303
    assert admin.get("/").status_code == 303
    admin.log_in(name)
    assert admin.get("/operators").status_code == 403


def test_the_last_admin_can_neither_go_nor_become_less(
    admin: Desk, people: People, store: Store
) -> None:
    """Told so, with nothing done: then nobody could let anybody in any more."""
    name = people[Role.ADMIN]
    others = [
        one.name for one in store.accounts.all() if one.role is Role.ADMIN and one.name != name
    ]
    for one in others:
        store.accounts.remove(one, actor="test")
    for form, fields in (("role", {"role": "operator"}), ("remove", {})):
        page = admin.get(f"/operators/{name}/{form}")
        answer = admin.post(f"/operators/{name}/{form}", hidden(page) | fields)
        assert answer.status_code == 409
        assert "is the last admin: make another first." in answer.text
    assert store.accounts.find(name).role is Role.ADMIN
    assert admin.get("/operators").status_code == 200, "and the session goes on"
    with pytest.raises(LastAdmin):
        store.accounts.change(name, role=Role.VIEWER, actor="test", keep_admin=True)
    store.accounts.change(name, password="x", actor="test", keep_admin=True)


def test_two_admins_at_once_lose_nothing_silently(
    admin: Desk, people: People, store: Store
) -> None:
    """The second is told that the account moved."""
    name = people[Role.SUPPORT]
    page = admin.get(f"/operators/{name}")
    store.accounts.change(name, role=Role.VIEWER, actor="test")
    for form, fields in (
        ("role", {"role": "admin"}),
        ("password", {"password": NEW}),
        ("remove", {}),
    ):
        answer = admin.post(f"/operators/{name}/{form}", hidden(page) | fields)
        assert answer.status_code == 409
        assert "was changed meanwhile" in answer.text
    assert store.accounts.find(name).role is Role.VIEWER
    assert admin.post(f"/operators/{name}/role", {"role": "admin"}).status_code == 400
    assert admin.get("/operators/nobody-of-that-name").status_code == 404


def test_the_reason_of_a_removal_is_in_the_record(
    admin: Desk, people: People, store: Store
) -> None:
    """And one that cannot be is said so, with nothing done."""
    name = people[Role.SUPPORT]
    page = hidden(admin.get(f"/operators/{name}/remove"))
    answer = admin.post(f"/operators/{name}/remove", page | {"why": "x" * 501})
    assert (answer.status_code, store.accounts.find(name) is None) == (400, False)
    admin.post(f"/operators/{name}/remove", page | {"why": "left the firm"})
    entry = store.record.newest(SYSTEM, 1)[0]
    assert (entry.act, entry.text("why")) == ("operator_remove", "left the firm")


def test_everybody_changes_their_own_password_and_stays(
    desk: Desk, people: People, store_url: str, store: Store
) -> None:
    """Their other sessions end; nobody else may do it for them on that page."""
    name, other = people[Role.VIEWER], Desk(store_url)
    desk.log_in(name)
    other.log_in(name)
    answer = desk.post("/account", {"current": PASSWORD, "password": NEW, "again": NEW})
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "Your password is another now" in desk.get("/account").text
    assert other.get("/").status_code == 303
    assert Desk(store_url).log_in(name, PASSWORD).status_code == 401
    assert Desk(store_url).log_in(name, NEW).status_code == 303
    entry = next(one for one in store.record.newest(SYSTEM, 5) if one.act == "operator_password")
    assert (entry.actor, entry.detail) == (f"console:{name}", name)


SLIPS: list[tuple[dict[str, str], str]] = [
    ({"current": "wrong wrong wrong"}, "This is not your password."),
    ({"password": "short", "again": "short"}, "A password has 12 to 200 characters"),
    ({"again": "something else"}, "This is not the same as above."),
]


def test_a_slip_in_ones_own_password_changes_nothing(desk: Desk, people: People) -> None:
    """One sentence each, and the session goes on."""
    desk.log_in(people[Role.VIEWER])
    good = {"current": PASSWORD, "password": NEW, "again": NEW}
    for fields, says in SLIPS:
        answer = desk.post("/account", good | fields)
        assert answer.status_code == 400
        assert says in answer.text
        assert NEW not in answer.text
    assert desk.get("/account").status_code == 200


def test_guessing_ones_own_password_is_throttled_like_a_log_in(
    desk: Desk, people: People, store: Store
) -> None:
    """Whoever finds a session open does not find the password out."""
    desk.log_in(people[Role.VIEWER])
    network = f"network:{network_of(desk.address, session_key(desk.keys[-1]).encode())}"
    for _ in range(access.MOST_FAILURES - 1):
        store.accounts.failed(network)
    wrong = {"current": "guessed guessed", "password": NEW, "again": NEW}
    assert desk.post("/account", wrong).status_code == 400
    right = desk.post("/account", wrong | {"current": PASSWORD})
    assert (right.status_code, right.headers["Retry-After"]) == (429, str(LOGIN_TTL_S))


def test_a_password_never_comes_back_in_an_address(desk: Desk, people: People) -> None:
    """A form that is sent after the session's end is kept for after the log-in, but for those."""
    desk.log_in(people[Role.ADMIN])
    token = desk.token()
    desk.clock_ms += access.IDLE_S * 1000 + 1000
    fields = {"name": "eve", "role": "viewer", "password": NEW}
    answer = desk.post("/operators", fields, token=token)
    assert answer.status_code == 401
    assert "/operators?name=eve" in unquote(answer.text)
    own = {"current": PASSWORD, "password": NEW, "again": NEW}
    other = desk.post("/account", own)
    assert other.status_code == 401
    assert NEW not in unquote(answer.text + other.text)
    assert PASSWORD not in unquote(other.text)


def test_everybody_sees_their_own_last_log_ins_and_nobody_elses(
    desk: Desk, people: People, store_url: str
) -> None:
    """When and from where."""
    here, there = Desk(store_url, address="198.51.100.7"), Desk(store_url, address="203.0.113.9")
    here.log_in(people[Role.VIEWER])
    there.log_in(people[Role.SUPPORT])
    shown = here.get("/account").text
    assert "from 198.51.100.7" in shown
    assert "203.0.113.9" not in shown
    assert f'<a href="/account">{people[Role.VIEWER]}</a>' in here.get("/").text


def test_whoever_has_an_admins_session_cannot_flood_the_record(
    admin: Desk, people: People, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many secrets in a quarter of an hour; the next is refused, and nothing made."""
    monkeypatch.setattr(access, "MOST_MADE", 2)
    name = people[Role.VIEWER]
    for wanted in (200, 200, 429):
        page = admin.get(f"/operators/{name}")
        answer = admin.post(f"/operators/{name}/password", hidden(page) | {"password": ""})
        assert answer.status_code == wanted
    assert store.accounts.find(name).generation == 3
    assert answer.headers["Retry-After"] == str(LOGIN_TTL_S)
