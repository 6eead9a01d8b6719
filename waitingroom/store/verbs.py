"""Sans-I/O: each verb of shoppers and of their shop as a function call, and its reply as a value.

Both clients (:mod:`.client`, :mod:`.aclient`) run these and those of operators (:mod:`.acts`);
neither knows a key or a reply's shape. A verb's docstring says what happens when it is called
twice, late, or by two racers. All of them raise ``NoSuchRoom`` for a room that is not there, and
``StoreDown`` where the store does not answer; then nothing is half-done: the function ran whole,
or not at all.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

from waitingroom.model import Actor, Phase
from waitingroom.outcomes import (
    Entry,
    EntryCode,
    Express,
    JoinBatch,
    JoinCode,
    LeaseCode,
    Leases,
    LeaseState,
    Standing,
)
from waitingroom.store.call import Call, Reply, call, clock, text, who
from waitingroom.store.keys import HANDOVER_TTL_MS, handover_key, network_key, staff_key
from waitingroom.store.state import no_sale


def join(
    room: str,
    networks: Sequence[str | None],
    *,
    now_ms: int | None = None,
    seen: tuple[int, int] = (0, 0),
    appointments: Sequence[int] = (),
) -> Call:
    """Give one place to each of ``networks`` (a joiner's network, or None where none is counted).

    ``appointments``: for each of them the time that they were told before, in ms; 0 for none. The
    caller has seen to it that it was.
    ``seen`` is the highest signed (arrival, epoch) that anybody showed: a promoted replica learns
    from it what was given out. Called twice it gives two places, so it is never repeated blindly.
    Racers are served in the order in which the store takes them.
    """
    distinct = sorted({network for network in networks if network is not None})
    index = {network: place + 1 for place, network in enumerate(distinct)}
    numbers = [0 if network is None else index[network] for network in networks]
    joiners = zip_longest(numbers, appointments, fillvalue=0)
    # One text for all: an argument each costs the driver more than the rest of a join together.
    listed = " ".join(f"{number} {appointment_ms}" for number, appointment_ms in joiners)
    keys = [network_key(room, network) for network in distinct]
    return call("join", room, clock(now_ms), *seen, listed, extra=keys)


def read_join(reply: Reply) -> JoinBatch:
    """Code, epoch, now, phase, drawn, fifo, and per joiner an arrival (or minus what to wait)."""
    code, epoch, now_ms, phase, drawn, fifo, *places = reply
    return JoinBatch(
        code=JoinCode(text(code)),
        epoch=epoch,
        now_ms=now_ms,
        phase=Phase(text(phase)),
        drawn=drawn if drawn >= 0 else None,
        fifo=bool(fifo),
        places=tuple(places),
    )


def enter(room: str, epoch: int, arrival: int, number: int | None, now_ms: int | None) -> Call:
    """Knock: trade the ticket for a lease. Twice is answered ``AGAIN`` while the lease lasts.

    Late, within ``claim_grace``, is still in time. Of two racers for the last credit one enters,
    the other stands at the door.
    """
    return call("enter", room, clock(now_ms), epoch, arrival, number or 0)


def read_entry(reply: Reply) -> Entry:
    """Code, now, ahead, retry after; for those who are in: entered, expires, ends, count; for those
    who are called and wait, behind four zeros: claim by, extended.
    """
    code, *numbers = reply
    return Entry(EntryCode(text(code)), *numbers)


def extend(room: str, epoch: int, arrival: int, number: int | None, now_ms: int | None) -> Call:
    """Give a called shopper ``claim_grace`` once more. Answered like a knock that has to wait.

    Twice, and by racers, it is the same time, told again. Late, when the place has lapsed, it is
    refused as a knock is.
    """
    return call("extend", room, clock(now_ms), epoch, arrival, number or 0)


def express(room: str, network: str | None, now_ms: int | None) -> Call:
    """Join and enter in one step where nobody waits and there is credit; else change nothing."""
    extra = () if network is None else (network_key(room, network),)
    return call("express", room, clock(now_ms), len(extra), extra=extra)


def read_express(reply: Reply) -> Express:
    """Code, epoch, arrival, and behind ``joined`` an entry."""
    code, epoch, arrival, *entry = reply
    return Express(epoch, arrival, read_entry(entry) if text(code) == "joined" else None)


def standing(room: str, places: Sequence[tuple[int, int, int | None]]) -> Call:
    """Where tickets stand: (epoch, arrival, number or None before the draw) each. Only reads."""
    flat = [value for epoch, arrival, number in places for value in (epoch, arrival, number or 0)]
    return call("standing", room, *flat)


def read_standing(reply: Reply) -> tuple[Standing, ...]:
    """A word per ticket."""
    return tuple(Standing(text(word)) for word in reply)


def leave(room: str, epoch: int, arrival: int, number: int | None, now_ms: int | None) -> Call:
    """Leave the line for good. Twice is the same as once; who is inside is told ``spent``."""
    return call("leave", room, clock(now_ms), epoch, arrival, number or 0)


def read_leave(reply: Reply) -> Standing:
    """``left``, ``spent`` or ``old_epoch``."""
    return Standing(text(reply[0]))


_LEASE = re.compile(r"([1-9][0-9]{0,14})-([1-9][0-9]{0,9})")
"""Canonical, so that no other spelling reaches a command that would refuse it (and the batch)."""


def _lease_args(leases: Sequence[str]) -> list[str]:
    """``epoch-arrival`` each, split; what is no lease of ours is asked for as epoch 0."""
    args: list[str] = []
    for lease in leases:
        ours = _LEASE.fullmatch(lease)
        args += ours.groups() if ours and int(ours[2]) < 2**32 else ("0", "0")
    return args


def renew(room: str, leases: Sequence[str], now_ms: int | None) -> Call:
    """Put each lease's end a session from now. An expired one opens again, a released not."""
    return call("renew", room, clock(now_ms), *_lease_args(leases))


def release(room: str, leases: Sequence[str], now_ms: int | None) -> Call:
    """Give each place in the shop back, for good. Twice is the same as once."""
    return call("release", room, clock(now_ms), *_lease_args(leases))


def read_leases(reply: Reply) -> Leases:
    """Epoch, staff epoch, phase, now, outside, and per lease its expiry or what became of it."""
    epoch, staff_epoch, phase, now_ms, outside, *states = reply
    found = tuple(map(_lease, states))
    return Leases(epoch, staff_epoch, Phase(text(phase)), now_ms, found, no_sale(outside))


def _lease(state: Reply) -> LeaseState:
    word = text(state)
    return (
        LeaseState(LeaseCode.ACTIVE, int(word)) if word.isdigit() else LeaseState(LeaseCode(word))
    )


def stock(
    room: str, left: int | None, *, actor: Actor | str, age_ms: int, now_ms: int | None
) -> Call:
    """The shop has so much left, or reports it no longer (None). Twice is the same as once.

    What was so before (``age_ms`` ago) what another process said changes nothing.
    """
    kept = 0 if left is None else left + 1
    return call("stock", room, clock(now_ms), kept, age_ms, who(actor))


def read_stock(reply: Reply) -> int | None:
    """What is kept now."""
    return int(reply) - 1 if reply else None


def redeem(room: str, epoch: int, nonce: str, *, staff: str = "") -> Call:
    """Use a handover. Only the first of any number of racers is told True.

    ``staff``: the lease of a staff pass, whose epoch is the room's staff epoch.
    """
    extra = (handover_key(room, nonce), staff_key(room))
    return call("redeem", room, epoch, HANDOVER_TTL_MS, staff, extra=extra)


def read_redeem(reply: Reply) -> bool | None:
    """True the first time, False for a replay, None where the epoch is over, or it was revoked."""
    return None if reply < 0 else bool(reply)
