"""Logging in to the console: who gets in, for how long, and who does not."""

import re
from ipaddress import ip_network

import pytest
from desks import HASH, PASSWORD, Desk

from waitingroom.console.access import IDLE_S, LONGEST_S, MOST_FAILURES, MOST_FOR_A_NAME
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.keys import LOGIN_TTL_S, login_key

pytestmark = pytest.mark.usefixtures("no_counts")
People = dict[Role, str]
BY_THEMSELVES = ("/live.json", "/rooms/none/live.json", "/rooms/none/hour/line.svg")
"""What pages ask without their reader."""


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
    desk.client.set_cookie(
        "wr-console", value[:-9] + ("A" if value[-9] != "A" else "B") + value[-8:]
    )
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
    for path in BY_THEMSELVES:
        assert desk.client.get(path).status_code in (200, 404), "no room is there, and that is told"
    desk.clock_ms += 2_000
    assert desk.get("/").status_code == 303
    desk.log_in(people[Role.VIEWER])
    for _ in range(LONGEST_S // (IDLE_S - 10) - 1):
        desk.clock_ms += (IDLE_S - 10) * 1000
        assert desk.get("/").status_code == 200
    desk.clock_ms += (IDLE_S - 10) * 2_000
    assert desk.get("/").status_code == 303


def test_a_copy_of_a_session_ends_with_its_log_out(
    desk: Desk, people: People, store_url: str
) -> None:
    """Whoever took it; another session of the same operator goes on."""
    name = people[Role.VIEWER]
    thief, second = Desk(store_url), Desk(store_url)
    assert (desk.log_in(name).status_code, second.log_in(name).status_code) == (303, 303)
    thief.client.set_cookie("wr-console", desk.client.get_cookie("wr-console").value)
    assert thief.get("/").status_code == 200
    desk.post("/logout", {})
    assert thief.get("/").status_code == 303
    assert second.get("/").status_code == 200


def test_who_comes_by_a_link_of_another_site_is_asked_once_more(desk: Desk) -> None:
    """By a page of ours, and then for a password, where there is no session at all."""
    answer = desk.get("/rooms/x?a=%22b", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0; url=/rooms/x?a=%22b"' in answer.text
    assert "Set-Cookie" not in answer.headers
    again = desk.get("/rooms/x?a=%22b", **{"Sec-Fetch-Site": "same-origin"})
    assert again.status_code == 303


def test_a_session_of_an_earlier_version_ends(desk: Desk, people: People) -> None:
    """It had no name of its own."""
    desk.log_in(people[Role.VIEWER])
    with desk.client.session_transaction() as session:
        del session["id"]
    assert desk.get("/").status_code == 303


def test_a_log_in_page_that_stood_open_too_long_says_so_and_works(
    desk: Desk, people: People, store_url: str
) -> None:
    """Its own cookie has ended; the name is kept, and the new page is good."""
    late = Desk(store_url)
    fields = {"name": people[Role.VIEWER], "password": PASSWORD, "to": "/rooms/x"}
    answer = late.post("/login", fields, token="of yesterday")
    assert answer.status_code == 400
    assert "This page was too old, or did not come from http://127.0.0.1:8001" in answer.text
    assert f'value="{people[Role.VIEWER]}"' in answer.text
    found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert late.post("/login", fields, token=found[1]).location == "/rooms/x"


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


def test_guessing_is_throttled_by_network(desk: Desk, people: People, store_url: str) -> None:
    """Then not even the right password opens; from elsewhere it does, also of the same name."""
    name, other = people[Role.VIEWER], people[Role.ADMIN]
    for _ in range(MOST_FAILURES):
        assert desk.log_in(name, "guessed guessed").status_code == 401
    assert desk.log_in(name).status_code == 429
    assert desk.log_in(other).headers["Retry-After"] == str(LOGIN_TTL_S)
    assert Desk(store_url, address="198.51.100.7").log_in(name).status_code == 303


def test_guessing_from_many_networks_is_throttled_by_name(
    desk: Desk, people: People, store: Store
) -> None:
    """For a quarter of an hour, or until somebody gives the name a new password."""
    name = people[Role.VIEWER]
    for _ in range(MOST_FOR_A_NAME):
        store.accounts.failed(f"name:{name}")
    assert desk.log_in(name).status_code == 429
    assert desk.log_in(people[Role.ADMIN]).status_code == 303
    assert 0 < store._redis.ttl(login_key(f"name:{name}")) <= LOGIN_TTL_S
    store.accounts.change(name, password=HASH, actor="test")
    assert desk.log_in(name).status_code == 303


def test_what_is_typed_as_a_name_is_kept_only_where_it_is_one(
    desk: Desk, people: People, store: Store
) -> None:
    """People type their password there; it is counted as ever, and stands nowhere."""
    name, typed = people[Role.VIEWER], "My Secret Passw0rd!"
    for _ in range(2):
        assert desk.log_in(typed).status_code == 401
        assert desk.log_in(name, "guessed guessed").status_code == 401
    kept = {key.decode(): store._redis.get(key) for key in store._redis.keys(login_key("*"))}
    assert kept.pop(login_key(f"name:{name}")) == b"2"
    assert [count for key, count in kept.items() if key.startswith(login_key("nobody:"))] == [b"2"]
    assert not any("Passw0rd" in key or typed.lower() in key.lower() for key in kept)


def test_networks_are_told_apart_behind_our_proxy_only(store_url: str, people: People) -> None:
    """What anybody else says of its address is not believed; the store holds none in the open."""
    name, inside = people[Role.VIEWER], (ip_network("192.0.2.0/24"),)
    proxied = Desk(store_url, proxies=inside)
    headers = {"X-Forwarded-For": "2001:db8::1"}
    for _ in range(MOST_FAILURES):
        assert proxied.log_in(name, "guessed guessed", **headers).status_code == 401
    assert proxied.log_in(name, **headers).status_code == 429
    near = {"X-Forwarded-For": "2001:db8::ffff"}
    assert proxied.log_in(name, **near).status_code == 429, "of the same /64"
    assert proxied.log_in(name, **{"X-Forwarded-For": "2001:db8:0:1::1"}).status_code == 303
    liar = Desk(store_url, address="198.51.100.7")
    assert liar.log_in(name, **headers).status_code == 303


@pytest.mark.parametrize("token", ["", "made-up"])
def test_a_form_of_somebody_elses_page_is_refused(
    desk: Desk, people: People, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It cannot hold what our own forms hold. The log tells whose session it came with."""
    fields = {"name": people[Role.VIEWER], "password": PASSWORD, "to": "/"}
    assert desk.post("/login", fields, token=token).status_code == 400
    desk.log_in(people[Role.VIEWER])
    with caplog.at_level("WARNING", "waitingroom.console"):
        assert desk.post("/logout", {}, token=token).status_code == 400
    assert f"refused (400) '/logout' to {people[Role.VIEWER]}" in caplog.text
    assert desk.get("/").status_code == 200


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "x"])
def test_the_way_back_leads_nowhere_else(desk: Desk, people: People, to: str) -> None:
    assert desk.log_in(people[Role.VIEWER], to=to).location == "/"


@pytest.mark.parametrize("path", ["/rooms//x", "/rooms/x//edit", "/rooms/x/preview"])
def test_a_host_that_the_request_names_is_sent_nobody_to(desk: Desk, path: str) -> None:
    answer = desk.client.get(path, base_url="http://evil.example")
    assert answer.status_code == 308
    assert answer.headers["Location"].startswith("/rooms/x")


def test_each_role_may_what_those_before_it_may() -> None:
    order = [Role.VIEWER, Role.SUPPORT, Role.OPERATOR, Role.ADMIN]
    assert [[one.may(other) for other in order] for one in order] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
