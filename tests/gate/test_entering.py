"""`POST /{room}/pass`: a called ticket for a pass, once."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from gates import KEYS, Answer, Browser, LocalGate, Native, RunningGate
from rooms import EARLY, MINUTE_MS, Room, now_ms
from werkzeug.http import parse_options_header

from waitingroom.gate.entrance import REFUSALS
from waitingroom.outcomes import EntryCode
from waitingroom.tokens import Keyring, Ticket

Rooms = Callable[..., Room]


def lease_of(answer: Answer) -> str:
    """The lease that a pass opens."""
    (value,) = (value for name, value in answer.cookies.items() if "wr-pass-" in name)
    return value.split(".")[3]


def joined(gate: LocalGate, room: Room, count: int) -> list[Browser]:
    """So many shoppers with a ticket each, in order."""
    shoppers = [Browser(gate, room.name) for _ in range(count)]
    for shopper in shoppers:
        assert shopper.join().status == 201
    gate.refresh()
    return shoppers


def refused(answer: Answer, status: int, code: str) -> Answer:
    """A refusal, which hands nothing out and is kept by no cache."""
    assert (answer.status, answer.error) == (status, code)
    assert not answer.set_cookies
    assert answer.header("cache-control") == "no-store"
    waiting = answer.json.get("retry_after_ms")
    assert answer.header("retry-after") == (str(-(-waiting // 1000)) if waiting else "")
    return answer


def test_a_called_shopper_is_in(running_gate: RunningGate, make_room: Rooms) -> None:
    """200, where to go, until when, and the pass as a cookie."""
    room = make_room(session_ms=5 * MINUTE_MS, origins=("https://shop.example",))
    shopper = Browser(running_gate, room.name)
    shopper.join()
    before_ms = now_ms()
    answer = shopper.enter("/sale?item=1#top")
    assert answer.status == 200
    assert set(answer.json) == {"expires_at_ms", "redirect"}
    assert before_ms <= answer.json["expires_at_ms"] - 5 * MINUTE_MS <= now_ms()
    assert answer.json["redirect"].startswith("https://shop.example/sale?item=1&wr_handover=h1.")
    assert answer.json["redirect"].endswith("#top")
    assert lease_of(answer) == "1-1"
    assert room.status().counters.entered == 1


def test_asked_again_the_same_lease_is_told_again(gate: LocalGate, make_room: Rooms) -> None:
    """However often; it is not longer for it, and counts as one entry."""
    room = make_room()
    (shopper,) = joined(gate, room, 1)
    first = shopper.enter()
    for _ in range(3):
        again = shopper.enter()
        assert (again.status, again.json) == (200, first.json)
        assert lease_of(again) == lease_of(first)
    status = room.status()
    assert (status.counters.entered, status.leases) == (1, 1)


def test_told_again_late_in_the_session_the_pass_still_slides_by_a_whole_one(
    gate: LocalGate, make_room: Rooms
) -> None:
    """The guard renews for as long as the pass was made for, which is not what is left of it."""
    room = make_room(session_ms=15 * MINUTE_MS, origins=("https://shop.example",))
    (shopper,) = joined(gate, room, 1)
    entered_ms = now_ms() - 10 * MINUTE_MS
    assert room.store.enter(room.name, 1, 1, 1, now_ms=entered_ms).is_in
    asked_ms = now_ms()
    answer = shopper.enter()
    at_ms = now_ms()
    keys = gate.keyring.room_keys(room.name)
    found = keys.read_pass(shopper.cookies[f"wr-pass-{room.name}"], now_ms=at_ms)
    assert found.expires_at_ms - found.issued_at_ms == 15 * MINUTE_MS
    assert found.expires_at_ms == entered_ms + 15 * MINUTE_MS
    later = found.slid(at_ms)
    assert later is not None and later.expires_at_ms == at_ms + 15 * MINUTE_MS
    kept_s = int(parse_options_header(answer.set_cookies[0])[1]["max-age"])
    left_s = [(found.ends_at_ms - then_ms) // 1000 for then_ms in (at_ms, asked_ms)]
    assert left_s[0] <= kept_s <= left_s[1] + 1
    (token,) = parse_qs(urlsplit(answer.json["redirect"]).query)["wr_handover"]
    handover = keys.read_handover(token, now_ms=at_ms)
    assert handover.carried == found
    assert asked_ms <= handover.expires_at_ms - 30_000 <= at_ms


def test_two_racers_with_one_ticket_get_one_lease(
    gate: LocalGate, other_gate: LocalGate, make_room: Rooms
) -> None:
    """Two tabs, two workers: both are in, as one."""
    room = make_room()
    (shopper,) = joined(gate, room, 1)
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in shopper.cookies.items())}
    other_gate.ask("GET", f"/{room.name}/status.json")
    answers = gate.ask_all(
        *(worker.asking("POST", f"/{room.name}/pass", cookie) for worker in (gate, other_gate))
    )
    assert [answer.status for answer in answers] == [200, 200]
    assert {lease_of(answer) for answer in answers} == {"1-1"}
    assert answers[0].json == answers[1].json
    assert room.status().counters.entered == 1


def test_of_sixteen_racers_for_the_last_credit_one_gets_it(
    gate: LocalGate, other_gate: LocalGate, make_room: Rooms
) -> None:
    """The others stand at the door, each with an appointment."""
    room = make_room(burst=16, rate_per_min=1, call_timeout_ms=1_000)
    slow = joined(gate, room, 16)
    room.wind_on(4_000)
    for quick in joined(gate, room, 15):
        assert quick.enter().status == 200
    other_gate.refresh()
    cookies = [{"Cookie": "; ".join(f"{n}={v}" for n, v in one.cookies.items())} for one in slow]
    path = f"/{room.name}/pass"
    answers = gate.ask_all(
        *(
            (gate if n % 2 else other_gate).asking("POST", path, cookie)
            for n, cookie in enumerate(cookies)
        )
    )
    entered = [answer for answer in answers if answer.status == 200]
    stand = [refused(answer, 409, "door") for answer in answers if answer.status != 200]
    assert (len(entered), len(stand)) == (1, 15)
    assert room.status().counters.entered == 16
    appointments = [answer.json["retry_after_ms"] for answer in stand]
    assert all(0 < at_ms <= 16 * MINUTE_MS for at_ms in appointments)


def test_before_its_turn_a_ticket_is_told_how_many_are_ahead(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Near ones by the store, far ones by this worker alone: the same answer, as old as its look at
    the room (ten seconds are between two calls)."""
    room = make_room(burst=1, rate_per_min=6)
    shoppers = joined(gate, room, 40)
    seen = gate.app.gate.rooms.room(room.name).snapshot.serving
    for place in (seen + 2, 40):
        answer = refused(shoppers[place - 1].enter(), 409, "not_called")
        assert place - room.status().serving - 1 <= answer.json["ahead"] <= place - seen - 1
        assert 2_000 <= answer.json["retry_after_ms"] <= 30_000


def test_before_the_draw_nobody_is_called(gate: LocalGate, make_room: Rooms) -> None:
    """There is no number yet, and so nobody ahead."""
    room = make_room(opens_at_ms=now_ms() + MINUTE_MS)
    (shopper,) = joined(gate, room, 1)
    answer = refused(shopper.enter(), 409, "not_called")
    assert answer.json["ahead"] == 0
    assert 5_000 < answer.json["retry_after_ms"] <= 6_000


def test_a_held_room_calls_nobody(gate: LocalGate, make_room: Rooms) -> None:
    """Rate 0."""
    room = make_room(rate_per_min=0)
    (shopper,) = joined(gate, room, 1)
    assert refused(shopper.enter(), 409, "not_called").json["ahead"] == 0


def test_a_full_shop_says_so_and_when_to_knock_again(gate: LocalGate, make_room: Rooms) -> None:
    """The place at the door is kept; when somebody leaves the shop, it opens."""
    room = make_room(capacity=2)
    first, second = joined(gate, room, 2)
    assert first.enter().status == 200
    room.set(capacity=1)
    answer = refused(second.enter(), 409, "full")
    assert answer.json["retry_after_ms"] >= 2_000
    room.store.release(room.name, ["1-1"])
    assert second.enter().status == 200


@pytest.mark.parametrize(
    ("act", "status", "code"),
    [("pause", 409, "paused"), ("drain", 409, "paused"), ("close", 410, "closed")],
)
def test_a_room_that_lets_nobody_in_says_why(
    gate: LocalGate, make_room: Rooms, act: str, status: int, code: str
) -> None:
    """Paused and draining keep the place; closed is the end. Who is inside is inside."""
    room = make_room()
    inside, outside = joined(gate, room, 2)
    assert inside.enter().status == 200
    room.act(act)
    for _ in ("as this worker knew it", "as it is"):
        refused(outside.enter(), status, code)
        assert inside.enter().status == 200
        gate.refresh()


@pytest.mark.parametrize("early", [False, True])
def test_who_was_never_called_hears_of_the_end_too(
    gate: LocalGate, make_room: Rooms, early: bool
) -> None:
    """An app that only knocks would wait for ever otherwise."""
    room = make_room(**(EARLY if early else {"rate_per_min": 0}))
    (waiting,) = joined(gate, room, 1)
    refused(waiting.enter(), 409, "not_called")
    room.act("close")
    gate.refresh()
    refused(waiting.enter(), 410, "closed")


def test_a_place_whose_claim_grace_is_over_is_lapsed(gate: LocalGate, make_room: Rooms) -> None:
    """Within it, somebody late may still come."""
    room = make_room(call_timeout_ms=1_000, claim_grace_ms=10_000)
    late, later = joined(gate, room, 2)
    room.wind_on(4_000)
    assert late.enter().status == 200
    room.wind_on(12_000)
    refused(later.enter(), 410, "lapsed")


def test_a_ticket_whose_holder_has_gone_from_the_shop_is_spent(
    gate: LocalGate, make_room: Rooms
) -> None:
    """At checkout, or by the session's end."""
    room = make_room(session_ms=MINUTE_MS)
    bought, went = joined(gate, room, 2)
    assert [bought.enter().status, went.enter().status] == [200, 200]
    room.store.release(room.name, ["1-1"])
    refused(bought.enter(), 410, "spent")
    room.jump_on(2 * MINUTE_MS)
    refused(went.enter(), 410, "spent")


def test_a_place_that_was_given_up_is_left(gate: LocalGate, make_room: Rooms) -> None:
    """Also when it had been called."""
    room = make_room()
    (shopper,) = joined(gate, room, 1)
    shopper.leave()
    refused(shopper.enter(), 410, "left")


def test_a_ticket_of_an_earlier_running_is_of_an_old_epoch(
    gate: LocalGate, make_room: Rooms
) -> None:
    """As soon as the room was reset, whatever this worker knows yet."""
    room = make_room()
    (shopper,) = joined(gate, room, 1)
    room.reset()
    refused(shopper.enter(), 410, "old_epoch")
    gate.refresh()
    refused(shopper.enter(), 410, "old_epoch")


def test_without_a_good_ticket_there_is_no_way_in(gate: LocalGate, make_room: Rooms) -> None:
    """401, and the page joins."""
    refused(Browser(gate, make_room().name).enter(), 401, "bad_ticket")


def test_a_native_client_gets_its_pass_in_the_json_and_no_cookie(
    gate: LocalGate, make_room: Rooms
) -> None:
    """It holds the pass, so it needs no handover either."""
    room = make_room(origins=("https://shop.example",))
    app = Native(gate, room.name)
    app.join()
    answer = app.enter("/sale")
    assert (answer.status, answer.set_cookies) == (200, [])
    assert answer.json["redirect"] == "https://shop.example/sale"
    found = gate.keyring.room_keys(room.name).read_pass(answer.json["pass"], now_ms=now_ms())
    assert (found.lease, found.epoch) == ("1-1", 1)
    assert found.expires_at_ms == answer.json["expires_at_ms"]


def test_a_browser_gets_no_pass_in_the_json(gate: LocalGate, make_room: Rooms) -> None:
    """Where the shop is on the same host there is no handover either."""
    room = make_room(origins=("http://gate.example:8080",))
    (shopper,) = joined(gate, room, 1)
    answer = shopper.enter()
    assert answer.json["redirect"] == "http://gate.example:8080/"
    assert b"p1." not in answer.body
    assert all("HttpOnly" in line for line in answer.set_cookies)


def test_the_pass_ends_for_good_after_four_sessions(gate: LocalGate, make_room: Rooms) -> None:
    """The absolute end goes with the pass, and the browser keeps the cookie until then."""
    room = make_room(session_ms=MINUTE_MS)
    (shopper,) = joined(gate, room, 1)
    answer = shopper.enter()
    raw = answer.cookies[f"wr-pass-{room.name}"]
    found = gate.keyring.room_keys(room.name).read_pass(raw, now_ms=now_ms())
    assert found.expires_at_ms - found.issued_at_ms == MINUTE_MS
    assert found.ends_at_ms - found.issued_at_ms == 4 * MINUTE_MS
    assert "Max-Age=240;" in answer.set_cookies[0]


def test_a_form_is_sent_on_into_the_shop(gate: LocalGate, make_room: Rooms) -> None:
    """303 with the pass; to the place in line where it is not yet time."""
    room = make_room(burst=1, rate_per_min=1, origins=("http://gate.example:8080",))
    first, second = joined(gate, room, 2)
    path = f"/{room.name}/pass"
    answer = first.submit(path, to="/sale")
    assert (answer.status, answer.header("location")) == (303, "http://gate.example:8080/sale")
    assert lease_of(answer) == "1-1"
    answer = second.submit(path, to="/sale")
    assert (answer.status, answer.header("location")) == (303, f"/{room.name}/wait?to=%2Fsale")
    assert not answer.set_cookies


def test_a_form_without_a_ticket_is_told_that_cookies_are_blocked(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Our forms knock only for who was given one; a page, and a button to join again with."""
    room = make_room(origins=("http://gate.example:8080",))
    answer = Browser(gate, room.name).submit(f"/{room.name}/pass", to="/sale")
    assert answer.status == 401
    assert b"Cookies are blocked" in answer.body
    assert f'action="/{room.name}/ticket"'.encode() in answer.body
    assert b'value="/sale"' in answer.body
    assert room.status().tail == 0


def test_a_bad_address_is_refused_before_the_turn_is_used(
    gate: LocalGate, make_room: Rooms
) -> None:
    """400, and the shopper is still in line."""
    room = make_room(origins=("https://shop.example",))
    (shopper,) = joined(gate, room, 1)
    refused(shopper.enter("https://evil.example/"), 400, "bad_target")
    assert room.status().counters.entered == 0
    assert shopper.enter("/").status == 200


def test_a_knock_with_a_ticket_above_what_the_store_knows_raises_its_tail(
    gate: LocalGate, make_room: Rooms
) -> None:
    """However far from being called it is, the store must hear of it."""
    room = make_room(**EARLY)
    joined(gate, room, 1)
    app = Native(gate, room.name)
    app.ticket = gate.keyring.sign_ticket(Ticket(room.name, 1, 500, now_ms()))
    refused(app.enter(), 409, "not_called")
    room.open()
    gate.refresh()
    app.ticket = gate.keyring.sign_ticket(Ticket(room.name, 1, 900, now_ms()))
    refused(app.enter(), 409, "not_called")
    assert room.status().tail == 900


def test_the_page_without_a_script_raises_the_tail_too(gate: LocalGate, make_room: Rooms) -> None:
    """Whoever never posts anything keeps the place all the same."""
    room = make_room(rate_per_min=0)
    joined(gate, room, 1)
    ticket = gate.keyring.sign_ticket(Ticket(room.name, 1, 100, now_ms()))
    shopper = Browser(gate, room.name, {f"wr-ticket-{room.name}": ticket})
    assert shopper.go_to(f"/{room.name}/wait").status == 200
    assert Browser(gate, room.name).join().json["arrival"] == 101


def test_a_ticket_of_the_older_key_still_enters_and_is_signed_anew(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Keys are turned while people wait: the older one reads, the newest signs."""
    room = make_room()
    (shopper,) = joined(gate, room, 1)
    name = f"wr-ticket-{room.name}"
    place = gate.keyring.read_ticket(shopper.cookies[name], room=room.name, now_ms=now_ms())
    signed_anew = shopper.cookies[name]
    shopper.cookies[name] = Keyring(KEYS[:1]).sign_ticket(place)
    assert shopper.join().cookies[name] == signed_anew
    shopper.cookies[name] = Keyring(KEYS[:1]).sign_ticket(place)
    assert shopper.enter().status == 200


def test_every_outcome_of_a_knock_has_an_answer() -> None:
    """The table from the store's words to the wire's has no gap."""
    granted = {EntryCode.ENTERED, EntryCode.AGAIN, EntryCode.EXTENDED}
    assert set(REFUSALS) == set(EntryCode) - granted
