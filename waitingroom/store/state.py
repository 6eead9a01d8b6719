"""A room's state on its way in: packed numbers and texts become a :class:`Snapshot`."""

import json
import struct
from dataclasses import dataclass
from typing import Any

from waitingroom import brand
from waitingroom.model import Brand, Counters, DrawMethod, News, Phase, Snapshot, WhileNoSale
from waitingroom.reasons import NO_REASON, Reason
from waitingroom.store.call import Call, call, clock
from waitingroom.store.keys import FIELDS, FORMAT, NO_SALE, TEXTS_TOLD

_PACKED = struct.Struct(FORMAT)
_COUNTERS = tuple(Counters.__dataclass_fields__)
_PLAIN = tuple(
    name
    for name in Snapshot.__dataclass_fields__
    if name in FIELDS and name not in ("drawn", "joins", "outside", "paused", "stock", "test_clock")
)


@dataclass(frozen=True, slots=True)
class Texts:
    """What a room says; fetched again only when ``told`` has moved."""

    title: str = ""
    message: str = ""
    origins: tuple[str, ...] = ()
    commitment: str = ""
    pause: Reason = NO_REASON
    ending: Reason = NO_REASON
    news: tuple[News, ...] = ()
    brand: Brand = Brand()  # noqa: RUF009 - frozen


def status(room: str, *, known: int = -1, gate: bool = False, now_ms: int | None = None) -> Call:
    """The room as it is now; brings it there. ``known``: the ``told`` of the texts at hand.
    ``gate``: a gate asks, by which shoppers may come; while none does their turns do not run out.
    """
    return call("status", room, clock(now_ms), known, int(gate))


def read_status(room: str, reply: Any, previous: Snapshot | None = None) -> Snapshot:
    """Packed state, seed, and (where the caller's were old) texts and news.

    ``previous`` is the snapshot whose ``told`` the caller sent; its texts still hold.
    """
    packed, seed, *rest = reply
    numbers = dict(zip(FIELDS, map(int, _PACKED.unpack_from(packed)), strict=True))
    texts = _read_texts(*rest) if rest else _texts_of(previous)
    return Snapshot(
        **{name: numbers[name] for name in _PLAIN},
        room=room,
        phase=_phase(numbers),
        now_ms=numbers["wall_ms"],
        drawn=numbers["drawn"] if numbers["drawn"] >= 0 else None,
        draw=DrawMethod.FIFO if numbers["fifo"] else DrawMethod.SHUFFLE,
        joins=bool(numbers["joins"]),
        outside=no_sale(numbers["outside"]),
        paused=bool(numbers["paused"]),
        stock=numbers["stock"] - 1 if numbers["stock"] else None,
        test_clock=bool(numbers["test_clock"]),
        seed=seed.decode() or None,
        counters=Counters(**{name: numbers[name] for name in _COUNTERS}),
        title=texts.title,
        message=texts.message,
        origins=texts.origins,
        commitment=texts.commitment,
        pause_reason=texts.pause.text,
        pause_code=texts.pause.code,
        end_reason=texts.ending.text,
        end_code=texts.ending.code,
        news=texts.news,
        brand=texts.brand,
    )


def no_sale(number: int) -> WhileNoSale:
    """What a newer version may have written beyond what we know is left to the shop."""
    return NO_SALE[number] if number < len(NO_SALE) else WhileNoSale.SHOP


def _read_texts(values: Any, news: Any) -> Texts:
    said = dict(zip(TEXTS_TOLD, ((one or b"").decode() for one in values), strict=True))
    lines = tuple(_news(json.loads(line)) for line in news)
    return Texts(
        title=said["title"],
        message=said["message"],
        origins=tuple(said["origins"].split()),
        commitment=said["commitment"],
        pause=Reason(said["pause_code"], said["pause_reason"]),
        ending=Reason(said["end_code"], said["end_reason"]),
        news=lines,
        brand=brand.loads(said["brand"]),
    )


def _news(line: dict[str, str]) -> News:
    return News(int(line["at_ms"]), line["code"], line["text"], line.get("reason", ""))


def _texts_of(snapshot: Snapshot | None) -> Texts:
    if snapshot is None:
        return Texts()
    return Texts(
        snapshot.title,
        snapshot.message,
        snapshot.origins,
        snapshot.commitment,
        snapshot.pause,
        snapshot.ending,
        snapshot.news,
        snapshot.brand,
    )


def _phase(numbers: dict[str, int]) -> Phase:
    """The same rule as ``phase_of`` in the function library."""
    if numbers["closed_at_ms"]:
        return Phase.CLOSED
    if numbers["draining"]:
        return Phase.DRAINING
    if numbers["opened_at_ms"]:
        return Phase.PAUSED if numbers["paused"] else Phase.OPEN
    return Phase.EARLY if numbers["wall_ms"] >= numbers["early_at_ms"] else Phase.SCHEDULED
