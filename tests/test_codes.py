"""The short code of a place: read as people say it, nobody's credential, not to be guessed."""

from itertools import pairwise
from random import Random

import pytest

from waitingroom.codes import ALPHABET, MOST, Codes, shaped

KEY, OLDER = b"k" * 32, b"o" * 32
CODES = Codes([OLDER, KEY])


@pytest.mark.parametrize("arrival", [1, 2, 31, 2_120_000, MOST - 1])
def test_a_code_leads_back_to_its_place(arrival: int) -> None:
    code = CODES.of("demo", 1, arrival)
    assert shaped(code) == code
    assert CODES.arrivals(code, "demo", 1) == [arrival]


def test_it_is_read_however_it_is_said() -> None:
    """Small letters, spaces, no hyphen; and what looks like a digit is that digit."""
    for typed in ("k7q2-9mxd", " K7Q2 9MXD ", "K7Q29MXD", "k7q2–9mxd", "K 7 Q 2 . 9 M X D"):
        assert shaped(typed) == "K7Q2-9MXD"
    assert shaped("OIL0-1OOO") == "0110-1000"


@pytest.mark.parametrize(
    "typed", ["", "K7Q2", "K7Q2-9MXDD", "K7Q2-9MXU", "K7Q2-9MX!", "K7Q2-9MXÉ", "ß" * 7]
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert shaped(typed) == ""


def test_no_two_places_have_one_code() -> None:
    assert len({CODES.of("demo", 1, arrival) for arrival in range(1, 20_001)}) == 20_000


def test_codes_tell_nothing_of_their_neighbours() -> None:
    """Each character takes all values, and neighbours agree in no more than chance has it."""
    codes = [CODES.of("demo", 1, arrival).replace("-", "") for arrival in range(1, 4_001)]
    assert all(set(place) == set(ALPHABET) for place in zip(*codes, strict=True))
    pairs = pairwise(codes)
    alike = sum(a == b for one, next_ in pairs for a, b in zip(one, next_, strict=True))
    assert alike < 8 * 4_000 / 32 * 1.2


def test_another_room_running_or_secret_has_other_codes() -> None:
    code = CODES.of("demo", 1, 7)
    assert not CODES.arrivals(code, "demo", 2)
    assert not CODES.arrivals(code, "demo2", 1)
    assert not Codes([b"z" * 32]).arrivals(code, "demo", 1)


def test_a_code_of_before_a_key_was_added_still_counts() -> None:
    """Until its key is taken off the list."""
    code = Codes([OLDER]).of("demo", 1, 7)
    assert CODES.arrivals(code, "demo", 1) == [7]
    assert not Codes([KEY]).arrivals(code, "demo", 1)


def test_of_mistyped_codes_hardly_one_is_a_place_of_a_room() -> None:
    """One character that is another, or two that changed places; a line of 100,000."""
    found, random = 0, Random(1)
    for arrival in range(1, 1_001):
        code = list(CODES.of("demo", 1, arrival).replace("-", ""))
        at = random.randrange(7)
        if arrival % 2:
            code[at] = ALPHABET[(ALPHABET.index(code[at]) + random.randrange(1, 32)) % 32]
        else:
            code[at], code[at + 1] = code[at + 1], code[at]
        text = "".join(code)
        others = CODES.arrivals(text, "demo", 1) if text != CODES.of("demo", 1, arrival) else []
        found += any(other <= 100_000 and other != arrival for other in others)
    assert found == 0


def test_what_has_no_place_has_no_code() -> None:
    assert CODES.of("demo", 1, 0) == CODES.of("demo", 1, MOST) == ""
