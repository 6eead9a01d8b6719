"""Credentials: only what we wrote, in the one form that we write it, is read."""

import base64
import hmac
import re
import statistics
import string
import timeit
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from waitingroom.errors import BadToken, Expired, Forged, FromTheFuture, Malformed, WrongRoom
from waitingroom.room_ids import RESERVED_IDS, is_room_id
from waitingroom.signing import LONGEST_TOKEN
from waitingroom.tokens import Handover, Keyring, Pass, RoomKeyring, Ticket

NOW_MS = 1_790_000_000_000
OLD, KEY, NEXT = (sha256(name).digest() for name in (b"old", b"key", b"next"))
RING = Keyring([KEY])
Token = Ticket | Pass | Handover

TICKET = Ticket("demo", 3, 120_456, NOW_MS)
PASS = Pass("demo", 3, "3-120456", NOW_MS, NOW_MS + 900_000, NOW_MS + 3_600_000)
HANDOVER = Handover(
    *("demo", 3, "3-120456", "00ff00ff00ff00ff", NOW_MS, NOW_MS + 30_000),
    *(NOW_MS + 900_000, NOW_MS + 3_600_000),
)


@dataclass(frozen=True)
class Kind:
    """One kind of token: an example, and how to write and read it with a ring's keys."""

    example: Token
    salt: bytes
    sign: Callable[..., str]
    read: Callable[..., Token]

    def __str__(self) -> str:
        return type(self.example).__name__


def _read_ticket(raw: str, ring: Keyring = RING, now_ms: int = NOW_MS) -> Token:
    return ring.read_ticket(raw, room="demo", now_ms=now_ms)


def _read_pass(raw: str, ring: Keyring = RING, now_ms: int = NOW_MS) -> Token:
    return ring.room_keys("demo").read_pass(raw, now_ms=now_ms)


def _read_handover(raw: str, ring: Keyring = RING, now_ms: int = NOW_MS) -> Token:
    return ring.room_keys("demo").read_handover(raw, now_ms=now_ms)


def _sign_ticket(value: Ticket, ring: Keyring = RING) -> str:
    return ring.sign_ticket(value)


def _sign_pass(value: Pass, ring: Keyring = RING) -> str:
    return ring.room_keys(value.room).sign_pass(value)


def _sign_handover(value: Handover, ring: Keyring = RING) -> str:
    return ring.room_keys(value.room).sign_handover(value)


KINDS = [
    Kind(TICKET, b"waitingroom.ticket", _sign_ticket, _read_ticket),
    Kind(PASS, b"waitingroom.pass", _sign_pass, _read_pass),
    Kind(HANDOVER, b"waitingroom.handover", _sign_handover, _read_handover),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
ending_kind = pytest.mark.parametrize("kind", KINDS[1:], ids=str)


def room_key(room: str = "demo", key: bytes = KEY) -> bytes:
    """A room's key, computed as docs and docstring say, without the product."""
    return hmac.new(key, b"waitingroom.room|" + room.encode(), sha256).digest()


def stock_signer(kind: Kind, *keys: bytes) -> Signer:
    """A plain itsdangerous signer as the contract names it."""
    masters = keys or (KEY,)
    own = masters if kind is KINDS[0] else [room_key(key=key) for key in masters]
    return Signer(list(own), salt=kind.salt, key_derivation="hmac", digest_method=sha256)


def signed(kind: Kind, payload: str) -> str:
    """``payload`` with a good signature, whatever it says."""
    return stock_signer(kind).sign(payload).decode()


def payload_of(raw: str) -> str:
    return raw.rpartition(".")[0]


# What we write, we read


@each_kind
def test_what_was_signed_is_read(kind: Kind) -> None:
    """A token gives back the value it was made from."""
    assert kind.read(kind.sign(kind.example)) == kind.example


@each_kind
def test_a_stock_signer_agrees_both_ways(kind: Kind) -> None:
    """Our quick signer is itsdangerous.Signer with HMAC derivation, to the byte."""
    raw = kind.sign(kind.example)
    stock = stock_signer(kind)
    assert stock.unsign(raw).decode() == payload_of(raw)
    assert stock.sign(payload_of(raw)).decode() == raw


@each_kind
def test_a_token_fits_a_cookie_a_header_and_a_url(kind: Kind) -> None:
    """Only characters that need no quoting anywhere."""
    assert re.fullmatch(r"[A-Za-z0-9._-]+", kind.sign(kind.example))


def test_the_longest_token_is_within_the_cap() -> None:
    """Every field at its longest still leaves room below the length that is looked at."""
    most = 10**15 - 1
    value = Handover("a" * 40, most, f"{10**10 - 1}-{most}", "f" * 16, most, most, most, most)
    raw = RING.room_keys("a" * 40).sign_handover(value)
    assert len(raw) == 211 < LONGEST_TOKEN
    assert RING.room_keys("a" * 40).read_handover(raw, now_ms=most - 1) == value


ROOMS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True).filter(
    lambda room: room not in RESERVED_IDS
)
NUMBERS = st.integers(0, 10**15 - 1)
LEASES = st.integers(1, 10**15 - 1).map("3-{}".format) | st.from_regex(
    r"s-[0-9a-f]{16}", fullmatch=True
)
NONCES = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


@given(room=ROOMS, epoch=NUMBERS, arrival=st.integers(1, 10**15 - 1), at_ms=NUMBERS)
def test_every_ticket_comes_back(room: str, epoch: int, arrival: int, at_ms: int) -> None:
    """Any ticket in range survives the round trip."""
    value = Ticket(room, epoch, arrival, at_ms)
    assert RING.read_ticket(RING.sign_ticket(value), room=room, now_ms=at_ms) == value


@given(room=ROOMS, epoch=NUMBERS, lease=LEASES, at_ms=NUMBERS, ends=st.integers(1, 10**15 - 1))
def test_every_pass_comes_back(room: str, epoch: int, lease: str, at_ms: int, ends: int) -> None:
    """Any pass in range survives the round trip, and a key ring's export and import."""
    value = Pass(room, epoch, lease, 0, ends, ends)
    keys = RING.room_keys(room)
    again = RoomKeyring.parse(keys.export())
    assert again.read_pass(keys.sign_pass(value), now_ms=ends - 1) == value
    assert keys.read_pass(again.sign_pass(value), now_ms=0) == value
    assert value.staff == lease.startswith("s-")


@given(room=ROOMS, epoch=NUMBERS, lease=LEASES, nonce=NONCES, times=st.tuples(NUMBERS, NUMBERS))
def test_every_handover_comes_back(
    room: str, epoch: int, lease: str, nonce: str, times: tuple[int, int]
) -> None:
    """Any handover in range survives the round trip."""
    value = Handover(room, epoch, lease, nonce, 0, 1, *times)
    keys = RING.room_keys(room)
    assert keys.read_handover(keys.sign_handover(value), now_ms=0) == value


# Forged, cut, changed


@each_kind
def test_a_forged_signature_is_refused(kind: Kind) -> None:
    """A stranger's key signs nothing of ours."""
    raw = kind.sign(kind.example, Keyring([NEXT]))
    with pytest.raises(Forged):
        kind.read(raw)


@each_kind
def test_a_token_cut_at_any_length_is_refused(kind: Kind) -> None:
    """No beginning and no end of a token is a token."""
    raw = kind.sign(kind.example)
    for length in range(len(raw)):
        for part in (raw[:length], raw[length + 1 :]):
            with pytest.raises(BadToken):
                kind.read(part)


@each_kind
def test_a_token_with_any_one_character_changed_is_refused(kind: Kind) -> None:
    """Every position counts, for every character that a token may hold."""
    raw = kind.sign(kind.example)
    for position, character in enumerate(raw):
        for other in string.ascii_letters + string.digits + "-_.":
            if other != character:
                with pytest.raises(BadToken):
                    kind.read(raw[:position] + other + raw[position + 1 :])


@each_kind
@pytest.mark.parametrize("extra", [*" \t\r\n\0=+/~!%.é\u0661\u200b\ud800", "==", "\x1f"])
def test_a_token_with_anything_inserted_is_refused(kind: Kind, extra: str) -> None:
    """Base64 decoders skip foreign characters, and people trim: one spelling is enough."""
    raw = kind.sign(kind.example)
    for position in range(len(raw) + 1):
        with pytest.raises(Malformed):
            kind.read(raw[:position] + extra + raw[position:])


@each_kind
def test_a_signature_in_another_base64_spelling_is_refused(kind: Kind) -> None:
    """The two spare bits, padding, and the standard alphabet would all decode to the same bytes."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    raw = kind.sign(kind.example)
    last = alphabet.index(raw[-1])
    spellings = [raw[:-1] + alphabet[last | spare] for spare in (1, 2, 3)] + [raw + "="]
    for spelling in spellings:
        assert stock_signer(kind).validate(spelling), "the stock signer takes it; we must not"
        with pytest.raises(Malformed):
            kind.read(spelling)


@each_kind
def test_a_signature_in_the_standard_alphabet_is_refused(kind: Kind) -> None:
    """``+`` and ``/`` stand for the same bits as ``-`` and ``_`` elsewhere, and not here."""
    for at_ms in range(NOW_MS, NOW_MS - 200, -1):
        raw = kind.sign(replace(kind.example, issued_at_ms=at_ms))
        payload, _, signature = raw.rpartition(".")
        standard = signature.replace("-", "+").replace("_", "/")
        if standard != signature:
            with pytest.raises(Malformed):
                kind.read(f"{payload}.{standard}")
            return
    pytest.fail("no signature with a - or _ in two hundred")


def respellings(payload: str) -> list[str]:
    """``payload`` with each of its integers written in other ways that int() would take."""
    fields = payload.split(".")
    found = []
    for index, text in enumerate(fields):
        if text.isdigit():
            arabic = text.translate({ord("0") + n: 0x660 + n for n in range(10)})
            ways = (f"0{text}", f"+{text}", f"-{text}", f" {text}", f"{text} ", f"{text}\n", arabic)
            for way in (
                *ways,
                f"{text[0]}_{text[1:] or 0}",
                f"{text}e0",
                f"{text},0",
                hex(int(text)),
            ):
                found.append(".".join([*fields[:index], way, *fields[index + 1 :]]))
    return found


@each_kind
def test_a_number_in_another_spelling_is_refused_even_well_signed(kind: Kind) -> None:
    """Zeros in front, signs, spaces, foreign digits: no second way to write a value."""
    payload = payload_of(kind.sign(kind.example))
    found = respellings(payload)
    assert len(found) >= 30
    for spelling in found:
        with pytest.raises(Malformed):
            kind.read(signed(kind, spelling))


@each_kind
@pytest.mark.parametrize("value", ["", "-1", "1" * 17, "x", "Demo", "a" * 41, "-a", "é", "s-12"])
def test_a_field_out_of_its_range_is_refused_even_well_signed(kind: Kind, value: str) -> None:
    """Each field takes what it may hold and nothing else."""
    fields = payload_of(kind.sign(kind.example)).split(".")
    for place in range(len(fields)):
        changed = ".".join([*fields[:place], value, *fields[place + 1 :]])
        # Some of these may name a room, which is then another one.
        fault = WrongRoom if place == 1 and is_room_id(value) else Malformed
        with pytest.raises(fault):
            kind.read(signed(kind, changed))


@each_kind
def test_swapped_fields_are_refused(kind: Kind) -> None:
    """Two fields in each other's place, under the signature of the original."""
    payload, _, signature = kind.sign(kind.example).rpartition(".")
    fields = payload.split(".")
    for one in range(len(fields)):
        for two in range(one):
            swapped = list(fields)
            swapped[one], swapped[two] = fields[two], fields[one]
            if swapped != fields:
                with pytest.raises(BadToken):
                    kind.read(".".join([*swapped, signature]))


@each_kind
def test_a_field_too_many_or_too_few_is_refused_even_well_signed(kind: Kind) -> None:
    """The count of fields is part of the form."""
    payload = payload_of(kind.sign(kind.example))
    for other in (
        f"{payload}.1",
        payload.rpartition(".")[0],
        "",
        "t1",
        f".{payload}",
        f"{payload}.",
    ):
        with pytest.raises(Malformed):
            kind.read(signed(kind, other))


# Another's


@each_kind
@pytest.mark.parametrize("other", KINDS, ids=str)
def test_a_token_of_another_kind_is_refused(kind: Kind, other: Kind) -> None:
    """Neither as it is, nor with the marks exchanged, nor signed with the other kind's salt."""
    if kind is other:
        return
    raw = other.sign(other.example)
    with pytest.raises(Malformed):
        kind.read(raw)
    own_payload = payload_of(kind.sign(kind.example))
    master, room = ([KEY], [room_key()])
    for keys in (master, room):
        crossed = Signer(keys, salt=other.salt, key_derivation="hmac", digest_method=sha256)
        with pytest.raises(Forged):
            kind.read(crossed.sign(own_payload).decode())


def test_another_rooms_ticket_is_refused() -> None:
    """The gate's keys are the same for all rooms, so the room is compared."""
    raw = RING.sign_ticket(replace(TICKET, room="demo2"))
    with pytest.raises(WrongRoom):
        RING.read_ticket(raw, room="demo", now_ms=NOW_MS)


@ending_kind
def test_another_rooms_pass_or_handover_is_refused(kind: Kind) -> None:
    """Each room has keys of its own, so another's is as good as forged."""
    with pytest.raises(Forged):
        kind.read(kind.sign(replace(kind.example, room="demo2")))


@ending_kind
def test_a_shop_that_signs_for_another_room_is_refused(kind: Kind) -> None:
    """A shop's keys make nothing that any room takes but its own, the shop itself included."""
    elsewhere = payload_of(kind.sign(replace(kind.example, room="demo2")))
    raw = signed(kind, elsewhere)
    with pytest.raises(WrongRoom):
        kind.read(raw)
    keys = RING.room_keys("demo2")
    with pytest.raises(Forged):
        (keys.read_pass if kind.example is PASS else keys.read_handover)(raw, now_ms=NOW_MS)


@ending_kind
def test_a_rooms_keys_refuse_to_sign_for_another(kind: Kind) -> None:
    """Signing for a foreign room is a mistake of the caller's, told at once."""
    keys = RING.room_keys("demo2")
    sign: Callable[..., str] = keys.sign_pass if kind.example is PASS else keys.sign_handover
    with pytest.raises(ValueError, match="sign nothing for demo"):
        sign(kind.example)


def test_a_shops_keys_sign_no_ticket() -> None:
    """A place in line is the gate's to give: a room's keys do not verify as a master's."""
    raw = Signer(
        [room_key()], salt=b"waitingroom.ticket", key_derivation="hmac", digest_method=sha256
    ).sign(payload_of(RING.sign_ticket(TICKET)))
    with pytest.raises(Forged):
        RING.read_ticket(raw.decode(), room="demo", now_ms=NOW_MS)


@each_kind
def test_another_epoch_is_carried_as_it_was_signed(kind: Kind) -> None:
    """Which epoch counts is for the caller to say; it cannot be changed on the way."""
    other = replace(kind.example, epoch=4)
    assert kind.read(kind.sign(other)).epoch == 4
    payload, _, signature = kind.sign(kind.example).rpartition(".")
    raised = payload.replace("demo.3.", "demo.4.")
    assert raised != payload
    with pytest.raises(Forged):
        kind.read(f"{raised}.{signature}")


# Time


@each_kind
def test_a_token_from_the_future_is_refused_beyond_the_skew(kind: Kind) -> None:
    """Thirty seconds of difference between clocks are tolerated, and not a millisecond more."""
    raw = kind.sign(kind.example)
    assert kind.read(raw, now_ms=NOW_MS - 30_000) == kind.example
    with pytest.raises(FromTheFuture):
        kind.read(raw, now_ms=NOW_MS - 30_001)


def test_a_ticket_has_no_end_of_its_own() -> None:
    """However old, it is the epoch that ends it."""
    raw = RING.sign_ticket(replace(TICKET, issued_at_ms=0))
    assert RING.read_ticket(raw, room="demo", now_ms=10**15).issued_at_ms == 0


@ending_kind
def test_a_pass_or_handover_ends_at_its_end(kind: Kind) -> None:
    """Good until just before, and then the fault says since when."""
    raw = kind.sign(kind.example)
    end_ms = kind.example.expires_at_ms  # type: ignore[union-attr]
    assert kind.read(raw, now_ms=end_ms - 1) == kind.example
    with pytest.raises(Expired) as caught:
        kind.read(raw, now_ms=end_ms)
    assert caught.value.expired_at_ms == end_ms


def test_a_pass_never_outlives_its_absolute_end() -> None:
    """An expiry beyond the end does not count."""
    end_ms = NOW_MS + 1_000
    raw = _sign_pass(replace(PASS, ends_at_ms=end_ms))
    _read_pass(raw, now_ms=end_ms - 1)
    with pytest.raises(Expired) as caught:
        _read_pass(raw, now_ms=end_ms)
    assert caught.value.expired_at_ms == end_ms


@each_kind
def test_a_forged_token_is_not_told_its_times(kind: Kind) -> None:
    """The signature comes first: nothing is said about a value that we did not sign."""
    raw = kind.sign(replace(kind.example, issued_at_ms=NOW_MS + 10**9), Keyring([NEXT]))
    with pytest.raises(Forged):
        kind.read(raw)


# Keys


@each_kind
def test_an_older_key_still_works_and_a_removed_one_does_not(kind: Kind) -> None:
    """Rotation: add a key, and later take the old one away."""
    before = kind.sign(kind.example, Keyring([OLD]))
    assert kind.read(before, Keyring([OLD, KEY])) == kind.example
    with pytest.raises(Forged):
        kind.read(before, Keyring([KEY]))


@each_kind
def test_the_newest_key_signs(kind: Kind) -> None:
    """Of several keys the last one, so that the older can go."""
    raw = kind.sign(kind.example, Keyring([OLD, KEY]))
    assert kind.read(raw, Keyring([KEY])) == kind.example
    with pytest.raises(Forged):
        kind.read(raw, Keyring([OLD]))


@each_kind
def test_a_stock_signer_rotates_alike(kind: Kind) -> None:
    """Several keys: the same signature as itsdangerous with the same list."""
    raw = kind.sign(kind.example, Keyring([OLD, KEY]))
    assert stock_signer(kind, OLD, KEY).sign(payload_of(raw)).decode() == raw


def test_a_rooms_keys_are_derived_as_documented() -> None:
    """HMAC-SHA256 of the labelled room under each master key, oldest first."""
    exported = Keyring([OLD, KEY]).room_keys("demo").export()
    assert exported == f"wrk1.demo.{room_key(key=OLD).hex()},{room_key(key=KEY).hex()}"


def test_a_rooms_keys_travel_as_text() -> None:
    """What a shop reads back signs and verifies like the original, older keys included."""
    shop = RoomKeyring.parse(Keyring([OLD, KEY]).room_keys("demo").export() + "\n")
    assert shop.room == "demo"
    assert shop.read_pass(_sign_pass(PASS, Keyring([OLD])), now_ms=NOW_MS) == PASS
    assert _read_pass(shop.sign_pass(PASS)) == PASS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wrk1",
        "wrk1.demo",
        "wrk1.demo.",
        f"wrk2.demo.{KEY.hex()}",
        f"wrk1.Demo.{KEY.hex()}",
        f"wrk1.api.{KEY.hex()}",
        f"wrk1..{KEY.hex()}",
        f"wrk1.demo.{KEY.hex()[:-2]}",
        f"wrk1.demo.{KEY.hex()}00",
        f"wrk1.demo.{KEY.hex().upper()}",
        f"wrk1.demo.{KEY.hex()},",
        f"wrk1.demo.{KEY.hex()}, {KEY.hex()}",
        f"wrk1.demo.{KEY.hex()}.{KEY.hex()}",
        "wrk1.demo." + "٠" * 64,
    ],
)
def test_keys_in_another_form_are_refused_without_repeating_them(text: str) -> None:
    """A slip in a setting is told by one sentence that may stand in a log."""
    with pytest.raises(ValueError, match="a room's keys look like") as caught:
        RoomKeyring.parse(text)
    assert KEY.hex()[:16] not in str(caught.value).lower()


def test_weak_or_missing_keys_are_refused() -> None:
    """No key, or one that is shorter than the hash, would make every signature doubtful."""
    for keys in ([], [b""], [KEY, b"x" * 31]):
        with pytest.raises(ValueError, match=r"at least|32 bytes"):
            Keyring(keys)
        with pytest.raises(ValueError, match=r"at least|32 bytes"):
            RoomKeyring("demo", keys)
    with pytest.raises(ValueError, match="32 bytes"):
        RoomKeyring("demo", [b"x" * 33])
    with pytest.raises(ValueError, match="cannot name a room"):
        RING.room_keys("no/room")


def test_a_ring_does_not_show_its_keys() -> None:
    """Its repr may land in a log."""
    for ring in (RING, RING.room_keys("demo")):
        shown = repr(ring)
        assert KEY.hex() not in shown
        assert room_key().hex() not in shown
        assert repr(KEY) not in shown


IMPOSSIBLE: list[tuple[str, list[Any]]] = [
    ("room", ["", "Demo", "demo.1", "a" * 41, "demo\n"]),
    ("epoch", [-1, 10**15, True, 1.0, "03"]),
    ("issued_at_ms", [-1, 10**15, 1.5, None]),
    ("arrival", [0, -1, 10**15]),
    (
        "lease",
        [
            "",
            "1",
            "0-1",
            "1-0",
            "01-1",
            "1-01",
            "1-1-1",
            "s-12",
            "s-" + "F" * 16,
            "1.2",
            "\u0661",
            "\ud800",
        ],
    ),
    ("nonce", ["", "f" * 15, "F" * 16]),
    ("expires_at_ms", [-1, 10**15]),
    ("ends_at_ms", [-1, 10**15]),
    ("pass_expires_at_ms", [-1, 10**15]),
    ("pass_ends_at_ms", [-1, 10**15]),
]


@each_kind
def test_what_could_not_be_read_is_not_signed(kind: Kind) -> None:
    """A mistake of ours is found where it is made, not by the shopper who holds the token."""
    for name, values in IMPOSSIBLE:
        for value in values if hasattr(kind.example, name) else ():
            with pytest.raises(ValueError, match=r"could be read again|cannot name a room"):
                kind.sign(replace(kind.example, **{name: value}))


# Anything at all

EVIL = [
    "",
    ".",
    "." * 300,
    "\0",
    "\ud800",
    "t1.\ud800.3.1.1." + "A" * 43,
    "é" * 50,
    "\u0661" * 60,
    "x" * 1_000_000,
    "t1." * 333_333,
    "9" * 1_000_000,
    "t1.demo.3." + "9" * 5_000 + ".1." + "A" * 43,
    "t1.demo.3.1.1." + "A" * 43,
    "p1.demo.3.3-1.1.1.1." + "A" * 43,
    "{}",
    "%s%s%n",
]


@each_kind
@pytest.mark.parametrize("raw", EVIL, ids=lambda raw: ascii(raw[:12]) + f"-{len(raw)}")
def test_no_text_raises_anything_but_bad_token(kind: Kind, raw: str) -> None:
    """NUL, lone surrogates, a megabyte: a credential that is not good, and no more than that."""
    with pytest.raises(BadToken):
        kind.read(raw)


ANY_TEXT = st.text(
    st.characters(categories=None) | st.sampled_from(list(string.digits + ".tph1-_ \ud800\0")),
    max_size=300,
)


@each_kind
@given(raw=ANY_TEXT)
def test_arbitrary_text_raises_only_bad_token(kind: Kind, raw: str) -> None:
    """Whatever a stranger sends."""
    with pytest.raises(BadToken):
        kind.read(raw)


@each_kind
@given(data=st.data())
def test_a_token_spliced_with_anything_raises_only_bad_token(
    kind: Kind, data: st.DataObject
) -> None:
    """A part of a good token replaced by arbitrary text."""
    raw = kind.sign(kind.example)
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    spliced = raw[:start] + data.draw(ANY_TEXT) + raw[end:]
    if spliced != raw:
        with pytest.raises(BadToken):
            kind.read(spliced)


@each_kind
@given(data=st.data())
def test_any_well_signed_text_raises_only_bad_token(kind: Kind, data: st.DataObject) -> None:
    """Even with the key in a wrong hand, no other fault than this comes out."""
    payload = data.draw(st.text(st.characters(codec="utf-8"), max_size=120))
    with pytest.raises(BadToken):
        kind.read(signed(kind, payload))


def test_the_signature_is_all_of_sha256() -> None:
    """Thirty-two bytes, not cut."""
    signature = RING.sign_ticket(TICKET).rpartition(".")[2]
    assert len(base64.urlsafe_b64decode(signature + "=")) == 32


def test_the_offline_check_costs_at_most_fifteen_hmacs() -> None:
    """The guard's check of a pass against one HMAC-SHA256 of the same bytes, in pairs."""
    keys = RING.room_keys("demo")
    raw = keys.sign_pass(PASS)
    payload = payload_of(raw).encode()
    ratios = []
    for _ in range(9):
        check = timeit.timeit(lambda: keys.read_pass(raw, now_ms=NOW_MS), number=2_000)
        plain = timeit.timeit(lambda: hmac.digest(KEY, payload, "sha256"), number=2_000)
        ratios.append(check / plain)
    assert statistics.median(ratios) <= 15
