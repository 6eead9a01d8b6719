"""What the page, and one shopper's own, is filled with: finished values. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from waitingroom.gate.catalog import Catalog
from waitingroom.gate.plain import WaitState, WaitView
from waitingroom.model import News, Phase, Snapshot
from waitingroom.reasons import NO_REASON, Reason

NEWS_SHOWN = 5
COUNTED = frozenset({"drawn", "rate_per_min"})
"""News whose text is a number of ours; what else stands there, an operator wrote."""


@dataclass(frozen=True, slots=True)
class NewsLine:
    """``stamp``: the time for machines; ``time``: for people. ``count``: "" for none."""

    code: str
    stamp: str
    time: str
    count: str
    reason: Reason


def opens_in(snapshot: Snapshot | None, catalog: Catalog) -> str:
    """The time left until the opening, "" where it is not known."""
    if snapshot is None or not snapshot.opens_at_ms:
        return ""
    left_s = max(0, snapshot.opens_at_ms - snapshot.now_ms) // 1000
    return catalog.until(left_s)


def news(snapshot: Snapshot | None, catalog: Catalog) -> list[NewsLine]:
    """The newest first, as the page's script has them."""
    told = snapshot.news[-NEWS_SHOWN:] if snapshot else ()
    return [_news_line(line, catalog) for line in reversed(told)]


def _news_line(line: News, catalog: Catalog) -> NewsLine:
    at = datetime.fromtimestamp(line.at_ms / 1000, UTC)
    counted = line.code in COUNTED and line.text.isascii() and line.text.isdigit()
    count = catalog.count(int(line.text)) if counted else ""
    why = NO_REASON if counted else Reason(line.reason, line.text)
    return NewsLine(line.code, f"{at:%FT%TZ}", catalog.clock(line.at_ms), count, why)


def page_values(snapshot: Snapshot) -> dict[str, object]:
    """Of the page that is the same for everyone."""
    over = snapshot.phase in (Phase.CLOSED, Phase.DRAINING)
    return {
        "kind": snapshot.phase.value if over else "loading",
        "phase": snapshot.phase.value,
        "joins": not over,
        "commitment": snapshot.commitment,
        "reason": snapshot.reason,
    }


def wait_values(view: WaitView, catalog: Catalog) -> dict[str, object]:
    """Of one shopper's own page."""
    room, number = view.snapshot, view.number
    moving = number is not None and view.state in (WaitState.WAITING, WaitState.PAUSED)
    figures = {"number": catalog.count(number)} if number else {}
    figures |= {"code": view.code} if view.code else {}
    if moving:
        figures["serving"] = catalog.count(room.serving)
        if room.rate_per_min:
            figures["rate"] = catalog.count(room.rate_per_min)
    if view.state is WaitState.EARLY:
        figures["here"] = catalog.count(max(room.tail, number or 1))
    low_s, high_s = view.range_s or (view.retry_s, view.retry_s)
    return {
        "kind": view.state.value,
        "number": catalog.count(number) if number else "",
        "ahead": catalog.count(view.ahead) if moving and view.ahead else "",
        "moving": moving,
        "opens_in": opens_in(room, catalog),
        "estimated": view.range_s is not None,
        "span": catalog.span(low_s, high_s),
        "reason": room.reason,
        "figures": figures,
        "share": _share(number, view.ahead) if number and moving else None,
        "enter": view.state in (WaitState.CALLED, WaitState.DOOR, WaitState.FULL),
        "kept": catalog.until(view.claim_s) if view.claim_s else "",
        "extended": view.extended,
        "leave": view.state not in (WaitState.CLOSED, WaitState.DRAINING),
        "refresh_s": view.refresh_s,
        "still": view.still,
        "to": view.to,
        "query": query(view.to),
        "news": news(room, catalog),
    }


def query(to: str) -> str:
    """Where to go afterwards, as part of an address; "" for nowhere."""
    return f"to={quote(to, safe='')}" if to else ""


def _share(number: int, ahead: int) -> int:
    """How much of the whole line is behind this shopper already, in percent."""
    return 100 * (number - 1 - ahead) // (number - 1) if number > 1 else 100
