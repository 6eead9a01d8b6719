"""The page about cookies and privacy says what the code does, in every language."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from gates import Answer, LocalGate
from rooms import Room
from scripts import script
from test_pages import ROOM, Tags

from waitingroom.gate import privacy
from waitingroom.gate.catalog import Catalog
from waitingroom.gate.languages import LANGUAGES, translations
from waitingroom.gate.pages import Pages
from waitingroom.gate.privacy import kept
from waitingroom.store.keys import ENDS_KEPT, NETWORK_TTL_MS, RoomKeys

GATE = Path(privacy.__file__).parent
Rooms = Callable[..., Room]
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


def page_of(lang: str = "en", *, secure: bool = False) -> str:
    return Tags(Pages().privacy(ROOM, lang, kept(ROOM, secure=secure))).text


def lifetimes(answer: Answer) -> dict[str, int]:
    """Cookies of an answer and how many seconds they live."""
    set_ = [value for name, value in answer.headers if name == "set-cookie"]
    found = (re.match(r"([^=]+)=.*; Max-Age=(\d+)", one) for one in set_)
    return {one[1]: int(one[2]) for one in found if one}


def test_every_cookie_that_the_gate_sets_is_listed_with_its_lifetime(
    gate: LocalGate, make_room: Rooms
) -> None:
    """As they come over the wire: joining, going round by the shop, and being let in."""
    room = make_room(rate_per_min=6000, burst=9, session_ms=600_000)
    joined = gate.ask("POST", f"/{room.name}/ticket", FORM, b"")
    went = gate.ask("GET", f"/{room.name}/go?to=/", {"Accept": "text/html"})
    cookie = {"Cookie": f"wr-round-{room.name}=1"}
    let_in = gate.ask("GET", f"/{room.name}/go?to=/", {"Accept": "text/html", **cookie})
    seen = lifetimes(joined) | lifetimes(went) | lifetimes(let_in)
    assert {name.split("-")[1] for name in seen} == {"ticket", "round", "pass"}
    answer = gate.ask("GET", f"/{room.name}/en/privacy")
    text = Tags(answer.body).text
    for name, seconds in seen.items():
        assert re.search(rf"Cookie {name}\b", text)
        # A pass's cookie is counted from its entry, a moment ago.
        about = -(-seconds // 60) * 60
        assert Catalog("en").span(about, about) in text, (name, seconds)


def test_every_cookie_that_the_code_names_is_listed() -> None:
    """Also one that is set on a busy day only."""
    code = "".join(path.read_text("utf-8") for path in GATE.glob("*.py"))
    kinds = set(re.findall(r"cookie_name\(\"(\w+)\"", code))
    assert kinds == {"ticket", "pass", "round", "turn"}
    assert kinds <= {one.kind for one in kept(ROOM, secure=False)}
    assert all(f"Cookie wr-{kind}-demo" in page_of() for kind in kinds)


def test_whatever_the_script_keeps_is_listed() -> None:
    """Its own cookie, and each name in the browser's storage."""
    text, source = page_of(), script("page") + script("later")
    (named,) = re.findall(r"const name = `(wr-[^`]*)`", source)
    source = source.replace(", name)", f", `{named}`)")
    stored = re.findall(r"memory\('(\w+)', [`'](wr-[^`']*)[`']\)", source)
    assert stored
    for area, name in stored:
        assert f"{area} {name.replace('${room}', 'demo')}" in text
    assert len(stored) == source.count("= memory(")
    cookies = re.findall(r"doc\.cookie = [`'](wr-\w+)", source)
    assert cookies == ["wr-try"]
    assert "Cookie wr-try" in text


def test_a_networks_hash_is_kept_as_long_as_the_page_says() -> None:
    """The store's own time to live."""
    (network,) = (one for one in kept(ROOM, secure=False) if one.kind == "network")
    assert network.seconds * 1000 == NETWORK_TTL_MS
    span = Catalog("en").span(network.seconds, network.seconds)
    assert f"limits how many places one network can take. Kept for {span} at most." in page_of()


def test_since_when_somebody_is_in_the_shop_is_kept_as_long_as_that(
    gate: LocalGate, make_room: Rooms, store_url: str
) -> None:
    """In the store: written on the way in, gone with the place in the shop; and of the last so many
    that have gone, when that was."""
    room, store = make_room(rate_per_min=6000, burst=9), redis.Redis.from_url(store_url)
    keys = RoomKeys.of(room.name)
    joined = gate.ask("POST", f"/{room.name}/ticket", {"Wr-Client": "native"}).json
    bearer = {"Wr-Client": "native", "Authorization": f"Bearer {joined['ticket']}"}
    assert gate.ask("POST", f"/{room.name}/pass", bearer).status == 200
    assert (store.hlen(keys.entered), store.zcard(keys.leases)) == (1, 1)
    room.store.release(room.name, ["1-1"])
    assert (store.hlen(keys.entered), store.zcard(keys.leases)) == (0, 0)
    assert store.zcard(keys.ended) == 1 <= ENDS_KEPT
    store.close()
    told = "While you are in the shop, and for a while after, also since when, and until when;"
    assert told in page_of()


def test_behind_tls_the_names_are_those_that_browsers_show() -> None:
    """With their prefix; and a pass for as long as this room's passes last."""
    assert "Cookie __Host-wr-ticket-demo" in page_of(secure=True)
    day = replace(ROOM, session_max_ms=86_400_000)
    assert [one.seconds for one in kept(day, secure=True) if one.kind == "pass"] == [86_400]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_leads_to_it_in_its_own_language(
    gate: LocalGate, make_room: Rooms, lang: str
) -> None:
    """The page, and itself; any cache may hold it."""
    room = make_room()
    for path in (f"/{room.name}/{lang}", f"/{room.name}/{lang}/privacy"):
        links = Tags(gate.ask("GET", path).body).of("a")
        assert f"/{room.name}/{lang}/privacy" in [link.get("href") for link in links]
    answer = gate.ask("GET", f"/{room.name}/{lang}/privacy")
    assert answer.header("cache-control") == "public, max-age=0, s-maxage=5"
    assert "default-src 'none'" in answer.header("content-security-policy")
    page = Tags(answer.body)
    assert page.of("html")[0]["lang"] == lang
    assert translations(lang).gettext("In your browser") in page.text
    assert not re.search(r"\{\w+\}", page.text)
    assert gate.ask("POST", f"/{room.name}/{lang}/privacy", FORM, b"").status == 405
    assert gate.ask("GET", f"/{room.name}/{lang}/other").status == 404
