"""The verdict over a load test. Each check is a pure function from the evidence to a finding, and
``tests/loadtests/test_verdict.py`` shows for each that it can fail.
"""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise

from loadtests.answers import no_server_error, only_documented_answers, sold_out
from loadtests.evidence import Evidence
from loadtests.finding import Finding, finding
from loadtests.records import Answer, Place
from loadtests.shopper import Ending
from waitingroom.draw import commitment

SHOWN = 3
"""So many examples of what is wrong are told."""


def limit_held_by_the_store(evidence: Evidence) -> Finding:
    """Entries in any window of T ms ≤ burst + rate × T / 60,000, by the store's own entry times.

    Exact: in every window that begins and ends with an entry.
    """
    facts, times = evidence.facts, sorted(evidence.entries.values())
    wrong = []
    if len(times) != facts.entered:
        wrong.append(f"only {len(times)} of {facts.entered} entry times were read: not shown")
    # Entries i to j are too many if (j − i + 1 − burst) × 60,000 > rate × (t_j − t_i); in front of
    # each j the i with the least of i × 60,000 − rate × t_i is the one that decides.
    credit = [60_000 * i - facts.rate_per_min * at_ms for i, at_ms in enumerate(times)]
    least = 0
    for j, value in enumerate(credit):
        least = least if credit[least] <= value else j
        if value - credit[least] > 60_000 * (facts.burst - 1):
            span_ms = times[j] - times[least]
            wrong.append(f"{j - least + 1} entries within {span_ms} ms, up to {times[j]}")
    looked_at = (
        f"{len(times)} entry times of the store, every window; {facts.rate_per_min} a minute, "
        f"burst {facts.burst}"
    )
    return finding("no entry above the limit, by the store's clock", looked_at, wrong)


def limit_held_for_the_clients(evidence: Evidence) -> Finding:
    """The same, believing the clients alone: an entry is in a window for sure if it was asked for
    and answered within. So the network's delay can hide an entry too many, and never invent one.
    """
    facts, wrong = evidence.facts, []
    answered: list[int] = []
    for visit in sorted(evidence.visits, key=lambda visit: -visit.sent_ms):
        insort(answered, visit.at_ms)
        for count, at_ms in enumerate(answered, 1):
            # Clocks are cut to whole milliseconds: the answer may have come almost one later.
            span_ms = at_ms + 1 - visit.sent_ms
            if 60_000 * (count - facts.burst) > facts.rate_per_min * span_ms:
                wrong.append(f"{count} entries within {span_ms} ms, from {visit.sent_ms}")
    looked_at = f"{len(evidence.visits)} entries as clients saw them"
    return finding("no entry above the limit, by the clients' clocks", looked_at, wrong)


def nobody_has_a_place_twice(evidence: Evidence) -> Finding:
    """No arrival and no number is given to two shoppers."""
    wrong = []
    for what in ("arrival", "number"):
        holders: dict[tuple[int, int], int] = {}
        for place in evidence.places:
            value = getattr(place, what)
            if value is None:
                continue
            holder = holders.setdefault((place.epoch, value), place.shopper)
            if holder != place.shopper:
                wrong.append(f"{what} {value}: shoppers {holder} and {place.shopper}")
    count = len({(place.epoch, place.arrival) for place in evidence.places})
    return finding("no arrival and no number twice", f"{count:,} places", wrong)


def places_are_kept(evidence: Evidence) -> Finding:
    """Who asks again is told the same place; a number, once told, stays."""
    wrong, asked = [], 0
    last: dict[int, Place] = {}
    for place in evidence.places:
        before = last.get(place.shopper)
        last[place.shopper] = place
        if before is None:
            continue
        asked += 1
        same = (before.epoch, before.arrival) == (place.epoch, place.arrival)
        if place.fresh or not same or before.number not in (None, place.number):
            wrong.append(f"shopper {place.shopper}: {before} became {place}")
    return finding("a refresh keeps the place", f"{asked:,} times asked again", wrong)


def draw_is_true(evidence: Evidence) -> Finding:
    """The seed is the one committed to, and every number told is the draw's."""
    facts, wrong = evidence.facts, []
    commitments = {seen.commitment for seen in evidence.seen} | {facts.commitment}
    if len(commitments) > 1:
        wrong.append(f"the commitment changed: {sorted(commitments)}")
    if not facts.fifo and facts.seed is None:
        wrong.append("no seed was published: not shown")
    elif facts.seed and commitment(bytes.fromhex(facts.seed)) not in commitments:
        wrong.append("the seed is not the one committed to")
    for seen in evidence.seen:
        if seen.seed is not None and (seen.seed, seen.drawn) != (facts.seed, facts.drawn):
            wrong.append(f"shopper {seen.shopper} saw another seed or count at {seen.now_ms}")
    told = [place for place in evidence.places if place.number is not None]
    wrong += [
        f"arrival {place.arrival} was told number {place.number}, the draw says "
        f"{evidence.numbers.get(place.arrival)}"
        for place in told
        if evidence.numbers.get(place.arrival) != place.number
    ]
    looked_at = f"{len(told):,} numbers told, {facts.drawn} drawn"
    return finding("the seed fits its commitment, every number the draw", looked_at, wrong)


def _served(evidence: Evidence) -> list[tuple[int, int]]:
    """(store's clock, serving number), all that anybody was told, in the order of that clock.

    The store may be asked twice within a millisecond; the lower number is then the earlier one.
    """
    return sorted({*evidence.served, *((seen.now_ms, seen.serving) for seen in evidence.seen)})


def nobody_enters_uncalled(evidence: Evidence) -> Finding:
    """At each entry the serving number is at least the shopper's: by the first word of the room,
    to anybody, at or after the entry (half a second later at most).
    """
    words = list(dict(_served(evidence)).items())
    wrong, at = [], 0
    for arrival, entered_ms in sorted(evidence.entries.items(), key=lambda entry: entry[1]):
        while at < len(words) and words[at][0] < entered_ms:
            at += 1
        number = evidence.numbers.get(arrival)
        if at < len(words) and (number is None or words[at][1] < number):
            wrong.append(f"number {number} entered at {entered_ms}, serving was {words[at][1]}")
    looked_at = f"{len(evidence.entries)} entries against {len(words):,} serving numbers"
    return finding("nobody enters before being called", looked_at, wrong)


def serving_never_falls(evidence: Evidence) -> Finding:
    """In the order of the store's clock, over all gate workers and all clients."""
    words = _served(evidence)
    wrong = (
        f"from {before[1]} to {after[1]} at {after[0]}"
        for before, after in pairwise(words)
        if after[1] < before[1]
    )
    return finding("the serving number never falls", f"{len(words):,} serving numbers", wrong)


def shown_places_never_grow(evidence: Evidence) -> Finding:
    """The people ahead, as each shopper showed them."""
    wrong = []
    last: dict[int, int] = {}
    for seen in evidence.seen:
        if seen.ahead is None:
            continue
        before = last.get(seen.shopper, seen.ahead)
        if seen.ahead > before:
            wrong.append(f"shopper {seen.shopper}: from {before} to {seen.ahead}")
        last[seen.shopper] = seen.ahead
    return finding("a place that is shown never grows", f"{len(last):,} shoppers", wrong)


def order_is_kept(evidence: Evidence) -> Finding:
    """Of two who come at once when called, the lower number is not inside more than
    ``call_timeout`` after the higher one. Time before its own first knock does not count, nor the
    time in which its knocks were on their way.

    That is as exact as the line is: a page learns of its call when it next reads the status, and
    at the door the lowest number *that is there* goes first.
    """
    knocks: dict[int, list[Answer]] = {}
    for answer in evidence.answers:
        if answer.call == "pass":
            knocks.setdefault(answer.shopper, []).append(answer)
    came = {
        evidence.numbers[place.arrival]: (evidence.entries[place.arrival], knocks[shopper])
        for shopper in evidence.prompt()
        if shopper in knocks
        and (place := evidence.place_of.get(shopper))
        and place.arrival in evidence.entries.keys() & evidence.numbers.keys()
    }
    wrong, first, furthest_ms = [], (0, 0), 0
    for number in sorted(came, reverse=True):
        entered_ms, mine = came[number]
        knocked_ms, asking_ms = mine[0].sent_ms, sum(knock.at_ms - knock.sent_ms for knock in mine)
        behind_ms = entered_ms - max(first[0], knocked_ms) - asking_ms if first[0] else 0
        furthest_ms = max(furthest_ms, behind_ms)
        if behind_ms > evidence.facts.call_timeout_ms:
            wrong.append(f"number {first[1]} was inside {behind_ms} ms before number {number}")
        first = min(first, (entered_ms, number)) if first[0] else (entered_ms, number)
    looked_at = f"{len(came)} who came at once; at the door behind others {furthest_ms} ms at most"
    return finding("the order of the line is kept", looked_at, wrong)


def who_comes_gets_in(evidence: Evidence) -> Finding:
    """Who comes when called, and keeps the door's appointments, ends up in the shop."""
    inside = (Ending.BOUGHT, Ending.WENT, Ending.SOLD_OUT)
    prompt = evidence.prompt()
    wrong = (
        f"shopper {shopper}: {evidence.endings.get(shopper, 'not done when the time was up')}"
        for shopper in prompt
        if evidence.endings.get(shopper) not in inside
    )
    return finding("who comes when called gets in", f"{len(prompt)} shoppers", wrong)


def who_left_stays_out(evidence: Evidence) -> Finding:
    """No entry with a place that was given up."""
    left = {s for s, how in evidence.endings.items() if how == Ending.LEFT}
    wrong = (
        f"shopper {shopper} left with arrival {place.arrival} and entered"
        for shopper in sorted(left)
        if (place := evidence.place_of.get(shopper)) and place.arrival in evidence.entries
    )
    return finding("who left stays out", f"{len(left)} shoppers", wrong)


def capacity_is_held(evidence: Evidence) -> Finding:
    """Never more inside than the capacity, at any look at the store."""
    capacity = evidence.facts.capacity
    over = capacity and evidence.most_inside > capacity
    wrong = (f"{evidence.most_inside} were inside",) if over else ()
    looked_at = f"at most {evidence.most_inside} inside, capacity {capacity or 'none'}"
    return finding("the shop is never overfull", looked_at, wrong)


def store_and_clients_agree(evidence: Evidence) -> Finding:
    """Every entry that the store counts was told to somebody, and the other way round."""
    told = {
        place.arrival
        for visit in evidence.visits
        if (place := evidence.place_of.get(visit.shopper)) is not None
    }
    wrong = [f"arrival {a} entered and nobody was told" for a in evidence.entries.keys() - told]
    wrong += [f"arrival {a} was told so and never entered" for a in told - evidence.entries.keys()]
    return finding("the store and the clients tell the same", f"{len(told)} entries", wrong)


def stock_sells_once(evidence: Evidence) -> Finding:
    """No item sells more pieces than there were, no order twice; and nobody is told "sold out"
    of an item of which a piece is left.
    """
    sold = Counter(order.item for order in evidence.orders)
    stock, wrong = evidence.stock, []
    wrong += [f"{sold[i]} of {i} sold, {n} there were" for i, n in stock.items() if sold[i] > n]
    tokens = Counter(order.token for order in evidence.orders)
    wrong += [f"order {token[:8]}… shown to {n}" for token, n in tokens.items() if n > 1]
    refused = {answer.call.partition(" ")[2] for answer in evidence.answers if sold_out(answer)}
    wrong += [f"sold out told of {i} after {sold[i]}" for i in refused if sold[i] < stock.get(i, 0)]
    gone = sum(sold[item] == pieces for item, pieces in stock.items())
    looked_at = f"{len(evidence.orders)} orders, {gone} of {len(stock)} items sold to the last"
    return finding("every piece sells once", looked_at, sorted(wrong))


CHECKS: tuple[Callable[[Evidence], Finding], ...] = (
    no_server_error,
    only_documented_answers,
    limit_held_by_the_store,
    limit_held_for_the_clients,
    nobody_has_a_place_twice,
    places_are_kept,
    draw_is_true,
    nobody_enters_uncalled,
    serving_never_falls,
    shown_places_never_grow,
    order_is_kept,
    who_comes_gets_in,
    who_left_stays_out,
    capacity_is_held,
    store_and_clients_agree,
    stock_sells_once,
)


def judge(evidence: Evidence) -> list[Finding]:
    """All findings, in the order of ``CHECKS``."""
    return [check(evidence) for check in CHECKS]


def verdict_lines(findings: Iterable[Finding]) -> list[str]:
    """The verdict as it is printed; its last line is PASSED or FAILED."""
    lines, held = ["VERDICT"], True
    for found in findings:
        held = held and found.ok
        lines.append(f"  {'ok  ' if found.ok else 'FAIL'}  {found.rule} ({found.looked_at})")
        lines += [f"          {sentence}" for sentence in found.wrong[:SHOWN]]
        if len(found.wrong) > SHOWN:
            lines.append(f"          … and {len(found.wrong) - SHOWN} more")
    return [*lines, "PASSED" if held else "FAILED"]
