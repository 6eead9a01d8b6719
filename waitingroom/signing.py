"""The one canonical form of a signed string, for each kind of credential.

A token is ``mark.room.epoch.….signature``: fields parted by dots, integers in decimal, then 43
characters of base64url. There is exactly one way to write each value, and nothing else is read:
no leading zero, sign, space, padding or other alphabet. Signatures are those of
:class:`itsdangerous.Signer` with SHA-256 and a salt per kind, so a token of one kind never passes
for another.
"""

import hmac
import re
from binascii import b2a_base64
from collections.abc import Sequence
from hashlib import sha256

import itsdangerous

from waitingroom.errors import Forged, Malformed

MIN_KEY_BYTES = 32
"""As long as what SHA-256 puts out; a shorter key would be the weakest part."""
LONGEST_TOKEN = 256
"""More than the longest we write (211). What is longer is not looked at."""

_ROOM = r"([a-z0-9][a-z0-9-]{0,39})"
# Up to 15 digits: every integer is exact as a JavaScript number, too.
_INT = r"(0|[1-9][0-9]{0,14})"
_ARRIVAL = r"([1-9][0-9]{0,14})"
_LEASE = r"([1-9][0-9]{0,9}-[1-9][0-9]{0,14}|s-[0-9a-f]{16})"
_NONCE = r"([0-9a-f]{16})"
# 43 characters hold 258 bits for 256: the last one's two spare bits are zero, so that one
# signature has one spelling (itsdangerous would take four, and skip foreign characters).
_SIGNATURE = r"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Signer:
    """To the byte what ``itsdangerous.Signer(keys, salt, key_derivation="hmac")`` signs and
    verifies, for less than half the price.

    That one derives its key, and begins an HMAC with it, anew at every call. ``keys``: oldest
    first; all verify, the last one signs.
    """

    __slots__ = ("_begun",)

    def __init__(self, keys: Sequence[bytes], salt: bytes) -> None:
        stock = itsdangerous.Signer(keys, salt=salt, key_derivation="hmac", digest_method=sha256)
        # Newest first: most of what is shown was signed with that one.
        derived = [stock.derive_key(key) for key in reversed(stock.secret_keys)]
        self._begun = [hmac.new(key, digestmod="sha256") for key in derived]

    def signature(self, payload: str) -> str:
        """43 characters of base64url."""
        return _signed(self._begun[0], payload.encode())

    def verifies(self, payload: str, signature: str) -> bool:
        """Whether one of the keys has signed ``payload`` so. Both are ASCII."""
        raw = payload.encode()
        return any(hmac.compare_digest(_signed(begun, raw), signature) for begun in self._begun)


def _signed(begun: hmac.HMAC, payload: bytes) -> str:
    own = begun.copy()
    own.update(payload)
    # 32 bytes are 43 characters and one of padding.
    return b2a_base64(own.digest(), newline=False)[:43].translate(_URL_SAFE).decode()


class Form:
    """One kind of token: its salt, its mark, and the fields between mark and signature."""

    __slots__ = ("_payload", "_token", "mark", "salt")

    def __init__(self, salt: bytes, mark: str, *fields: str) -> None:
        self.salt = salt
        self.mark = mark
        payload = r"\.".join((mark, *fields))
        self._payload = re.compile(payload)
        self._token = re.compile(rf"({payload})\.{_SIGNATURE}")

    def signer(self, keys: Sequence[bytes]) -> Signer:
        """What signs and verifies this kind."""
        return Signer(keys, self.salt)

    def write(self, signer: Signer, *values: str | int) -> str:
        """Sign ``values``. Raises ValueError for what would not be read again."""
        payload = ".".join((self.mark, *map(str, values)))
        if self._payload.fullmatch(payload) is None:
            raise ValueError(f"not a {self.salt.decode()} that could be read again: {payload!r}")
        return f"{payload}.{signer.signature(payload)}"

    def read(self, signer: Signer, raw: str) -> tuple[str, ...]:
        """The fields, as text. Raises Malformed or Forged, and nothing else."""
        match = self._token.fullmatch(raw) if len(raw) <= LONGEST_TOKEN else None
        if match is None:
            raise Malformed(f"not in the form of a {self.salt.decode()}")
        payload, *values, signature = match.groups()
        if not signer.verifies(payload, signature):
            raise Forged("the signature fits none of the keys")
        return tuple(values)


TICKET = Form(b"waitingroom.ticket", "t1", _ROOM, _INT, _ARRIVAL, _INT)
PASS = Form(b"waitingroom.pass", "p1", _ROOM, _INT, _LEASE, _INT, _INT, _INT)
APPOINTMENT = Form(b"waitingroom.appointment", "a1", _ROOM, _NONCE, _INT)
HANDOVER = Form(b"waitingroom.handover", "h1", _ROOM, _INT, _LEASE, _NONCE, _INT, _INT, _INT, _INT)


def checked_keys(keys: Sequence[bytes]) -> tuple[bytes, ...]:
    """``keys`` as they are. Raises ValueError where there is none, or one of under 32 bytes."""
    if not keys:
        raise ValueError("there must be at least one key")
    for key in keys:
        if len(key) < MIN_KEY_BYTES:
            raise ValueError(f"a key must have at least {MIN_KEY_BYTES} bytes, not {len(key)}")
    return tuple(keys)
