"""The draw: the one keyed shuffle of everyone who came before the opening.

A number is computed whenever somebody asks for it and stored nowhere. The shuffle is a
balanced Feistel network (Luby and Rackoff, 1988) over HMAC-SHA256, brought down to exactly
``drawn`` places by cycle walking (Black and Rogaway, “Ciphers with Arbitrary Finite Domains”,
2002): while the answer lies outside the line, it is put in again. Ten rounds, as in FF1
(NIST SP 800-38G).

The bytes are frozen in ``docs/protocol.md``, “The draw”; a page computes the same. The reasons
for the sizes are in ``docs/decisions/draw.md``.
"""

import hmac
from array import array
from functools import lru_cache
from hashlib import sha256

from waitingroom.model import DrawMethod, Snapshot
from waitingroom.room_ids import is_room_id

SEED_BYTES = 32
KEY_BYTES = 32
ROUNDS = 10
MIN_HALF_BITS = 4
"""Below 2^(2 × 4) places a Feistel network shuffles visibly unfairly, however many its rounds."""
MAX_DRAWN = 4**15
"""So that a page gets by with JavaScript's 32-bit operators."""


def commitment(seed: bytes) -> str:
    """SHA-256 of the 32 bytes of ``seed``, in hex: published before, so that the seed is fixed."""
    return sha256(_checked_seed(seed)).hexdigest()


def number_of(arrival: int, *, seed: bytes, room: str, epoch: int, drawn: int) -> int:
    """The number (from 1) that the draw gives to ``arrival`` (from 1), of ``drawn`` early tickets.

    Raises ValueError for an arrival outside 1 … ``drawn``: whoever comes after the draw has no
    part in it. That makes every arrival wrong where nobody was early (``drawn`` 0).
    """
    return 1 + _draw(seed, room, epoch, drawn).forward(arrival - 1)


def arrival_of(number: int, *, seed: bytes, room: str, epoch: int, drawn: int) -> int:
    """The arrival (from 1) that the draw gave ``number``: the inverse of :func:`number_of`."""
    return 1 + _draw(seed, room, epoch, drawn).backward(number - 1)


def number_in(snapshot: Snapshot, epoch: int, arrival: int) -> int | None:
    """The number of an arrival: None before the draw, or where the snapshot is of another epoch."""
    if epoch != snapshot.epoch:
        return None
    if snapshot.draw is DrawMethod.FIFO:
        return arrival
    if snapshot.drawn is None or snapshot.seed is None:
        return None
    if arrival > snapshot.drawn:
        return arrival
    return number_of(
        arrival,
        seed=bytes.fromhex(snapshot.seed),
        room=snapshot.room,
        epoch=epoch,
        drawn=snapshot.drawn,
    )


def key_of(seed: bytes, room: str, epoch: int, drawn: int) -> bytes:
    """The key of one draw: 32 bytes, HMAC-SHA256 of ``room|epoch|drawn`` under the seed."""
    if not is_room_id(room) or epoch < 0:
        raise ValueError(f"there is no draw for room {room!r} in epoch {epoch}")
    return hmac.digest(_checked_seed(seed), f"{room}|{epoch}|{drawn}".encode(), "sha256")


class Permutation:
    """A keyed one-to-one map of 0 … ``size`` − 1 onto itself.

    It remembers the round values it has computed, at most 10 × 2^15 of them, so whoever asks for
    many places of one draw pays for few HMACs. Threads may share it: two that compute the same
    value at once both write the same.
    """

    __slots__ = ("_half_bits", "_keyed", "_mask", "_memory", "size")

    def __init__(self, key: bytes, size: int) -> None:
        if not 0 <= size <= MAX_DRAWN:
            raise ValueError(f"a draw has 0 to {MAX_DRAWN} places, not {size}")
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key of a draw has {KEY_BYTES} bytes, not {len(key)}")
        self.size = size
        # The smallest k with 4^k ≥ size: walking then takes four steps on average at most,
        # or 256 / size in a line so short that the floor counts.
        self._half_bits = max(MIN_HALF_BITS, (max(0, size - 1).bit_length() + 1) // 2)
        self._mask = (1 << self._half_bits) - 1
        self._keyed = hmac.new(key, digestmod=sha256)
        self._memory = array("i", [-1]) * (ROUNDS << self._half_bits)

    def forward(self, index: int) -> int:
        """Where ``index`` goes. Raises ValueError outside 0 … ``size`` − 1."""
        self._check(index)
        k, mask, half_of = self._half_bits, self._mask, self._half_of
        while True:
            left, right = index >> k, index & mask
            for step in range(ROUNDS):
                left, right = right, left ^ half_of(step, right)
            index = left << k | right
            if index < self.size:
                return index

    def backward(self, index: int) -> int:
        """What goes to ``index``: the inverse of :meth:`forward`, with the same errors."""
        self._check(index)
        k, mask, half_of = self._half_bits, self._mask, self._half_of
        while True:
            left, right = index >> k, index & mask
            for step in reversed(range(ROUNDS)):
                left, right = right ^ half_of(step, left), left
            index = left << k | right
            if index < self.size:
                return index

    def _half_of(self, step: int, half: int) -> int:
        place = step << self._half_bits | half
        value = self._memory[place]
        if value < 0:
            mac = self._keyed.copy()
            mac.update(bytes([step]) + half.to_bytes(4, "big"))
            value = int.from_bytes(mac.digest()[:4], "big") & self._mask
            self._memory[place] = value
        return value

    def _check(self, index: int) -> None:
        if not 0 <= index < self.size:
            raise ValueError(f"place {index + 1} is not among the {self.size} drawn")


def _checked_seed(seed: bytes) -> bytes:
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(seed)}")
    return seed


# A gate asks for the draws of a few rooms, over and over. A large one remembers 1.3 MB.
@lru_cache(maxsize=32)
def _draw(seed: bytes, room: str, epoch: int, drawn: int) -> Permutation:
    return Permutation(key_of(seed, room, epoch, drawn), drawn)
