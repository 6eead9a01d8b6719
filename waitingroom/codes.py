"""Short codes that a shopper reads aloud to support: a place's name, and no credential.

Eight characters, 40 bits: the arrival (30) and ten noughts, mixed by a Feistel network of four
words of ten bits (a generalised one, type 1 of Zheng, Matsumoto and Imai, 1989), whose functions
are tables that BLAKE2b (RFC 7693) fills with a key of one running of one room. So a code tells
nothing by itself, the next one cannot be guessed from it, and of what is mistyped, invented or
another room's, one in a thousand has the noughts, and fewer an arrival that was given out. It costs
no memory in the store: whoever has the secret keys computes the place from the code. Pure.

Tables, and not the HMAC of all else here: a code is made at every join, and sixteen look-ups take
a third of the time of four short hashes. Whoever had thousands of codes and their places might find
the tables; a code opens nothing.
"""

import hmac
import re
from array import array
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import product

from waitingroom.signing import checked_keys

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O (read as 1, 1, 0) and no U."""
LENGTH = 8
MOST = 2**30
"""Arrivals from here on have no code: no room has had so many."""
_WORD = 2**10
_TABLES, _TURNS = 4, 4
_PAIRS = tuple(map("".join, product(ALPHABET, repeat=2)))
"""What a word is written as."""
_HEARD = str.maketrans("OIL", "011", " -–—.\u00a0")
_FORM = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
Tables = tuple[array, ...]  # type: ignore[type-arg]  # of Python 3.12 on it says of what


def shaped(text: str) -> str:
    """What was typed, in the one form that we write: ``K7Q2-9MXD``; "" where it can be none."""
    plain = text.strip().upper().translate(_HEARD)
    return f"{plain[:4]}-{plain[4:]}" if _FORM.fullmatch(plain) else ""


class Codes:
    """The codes of all rooms. ``keys``: the master keys, oldest first; the last one writes."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = checked_keys(keys)
        self._tables = lru_cache(maxsize=256)(self._begin)

    def of(self, room: str, epoch: int, arrival: int) -> str:
        """The code of a place; "" where it has none."""
        if not 0 < arrival < MOST:
            return ""
        a, b, c, d = arrival >> 20, arrival >> 10 & 1023, arrival & 1023, 0
        of_a, of_b, of_c, of_d = self._tables(room, epoch)[-1]
        for _ in range(_TURNS):
            b ^= of_a[a]
            c ^= of_b[b]
            d ^= of_c[c]
            a ^= of_d[d]
        return f"{_PAIRS[a]}{_PAIRS[b]}-{_PAIRS[c]}{_PAIRS[d]}"

    def arrivals(self, code: str, room: str, epoch: int) -> list[int]:
        """Which arrivals a code of ours may name in this running, by each key that still counts:
        one, or none. ``code``: as :func:`shaped` gives it.
        """
        plain = code.replace("-", "")
        words = [
            ALPHABET.index(plain[at]) * len(ALPHABET) + ALPHABET.index(plain[at + 1])
            for at in range(0, LENGTH, 2)
        ]
        found = (_read(tables, words) for tables in reversed(self._tables(room, epoch)))
        return [arrival for arrival in found if arrival]

    def _begin(self, room: str, epoch: int) -> list[Tables]:
        label = f"waitingroom.code|{room}|{epoch}".encode()
        return [_filled(hmac.digest(key, label, "sha256")) for key in self._keys]


def _filled(key: bytes) -> Tables:
    """What each word is mixed into the next by."""
    size = blake2b.MAX_DIGEST_SIZE
    blocks = range(_TABLES * _WORD * 2 // size)
    filled = b"".join(blake2b(block.to_bytes(2, "big"), key=key).digest() for block in blocks)
    words = [int.from_bytes(filled[at : at + 2], "big") % _WORD for at in range(0, len(filled), 2)]
    return tuple(array("H", words[nth * _WORD : (nth + 1) * _WORD]) for nth in range(_TABLES))


def _read(tables: Tables, words: Sequence[int]) -> int:
    """The arrival, or 0 where the noughts are not there."""
    a, b, c, d = words
    of_a, of_b, of_c, of_d = tables
    for _ in range(_TURNS):
        a ^= of_d[d]
        d ^= of_c[c]
        c ^= of_b[b]
        b ^= of_a[a]
    return 0 if d else (a << 10 | b) << 10 | c
