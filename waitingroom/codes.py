"""Short codes that a shopper reads aloud to support: a place's name, and no credential.

Eight characters, 40 bits: the arrival (30) and ten noughts, mixed by a Feistel network (Luby and
Rackoff, 1988: four rounds) over keyed BLAKE2s (RFC 7693), whose key is of one running of one room.
So a code tells nothing by itself, the next one cannot be guessed from it, and of what is mistyped,
invented or another room's, one in a thousand has the noughts, and fewer an arrival that was given
out. It costs no memory: whoever has the secret keys computes the place from the code. Pure.

BLAKE2s, and not the HMAC of all else here: a code is made at every join, in a fifth of the time.
"""

import hmac
import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2s

from waitingroom.signing import checked_keys

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O (read as 1, 1, 0) and no U."""
LENGTH = 8
MOST = 2**30
"""Arrivals from here on have no code: no room has had so many."""
_HALF = 2**20
_SPARE = 2**10
_ROUNDS = 4
_HEARD = str.maketrans("OIL", "011", " -–—.\u00a0")
_FORM = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def shaped(text: str) -> str:
    """What was typed, in the one form that we write: ``K7Q2-9MXD``; "" where it can be none."""
    plain = text.strip().upper().translate(_HEARD)
    return f"{plain[:4]}-{plain[4:]}" if _FORM.fullmatch(plain) else ""


class Codes:
    """The codes of all rooms. ``keys``: the master keys, oldest first; the last one writes."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = checked_keys(keys)
        self._begun = lru_cache(maxsize=256)(self._begin)

    def of(self, room: str, epoch: int, arrival: int) -> str:
        """The code of a place; "" where it has none."""
        if not 0 < arrival < MOST:
            return ""
        left, right = divmod(arrival * _SPARE, _HALF)
        begun = self._begun(room, epoch)[-1]
        for step in range(_ROUNDS):
            left, right = right, left ^ _mixed(begun, step, right)
        value = left * _HALF + right
        text = "".join(ALPHABET[value >> shift & 31] for shift in range(35, -1, -5))
        return f"{text[:4]}-{text[4:]}"

    def arrivals(self, code: str, room: str, epoch: int) -> list[int]:
        """Which arrivals a code of ours may name in this running, by each key that still counts:
        one, or none. ``code``: as :func:`shaped` gives it.
        """
        value = 0
        for character in code.replace("-", ""):
            value = value << 5 | ALPHABET.index(character)
        found = (_read(begun, value) for begun in reversed(self._begun(room, epoch)))
        return [arrival for arrival in found if arrival]

    def _begin(self, room: str, epoch: int) -> list["blake2s"]:
        label = f"waitingroom.code|{room}|{epoch}".encode()
        derived = [hmac.digest(key, label, "sha256") for key in self._keys]
        return [blake2s(key=key, digest_size=4) for key in derived]


def _read(begun: "blake2s", value: int) -> int:
    """The arrival, or 0 where the noughts are not there."""
    left, right = divmod(value, _HALF)
    for step in reversed(range(_ROUNDS)):
        left, right = right ^ _mixed(begun, step, left), left
    arrival, spare = divmod(left * _HALF + right, _SPARE)
    return 0 if spare else arrival


def _mixed(begun: "blake2s", step: int, half: int) -> int:
    own = begun.copy()
    own.update((step * _HALF + half).to_bytes(4, "big"))
    return int.from_bytes(own.digest(), "big") % _HALF
