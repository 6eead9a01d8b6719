"""Tickets that we did not write as they stand: never somebody else's place, never a 500."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from gates import KEYS, Answer, Browser, LocalGate, RunningGate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from itsdangerous import Signer
from rooms import Room, now_ms

from waitingroom.signing import TICKET
from waitingroom.tokens import Keyring, Pass, Ticket

Rooms = Callable[..., Room]
Gates = Callable[..., LocalGate]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass
class Victim:
    """Somebody with an honest place, number 2 of 3, and a room whose shop they could enter."""

    room: Room
    other: Room
    ticket: str
    value: Ticket


@pytest.fixture
def victim(gate: LocalGate, make_room: Rooms) -> Victim:
    """In a room with two more people."""
    room, other = make_room(), make_room()
    tickets = []
    for _ in range(3):
        shopper = Browser(gate, room.name)
        shopper.join()
        tickets.append(shopper.cookies[f"wr-ticket-{room.name}"])
    Browser(gate, other.name).join()
    gate.refresh()
    value = gate.keyring.read_ticket(tickets[1], room=room.name, now_ms=now_ms())
    return Victim(room, other, tickets[1], value)


def signed_by(*keys: bytes) -> Callable[..., str]:
    """Writes tickets as we would, with the keys given."""

    def write(room: str, epoch: object, arrival: object, issued_at_ms: object) -> str:
        payload = f"t1.{room}.{epoch}.{arrival}.{issued_at_ms}"
        return f"{payload}.{TICKET.signer(keys).signature(payload)}"

    return write


def with_spare_bits(ticket: str) -> str:
    """The same signature in another spelling: base64 of 32 bytes leaves two bits over."""
    return ticket[:-1] + ALPHABET[ALPHABET.index(ticket[-1]) + 1]


def tampered(victim: Victim) -> dict[str, str]:
    """Everything that a ticket may be turned into."""
    good, value = victim.ticket, victim.value
    payload, _, signature = good.rpartition(".")
    stranger = signed_by(b"a key that the gate does not hold")
    insider = signed_by(*KEYS)
    standard = base64.b64encode(base64.urlsafe_b64decode(signature + "=")).decode()
    fields = (value.room, value.epoch, value.arrival, value.issued_at_ms)
    one_pass = Pass(value.room, 1, "1-2", now_ms(), now_ms() + 60_000, now_ms() + 60_000)
    return {
        "empty": "",
        "cut by one": good[:-1],
        "cut in the middle": good[: len(good) // 2],
        "no signature": payload,
        "empty signature": payload + ".",
        "a key of nobody": stranger(*fields),
        "another arrival": payload.replace(".2.", ".1.") + "." + signature,
        "another epoch": good.replace(".1.2.", ".2.2."),
        "another time": good.replace(str(value.issued_at_ms), str(value.issued_at_ms - 1)),
        "swapped fields": payload.replace(".1.2.", ".2.1.") + "." + signature,
        "another room's name": good.replace(value.room, victim.other.name),
        "upper case": good.upper(),
        "padding": good + "=",
        "spare bits": with_spare_bits(good),
        "standard base64": f"{payload}.{standard}",
        "a character that base64 skips": good[:-3] + "!" + good[-3:],
        "a space inside": good[:-3] + " " + good[-3:],
        "percent-encoded": "".join(f"%{ord(c):02X}" for c in good),
        "quoted": f'"{good[:-1]}\\"{good[-1]}"',
        "octal": '"' + "".join(f"\\{ord(c):03o}" for c in good[:-1]) + 'x"',
        "twice": good + "." + good,
        "a line break": good + "\\n",
        "another mark": "t2" + good[2:],
        "a pass's mark": "p1" + good[2:],
        "leading zero": insider(value.room, "01", value.arrival, value.issued_at_ms),
        "a plus": insider(value.room, 1, "+2", value.issued_at_ms),
        "a minus": insider(value.room, 1, "-2", value.issued_at_ms),
        "arrival nought": insider(value.room, 1, 0, value.issued_at_ms),
        "hexadecimal": insider(value.room, 1, "0x2", value.issued_at_ms),
        "an exponent": insider(value.room, 1, "2e0", value.issued_at_ms),
        "a huge arrival": insider(value.room, 1, 10**16, value.issued_at_ms),
        "a field too many": insider(value.room, 1, "2.2", value.issued_at_ms),
        "another kind's salt": Signer(KEYS, salt=b"waitingroom.pass", key_derivation="hmac")
        .sign(payload)
        .decode(),
        "SHA-1": Signer(KEYS, salt=b"waitingroom.ticket", key_derivation="hmac")
        .sign(payload)
        .decode(),
        "a room key": signed_by(*(k.encode() for k in ("x" * 32,)))(*fields),
        "a pass of the same place": Keyring(KEYS).room_keys(value.room).sign_pass(one_pass),
        "of the other room": insider(victim.other.name, 1, 2, value.issued_at_ms),
        "from the future": insider(value.room, 1, 2, now_ms() + 60_000),
        "from year 2200": insider(value.room, 1, 2, 7_258_118_400_000),
        "very long": good * 20,
    }


def ask(
    gate: LocalGate | RunningGate, victim: Victim, raw: str, verb: str, *, bearer: bool
) -> Answer:
    """Show a ticket."""
    name = victim.room.name
    shown = {"Authorization": f"Bearer {raw}"} if bearer else {"Cookie": f"wr-ticket-{name}={raw}"}
    method = {"ticket": "POST", "pass": "POST", "wait": "GET", "leave": "POST", "go": "GET"}[verb]
    return gate.ask(method, f"/{name}/{verb}", shown)


@pytest.mark.parametrize("bearer", [False, True], ids=["cookie", "bearer"])
def test_no_changed_ticket_is_anybodys_place(gate: LocalGate, victim: Victim, bearer: bool) -> None:
    """A join gives a new place, a knock is 401, leaving leaves nobody's; the honest one stays."""
    tail = 3
    for what, raw in tampered(victim).items():
        knock = ask(gate, victim, raw, "pass", bearer=bearer)
        assert (knock.status, knock.error) == (401, "bad_ticket"), what
        assert ask(gate, victim, raw, "leave", bearer=bearer).status == 204, what
        assert ask(gate, victim, raw, "wait", bearer=bearer).status == 303, what
        went = ask(gate, victim, raw, "go", bearer=bearer)
        assert (went.status, "pass" in str(went.set_cookies)) == (303, False), what
        joined = ask(gate, victim, raw, "ticket", bearer=bearer)
        tail += 1
        assert (joined.status, joined.json["arrival"]) == (201, tail), what
    assert victim.room.status().counters.entered == 0
    kept = ask(gate, victim, victim.ticket, "ticket", bearer=bearer)
    assert (kept.status, kept.json["arrival"]) == (200, 2)


@pytest.mark.parametrize("epoch", [0, 2, 999_999_999])
def test_a_good_ticket_of_another_running_gets_a_new_place(
    gate: LocalGate, victim: Victim, epoch: int
) -> None:
    """Signed by us, but not of this epoch: 410 at the door, 201 in line."""
    value = Ticket(victim.room.name, epoch, 2, now_ms())
    raw = gate.keyring.sign_ticket(value)
    knock = ask(gate, victim, raw, "pass", bearer=False)
    assert (knock.status, knock.error) == (410, "old_epoch")
    joined = ask(gate, victim, raw, "ticket", bearer=False)
    assert (joined.status, joined.json["arrival"], joined.json["epoch"]) == (201, 4, 1)


def test_a_ticket_signed_with_a_key_that_was_taken_off_the_list_is_none(
    store_url: str, gate_over: Gates, victim: Victim
) -> None:
    """That is what taking it off is for."""
    newer = gate_over(store_url, keys=(b"a key that came after the others..",))
    assert ask(newer, victim, victim.ticket, "pass", bearer=False).error == "bad_ticket"


def test_a_ticket_may_be_half_a_minute_ahead_of_the_later_of_two_clocks(
    gate: LocalGate, victim: Victim
) -> None:
    """Our own, and the store's as we last heard it, since the store gives the time of issue."""
    heard_ms = gate.app.gate.rooms.room(victim.room.name).latest_ms
    for gate.clock_ms, later_ms in ((1, heard_ms), (heard_ms + 9_000, heard_ms + 9_000)):
        for ahead_ms, status in ((30_000, 200), (30_001, 201)):
            ticket = Ticket(victim.room.name, 1, 2, later_ms + ahead_ms)
            raw = gate.keyring.sign_ticket(ticket)
            assert ask(gate, victim, raw, "ticket", bearer=False).status == status


def test_a_clock_that_is_set_back_costs_nobody_a_place(gate: LocalGate, victim: Victim) -> None:
    """An hour, of the whole machine: who joined before is in line still, and gets in."""
    before_ms = now_ms() + 3_600_000
    ticket = gate.keyring.sign_ticket(Ticket(victim.room.name, 1, 2, before_ms))
    assert ask(gate, victim, ticket, "pass", bearer=False).error == "bad_ticket"
    gate.app.gate.rooms.room(victim.room.name).latest_ms = before_ms
    gate.refresh()
    assert ask(gate, victim, ticket, "ticket", bearer=False).status == 200
    assert ask(gate, victim, ticket, "pass", bearer=False).status == 200


def test_a_ticket_may_be_shown_again_and_again(gate: LocalGate, victim: Victim) -> None:
    """Replayed, it is the same place; used, it is spent: there is nothing to win by it."""
    assert ask(gate, victim, victim.ticket, "pass", bearer=False).status == 200
    assert ask(gate, victim, victim.ticket, "pass", bearer=True).status == 200
    assert victim.room.status().counters.entered == 1
    victim.room.store.release(victim.room.name, ["1-2"])
    assert ask(gate, victim, victim.ticket, "pass", bearer=False).error == "spent"


def test_a_pass_is_no_ticket_and_a_ticket_no_pass(gate: LocalGate, victim: Victim) -> None:
    """In either place where one may be shown."""
    shopper = Browser(gate, victim.room.name, {f"wr-ticket-{victim.room.name}": victim.ticket})
    shopper.enter()
    passed = shopper.cookies[f"wr-pass-{victim.room.name}"]
    assert ask(gate, victim, passed, "pass", bearer=True).error == "bad_ticket"
    check = gate.ask(
        "GET", f"/{victim.room.name}/check", {"Authorization": f"Bearer {victim.ticket}"}
    )
    assert check.status == 401


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_single_change_to_a_ticket_goes_unnoticed(
    gate: LocalGate, victim: Victim, data: st.DataObject
) -> None:
    """One character replaced, dropped or put in, anywhere."""
    good = victim.ticket
    at = data.draw(st.integers(0, len(good) - 1))
    new = data.draw(st.sampled_from(ALPHABET + ".~ !=\"'%\\"))
    changed = data.draw(
        st.sampled_from(
            [
                good[:at] + new + good[at + 1 :],
                good[:at] + good[at + 1 :],
                good[:at] + new + good[at:],
            ]
        )
    )
    answer = ask(gate, victim, changed, "pass", bearer=True)
    if changed.strip() == good:
        assert answer.status == 200
    else:
        assert (answer.status, answer.error) == (401, "bad_ticket")


def test_the_running_gate_refuses_the_same(running_gate: RunningGate, victim: Victim) -> None:
    """Over real sockets; every spelling that a header can carry."""
    for what, raw in tampered(victim).items():
        answer = ask(running_gate, victim, raw, "pass", bearer=False)
        assert (answer.status, answer.error) == (401, "bad_ticket"), what
