"""What the console tells of a room: the figures of a page, as text, by name. Pure."""

from collections.abc import Sequence
from datetime import datetime

from waitingroom import zones
from waitingroom.history import Sample
from waitingroom.live import Live
from waitingroom.model import News, Phase, Snapshot
from waitingroom.reasons import Reason
from waitingroom.store.waits import HourAndSale

NONE = "–"


def figures(room: Snapshot, samples: Sequence[Sample]) -> dict[str, str]:
    """By name, as they are shown. ``samples``: of the last minutes, in order of time."""
    now = Live.of(room, samples)
    return {
        "phase": phase_text(room),
        "waiting": number(now.waiting),
        "called": number(now.called),
        "inside": number(now.inside) + (f" of {number(now.capacity)}" if now.capacity else ""),
        "entries": NONE if now.entries_per_min is None else number(now.entries_per_min),
        "rate": number(now.rate_per_min),
        "entered": number(now.entered),
        "no_shows": share(now.no_shows, now.entered + now.no_shows),
        "at_door": number(now.at_door),
        "left": number(now.left),
        "stock": stock_text(room.stock),
        "store": latency(now.store_us),
        "gate": latency(now.gate_us),
    }


def wait_figures(waits: HourAndSale) -> dict[str, str]:
    """How long people waited, and how many were in by the time that they were told at first."""
    shown = {}
    for name, found in waits._asdict().items():
        half, most = found.quantile_s(0.5), found.quantile_s(0.9)
        told = NONE
        if half is not None and most is not None:
            told = f"{span(round(half * 1000))} / {span(round(most * 1000))}"
        shown[f"waits_{name}"] = told
        kept = share(found.kept, found.told)
        shown[f"kept_{name}"] = f"{kept} of {number(found.told)}" if found.told else NONE
    return shown


def clock_time(at_ms: int, zone: str = "UTC") -> str:
    """``14:05:09``."""
    return datetime.fromtimestamp(at_ms / 1000, zones.zone(zone)).strftime("%H:%M:%S")


def moment(at_ms: int, zone: str = "UTC", to: str = "seconds") -> str:
    """``2026-12-01 14:05:09``, or ``to`` the ``minutes``; in another zone than UTC with
    ``(+01:00)`` behind it: in the hour that a clock shows twice, only that tells the one from the
    other.
    """
    at = datetime.fromtimestamp(at_ms / 1000, zones.zone(zone))
    there = "" if zone == "UTC" else f" ({at.isoformat()[-6:]})"
    return f"{at.replace(tzinfo=None).isoformat(' ', to)}{there}"


def number(value: int) -> str:
    """``12,345``."""
    return f"{value:,}"


def steps_text(count: int) -> str:
    """``1 step``, ``19 steps``."""
    return f"{number(count)} step{'' if count == 1 else 's'}"


def share(part: int, whole: int) -> str:
    """``12 %``, or a dash of nothing."""
    return f"{100 * part / whole:.0f} %" if whole else NONE


def latency(microseconds: int | None) -> str:
    """``1.2 ms``, or that there was no answer."""
    if microseconds is None or microseconds < 0:
        return NONE
    return f"{microseconds / 1000:.1f} ms"


def phase_text(room: Snapshot) -> str:
    """The phase, with what comes next where that is known, and why it is paused."""
    told = str(room.phase)
    if room.phase in (Phase.SCHEDULED, Phase.EARLY) and room.opens_at_ms > room.now_ms:
        told += f", opens in {span(room.opens_at_ms - room.now_ms)}"
    elif room.phase is not Phase.CLOSED and room.closes_at_ms > room.now_ms:
        told += f", closes in {span(room.closes_at_ms - room.now_ms)}"
    if room.also_paused:
        told += ", paused"
    why = room.reason.in_words() or (room.pause.in_words() if room.paused else "")
    return f"{told}: {why}" if why else told


def stopped(words: str) -> str:
    """With a full stop at its end, where an operator's own words do not end a sentence already."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def stock_text(left: int | None) -> str:
    """What the shop has left, or that it does not say."""
    if left is None:
        return "not reported"
    return number(left) if left else "sold out"


NEWS = {
    "drawn": "{text} places were drawn",
    "opened": "The sale opened",
    "paused": "Paused",
    "resumed": "Goes on after the pause",
    "rate_per_min": "The rate is now {text} a minute",
    "draining": "Nobody goes in any more; those inside finish",
    "closed": "The sale ended",
    "reset": "A new running began",
    "message": "Message",
}
"""What each line of news says, in the console's words."""


def news(room: Snapshot, zone: str) -> list[tuple[str, str]]:
    """When (``14:05:09`` in that zone) and what, the newest first. Before all the message, which
    stands on their page, where no line has it: it came with the room, or other news drove its line
    out.
    """
    told = [(clock_time(one.at_ms, zone), news_text(one)) for one in reversed(room.news)]
    words = f"{NEWS['message']}: {room.message}"
    stands = room.message and words not in (text for _, text in told)
    return [("now", words), *told] if stands else told


def news_text(line: News) -> str:
    """One line, with the reason and the operator's own words behind it."""
    words, said = NEWS.get(line.code, line.code), Reason(line.reason, line.text).in_words()
    if "{text}" in words:
        return words.format(text=line.text)
    return f"{words}: {said}" if said else words


def span(milliseconds: int) -> str:
    """``2 d 3 h``, ``3 h 20 min``, ``4:05`` (minutes and seconds)."""
    seconds = -(-milliseconds // 1000)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes}:{seconds:02d}"
