"""`GET /{room}/go`: where a shop's guard sends people."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from gates import Browser, LocalGate, RunningGate
from rooms import EARLY, FIFO, MINUTE_MS, Room, now_ms

from waitingroom.tokens import Handover

Rooms = Callable[..., Room]
SHOP = "http://gate.example:8080"
TO = f"?to={quote(SHOP + '/sale', safe='')}"


def go(shopper: Browser, **more: str) -> list[str]:
    """Come from the shop; the addresses on the way until it leaves the gate or stops at a page."""
    headers = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", **more}
    answer = shopper.ask("GET", f"/{shopper.room}/go{TO}", headers)
    way = [answer.header("location")]
    while way[-1].startswith(f"/{shopper.room}/go"):
        assert len(way) < 10, way
        answer = shopper.ask("GET", way[-1], headers)
        way.append(answer.header("location"))
    assert answer.status == 303
    assert answer.header("cache-control") == "no-store"
    return way


def page_of(shopper: Browser) -> str:
    """Where somebody is sent who has to wait."""
    return f"/{shopper.room}/en{TO}"


def test_where_nobody_waits_a_newcomer_goes_straight_back(
    gate: LocalGate, make_room: Rooms
) -> None:
    """By way of one redirect that shows that cookies come back; with a ticket and a pass."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(gate, room.name)
    way = go(shopper)
    assert way == [f"/{room.name}/go?again=1&to={TO[4:]}", f"{SHOP}/sale"]
    assert set(shopper.cookies) == {
        f"wr-{what}-{room.name}" for what in ("round", "ticket", "pass")
    }
    assert room.status().counters.entered == 1
    assert shopper.enter().status == 200  # the same lease
    assert room.status().counters.entered == 1


def test_a_browser_without_cookies_gets_the_page_and_no_place(
    gate: LocalGate, make_room: Rooms
) -> None:
    """It would come back without its pass, and take one place after another."""
    room = make_room(origins=(SHOP,))
    for _ in range(5):
        first = Browser(gate, room.name).go_to(f"/{room.name}/go{TO}")
        answer = Browser(gate, room.name).go_to(first.header("location"))
        assert answer.header("location") == f"/{room.name}/en{TO}"
        assert not answer.set_cookies
    assert room.status().tail == 0


def test_in_front_of_a_line_the_page_is_one_redirect_away(
    gate: LocalGate, make_room: Rooms
) -> None:
    """In the browser's language, and without the trip that shows cookies: a crowd makes it once."""
    room = make_room(origins=(SHOP,), rate_per_min=0)
    Browser(gate, room.name).join()
    Browser(gate, room.name).join()
    Browser(gate, room.name).join()
    gate.refresh()
    assert go(Browser(gate, room.name), **{"Accept-Language": "pl"}) == [f"/{room.name}/pl{TO}"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Mode": "same-origin"},
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Sec-Purpose": "prefetch;anonymous-client-ip"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
    ],
    ids=str,
)
def test_only_somebody_who_goes_there_is_handed_anything(
    gate: LocalGate, make_room: Rooms, headers: dict[str, str]
) -> None:
    """Images, scripts and browsers that look ahead are led to the page, and take no place."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(gate, room.name, {f"wr-round-{room.name}": "1"})
    held = Browser(gate, room.name)
    held.join()
    for one in (shopper, held):
        answer = one.ask("GET", f"/{room.name}/go{TO}", headers)
        assert answer.header("location") == page_of(one)
        assert not answer.set_cookies
    status = room.status()
    assert (status.tail, status.counters.entered) == (1, 0)
    answer = held.ask("GET", f"/{room.name}/wait", headers)
    assert (answer.status, answer.set_cookies) == (200, [])
    assert room.status().counters.entered == 0


def test_head_is_no_visit(gate: LocalGate, make_room: Rooms) -> None:
    """Link checkers and previews ask so."""
    room = make_room()
    held = Browser(gate, room.name, {f"wr-round-{room.name}": "1"})
    held.join()
    for verb in ("go", "wait"):
        assert not held.ask("HEAD", f"/{room.name}/{verb}").set_cookies
    assert room.status().counters.entered == 0


def test_an_old_browser_that_says_nothing_of_itself_is_taken_for_a_visit(
    gate: LocalGate, make_room: Rooms
) -> None:
    """No Sec-Fetch headers at all."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(gate, room.name, {f"wr-round-{room.name}": "1"})
    assert shopper.ask("GET", f"/{room.name}/go{TO}").header("location") == f"{SHOP}/sale"


def test_whoever_holds_a_ticket_that_was_called_goes_in_with_it(
    gate: LocalGate, make_room: Rooms
) -> None:
    """No second place, however often; who is inside is inside."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(gate, room.name)
    shopper.join()
    for _ in range(2):
        assert go(shopper) == [f"{SHOP}/sale"]
    status = room.status()
    assert (status.tail, status.counters.entered) == (1, 1)


def test_whoever_waits_is_led_to_their_place(gate: LocalGate, make_room: Rooms) -> None:
    """Their ticket is kept, also where a newcomer could enter at once."""
    room = make_room(origins=(SHOP,), rate_per_min=0)
    shopper = Browser(gate, room.name)
    shopper.join()
    gate.refresh()
    ticket = dict(shopper.cookies)
    assert go(shopper) == [page_of(shopper)]
    assert shopper.cookies[f"wr-ticket-{room.name}"] == ticket[f"wr-ticket-{room.name}"]
    assert room.status().tail == 1


def test_behind_a_line_a_newcomer_waits(gate: LocalGate, make_room: Rooms) -> None:
    """Express entry overtakes nobody."""
    room = make_room(origins=(SHOP,), burst=1, rate_per_min=1)
    for _ in range(2):
        Browser(gate, room.name).join()
    gate.refresh()
    shopper = Browser(gate, room.name)
    assert go(shopper)[-1] == page_of(shopper)
    assert room.status().tail == 2


def test_without_credit_or_room_a_newcomer_waits(gate: LocalGate, make_room: Rooms) -> None:
    """Also where this worker does not know it yet."""
    for knobs in ({"burst": 1, "rate_per_min": 1}, {"capacity": 1}):
        room = make_room(origins=(SHOP,), **knobs)
        first, second = Browser(gate, room.name), Browser(gate, room.name)
        assert go(first)[-1] == f"{SHOP}/sale"
        assert go(second)[-1] == page_of(second)
        status = room.status()
        assert (status.tail, status.counters.entered) == (1, 1)


def test_racers_for_the_last_place_enter_once(
    gate: LocalGate, other_gate: LocalGate, make_room: Rooms
) -> None:
    """The store decides; whoever does not get it takes no place in line either."""
    room = make_room(origins=(SHOP,), burst=1, rate_per_min=1)
    other_gate.ask("GET", f"/{room.name}/status.json")
    headers = {"Cookie": f"wr-round-{room.name}=1", "Sec-Fetch-Mode": "navigate"}
    path = f"/{room.name}/go{TO}"
    answers = gate.ask_all(
        *(worker.asking("GET", path, headers) for worker in (gate, other_gate) * 8)
    )
    into_the_shop = [one for one in answers if one.header("location").startswith(SHOP)]
    assert len(into_the_shop) == 1
    assert room.status().counters.entered == 1
    assert all(not one.set_cookies for one in answers if one is not into_the_shop[0])


@pytest.mark.parametrize("phase", ["early", "paused", "draining", "closed", "scheduled"])
def test_while_the_room_is_not_open_everybody_gets_the_page(
    gate: LocalGate, make_room: Rooms, phase: str
) -> None:
    """It says why; nothing is taken or handed out. Who is inside goes on."""
    room = make_room(origins=(SHOP,), **(EARLY if phase in ("early", "scheduled") else {}))
    inside = Browser(gate, room.name)
    if phase == "scheduled":
        room.set(early_at_ms=4_000_000_000_000)
    elif phase != "early":
        assert go(inside)[-1] == f"{SHOP}/sale"
        room.act({"paused": "pause", "draining": "drain", "closed": "close"}[phase])
    tail = room.status().tail
    for _ in ("as this worker knew it", "as it is"):
        shopper = Browser(gate, room.name)
        assert go(shopper)[-1] == page_of(shopper)
        assert room.status().tail == tail
        if tail:
            assert go(inside)[-1] == f"{SHOP}/sale"
        gate.refresh()


def test_after_a_few_rounds_between_shop_and_gate_it_stops(
    gate: LocalGate, make_room: Rooms
) -> None:
    """A shop that takes no pass (its clock is far off, say) would send them round for ever."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(gate, room.name)
    assert [go(shopper)[-1] for _ in range(3)] == [f"{SHOP}/sale"] * 3
    for _ in range(3):
        answer = shopper.go_to(f"/{room.name}/go{TO}")
        assert (answer.status, answer.set_cookies) == (409, [])
        assert b"The shop sent you back" in answer.body
        assert f'action="/{room.name}/pass"'.encode() in answer.body
        assert f'value="{SHOP}/sale"'.encode() in answer.body
    assert room.status().counters.entered == 1
    again = shopper.submit(f"/{room.name}/pass", to=f"{SHOP}/sale")
    assert (again.status, again.header("location")) == (303, f"{SHOP}/sale")


def test_whoever_waits_may_ask_as_often_as_they_like(gate: LocalGate, make_room: Rooms) -> None:
    """Only trips that ended in the shop are rounds; the place in line is shown each time."""
    room = make_room(origins=(SHOP,), rate_per_min=0)
    shopper = Browser(gate, room.name)
    shopper.join()
    gate.refresh()
    assert [go(shopper)[-1] for _ in range(6)] == [page_of(shopper)] * 6


def test_rounds_are_forgotten_after_a_minute(gate: LocalGate, make_room: Rooms) -> None:
    """The browser forgets them: who comes back later is not held up by it."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(gate, room.name)
    answer = shopper.go_to(f"/{room.name}/go{TO}")
    (line,) = answer.set_cookies
    assert f"Max-Age={MINUTE_MS // 1000};" in line


@pytest.mark.parametrize("count", ["", "x", "-1", "1.5", "²", "9999", "1e3", "None", "999", "00"])
def test_a_broken_count_of_rounds_is_like_none(
    gate: LocalGate, make_room: Rooms, count: str
) -> None:
    """Whatever somebody writes into that cookie; it holds up nobody but themselves."""
    room = make_room(origins=(SHOP,))
    shopper = Browser(gate, room.name, {f"wr-round-{room.name}": count})
    if shopper.go_to(f"/{room.name}/go{TO}").status != 409:
        assert go(shopper)[-1] == f"{SHOP}/sale"


def test_a_network_over_its_budget_gets_the_page(gate: LocalGate, make_room: Rooms) -> None:
    """Express entries count as joins."""
    room = make_room(origins=(SHOP,), join_limit=2)
    ends = [go(Browser(gate, room.name))[-1] for _ in range(3)]
    assert ends == [f"{SHOP}/sale", f"{SHOP}/sale", f"/{room.name}/en{TO}"]
    assert Browser(gate, room.name).join().error == "too_many"


def test_a_ticket_that_is_over_does_not_keep_anybody_out(gate: LocalGate, make_room: Rooms) -> None:
    """Bought, gone, and back for more: a new place, at once where nobody waits."""
    room = make_room(origins=(SHOP,), **FIFO)
    shopper = Browser(gate, room.name)
    assert go(shopper)[-1] == f"{SHOP}/sale"
    room.store.release(room.name, ["1-1"])
    assert go(shopper)[-1] == f"{SHOP}/sale"
    status = room.status()
    assert (status.tail, status.counters.entered) == (2, 2)


def test_the_running_gate_does_the_same(running_gate: RunningGate, make_room: Rooms) -> None:
    """Over real sockets, with two workers."""
    room = make_room(origins=("https://shop.example",))
    shopper = Browser(running_gate, room.name)
    answer = shopper.go_to(f"/{room.name}/go?to=%2Fsale")
    assert answer.header("location") == f"/{room.name}/go?again=1&to=%2Fsale"
    answer = shopper.follow(answer)
    assert answer.header("location").startswith("https://shop.example/sale?wr_handover=h1.")
    assert len(answer.set_cookies) == 3


@pytest.mark.parametrize(
    ("back", "to"),
    [
        ("/item?id=1&again=1&to=%2Fx", "/item?id=1&again=1&to=%2Fx"),
        ("/a%20b%26c?q=%3D#x", "/a%20b%26c?q=%3D#x"),
        ("//evil.example/x", "/evil.example/x"),
        ("https://evil.example/x", "/https://evil.example/x"),
        ("", "/"),
        ("/x?" + "&".join("abcdefghijklmnopqrstuvwxyz"), None),
        ("/x?" + "y" * 3000, "/x"),
        ("/" + "y" * 3000, ""),
        ("/a\\b", ""),
        ("/a?b\\c", "/a"),
    ],
)
def test_a_proxy_gives_the_way_back_as_it_stands(
    gate: LocalGate, make_room: Rooms, back: str, to: str | None
) -> None:
    """nginx cannot encode: what follows ``back=`` is a path of the shop, to the query's end."""
    room = make_room(rate_per_min=0)
    shopper = Browser(gate, room.name)
    shopper.join()
    answer = shopper.go_to(f"/{room.name}/go?back={back}")
    wanted = back if to is None else to
    query = f"?to={quote(wanted, safe='')}" if wanted else ""
    assert answer.header("location") == f"/{room.name}/en{query}"
    first = Browser(gate, room.name).go_to(f"/{room.name}/go?back={back}")
    assert first.header("location").startswith(f"/{room.name}/go?again=1")


def way_with_handover(
    gate: LocalGate, room: Room, at_ms: int, nonce: int, **changes: object
) -> str:
    """Where a proxy sends whoever opens an address with a handover."""
    value = Handover(
        *(room.name, 1, "1-7", f"{nonce:016x}", at_ms, at_ms + 30_000),
        *(at_ms + 900_000, at_ms + 3_600_000),
    )
    token = gate.keyring.room_keys(room.name).sign_handover(replace(value, **changes))
    return f"/{room.name}/go?back=/x?wr_handover={token}"


def test_a_handover_is_swapped_only_where_our_cookie_reaches(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Elsewhere the shop's guard does it; in time, once, and of this room and epoch."""
    here, there = make_room(origins=(SHOP,)), make_room(origins=("https://shop.example",))
    start_ms = now_ms()
    gate.clock_ms = start_ms

    def handed(room: Room, nonce: int, **changes: object) -> bool:
        shopper = Browser(gate, room.name)
        answer = shopper.go_to(way_with_handover(gate, room, start_ms, nonce, **changes))
        assert "wr_handover" not in answer.header("location")
        return f"wr-pass-{room.name}" in shopper.cookies

    assert handed(here, 1)
    assert not handed(here, 1)
    assert not handed(there, 2)
    assert not handed(here, 3, epoch=2)
    assert not handed(here, 4, lease="s-0123456789abcdef", epoch=2)
    assert handed(here, 5, lease="s-0123456789abcdef")
    gate.clock_ms += 30_000
    assert not handed(here, 6)


def test_a_pass_that_counts_is_not_replaced_by_a_link(gate: LocalGate, make_room: Rooms) -> None:
    """Nobody can be handed another's place, which its owner would then release; staff's is taken,
    and after a checkout any."""
    room = make_room(origins=(SHOP,))
    now = now_ms()
    shopper, name = Browser(gate, room.name), f"wr-pass-{room.name}"
    shopper.join()
    shopper.enter()
    own = shopper.cookies[name]
    answer = shopper.go_to(way_with_handover(gate, room, now, 1))
    assert (answer.header("location"), shopper.cookies[name]) == (f"{SHOP}/x", own)
    shopper.go_to(way_with_handover(gate, room, now, 2, lease="s-0123456789abcdef"))
    assert ".s-0123456789abcdef." in shopper.cookies[name]
    shopper.cookies[name] = own
    assert room.store.release(room.name, ["1-1"]).states[0].code == "released"
    shopper.go_to(way_with_handover(gate, room, now, 1))
    assert ".1-7." in shopper.cookies[name]
