"""Each rule of the verdict holds over a good run, and fails over one in which it was broken."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from loadtests import verdict
from loadtests.evidence import Evidence, RoomFacts
from loadtests.finding import Finding
from loadtests.plan import Character, Comes
from loadtests.records import Answer, Ended, Entered, Order, Place, Seen
from loadtests.verdict import CHECKS, judge, verdict_lines
from waitingroom.draw import commitment, number_of

SEED = bytes(range(32))
COMMITMENT = commitment(SEED)
DRAWN, SHOPPERS, START_MS = 6, 8, 1_000_000
FACTS = RoomFacts(
    room="sale",
    epoch=1,
    rate_per_min=60,
    burst=2,
    capacity=0,
    call_timeout_ms=8_000,
    fifo=False,
    drawn=DRAWN,
    seed=SEED.hex(),
    commitment=COMMITMENT,
    entered=SHOPPERS,
)
PROMPT = Character(False, Comes.AT_ONCE, 9.0, None, None, 2.0, buys=True)


def number(arrival: int) -> int:
    """As the draw has it."""
    if arrival > DRAWN:
        return arrival
    return number_of(arrival, seed=SEED, room="sale", epoch=1, drawn=DRAWN)


def entered_ms(of: int) -> int:
    """Two at once, then one a second: the limit, kept to the millisecond."""
    return START_MS + 1_000 * max(0, of - 2)


def good() -> Evidence:
    """Eight shoppers, six of them early; shopper n has arrival n + 1; all enter in order."""
    answers, places, seen, visits, orders, ended = [], [], [], [], [], []
    for n in range(SHOPPERS):
        arrival = n + 1
        mine = number(arrival)
        at_ms = entered_ms(mine)
        told = None if arrival <= DRAWN else mine
        places.append(Place(n, START_MS - 5_000 + n, True, 1, arrival, told))
        places.append(Place(n, START_MS - 2_000 + n, False, 1, arrival, mine))
        for serving in (0, mine):
            ahead = max(0, mine - serving - 1)
            status = (at_ms - 100 * (serving == 0), 1, "open", serving, DRAWN)
            seen.append(Seen(n, at_ms, *status, COMMITMENT, SEED.hex(), ahead))
        answers.append(Answer(n, "join", START_MS - 5_010, START_MS - 5_000, 201))
        answers.append(Answer(n, "pass", at_ms - 1, at_ms + 1, 200))
        visits.append(Entered(n, at_ms - 1, at_ms + 1))
        orders.append(Order(n, "mug", f"token-{n}"))
        ended.append(Ended(n, at_ms + 3_000, "bought"))
    # What each saw before being called is not in the order of the store's clock; leave it out.
    seen = [line for line in seen if line.serving] + [
        replace(line, now_ms=START_MS - 1_000) for line in seen if not line.serving
    ]
    return Evidence(
        FACTS,
        characters=(PROMPT,) * SHOPPERS,
        answers=tuple(answers),
        places=tuple(places),
        seen=tuple(sorted(seen, key=lambda line: line.now_ms)),
        visits=tuple(visits),
        orders=tuple(orders),
        ended=tuple(ended),
        entries={arrival: entered_ms(number(arrival)) for arrival in range(1, SHOPPERS + 1)},
        served=((START_MS - 2_000, 0), (START_MS + 10_000, SHOPPERS)),
        most_inside=SHOPPERS,
        stock={"mug": SHOPPERS, "stool": 10},
    )


def with_answer(
    status: int, error: str = "", *, call: str = "status", wait_ms: int = 0
) -> Evidence:
    """The good run, and one more answer."""
    run = good()
    more = Answer(0, call, START_MS, START_MS, status, error, wait_ms)
    return replace(run, answers=(*run.answers, more))


def with_place(n: int, **changes: Any) -> Evidence:
    """The good run, and shopper ``n`` is told something else at the end."""
    run = good()
    told = replace(run.place_of[n], **changes)
    return replace(run, places=(*run.places, told))


def with_facts(**changes: Any) -> Evidence:
    """The good run in a room of which something else is true."""
    return replace(good(), facts=replace(FACTS, **changes))


def with_entry(of: int, at_ms: int) -> Evidence:
    """The good run, but number ``of`` enters at another time."""
    run = good()
    (arrival,) = (a for a, mine in run.numbers.items() if mine == of)
    visits = tuple(
        Entered(visit.shopper, at_ms - 1, at_ms + 1) if visit.shopper == arrival - 1 else visit
        for visit in run.visits
    )
    answers = (*run.answers, Answer(arrival - 1, "pass", START_MS, START_MS, 409, "door"))
    return replace(
        run,
        answers=tuple(sorted(answers, key=lambda a: a.sent_ms)),
        visits=visits,
        entries={**run.entries, arrival: at_ms},
    )


def with_seen(**changes: Any) -> Evidence:
    """The good run, and shopper 7 reads one more status document at the end."""
    run = good()
    last = replace(run.seen[-1], **{"shopper": 7, "now_ms": START_MS + 11_000, **changes})
    return replace(run, seen=(*run.seen, last))


def with_order(n: int, item: str, token: str) -> Evidence:
    """The good run, and one more order."""
    run = good()
    return replace(run, orders=(*run.orders, Order(n, item, token)), stock={"mug": 10})


def ended_as(n: int, how: str) -> Evidence:
    """The good run, but shopper ``n``'s visit ends in another way."""
    run = good()
    rest = tuple(ended for ended in run.ended if ended.shopper != n)
    return replace(run, ended=(*rest, Ended(n, START_MS, how)))


def test_a_good_run_passes_every_check() -> None:
    """So that a failure below is due to what was broken there."""
    findings = judge(good())
    assert [found for found in findings if not found.ok] == []
    assert verdict_lines(findings)[-1] == "PASSED"


BROKEN: list[tuple[Callable[[Evidence], Finding], Callable[[], Evidence], str]] = [
    (verdict.no_server_error, lambda: with_answer(500, "error"), "500"),
    (verdict.no_server_error, lambda: with_answer(502), "502"),
    (verdict.no_server_error, lambda: with_answer(0), "no answer"),
    (verdict.no_server_error, lambda: with_answer(503, "store_down"), "503 store_down"),
    (verdict.no_server_error, lambda: with_answer(503, "other", wait_ms=1), "503 other"),
    (verdict.no_server_error, lambda: with_answer(503, call="buy mug"), "buy mug of shopper 0"),
    (verdict.only_documented_answers, lambda: with_answer(404, "not_found"), "404 not_found"),
    (verdict.only_documented_answers, lambda: with_answer(401, "bad_ticket", call="pass"), "401"),
    (verdict.only_documented_answers, lambda: with_answer(200, call="pass after leaving"), "200"),
    (verdict.limit_held_by_the_store, lambda: with_entry(4, START_MS + 1_999), "4 entries"),
    (verdict.limit_held_by_the_store, lambda: with_facts(burst=1), "2 entries within 0 ms"),
    (verdict.limit_held_by_the_store, lambda: with_facts(rate_per_min=59), "entries within"),
    (verdict.limit_held_by_the_store, lambda: with_facts(entered=9), "only 8 of 9"),
    (verdict.limit_held_for_the_clients, lambda: with_entry(4, START_MS + 1_900), "4 entries"),
    (verdict.nobody_has_a_place_twice, lambda: with_place(3, arrival=2), "arrival 2"),
    (verdict.nobody_has_a_place_twice, lambda: with_place(6, number=8), "number 8"),
    (verdict.places_are_kept, lambda: with_place(3, arrival=99), "arrival=99"),
    (verdict.places_are_kept, lambda: with_place(3, fresh=True), "fresh=True"),
    (verdict.places_are_kept, lambda: with_place(3, number=None), "number=None"),
    (verdict.draw_is_true, lambda: with_facts(seed="00" * 32), "not the one committed to"),
    (verdict.draw_is_true, lambda: with_facts(seed=None), "no seed"),
    (verdict.draw_is_true, lambda: with_facts(commitment="00" * 32), "commitment changed"),
    (verdict.draw_is_true, lambda: with_seen(commitment="00" * 32), "commitment changed"),
    (verdict.draw_is_true, lambda: with_seen(drawn=7), "another seed or count"),
    (verdict.draw_is_true, lambda: with_place(6, number=6), "the draw says 7"),
    (verdict.nobody_enters_uncalled, lambda: with_entry(8, START_MS + 4_500), "number 8"),
    (verdict.nobody_enters_uncalled, lambda: with_facts(drawn=None, seed=None), "number None"),
    (verdict.serving_never_falls, lambda: with_seen(serving=7), "from 8 to 7"),
    (verdict.shown_places_never_grow, lambda: with_seen(ahead=1), "from 0 to 1"),
    (verdict.order_is_kept, lambda: with_entry(2, START_MS + 20_000), "number 3 was inside 18"),
    (verdict.who_comes_gets_in, lambda: ended_as(4, "lapsed"), "shopper 4: lapsed"),
    (verdict.who_comes_gets_in, lambda: replace(good(), ended=()), "not done"),
    (verdict.who_left_stays_out, lambda: ended_as(4, "left the line"), "shopper 4 left"),
    (verdict.capacity_is_held, lambda: with_facts(capacity=7), "8 were inside"),
    (verdict.store_and_clients_agree, lambda: replace(good(), visits=()), "nobody was told"),
    (verdict.store_and_clients_agree, lambda: replace(good(), entries={}), "never entered"),
    (verdict.stock_sells_once, lambda: replace(good(), stock={"mug": 7}), "8 of mug sold, 7"),
    (verdict.stock_sells_once, lambda: with_order(0, "mug", "token-1"), "token-1… shown to 2"),
    (verdict.stock_sells_once, lambda: with_answer(409, call="buy stool"), "of stool after 0"),
]


@pytest.mark.parametrize(("check", "broken", "said"), BROKEN)
def test_a_broken_rule_is_found_and_named(
    check: Callable[[Evidence], Finding], broken: Callable[[], Evidence], said: str
) -> None:
    """A check that cannot fail shows nothing."""
    found = check(broken())
    assert not found.ok
    assert said in found.wrong[0]


def test_every_check_is_among_those_that_were_seen_to_fail() -> None:
    """Also the next one that somebody adds."""
    assert {check for check, _, _ in BROKEN} == set(CHECKS)


def test_the_documented_refusal_is_no_failure() -> None:
    """503 store_down with a time to come back is what the protocol promises."""
    for call, error in (("join", "store_down"), ("buy mug", "")):
        run = with_answer(503, error, call=call, wait_ms=2_000)
        assert verdict.no_server_error(run).ok
        assert verdict.only_documented_answers(run).ok


def test_sold_out_to_the_last_piece_is_as_it_should_be() -> None:
    """Ten pieces sell exactly ten, and who comes then is told so."""
    assert verdict.stock_sells_once(with_answer(409, call="buy mug")).ok


def test_a_slow_network_invents_no_entry_too_many() -> None:
    """All answers arrive together, seconds late: for the clients nothing is sure."""
    run = good()
    late = tuple(replace(visit, at_ms=START_MS + 60_000) for visit in run.visits)
    assert verdict.limit_held_for_the_clients(replace(run, visits=late)).ok


def test_who_comes_late_may_be_overtaken() -> None:
    """The order is that of those who come at once when called."""
    run = with_entry(2, START_MS + 20_000)
    (arrival,) = (a for a, mine in run.numbers.items() if mine == 2)
    characters = list(run.characters)
    characters[arrival - 1] = replace(PROMPT, comes=Comes.LATE)
    assert verdict.order_is_kept(replace(run, characters=tuple(characters))).ok


def test_who_reads_the_status_late_is_not_wronged() -> None:
    """The line can only serve those who are at the door; a page's own pause is its own."""
    run = with_entry(2, START_MS + 20_000)
    assert not verdict.order_is_kept(run).ok
    (arrival,) = (a for a, mine in run.numbers.items() if mine == 2)
    knock = Answer(arrival - 1, "pass", START_MS + 15_000, START_MS + 15_001, 409, "door")
    answers = (*(a for a in run.answers if a.shopper != arrival - 1), knock)
    assert verdict.order_is_kept(replace(run, answers=answers)).ok


def test_one_failure_fails_the_whole_and_shows_a_few_examples() -> None:
    """The last line is what a script looks at."""
    bad = Finding("a rule", "things", tuple(f"wrong {n}" for n in range(5)))
    lines = verdict_lines([Finding("another", "things"), bad])
    assert lines[-1] == "FAILED"
    assert [line.strip() for line in lines[3:7]] == [
        "wrong 0",
        "wrong 1",
        "wrong 2",
        "… and 2 more",
    ]
