"""`POST /{room}/ticket`: a place for everybody, once."""

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from gates import FORM, KEYS, Answer, Browser, LocalGate, Native, RunningGate
from rooms import EARLY, FIFO, MINUTE_MS, Room, now_ms

from waitingroom.clients import network_of
from waitingroom.codes import Codes
from waitingroom.draw import number_of
from waitingroom.tokens import Ticket

Rooms = Callable[..., Room]
TRIES = 3
AHEAD_MS = 2_000


def arrivals(answers: list[Answer]) -> list[int]:
    """The places that were given, in order."""
    return sorted(answer.json["arrival"] for answer in answers)


def test_a_first_join_is_201_with_everything_that_the_page_needs(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """The fields are those of the protocol, and the ticket is in the cookie alone."""
    room = make_room()
    before_ms = now_ms()
    answer = Browser(running_gate, room.name).join()
    assert answer.status == 201
    issued_at_ms = answer.json.pop("issued_at_ms")
    assert before_ms <= issued_at_ms <= now_ms()
    assert answer.json == {
        "room": room.name,
        "epoch": 1,
        "arrival": 1,
        "number": 1,
        "early": False,
        "phase": "open",
        "issued_at_ms": issued_at_ms,
        "code": Codes(KEYS).of(room.name, 1, 1),
    }
    assert list(answer.cookies) == [f"wr-ticket-{room.name}"]


def test_asking_again_gives_the_same_place_and_renews_the_cookie(
    gate: LocalGate, make_room: Rooms
) -> None:
    """200 however often; the issue time does not move, and the cookie lives on."""
    shopper = Browser(gate, make_room().name)
    first = shopper.join()
    for _ in range(3):
        again = shopper.join()
        assert (again.status, again.json) == (200, first.json)
        assert again.set_cookies == first.set_cookies


def test_fifty_posts_of_one_ticket_at_once_are_one_place(gate: LocalGate, make_room: Rooms) -> None:
    """Fifty tabs, one shopper: nobody else's number moves."""
    room = make_room(**EARLY)
    shopper = Browser(gate, room.name)
    place = shopper.join().json
    cookie = {"Cookie": f"wr-ticket-{room.name}={shopper.cookies[f'wr-ticket-{room.name}']}"}
    path = f"/{room.name}/ticket"
    answers = gate.ask_all(*(gate.asking("POST", path, cookie) for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert all(answer.json == place for answer in answers)
    assert room.status().tail == 1


def test_fifty_shoppers_at_once_get_fifty_places_over_two_workers(
    gate: LocalGate, other_gate: LocalGate, make_room: Rooms
) -> None:
    """Places are unique and without a gap, whichever worker gave them."""
    path = f"/{make_room().name}/ticket"
    answers = gate.ask_all(
        *(worker.asking("POST", path) for _ in range(25) for worker in (gate, other_gate))
    )
    assert arrivals(answers) == list(range(1, 51))


def test_without_the_ticket_every_join_is_another_place(gate: LocalGate, make_room: Rooms) -> None:
    """The protocol says so; a client that lost its ticket has a place that it does not know of."""
    room = make_room()
    assert [Browser(gate, room.name).join().json["arrival"] for _ in range(3)] == [1, 2, 3]


def test_a_ticket_whose_place_has_lapsed_gets_a_new_one(gate: LocalGate, make_room: Rooms) -> None:
    """Called, and silent until the claim grace was over."""
    room = make_room(call_timeout_ms=1_000, claim_grace_ms=1_000)
    shopper = Browser(gate, room.name)
    assert shopper.join().json["arrival"] == 1
    room.wind_on(6_000)
    assert room.status().lapsed == 1
    gate.refresh()
    again = shopper.join()
    assert (again.status, again.json["arrival"]) == (201, 2)
    assert (shopper.join().status, shopper.join().json["arrival"]) == (200, 2)


def test_whoever_wants_to_be_told_of_a_lapse_is_given_no_new_place(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Support may call the old one again; a new ticket would put an end to it. Once the sale is
    over, that is told; and no ticket, or a good one, is answered as ever."""
    room = make_room(call_timeout_ms=1_000, claim_grace_ms=1_000)
    shopper = Browser(gate, room.name)

    def join(says: str = "tell") -> Answer:
        return shopper.post(f"/{room.name}/ticket", {"lapsed": says})

    assert (join().status, join().status) == (201, 200)
    room.wind_on(6_000)
    gate.refresh()
    assert (join().status, join().error) == (410, "lapsed")
    assert (join("?").status, join("?").error) == (400, "bad_request")
    assert room.status().tail == 1
    assert (join("").status, room.status().tail) == (201, 2)
    room.wind_on(6_000)
    room.act("close")
    gate.refresh()
    assert (join().status, join().error) == (409, "closed")


def test_a_ticket_that_was_used_gets_a_new_place_once_its_holder_is_out(
    gate: LocalGate, make_room: Rooms
) -> None:
    """While the lease lasts the place is still the shopper's own."""
    room = make_room()
    shopper = Browser(gate, room.name)
    shopper.join()
    assert shopper.enter().status == 200
    inside = shopper.join()
    assert (inside.status, inside.json["arrival"]) == (200, 1)
    room.store.release(room.name, ["1-1"])
    outside = shopper.join()
    assert (outside.status, outside.json["arrival"]) == (201, 2)


def test_a_ticket_that_was_given_up_gets_a_new_place(gate: LocalGate, make_room: Rooms) -> None:
    """Leaving is for good, but not for ever."""
    room = make_room(rate_per_min=0)
    shopper = Browser(gate, room.name)
    shopper.join()
    assert shopper.leave().status == 204
    again = shopper.join()
    assert (again.status, again.json["arrival"]) == (201, 2)


def test_a_ticket_of_an_earlier_running_gets_a_place_in_this_one(
    gate: LocalGate, make_room: Rooms
) -> None:
    """A reset ends all older tickets; arrival 1 of it is not arrival 1 of before."""
    room = make_room()
    shopper = Browser(gate, room.name)
    for _ in range(3):
        Browser(gate, room.name).join()
    assert shopper.join().json["arrival"] == 4
    room.reset()
    gate.refresh()
    again = shopper.join()
    assert (again.status, again.json["epoch"], again.json["arrival"]) == (201, 2, 1)


def test_a_place_of_a_running_that_this_worker_has_not_heard_of_is_kept(
    gate: LocalGate, other_gate: LocalGate, make_room: Rooms
) -> None:
    """Workers learn of a reset up to half a second apart; the answer is right on both."""
    room = make_room()
    Browser(gate, room.name).join()
    Browser(other_gate, room.name).join()
    room.reset()
    shopper = Browser(gate, room.name)
    first = shopper.join()
    assert (first.status, first.json["epoch"], first.json["arrival"]) == (201, 2, 1)
    shopper.gate = other_gate
    again = shopper.join()
    assert (again.status, again.json) == (200, first.json)


def test_before_the_draw_there_is_no_number_and_early_is_true(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Who comes before the opening gets an arrival, and takes part in the draw."""
    answer = Browser(gate, make_room(**EARLY).name).join()
    assert (answer.json["number"], answer.json["early"]) == (None, True)
    assert (answer.json["arrival"], answer.json["phase"]) == (1, "early")


def test_after_the_draw_every_number_is_the_one_that_anybody_can_compute(
    gate: LocalGate, make_room: Rooms
) -> None:
    """By `waitingroom.draw` from the published seed; those who come later have their arrival."""
    room = make_room(**EARLY)
    early = [Browser(gate, room.name) for _ in range(30)]
    for shopper in early:
        assert shopper.join().json["number"] is None
    room.open()
    gate.refresh()
    status = gate.ask("GET", f"/{room.name}/status.json").json
    seed = bytes.fromhex(status["draw"]["seed"])
    for arrival, shopper in enumerate(early, 1):
        told = shopper.join().json
        number = number_of(arrival, seed=seed, room=room.name, epoch=1, drawn=30)
        assert (told["arrival"], told["number"], told["early"]) == (arrival, number, True)
    late = Browser(gate, room.name).join().json
    assert (late["arrival"], late["number"], late["early"]) == (31, 31, False)


def test_a_join_just_after_the_opening_knows_its_number_before_the_worker_knows_of_the_draw(
    gate: LocalGate, make_room: Rooms
) -> None:
    """A worker's own view is up to half a second old; 201 and 200 say the same none the less."""
    room = make_room(**EARLY)
    Browser(gate, room.name).join()
    room.open()
    shopper = Browser(gate, room.name)
    first = shopper.join()
    assert (first.json["number"], first.json["early"], first.json["phase"]) == (2, False, "open")
    assert shopper.join().json == first.json


def test_a_fifo_room_tells_the_number_at_once(gate: LocalGate, make_room: Rooms) -> None:
    """There is nothing to draw, so nobody is early."""
    room = make_room(**EARLY, **FIFO)
    for arrival in (1, 2, 3):
        told = Browser(gate, room.name).join().json
        assert (told["arrival"], told["number"], told["early"]) == (arrival, arrival, False)


def test_a_room_that_has_not_formed_yet_says_not_yet_and_when_to_ask_again(
    gate: LocalGate, make_room: Rooms
) -> None:
    """When the line forms, or a little later; not much before a minute's end, nor every moment."""
    for left_ms, latest_ms in ((20_000, 22_000), (3_600_000, 66_000), (1_200, 1_320)):
        for _ in range(TRIES):
            forms_at_ms = now_ms() + left_ms
            room = make_room(early_at_ms=forms_at_ms, opens_at_ms=forms_at_ms + MINUTE_MS)
            answer = Browser(gate, room.name).join()
            after_ms = now_ms()
            if after_ms < forms_at_ms:  # else it may have formed before it was asked
                break
        assert (answer.status, answer.error) == (409, "not_yet")
        retry_ms = answer.json["retry_after_ms"]
        assert max(1_000, min(forms_at_ms - after_ms, MINUTE_MS)) <= retry_ms <= latest_ms
        assert answer.header("retry-after") == str(-(-retry_ms // 1000))


def test_a_crowd_that_comes_too_early_does_not_come_back_at_once(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Each is told a moment of its own."""
    room = make_room(early_at_ms=now_ms() + 2 * MINUTE_MS, opens_at_ms=now_ms() + 3 * MINUTE_MS)
    told = {Browser(gate, room.name).join().json["retry_after_ms"] for _ in range(20)}
    assert len(told) > 10


@pytest.mark.parametrize("act", ["close", "drain", "no joins"])
def test_a_room_that_takes_nobody_any_more_says_closed(
    gate: LocalGate, make_room: Rooms, act: str
) -> None:
    """Over, ending, or no new places: one code, and no time, since asking again does not help."""
    room = make_room()
    kept = Browser(gate, room.name)
    kept.join()
    room.set(joins=False) if act == "no joins" else room.act(act)
    gate.refresh()
    answer = Browser(gate, room.name).join()
    assert (answer.status, answer.error) == (409, "closed")
    assert not answer.header("retry-after")
    assert (kept.join().status, kept.join().json["arrival"]) == (200, 1)


def test_a_paused_room_still_gives_places(gate: LocalGate, make_room: Rooms) -> None:
    """A pause stops calls and entries, not the line."""
    room = make_room()
    room.act("pause", "a short break")
    gate.refresh()
    answer = Browser(gate, room.name).join()
    assert (answer.status, answer.json["phase"]) == (201, "paused")


def test_more_joins_from_one_network_than_the_room_allows_are_429(
    gate: LocalGate, make_room: Rooms
) -> None:
    """The limit counts in the store, so over all workers; another network is not touched."""
    room = make_room(join_limit=3)
    gate.client = ("203.0.113.7", 1)
    before_ms = now_ms()
    assert [Browser(gate, room.name).join().status for _ in range(3)] == [201, 201, 201]
    refused = Browser(gate, room.name).join()
    assert (refused.status, refused.error) == (429, "too_many")
    retry_ms = refused.json["retry_after_ms"]
    assert 20_000 - (now_ms() - before_ms) <= retry_ms <= 20_000
    assert refused.header("retry-after") == str(-(-retry_ms // 1000))
    assert refused.header("cache-control") == "no-store"
    gate.client = ("203.0.113.8", 1)
    assert Browser(gate, room.name).join().status == 201


def use_up(room: Room, networks: list[str]) -> None:
    """One join for each, a little ahead of the clock, which the room then waits for: so that there
    is none again at once, though the machine may stand still for a moment.
    """
    room.store.join(room.name, networks=networks, now_ms=now_ms() + AHEAD_MS)


def test_people_of_one_network_are_told_one_time_each_and_get_in_at_it(
    gate: LocalGate, make_room: Rooms
) -> None:
    """A browser shows its appointment by itself, an app sends it; others wait behind them."""
    room = make_room(join_limit=120)
    use_up(room, [network_of("192.0.2.1", KEYS[0])] * 120)
    people = [Browser(gate, room.name), Native(gate, room.name), Browser(gate, room.name)]
    told = [person.join().json for person in people]
    times = [answer["appointment_ms"] for answer in told]
    assert [later - sooner for sooner, later in pairwise(times)] == [500, 500]
    time.sleep(max(0.0, times[-1] / 1000 - time.time()))
    newcomer = Browser(gate, room.name).join()
    # Behind the three at least; by half a second later there is a place for one more.
    assert newcomer.status == 429 or now_ms() >= times[-1] + 500
    assert people[0].join().status == 201
    shown = {"appointment": told[1]["appointment"]}
    assert people[1].post(f"/{room.name}/ticket", shown).status == 201
    assert people[2].join().status == 201


def test_who_gets_no_appointment_asks_again_and_comes_before_who_never_asked(
    gate: LocalGate, make_room: Rooms
) -> None:
    """They do not come back all in the same moment; and what they were given says that they were
    there, in a browser by itself."""
    room = make_room(join_limit=1)
    for _ in range(4):
        Browser(gate, room.name).join()
    people = [Browser(gate, room.name) for _ in range(5)]
    waits = {person.join().json["retry_after_ms"] for person in people}
    assert len(waits) > 1
    assert all(30_000 <= wait < 45_000 for wait in waits)
    given = people[0].cookies[f"wr-turn-{room.name}"]
    assert given.startswith(f"a1.{room.name}.")


@pytest.mark.parametrize("made_up", ["x", "-1", "9" * 15, "9" * 400, "1.5", "a1.ROOM.NET.1.AAA"])
def test_an_appointment_that_was_made_up_is_none(
    gate: LocalGate, make_room: Rooms, made_up: str
) -> None:
    """Ours are signed: whoever invents one stands where they would without."""
    room = make_room(join_limit=1)
    made_up = made_up.replace("ROOM", room.name).replace("NET", network_of("192.0.2.1", KEYS[0]))
    Browser(gate, room.name).join()
    shopper = Browser(gate, room.name, cookies={f"wr-turn-{room.name}": made_up})
    assert shopper.join().status == 429
    assert (
        Browser(gate, room.name).post(f"/{room.name}/ticket", {"appointment": made_up}).status
        == 429
    )


def test_an_appointment_counts_once_in_its_own_room_and_behind_its_own_network(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Whoever has copied it, or taken it from somewhere else, comes like anybody new."""
    room, other = make_room(join_limit=60), make_room(join_limit=60)
    mine, theirs = network_of("192.0.2.1", KEYS[0]), network_of("203.0.113.7", KEYS[0])
    use_up(room, [mine, theirs] * 60)
    other.store.join(other.name, networks=[mine, theirs] * 90)
    owner = Browser(gate, room.name)
    told = owner.join().json
    room.store.join(room.name, networks=[mine, theirs] * 30)  # newcomers wait, here and there
    shown = {"appointment": told["appointment"]}
    time.sleep(max(0.0, told["appointment_ms"] / 1000 - time.time()))
    assert Browser(gate, other.name).post(f"/{other.name}/ticket", shown).status == 429
    gate.client = ("203.0.113.7", 1)
    assert Browser(gate, room.name).post(f"/{room.name}/ticket", shown).status == 429
    gate.client = ("192.0.2.1", 1)
    assert owner.join().status == 201
    assert Browser(gate, room.name).post(f"/{room.name}/ticket", shown).status == 429


def test_addresses_of_one_ipv6_network_share_its_budget(gate: LocalGate, make_room: Rooms) -> None:
    """A subscriber has a whole /64; an IPv4 address in IPv6's clothes is that address."""
    room = make_room(join_limit=1)
    statuses = []
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "203.0.113.1",
                    "::ffff:203.0.113.1", "fe80::1%eth0", "unix", ""):  # fmt: skip
        gate.client = (address, 1)
        statuses.append(Browser(gate, room.name).join().status)
    assert statuses == [201, 429, 201, 201, 429, 201, 201, 429]


def test_the_limit_counts_new_places_only(gate: LocalGate, make_room: Rooms) -> None:
    """Reloading the page is free."""
    room = make_room(join_limit=1)
    shopper = Browser(gate, room.name)
    assert [shopper.join().status for _ in range(4)] == [201, 200, 200, 200]


def test_in_one_group_the_joiners_over_the_budget_are_refused_and_the_others_served(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Each asker of a group commit gets their own answer, not their neighbour's."""
    room = make_room(join_limit=5)
    path = f"/{room.name}/ticket"
    gate.ask("GET", f"/{room.name}/status.json")
    crowd = [gate.asking("POST", path) for _ in range(12)]
    gate.client = ("203.0.113.9", 1)
    crowd += [gate.asking("POST", path) for _ in range(4)]
    answers = gate.ask_all(*crowd)
    places = [answer for answer in answers if answer.status == 201]
    refused = [answer for answer in answers if answer.status == 429]
    assert (len(places), len(refused)) == (9, 7)
    assert arrivals(places) == list(range(1, 10))


def test_a_native_client_gets_its_ticket_in_the_json_and_no_cookie(
    gate: LocalGate, make_room: Rooms
) -> None:
    """And shows it as a bearer."""
    app = Native(gate, make_room().name)
    first = app.join()
    assert first.status == 201
    assert not first.set_cookies
    assert app.ticket.startswith("t1.")
    again = app.join()
    assert (again.status, again.json) == (200, first.json)
    assert not again.set_cookies


def test_a_browser_gets_nothing_in_the_json_that_a_script_could_steal(
    gate: LocalGate, make_room: Rooms
) -> None:
    """The ticket is in a cookie that no script can read, and nowhere else in the answer."""
    shopper = Browser(gate, make_room().name)
    for answer in (shopper.join(), shopper.join()):
        ticket = shopper.cookies[f"wr-ticket-{shopper.room}"]
        assert "ticket" not in answer.json
        assert ticket.encode() not in answer.body
        assert "HttpOnly" in answer.set_cookies[0]


def test_a_script_that_says_it_is_native_is_not_told_what_stands_in_the_cookies(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Neither ticket nor pass: a browser's cookies are no native client's credentials."""
    shopper = Browser(gate, make_room().name)
    shopper.join()
    script = {"Wr-Client": "native"}
    joined = shopper.ask("POST", f"/{shopper.room}/ticket", script)
    assert (joined.status, joined.json["arrival"]) == (201, 2)
    knock = shopper.ask("POST", f"/{shopper.room}/pass", script)
    assert (knock.status, knock.error) == (401, "bad_ticket")
    assert shopper.enter().status == 200


def test_a_native_client_that_posts_a_form_gets_no_cookie_either(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Never both: who says that it is native is answered as such."""
    app = Native(gate, make_room().name)
    answer = app.submit(f"/{app.room}/ticket")
    assert (answer.status, answer.set_cookies) == (201, [])
    assert answer.json["ticket"]


def test_a_form_is_answered_with_a_cookie_and_the_page_without_a_script(
    gate: LocalGate, make_room: Rooms
) -> None:
    """303, so that a reload of the next page posts nothing again."""
    room = make_room(origins=("https://shop.example",))
    shopper = Browser(gate, room.name)
    answer = shopper.submit(f"/{room.name}/ticket", to="/sale?a=1&b=2")
    assert answer.status == 303
    assert answer.header("location") == f"/{room.name}/wait?to=%2Fsale%3Fa%3D1%26b%3D2"
    assert list(shopper.cookies) == [f"wr-ticket-{room.name}"]
    assert shopper.submit(f"/{room.name}/ticket").header("location") == f"/{room.name}/wait"
    assert room.status().tail == 1


def test_a_form_that_wants_to_go_elsewhere_gets_no_place(gate: LocalGate, make_room: Rooms) -> None:
    """An address that the next page would refuse is refused here, before a place is used."""
    room = make_room(origins=("https://shop.example",))
    answer = Browser(gate, room.name).submit(f"/{room.name}/ticket", to="https://evil.example/")
    assert answer.status == 400
    assert room.status().tail == 0


OUR_PAGE = "http://gate.example/ROOM/en?to="


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (f"{OUR_PAGE}%2Fsale%3Fa%3D1", "%2Fsale%3Fa%3D1"),
        (f"{OUR_PAGE}https%3A%2F%2Fshop.example%2Fx&to=/y", "https%3A%2F%2Fshop.example%2Fx"),
        (f"{OUR_PAGE}https%3A%2F%2Fevil.example%2F", ""),
        (f"{OUR_PAGE}%2F%2Fevil.example", ""),
        (OUR_PAGE, ""),
        (f"{OUR_PAGE}%2Fsale" + "&a=b" * 30, ""),
        ("https://evil.example/ROOM/en?to=%2Fsale", ""),
        ("http://gate.example.evil.example/?to=%2Fsale", ""),
        ("http://[/?to=%2Fsale", ""),
        ("?to=%2Fsale", ""),
        ("\xff", ""),
    ],
)
def test_a_form_that_cannot_say_where_to_goes_where_its_page_was_asked_for(
    gate: LocalGate, make_room: Rooms, page: str, wanted: str
) -> None:
    """The page is the same for everyone, so its form has no `to`; its address (Referer) has.

    Whatever is not our own page's, or leads elsewhere, counts as nothing said.
    """
    room = make_room(origins=("https://shop.example",))
    shopper = Browser(gate, room.name, more={"Referer": page.replace("ROOM", room.name)})
    answer = shopper.submit(f"/{room.name}/ticket")
    expected = f"/{room.name}/wait" + (f"?to={wanted}" if wanted else "")
    assert (answer.status, answer.header("location")) == (303, expected)


def test_what_a_form_says_itself_counts_more_than_its_page(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Also for leaving: who joins again after that still wants to go there."""
    room = make_room(origins=("https://shop.example",))
    page = f"{OUR_PAGE.replace('ROOM', room.name)}%2Fold"
    shopper = Browser(gate, room.name, more={"Referer": page})
    for verb in ("ticket", "leave"):
        answer = shopper.submit(f"/{room.name}/{verb}", to="/sale")
        assert answer.header("location") == f"/{room.name}/wait?to=%2Fsale"


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("close", b"It is over"),
        ("drain", b"No more entries"),
        ("no joins", b"No new places"),
    ],
)
def test_a_person_is_told_why_there_are_no_places(
    gate: LocalGate, make_room: Rooms, act: str, said: bytes
) -> None:
    """One code for programs, three reasons for people; where it may change, a way to try again."""
    room = make_room(origins=("https://shop.example",))
    room.set(joins=False) if act == "no joins" else room.act(act)
    gate.refresh()
    answer = Browser(gate, room.name).submit(f"/{room.name}/ticket", to="/sale")
    assert answer.status == 409
    assert said in answer.body
    assert (b'value="/sale"' in answer.body) == (act == "no joins")


def test_a_browser_that_keeps_no_cookie_is_told_so(gate: LocalGate, make_room: Rooms) -> None:
    """It comes from our form without the ticket that the form gave it. Whoever types the address,
    or follows a link from elsewhere, is led to the page, which gives one."""
    room = make_room()
    path = f"/{room.name}/wait"
    navigates = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
    answer = gate.ask("GET", path, {**navigates, "Sec-Fetch-Site": "same-origin"})
    assert answer.status == 401
    assert b"Cookies are blocked" in answer.body
    for site in ("none", "cross-site", "same-site"):
        answer = gate.ask("GET", path, {**navigates, "Sec-Fetch-Site": site})
        assert (answer.status, answer.header("location")) == (303, f"/{room.name}/en")


def test_a_ticket_beside_other_cookies_is_found(gate: LocalGate, make_room: Rooms) -> None:
    """Quoted ones, empty ones, one of another room, one in an encoding of its own."""
    room, other = make_room(), make_room()
    shopper = Browser(gate, room.name)
    shopper.join()
    Browser(gate, other.name).join()
    good = f"wr-ticket-{room.name}={shopper.cookies[f'wr-ticket-{room.name}']}"
    for cookie in (f'a="x; y"; {good}', f"; ;=; =b; {good};", f"wr-ticket-{other.name}=x; {good}",
                   f"name=J\xfcrgen; {good}"):  # fmt: skip
        answer = gate.ask("POST", f"/{room.name}/ticket", {"Cookie": cookie})
        assert (answer.status, answer.json["arrival"]) == (200, 1), cookie


def test_the_bearer_is_found_however_its_scheme_is_written(
    gate: LocalGate, make_room: Rooms
) -> None:
    """The scheme of Authorization has no case (RFC 9110, 11.1)."""
    app = Native(gate, make_room().name)
    app.join()
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Wr-Client": "native", "Authorization": f"{scheme} {app.ticket}"}
        assert gate.ask("POST", f"/{app.room}/ticket", headers).status == 200


def test_a_ticket_above_what_the_store_knows_is_never_given_out_again(
    gate: LocalGate, make_room: Rooms
) -> None:
    """A promoted replica may be behind what a signed ticket proves; M5: no number twice."""
    room = make_room(rate_per_min=0)
    Browser(gate, room.name).join()
    app = Native(gate, room.name)
    app.ticket = gate.keyring.sign_ticket(Ticket(room.name, 1, 100, now_ms()))
    shown = app.join()
    assert (shown.status, shown.json["arrival"], shown.json["number"]) == (200, 100, 100)
    assert Browser(gate, room.name).join().json["arrival"] == 101


def test_forms_are_known_by_their_content_type_in_any_spelling(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Parameters and case do not matter."""
    path = f"/{make_room().name}/ticket"
    for declared in (FORM, FORM.upper(), f"{FORM}; charset=UTF-8", f" {FORM} ;x"):
        answer = gate.ask("POST", path, {"Content-Type": declared}, b"to=%2F")
        assert answer.status == 303, declared
