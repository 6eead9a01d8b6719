"""The draw: exact bytes, one number each, fair in the large and in the small."""

import hmac
import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seldom import seldom

from waitingroom import draw
from waitingroom.draw import MAX_DRAWN, Permutation, arrival_of, commitment, key_of, number_of

VECTORS = json.loads((Path(__file__).parent / "vectors" / "draw.json").read_text())
PROTOCOL = Path(__file__).parents[1] / "docs" / "protocol.md"
SEED = bytes(range(32))
LARGE = 2_120_000


def seed_of(index: int) -> bytes:
    """A seed per index: fixed, so that a statistical test answers the same at every run."""
    return sha256(f"seed {index}".encode()).digest()


def from_the_text(arrival: int, seed: bytes, room: str, epoch: int, drawn: int) -> int:
    """The draw again, straight from docs/protocol.md, sharing no line with the product."""
    key = hmac.new(seed, f"{room}|{epoch}|{drawn}".encode("ascii"), sha256).digest()
    x = arrival - 1
    k = 4
    while 4**k < drawn:
        k += 1
    while True:
        left, right = x >> k, x & (1 << k) - 1
        for i in range(10):
            message = bytes(
                [i, right >> 24 & 255, right >> 16 & 255, right >> 8 & 255, right & 255]
            )
            mac = hmac.new(key, message, sha256).digest()
            value = int.from_bytes(mac[0:4], "big") & (1 << k) - 1
            left, right = right, left ^ value
        x = left << k | right
        if x < drawn:
            return x + 1


def chi_square(counts: Sequence[int]) -> float:
    """The statistic of ``counts`` against all cells being equally likely."""
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


def critical(degrees: int) -> float:
    """What a fair draw exceeds once in a thousand (Wilson and Hilferty's approximation)."""
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + 3.0902 * spread**0.5) ** 3)


def order_counts(size: int, seeds: int) -> list[int]:
    """How often each order of ``size`` shoppers came out, over ``seeds`` seeds."""
    found = Counter(
        tuple(map(Permutation(seed_of(index), size).forward, range(size))) for index in range(seeds)
    )
    return [found[order] for order in permutations(range(size))]


def position_chi_square(size: int, seeds: int) -> float:
    """Who came to which place, over ``seeds`` seeds; (size − 1)² degrees of freedom."""
    found: Counter[tuple[int, int]] = Counter()
    for index in range(seeds):
        found.update(enumerate(map(Permutation(seed_of(index), size).forward, range(size))))
    counts = [found[place] for place in ((a, b) for a in range(size) for b in range(size))]
    # Rows and columns have fixed sums, hence fewer degrees of freedom and this factor.
    return chi_square(counts) * (size - 1) / size


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{case['room']}-{case['drawn']}")
def test_the_bytes_are_frozen(case: dict[str, Any]) -> None:
    """What a page computes today, every later version computes too."""
    seed = bytes.fromhex(case["seed"])
    of: dict[str, Any] = {
        "seed": seed,
        "room": case["room"],
        "epoch": case["epoch"],
        "drawn": case["drawn"],
    }
    assert commitment(seed) == case["commitment"]
    assert key_of(**of).hex() == case["key"]
    for arrival, number in case["numbers"]:
        assert number_of(arrival, **of) == number
        assert arrival_of(number, **of) == arrival


@given(
    seed=st.binary(min_size=32, max_size=32),
    room=st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True).filter(
        lambda room: room not in {"healthz", "readyz", "static", "api", "metrics"}
    ),
    epoch=st.integers(0, 10**15 - 1),
    drawn=st.integers(100, MAX_DRAWN),
    data=st.data(),
)
def test_the_text_of_the_protocol_is_enough_to_compute_a_number(
    seed: bytes, room: str, epoch: int, drawn: int, data: st.DataObject
) -> None:
    """An implementation written from docs/protocol.md agrees, and the inverse leads back."""
    arrival = data.draw(st.integers(1, drawn))
    number = number_of(arrival, seed=seed, room=room, epoch=epoch, drawn=drawn)
    assert number == from_the_text(arrival, seed, room, epoch, drawn)
    assert arrival_of(number, seed=seed, room=room, epoch=epoch, drawn=drawn) == arrival


def test_the_example_in_the_protocol_is_the_first_vector() -> None:
    """The document shows values that the tests hold."""
    text = PROTOCOL.read_text()
    case = VECTORS[0]
    for value in (case["seed"], case["commitment"], case["key"]):
        assert value in text
    numbers = ", ".join(str(number) for _, number in case["numbers"])
    assert f"| numbers of arrivals 1 … {case['drawn']} | `{numbers}` |" in text


@pytest.mark.parametrize("step", seldom([7, 1], 7))
def test_everybody_gets_one_number_in_every_line_up_to_two_thousand(step: int) -> None:
    """For every size (each time for some), the numbers are 1 … size, each once."""
    for drawn in [*range(1, 200), *range(200, 2_001, step)]:
        of = Permutation(key_of(SEED, "demo", 1, drawn), drawn)
        assert sorted(map(of.forward, range(drawn))) == list(range(drawn)), drawn


def test_in_a_large_line_numbers_differ_and_lead_back() -> None:
    """At 2,120,000: no number twice among 20,000 spread over the line, ends included."""
    of: dict[str, Any] = {"seed": SEED, "room": "demo", "epoch": 1, "drawn": LARGE}
    arrivals = [*range(1, LARGE + 1, 107), LARGE]
    numbers = [number_of(arrival, **of) for arrival in arrivals]
    assert len(set(numbers)) == len(set(arrivals)) > 19_000
    assert min(numbers) >= 1
    assert max(numbers) <= LARGE
    assert [arrival_of(number, **of) for number in numbers] == arrivals


def test_the_critical_value_is_that_of_the_tables() -> None:
    """The approximation holds within a few in a hundred."""
    for degrees, table in ((1, 10.828), (5, 20.515), (19, 43.820), (100, 149.449)):
        assert critical(degrees) == pytest.approx(table, rel=0.04)


@pytest.mark.parametrize(
    ("size", "seeds"),
    seldom([(2, 1_000), (3, 4_000), (4, 4_000), (5, 6_000)], (2, 1_000), (4, 4_000)),
)
def test_every_order_of_a_few_shoppers_is_equally_likely(size: int, seeds: int) -> None:
    """Chi-square over all orders, one in a thousand: the smallest lines are as fair as any."""
    counts = order_counts(size, seeds)
    assert chi_square(counts) < critical(len(counts) - 1)


def test_every_place_is_equally_likely_for_each_of_ten_shoppers() -> None:
    """Chi-square over who comes where, one in a thousand."""
    assert position_chi_square(10, 3_000) < critical(81)


@pytest.mark.parametrize(("floor", "rounds"), [(2, 10), (4, 2)])
def test_a_weaker_shuffle_is_found_out(
    monkeypatch: pytest.MonkeyPatch, floor: int, rounds: int
) -> None:
    """The chi-square test has teeth: blocks too small or too few rounds do not pass it."""
    monkeypatch.setattr(draw, "MIN_HALF_BITS", floor)
    monkeypatch.setattr(draw, "ROUNDS", rounds)
    counts = order_counts(5, 12_000)
    assert chi_square(counts) > critical(len(counts) - 1)


@pytest.mark.parametrize("drawn", [1_000, 65_537, LARGE])
def test_coming_early_among_the_early_is_worth_nothing(drawn: int) -> None:
    """The first five hundred arrivals land all over the line, and neighbours land apart."""
    buckets = 20
    of: dict[str, Any] = {"seed": SEED, "room": "demo", "epoch": 1, "drawn": drawn}
    places = [number_of(arrival, **of) - 1 for arrival in range(1, 501)]
    steps = [(b - a) % drawn for a, b in pairwise(places)]
    for values in (places, steps):
        counts = Counter(value * buckets // drawn for value in values)
        assert chi_square([counts[bucket] for bucket in range(buckets)]) < critical(buckets - 1)


@pytest.mark.parametrize(
    "change", [{"room": "demo2"}, {"epoch": 2}, {"drawn": 1_001}, {"seed": bytes(32)}]
)
def test_another_room_epoch_line_or_seed_is_another_draw(change: dict[str, Any]) -> None:
    """Two draws agree about no more shoppers than chance allows (about one in all)."""
    of: dict[str, Any] = {"seed": SEED, "room": "demo", "epoch": 1, "drawn": 1_000}
    same = sum(
        number_of(arrival, **of) == number_of(arrival, **of | change) for arrival in range(1, 1_001)
    )
    assert same <= 6


def test_a_line_of_one_is_number_one() -> None:
    """Drawn 1: nothing to shuffle."""
    assert number_of(1, seed=SEED, room="demo", epoch=1, drawn=1) == 1
    assert arrival_of(1, seed=SEED, room="demo", epoch=1, drawn=1) == 1


@pytest.mark.parametrize(
    ("place", "drawn"), [(1, 0), (0, 0), (0, 1), (2, 1), (-1, 10), (11, 10), (1, -1)]
)
def test_a_place_outside_the_line_is_an_error(place: int, drawn: int) -> None:
    """Drawn 0 has no place at all; nobody gets a number by accident."""
    with pytest.raises(ValueError, match="place"):
        number_of(place, seed=SEED, room="demo", epoch=1, drawn=drawn)
    with pytest.raises(ValueError, match="place"):
        arrival_of(place, seed=SEED, room="demo", epoch=1, drawn=drawn)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": bytes(31)},
        {"seed": b""},
        {"room": "a|b"},
        {"room": "Demo"},
        {"room": ""},
        {"room": "api"},
        {"epoch": -1},
        {"drawn": MAX_DRAWN + 1},
    ],
)
def test_values_that_no_room_has_are_an_error(change: dict[str, Any]) -> None:
    """Wrong input is a ValueError, never a number that looks right."""
    of: dict[str, Any] = {"seed": SEED, "room": "demo", "epoch": 1, "drawn": 10}
    with pytest.raises(ValueError, match=r"seed|room|places"):
        number_of(1, **of | change)


def test_a_commitment_or_key_takes_no_short_input() -> None:
    """A commitment to a guessable seed would bind nobody."""
    with pytest.raises(ValueError, match="seed"):
        commitment(b"short")
    with pytest.raises(ValueError, match="key"):
        Permutation(b"short", 10)


def test_a_draw_is_remembered_yet_not_changed_by_being_asked() -> None:
    """Asking in another order, or twice, gives the same numbers."""
    of: dict[str, Any] = {"seed": SEED, "room": "demo", "epoch": 1, "drawn": 500}
    upwards = [number_of(arrival, **of) for arrival in range(1, 501)]
    downwards = [number_of(arrival, **of) for arrival in range(500, 0, -1)]
    assert upwards == downwards[::-1]
