"""Logging in to the console: who gets in, for how long, and who does not."""

import pytest
from desks import PASSWORD, Desk

from waitingroom.console.access import IDLE_S, LONGEST_S, MOST_FAILURES
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.keys import LOGIN_TTL_S, login_key

People = dict[Role, str]


@pytest.fixture(autouse=True)
def no_failures(store: Store, room_id: str) -> str:
    """No test's failures count for another's."""
    for role in Role:
        store._redis.delete(login_key(f"name:{role}.{room_id}"))
    store._redis.delete(login_key("network:192.0.2.1"))
    return room_id


def test_nobody_sees_anything_without_logging_in(desk: Desk, people: People) -> None:
    """A page leads to the form and back; what a script asks for is refused."""
    answer = desk.get("/rooms/sale?a=b")
    assert (answer.status_code, answer.location) == (303, "/login?to=/rooms/sale?a%3Db")
    answer = desk.client.get("/live.json", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]) == (401, "unauthorized")
    assert desk.log_in(people[Role.VIEWER], to="/rooms/sale?a=b").location == "/rooms/sale?a=b"


def test_a_session_is_signed_and_kept_from_scripts_and_other_sites(
    desk: Desk, people: People, store_url: str
) -> None:
    """And bound to https where the console is reached so."""
    cookie = desk.log_in(people[Role.VIEWER]).headers["Set-Cookie"]
    assert cookie.startswith("wr-console=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert f"Max-Age={IDLE_S}" in cookie or "Expires=" in cookie
    assert desk.get("/").status_code == 200
    value = desk.client.get_cookie("wr-console").value
    desk.client.set_cookie("wr-console", value[:-1] + ("A" if value[-1] != "A" else "B"))
    assert desk.get("/").status_code == 303
    other = Desk(store_url, keys=(b"o" * 32,))
    other.client.set_cookie("wr-console", value)
    assert other.get("/").status_code == 303, "signed with keys that this one does not have"
    rotated = Desk(store_url, keys=(b"k" * 32, b"o" * 32))
    rotated.client.set_cookie("wr-console", value)
    assert rotated.get("/").status_code == 200, "an older key still reads"
    secure = Desk(store_url, public_url="https://console.example").client.get("/login")
    assert secure.headers["Set-Cookie"].startswith("__Host-wr-console=")
    assert "; Secure" in secure.headers["Set-Cookie"]


def test_a_session_ends_by_itself(desk: Desk, people: People) -> None:
    """After half an hour without a page, however often a page asks by itself; and after a shift."""
    desk.log_in(people[Role.VIEWER])
    desk.clock_ms += (IDLE_S - 1) * 1000
    assert desk.client.get("/live.json").status_code == 200
    desk.clock_ms += 2_000
    assert desk.get("/").status_code == 303
    desk.log_in(people[Role.VIEWER])
    for _ in range(LONGEST_S // (IDLE_S - 10) - 1):
        desk.clock_ms += (IDLE_S - 10) * 1000
        assert desk.get("/").status_code == 200
    desk.clock_ms += (IDLE_S - 10) * 2_000
    assert desk.get("/").status_code == 303


def test_a_session_ends_with_log_out_a_new_password_another_role_and_the_account(
    desk: Desk, people: People, store: Store
) -> None:
    """At once, wherever it is open."""
    name = people[Role.VIEWER]
    desk.log_in(name)
    assert desk.post("/logout", {}).status_code == 303
    assert desk.get("/").status_code == 303
    for end in (
        lambda: store.accounts.change(
            name, password=store.accounts.find(name).password, actor="test"
        ),
        lambda: store.accounts.change(name, role=Role.SUPPORT, actor="test"),
        lambda: store.accounts.remove(name, actor="test"),
    ):
        desk.log_in(name)
        assert desk.get("/").status_code == 200
        end()
        assert desk.get("/").status_code == 303


def test_a_wrong_password_and_an_unknown_name_are_told_alike(desk: Desk, people: People) -> None:
    """So that nobody learns which names there are."""
    name = people[Role.VIEWER]
    wrong = desk.log_in(name, "not the password, but long")
    unknown = desk.log_in("nobody", "not the password, but long")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.text.replace(name, "nobody").split("csrf")[0] == unknown.text.split("csrf")[0]
    assert desk.log_in("a\0b" * 40, "x" * 100_000).status_code in (401, 413)


def test_guessing_is_throttled_by_name_and_by_network(
    desk: Desk, people: People, store: Store, store_url: str
) -> None:
    """Then not even the right password opens; elsewhere, and later, it does."""
    name, other = people[Role.VIEWER], people[Role.ADMIN]
    for _ in range(MOST_FAILURES):
        assert desk.log_in(name, "guessed guessed").status_code == 401
    assert desk.log_in(name).status_code == 429
    assert desk.log_in(other).status_code == 429, "from the same network"
    elsewhere = Desk(store_url, address="198.51.100.7")
    assert elsewhere.log_in(name).status_code == 429, "the same name"
    assert elsewhere.log_in(other).status_code == 303
    left_s = store._redis.ttl(login_key(f"name:{name}"))
    assert 0 < left_s <= LOGIN_TTL_S
    store._redis.delete(login_key(f"name:{name}"))
    assert elsewhere.log_in(name).status_code == 303


@pytest.mark.parametrize("token", ["", "made-up"])
def test_a_form_of_somebody_elses_page_is_refused(desk: Desk, people: People, token: str) -> None:
    """It cannot hold what our own forms hold."""
    fields = {"name": people[Role.VIEWER], "password": PASSWORD, "to": "/"}
    assert desk.post("/login", fields, token=token).status_code == 400
    desk.log_in(people[Role.VIEWER])
    assert desk.post("/logout", {}, token=token).status_code == 400
    assert desk.get("/").status_code == 200


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "x"])
def test_the_way_back_leads_nowhere_else(desk: Desk, people: People, to: str) -> None:
    assert desk.log_in(people[Role.VIEWER], to=to).location == "/"


def test_each_role_may_what_those_before_it_may() -> None:
    order = [Role.VIEWER, Role.SUPPORT, Role.OPERATOR, Role.ADMIN]
    assert [[one.may(other) for other in order] for one in order] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
