"""Sans-I/O: each verb of operators as a call, its reply as a value; faults as in :mod:`.verbs`."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from types import MappingProxyType

from waitingroom.draw import commitment
from waitingroom.model import Actor, DrawMethod, Settings, Snapshot, WhileNoSale
from waitingroom.plan import Change, PlanStep, Ramp
from waitingroom.reasons import NO_REASON, Reason
from waitingroom.settings import Value
from waitingroom.store.call import Call, Reply, call, clock, text, who
from waitingroom.store.keys import NO_SALE, OPERATORS, SYSTEM_KEYS

_STEP = re.compile(r"([0-9]+) ([a-z_]+) ([0-9]+)", re.ASCII)
_RAMP = re.compile(r"([a-z_]+) ([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+)", re.ASCII)


def _stored(changes: Mapping[str, Value]) -> dict[str, str | int]:
    """Settings as the store keeps them: numbers, and three texts."""
    stored: dict[str, str | int] = {}
    for field, value in changes.items():
        if field == "draw":
            stored["fifo"] = int(value == DrawMethod.FIFO)
        elif field == "outside":
            stored[field] = NO_SALE.index(WhileNoSale(str(value)))
        elif isinstance(value, tuple):
            stored[field] = " ".join(value)
        else:
            stored[field] = value if isinstance(value, str) else int(value)
    return stored


def _flat(changes: Mapping[str, Value]) -> list[str | int]:
    return [word for pair in _stored(changes).items() for word in pair]


def create(
    room: str,
    settings: Settings,
    seed: bytes,
    *,
    actor: Actor | str,
    more: Mapping[str, str | bytes] = MappingProxyType({}),
    now_ms: int | None = None,
) -> Call:
    """Make a room. ``more``: its brand and logo. Of two racers one is told ``RoomExists``."""
    changes = asdict(settings)
    detail = json.dumps(changes)
    seeds = (seed.hex(), commitment(seed))
    words = (*_flat(changes), *(word for pair in more.items() for word in pair))
    return call("create", room, clock(now_ms), who(actor), *seeds, detail, *words)


def change(
    room: str,
    changes: Mapping[str, Value],
    *,
    actor: Actor | str,
    version: int | None = None,
    now_ms: int | None = None,
) -> Call:
    """Turn knobs. Based on an old ``version``: nothing changes, ``VersionConflict``."""
    detail = json.dumps(dict(changes))
    return call("set", room, clock(now_ms), who(actor), _based_on(version), detail, *_flat(changes))


def brand(
    room: str,
    wanted: str,
    logo: bytes | None,
    *,
    actor: Actor | str,
    version: int,
    now_ms: int | None,
) -> Call:
    """Look and speak otherwise; ``logo``: None leaves it as it is."""
    more: list[str | bytes] = [] if logo is None else ["logo", logo]
    detail = json.dumps({"brand": wanted})
    return call("set", room, clock(now_ms), who(actor), version, detail, "brand", wanted, *more)


def plan(
    room: str,
    steps: Sequence[PlanStep],
    *,
    actor: Actor | str,
    version: int | None = None,
    now_ms: int | None = None,
) -> Call:
    """Replace the knob plan. A step that is already due takes effect at the next evaluation.

    Based on an old ``version``: nothing changes, ``VersionConflict``.
    """
    ordered = sorted(steps, key=_at)
    lines = [f"{step.at_ms} {step.field} {int(step.value)}" for step in ordered]
    ramps = ", ".join(dict.fromkeys(_written(step.ramp) for step in ordered if step.ramp))
    return call("plan", room, clock(now_ms), who(actor), _based_on(version), ramps, *lines)


def _written(ramp: Ramp) -> str:
    return f"{ramp.field} {ramp.begins_ms} {ramp.ends_ms} {ramp.first} {ramp.last}"


def read_steps(lines: Reply, ramps: Reply) -> tuple[PlanStep, ...]:
    """The plan and its ramps, in order of time. A line that cannot be read is left out, as the
    room will leave it out when its time comes.
    """
    known = [_ramp(*one.groups()) for one in _RAMP.finditer(text(ramps or b""))]
    found = (_STEP.fullmatch(text(line)) for line in lines)
    return tuple(_step(int(one[1]), one[2], int(one[3]), known) for one in found if one)


def _ramp(field: str, *numbers: str) -> Ramp:
    return Ramp(field, *map(int, numbers))


def _step(at_ms: int, field: str, value: int, ramps: Sequence[Ramp]) -> PlanStep:
    ours = (one for one in ramps if one.field == field and one.begins_ms <= at_ms <= one.ends_ms)
    return PlanStep(at_ms, field, bool(value) if field == "joins" else value, next(ours, None))


def undo(
    room: str, *, actor: Actor | str, version: int | None = None, now_ms: int | None = None
) -> Call:  # fmt: skip
    """Take the last ``set`` or ``plan`` back. Twice, or where anything came after it:
    ``CannotUndo``, nothing changes. Of two racers one takes it back. A plan that has begun is ended
    by it, and what its steps have turned goes back to what it would be without them.
    """
    return call("undo", room, clock(now_ms), who(actor), _based_on(version))


def read_change(raw: Reply, version: int) -> Change | None:
    """What an undo of a room at ``version`` would take back, or None."""
    # A logo that would go back lies among the words in bytes.
    found = json.loads((raw or b"{}").decode(errors="replace"))
    if found.get("version") != str(version):
        return None
    # Lua tells an empty list like an empty object.
    words, steps = list(found.get("words", ())), found.get("steps")
    then = None if steps is None else read_steps(list(steps), found.get("ramps", "").encode())
    pairs = dict(zip(words[::2], words[1::2], strict=True))
    if "fifo" in pairs:
        pairs["draw"] = pairs.pop("fifo")
    return Change(found.get("actor", ""), int(found.get("at_ms", 0)), pairs, then)


def _at(step: PlanStep) -> int:
    return step.at_ms


def act(
    room: str,
    name: str,
    *,
    actor: Actor | str,
    reason: Reason = NO_REASON,
    version: int | None = None,
    now_ms: int | None = None,
) -> Call:
    """pause, resume, drain, close, revoke_staff: an act without more to say than its reason."""
    return call(name, room, clock(now_ms), who(actor), _based_on(version), reason.text, reason.code)


def begin(
    room: str,
    name: str,
    seed: bytes,
    *,
    actor: Actor | str,
    opens_at_ms: int = 0,
    reason: Reason = NO_REASON,
    version: int | None = None,
    now_ms: int | None = None,
) -> Call:
    """open, reset: acts that may begin an epoch, and then need its seed."""
    seeds = (seed.hex(), commitment(seed))
    words = (_based_on(version), reason.text, reason.code)
    return call(name, room, clock(now_ms), who(actor), *words, *seeds, opens_at_ms)


def _based_on(version: int | None) -> str | int:
    """The version that the caller saw; "" is for whatever it is."""
    return "" if version is None else version


def note(
    room: str, name: str, detail: str, *, actor: Actor | str, now_ms: int | None = None
) -> Call:
    """Write an entry into the room's record for an act that happens outside the store."""
    return call("note", room, clock(now_ms), who(actor), name, detail)


def read_note(reply: Reply) -> tuple[int, int, int]:
    """Epoch, staff epoch, now."""
    epoch, staff_epoch, now_ms = reply
    return epoch, staff_epoch, now_ms


def system_note(name: str, detail: str, *, actor: Actor | str) -> Call:
    """Write an entry into the record that belongs to no room."""
    return Call("system_note", SYSTEM_KEYS, (who(actor), name, detail))


def account(
    name: str,
    operator: str,
    *,
    actor: Actor | str,
    kept: bytes | str,
    wanted: str,
    told: tuple[str, str],
    table: str = OPERATORS,
    keep_admin: bool = False,
) -> Call:
    """Make, change or remove an operator (or, in its ``table``, a key), and record it, in one step.

    ``kept``: what the store must hold of them; "" for nothing. ``told``: what the record says of
    before and after. ``keep_admin``: an admin must be left. Of two racers the second is answered 0,
    and changes nothing; where no admin would be left, -1.
    """
    args = (who(actor), name, operator, kept, wanted, *told, int(keep_admin))
    return Call("account", (table, *SYSTEM_KEYS[1:]), args)


def settings_of(snapshot: Snapshot, **changes: Value) -> Settings:
    """The knobs as they stand in a snapshot, with ``changes``: what a change is checked against."""
    names = Settings.__dataclass_fields__
    return replace(Settings(**{name: getattr(snapshot, name) for name in names}), **changes)  # type: ignore[arg-type]
