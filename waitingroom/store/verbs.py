"""Sans-I/O: each verb as a function call on its way out, and as a value on its way in.

Both clients (:mod:`.client`, :mod:`.aclient`) run these; neither knows a key or a reply's shape.
A verb's docstring says what happens when it is called twice, late, or by two racers. All of them
raise ``NoSuchRoom`` for a room that is not there, and ``StoreDown`` where the store does not
answer; then nothing is half-done: the function ran whole, or not at all.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from waitingroom.draw import commitment
from waitingroom.model import (
    DrawMethod,
    Entry,
    EntryCode,
    Express,
    JoinBatch,
    JoinCode,
    LeaseCode,
    Leases,
    LeaseState,
    LogEntry,
    Phase,
    PlanStep,
    Settings,
    Snapshot,
    Standing,
)
from waitingroom.settings import Value
from waitingroom.store.keys import HANDOVER_TTL_MS, RoomKeys, handover_key, network_key

Reply = Any
"""What a client hands back: integers, bytes, None and lists of them."""


@dataclass(frozen=True, slots=True)
class Call:
    """One function call: the verb's name, the keys it touches, its arguments."""

    verb: str
    keys: tuple[str, ...]
    args: tuple[str | int, ...]


def _call(verb: str, room: str, *args: str | int, extra: Sequence[str] = ()) -> Call:
    return Call(verb, (*RoomKeys.of(room), *extra), args)


def _text(value: Reply) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")


# Shoppers ---------------------------------------------------------------------------------------


def join(
    room: str,
    networks: Sequence[str | None],
    *,
    now_ms: int | None = None,
    seen: tuple[int, int] = (0, 0),
) -> Call:
    """Give one place to each of ``networks`` (a joiner's network, or None where none is counted).

    ``seen`` is the highest signed (arrival, epoch) that anybody showed: a promoted replica learns
    from it what was given out. Called twice it gives two places, so it is never repeated blindly.
    Racers are served in the order in which the store takes them.
    """
    distinct = sorted({network for network in networks if network is not None})
    index = {network: place + 1 for place, network in enumerate(distinct)}
    places = [0 if network is None else index[network] for network in networks]
    keys = [network_key(room, network) for network in distinct]
    return _call("join", room, _now(now_ms), *seen, *places, extra=keys)


def _now(now_ms: int | None) -> str | int:
    """The store's own clock rules unless the room was made with a test clock."""
    return "" if now_ms is None else now_ms


def read_join(reply: Reply) -> JoinBatch:
    """Code, epoch, now, phase, drawn, fifo, and an arrival (0: over the budget) per joiner."""
    code, epoch, now_ms, phase, drawn, fifo, *arrivals = reply
    return JoinBatch(
        code=JoinCode(_text(code)),
        epoch=epoch,
        now_ms=now_ms,
        phase=Phase(_text(phase)),
        drawn=drawn if drawn >= 0 else None,
        fifo=bool(fifo),
        arrivals=tuple(arrival or None for arrival in arrivals),
    )


def enter(room: str, epoch: int, arrival: int, number: int | None, now_ms: int | None) -> Call:
    """Knock: trade the ticket for a lease. Twice is answered ``AGAIN`` while the lease lasts.

    Late, within ``claim_grace``, is still in time. Of two racers for the last credit one enters,
    the other stands at the door.
    """
    return _call("enter", room, _now(now_ms), epoch, arrival, number or 0)


def read_entry(reply: Reply) -> Entry:
    """Code, now, ahead, retry after, and for those who are in: entered, expires, ends, count."""
    code, *numbers = reply
    return Entry(EntryCode(_text(code)), *numbers)


def express(room: str, network: str | None, now_ms: int | None) -> Call:
    """Join and enter in one step where nobody waits and there is credit; else change nothing."""
    extra = () if network is None else (network_key(room, network),)
    return _call("express", room, _now(now_ms), len(extra), extra=extra)


def read_express(reply: Reply) -> Express:
    """Code, epoch, arrival, and behind ``joined`` an entry."""
    code, epoch, arrival, *entry = reply
    return Express(epoch, arrival, read_entry(entry) if _text(code) == "joined" else None)


def standing(room: str, places: Sequence[tuple[int, int, int | None]]) -> Call:
    """Where tickets stand: (epoch, arrival, number or None before the draw) each. Only reads."""
    flat = [value for epoch, arrival, number in places for value in (epoch, arrival, number or 0)]
    return _call("standing", room, *flat)


def read_standing(reply: Reply) -> tuple[Standing, ...]:
    """A word per ticket."""
    return tuple(Standing(_text(word)) for word in reply)


def leave(room: str, epoch: int, arrival: int, number: int | None, now_ms: int | None) -> Call:
    """Leave the line for good. Twice is the same as once; who is inside is told ``spent``."""
    return _call("leave", room, _now(now_ms), epoch, arrival, number or 0)


def read_leave(reply: Reply) -> Standing:
    """``left``, ``spent`` or ``old_epoch``."""
    return Standing(_text(reply[0]))


# The shop ---------------------------------------------------------------------------------------


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
    return _call("renew", room, _now(now_ms), *_lease_args(leases))


def release(room: str, leases: Sequence[str], now_ms: int | None) -> Call:
    """Give each place in the shop back, for good. Twice is the same as once."""
    return _call("release", room, _now(now_ms), *_lease_args(leases))


def read_leases(reply: Reply) -> Leases:
    """Epoch, staff epoch, phase, now, and per lease its expiry or what became of it."""
    epoch, staff_epoch, phase, now_ms, *states = reply
    return Leases(epoch, staff_epoch, Phase(_text(phase)), now_ms, tuple(map(_lease, states)))


def _lease(state: Reply) -> LeaseState:
    word = _text(state)
    return (
        LeaseState(LeaseCode.ACTIVE, int(word)) if word.isdigit() else LeaseState(LeaseCode(word))
    )


def redeem(
    room: str, epoch: int, nonce: str, *, ttl_ms: int = HANDOVER_TTL_MS, staff: bool = False
) -> Call:
    """Use a handover. Only the first of any number of racers is told True.

    ``ttl_ms``: for how long a replay is known, at least the handover's own life. ``staff``: the
    epoch is the room's staff epoch.
    """
    extra = (handover_key(room, nonce),)
    return _call("redeem", room, epoch, ttl_ms, int(staff), extra=extra)


def read_redeem(reply: Reply) -> bool | None:
    """True the first time, False for a replay, None where the epoch is over."""
    return None if reply < 0 else bool(reply)


# Operators --------------------------------------------------------------------------------------


def _stored(changes: Mapping[str, Value]) -> dict[str, str | int]:
    """Settings as the store keeps them: numbers, and three texts."""
    stored: dict[str, str | int] = {}
    for field, value in changes.items():
        if field == "draw":
            stored["fifo"] = int(value == DrawMethod.FIFO)
        elif isinstance(value, tuple):
            stored[field] = " ".join(value)
        else:
            stored[field] = value if isinstance(value, str) else int(value)
    return stored


def _flat(changes: Mapping[str, Value]) -> list[str | int]:
    return [word for pair in _stored(changes).items() for word in pair]


def create(
    room: str, settings: Settings, seed: bytes, *, actor: str, now_ms: int | None = None
) -> Call:
    """Make a room. Of two racers one is told ``RoomExists``."""
    changes = asdict(settings)
    detail = json.dumps(changes)
    seeds = (seed.hex(), commitment(seed))
    return _call("create", room, _now(now_ms), actor, *seeds, detail, *_flat(changes))


def change(
    room: str,
    changes: Mapping[str, Value],
    *,
    actor: str,
    version: int | None = None,
    now_ms: int | None = None,
) -> Call:
    """Turn knobs. Based on an old ``version``: nothing changes, ``VersionConflict``."""
    based_on = "" if version is None else version
    detail = json.dumps(dict(changes))
    return _call("set", room, _now(now_ms), actor, based_on, detail, *_flat(changes))


def plan(room: str, steps: Sequence[PlanStep], *, actor: str, now_ms: int | None = None) -> Call:
    """Replace the knob plan. A step that is already due takes effect at the next evaluation."""
    lines = [f"{step.at_ms} {step.field} {int(step.value)}" for step in sorted(steps, key=_at)]
    return _call("plan", room, _now(now_ms), actor, *lines)


def _at(step: PlanStep) -> int:
    return step.at_ms


def act(room: str, name: str, *, actor: str, reason: str = "", now_ms: int | None = None) -> Call:
    """pause, resume, drain, close, revoke_staff: an act without more to say than its reason."""
    return _call(name, room, _now(now_ms), actor, reason)


def begin(
    room: str,
    name: str,
    seed: bytes,
    *,
    actor: str,
    opens_at_ms: int = 0,
    now_ms: int | None = None,
) -> Call:
    """open, reset: acts that may begin an epoch, and then need its seed."""
    seeds = (seed.hex(), commitment(seed))
    return _call(name, room, _now(now_ms), actor, "", *seeds, opens_at_ms)


def note(room: str, name: str, detail: str, *, actor: str, now_ms: int | None = None) -> Call:
    """Write a line into the room's log for an act that happens outside the store."""
    return _call("note", room, _now(now_ms), actor, name, detail)


def read_note(reply: Reply) -> tuple[int, int, int]:
    """Epoch, staff epoch, now."""
    epoch, staff_epoch, now_ms = reply
    return epoch, staff_epoch, now_ms


def read_log(entries: Reply) -> list[LogEntry]:
    """What ``XREVRANGE`` answers, newest first."""
    return [
        LogEntry(
            int(fields[b"at_ms"]),
            _text(fields[b"actor"]),
            _text(fields[b"act"]),
            _text(fields[b"detail"]),
        )
        for _, fields in entries
    ]


def settings_of(snapshot: Snapshot, **changes: Value) -> Settings:
    """The knobs as they stand in a snapshot, with ``changes``: what a change is checked against."""
    names = Settings.__dataclass_fields__
    return replace(Settings(**{name: getattr(snapshot, name) for name in names}), **changes)  # type: ignore[arg-type]
