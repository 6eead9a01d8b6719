"""Without JavaScript: ``GET /{room}/wait``, and every error that a person sees."""

from typing import Any

from waitingroom.draw import number_in
from waitingroom.gate.context import Gate
from waitingroom.gate.entrance import let_in
from waitingroom.gate.http import Refusal, Response, redirect
from waitingroom.gate.plain import (
    LONGEST_REFRESH_S,
    SHORTEST_REFRESH_S,
    Notice,
    WaitState,
    wait_view,
)
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom
from waitingroom.gate.views import NOT_KEPT, html_headers, language_of
from waitingroom.model import Phase, Snapshot
from waitingroom.outcomes import Entry, EntryCode, Standing

GONE: dict[Standing, Notice] = {
    Standing.LAPSED: Notice.LAPSED,
    Standing.SPENT: Notice.SPENT,
    Standing.LEFT: Notice.LEFT,
    Standing.OLD_EPOCH: Notice.OLD_EPOCH,
}
AT_DOOR: dict[EntryCode, WaitState] = {
    EntryCode.DOOR: WaitState.DOOR,
    EntryCode.FULL: WaitState.FULL,
}


async def show(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """One's own place; on the turn it enters by itself, as the page with a script does."""
    gate.refuse_framed(request)
    snapshot, to = known.snapshot, request.query.get("to", "")
    target = gate.target(known, to)
    ticket = gate.ticket(request, snapshot.room)
    if ticket is None:
        if request.comes_from_our_page:
            raise Refusal(401, "bad_ticket", "the browser does not show its ticket")
        return redirect(gate.page_of(request, snapshot.room, to))
    lang = language_of(request)
    await gate.line.catch_up(ticket, snapshot)
    standing = await gate.line.standing(ticket, snapshot)
    if gone := GONE.get(standing):
        refresh_s = LONGEST_REFRESH_S if _may_be_called_again(gone, request) else 0
        code = gate.code(ticket)
        body = gate.pages.notice(gone, snapshot, lang, refresh_s=refresh_s, to=to, code=code)
        return _page(known, body)
    # Who is not inside by now hears it from here on, and again when more has come.
    if snapshot.sold_out and standing is not Standing.INSIDE and snapshot.phase is not Phase.CLOSED:
        refresh_s = 0 if "still" in request.query else LONGEST_REFRESH_S
        code, gone = gate.code(ticket), Notice.SOLD_OUT
        body = gate.pages.notice(gone, snapshot, lang, refresh_s=refresh_s, to=to, code=code)
        return _page(known, body)
    knocked = None
    if standing in (Standing.CALLED, Standing.INSIDE) and request.is_navigation:
        entry = await gate.line.enter(ticket, snapshot, stale=known.stale)
        if entry.is_in:
            where, cookie = let_in(gate, request, known, (ticket, entry), target)
            return redirect(where, cookie)
        knocked = entry
    view = wait_view(
        snapshot,
        number_in(snapshot, ticket.epoch, ticket.arrival),
        velocity_per_min=known.pace.velocity_per_min,
        shop=known.pace.shop,
        **_at_the_door(knocked),
        to=to,
        still="still" in request.query,
        code=gate.code(ticket),
    )
    return _page(known, gate.pages.wait(view, lang))


def _may_be_called_again(gone: Notice, request: Request) -> bool:
    """Whether to look again: support may call a lapsed place once more."""
    return gone is Notice.LAPSED and "still" not in request.query


def _at_the_door(entry: Entry | None) -> dict[str, Any]:
    """What a knock that did not open means for the view."""
    if entry is None:
        return {}
    return {
        "door": AT_DOOR.get(entry.code),
        "retry_s": _seconds(entry.retry_after_ms),
        "claim_s": max(0, entry.claim_by_ms - entry.now_ms) // 1000,
        "extended": bool(entry.extended),
    }


def _page(known: KnownRoom, body: bytes) -> Response:
    return Response(200, body, html_headers(known, NOT_KEPT))


def _seconds(milliseconds: int) -> int:
    return -(-milliseconds // 1000)


NOTICES: dict[str, Notice] = {notice.value: notice for notice in Notice} | {
    # A form of ours posts only after a ticket was given: the browser did not keep it.
    "bad_ticket": Notice.COOKIES
}
"""Most notices have the wire's own codes; whatever has none is a request not made by our pages."""


def notice(gate: Gate, request: Request, refusal: Refusal) -> Response:
    """A refusal as a page, for whoever navigates. One that was looked at looks again by itself."""
    known = gate.rooms.room(request.path.lstrip("/").partition("/")[0])
    retry_s = _seconds(refusal.retry_after_ms)
    looks = request.method == "GET" and "still" not in request.query
    body = gate.pages.notice(
        _kind(refusal, known.snapshot if known else None),
        known.snapshot if known else None,
        language_of(request),
        retry_s=retry_s,
        refresh_s=max(retry_s, SHORTEST_REFRESH_S) if retry_s and looks else 0,
        to=gate.wanted(request, known) if known else "",
    )
    headers = (*html_headers(known, NOT_KEPT), *refusal.headers)
    return Response(refusal.status, body, headers)


def _kind(refusal: Refusal, snapshot: Snapshot | None) -> Notice:
    """The notice for a refusal. One code says that nobody can join; people are told why."""
    if refusal.code == Phase.CLOSED and snapshot is not None:
        if snapshot.phase is Phase.DRAINING:
            return Notice.DRAINING
        if snapshot.phase is not Phase.CLOSED and not snapshot.joins:
            return Notice.NO_JOINS
    return NOTICES.get(refusal.code, Notice.REFUSED)
