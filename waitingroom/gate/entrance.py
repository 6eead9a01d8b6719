"""From the line into the shop: ``pass`` and ``more-time`` (POST), ``go`` (GET)."""

from urllib.parse import quote

from waitingroom.draw import number_in
from waitingroom.gate.context import Gate
from waitingroom.gate.credentials import cookie_name
from waitingroom.gate.handover import swapped, without_handover
from waitingroom.gate.http import (
    Refusal,
    Response,
    json_response,
    redirect,
    set_cookie,
)
from waitingroom.gate.line import pass_of
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom
from waitingroom.gate.targets import resolve
from waitingroom.model import Phase, Poll
from waitingroom.outcomes import Entry, EntryCode
from waitingroom.tokens import Ticket

BACK = "back="
MOST_ROUNDS = 3
"""Trips from shop to gate within ``ROUNDS_S`` that still go straight back."""
ROUNDS_S = 60

REFUSALS: dict[EntryCode, tuple[int, str, str]] = {
    EntryCode.NOT_CALLED: (409, "not_called", "your number has not been called yet"),
    EntryCode.DOOR: (409, "door", "you are at the door; it opens for you in a moment"),
    EntryCode.FULL: (409, "full", "the shop is full; you are next when somebody leaves"),
    EntryCode.PAUSED: (409, "paused", "the line is paused; your place is kept"),
    EntryCode.DRAINING: (409, "paused", "nobody is let in at the moment; your place is kept"),
    EntryCode.LAPSED: (410, "lapsed", "your turn has passed; you can join the line again"),
    EntryCode.SPENT: (410, "spent", "this ticket has been used"),
    EntryCode.LEFT: (410, "left", "you have left the line; you can join it again"),
    EntryCode.OLD_EPOCH: (410, "old_epoch", "this ticket is of an earlier sale"),
    EntryCode.CLOSED: (410, "closed", "the sale is over"),
    EntryCode.SOLD_OUT: (410, "sold_out", "nothing is left; your place is kept, should more come"),
}
"""How each outcome of a knock goes over the wire: status, code, message."""


def refusal_of(entry: Entry, poll: Poll) -> Refusal:
    """The answer to a knock that did not open."""
    status, code, message = REFUSALS[entry.code]
    if status == 410:
        return Refusal(status, code, message)
    more = _deadline(entry) if entry.claim_by_ms else {}
    if entry.code is EntryCode.NOT_CALLED:
        more = {"ahead": entry.ahead}
    return Refusal(status, code, message, retry_after_ms=_retry_ms(entry, poll), more=more)


def _deadline(entry: Entry) -> dict[str, int | bool]:
    """When a called shopper's place lapses, and whether that was put off."""
    return {"claim_by_ms": entry.claim_by_ms, "extended": bool(entry.extended)}


def _retry_ms(entry: Entry, poll: Poll) -> int:
    """An appointment is kept to the millisecond; elsewhere ask as often as the page does."""
    if entry.code in (EntryCode.DOOR, EntryCode.FULL):
        return entry.retry_after_ms
    return min(poll.max_ms, max(poll.min_ms, entry.retry_after_ms // poll.divisor))


def let_in(
    gate: Gate, request: Request, known: KnownRoom, inside: tuple[Ticket, Entry], target: str
) -> tuple[str, tuple[bytes, bytes]]:
    """Where to go, and the cookie that opens the shop there, for somebody who is ``inside``."""
    _note_wait(gate, known, *inside)
    value, now_ms = pass_of(*inside, known.snapshot.session_ms), inside[1].now_ms
    where = gate.handed_over(request, value, target, now_ms=now_ms)
    return where, gate.pass_cookie(request, value, now_ms=now_ms)


def _note_wait(gate: Gate, known: KnownRoom, ticket: Ticket, entry: Entry) -> None:
    """How long they waited, and whether for no longer than they were told; once an entry."""
    if entry.code is not EntryCode.ENTERED:
        return
    snapshot = known.snapshot
    # A worker that has not heard of the opening yet: it was within the last half second.
    opened_at_ms = snapshot.opened_at_ms or entry.entered_at_ms
    since_ms = max(ticket.issued_at_ms, opened_at_ms)
    number = number_in(snapshot, ticket.epoch, ticket.arrival)
    until_ms = known.told.until_ms(number, since_ms) if number else None
    kept = None if until_ms is None else entry.entered_at_ms <= until_ms
    gate.waits.note(snapshot.room, ticket.epoch, entry.entered_at_ms - since_ms, kept)


async def _asked(gate: Gate, request: Request, known: KnownRoom) -> tuple[str, str, Ticket]:
    """Where a holder of a ticket wants to go, in their words and in full, and the ticket."""
    gate.refuse_cross_site(request)
    fields = await request.fields("to")
    to = fields.get("to", "")
    target = gate.target(known, to)
    ticket = gate.ticket(request, known.snapshot.room)
    if ticket is None:
        raise Refusal(401, "bad_ticket", "there is no good ticket with this request")
    return to, target, ticket


async def enter(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """Trade the ticket for a pass."""
    to, target, ticket = await _asked(gate, request, known)
    room = known.snapshot.room
    entry = await gate.line.enter(ticket, known.snapshot, stale=known.stale)
    if not entry.is_in:
        if request.wants_redirects:
            return redirect(gate.wait_page(room, to))
        raise refusal_of(entry, known.snapshot.poll)
    if request.is_native:
        _note_wait(gate, known, ticket, entry)
        value = pass_of(ticket, entry, known.snapshot.session_ms)
        token = gate.keyring.room_keys(room).sign_pass(value)
        body = {"expires_at_ms": entry.expires_at_ms, "redirect": target, "pass": token}
        return json_response(200, body)
    where, cookie = let_in(gate, request, known, (ticket, entry), target)
    if request.wants_redirects:
        return redirect(where, cookie)
    return json_response(200, {"expires_at_ms": entry.expires_at_ms, "redirect": where}, cookie)


async def more_time(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """Put the end of a called shopper's turn off, once; asked again, the same answer."""
    to, _, ticket = await _asked(gate, request, known)
    entry = await gate.line.extend(ticket, known.snapshot, stale=known.stale)
    if request.wants_redirects:
        return redirect(gate.wait_page(known.snapshot.room, to))
    if entry.code is not EntryCode.EXTENDED:
        raise refusal_of(entry, known.snapshot.poll)
    return json_response(200, _deadline(entry))


async def go(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """Where guards send people: straight back with a pass where nobody waits, else to the page."""
    room, (asked, again) = known.snapshot.room, _sent_with(request, known)
    to, token = without_handover(asked)
    target = gate.target(known, to)
    page = redirect(gate.page_of(request, room, to))
    if not request.is_navigation:
        return page
    if arrived := await swapped(gate, request, known, token, target):
        return arrived
    round_ = _round(gate, request, room, again=again)
    if round_ is None:
        # In front of a line nothing is handed out here anyway: no need to see a cookie first.
        return page if again or _has_line(known) else _show_cookies(gate, request, room, to)
    if round_ > MOST_ROUNDS:
        raise Refusal(409, "bounced", "the shop sends you back each time")
    entered = await _at_once(gate, request, known)
    if entered is None:
        return page
    ticket, entry = entered
    if not entry.is_in:
        return redirect(gate.page_of(request, room, to), gate.ticket_cookie(request, ticket))
    where, cookie = let_in(gate, request, known, entered, target)
    round_cookie = _round_cookie(gate, request, room, round_)
    return redirect(where, cookie, gate.ticket_cookie(request, ticket), round_cookie)


def _sent_with(request: Request, known: KnownRoom) -> tuple[str, bool]:
    """Where somebody wants to go, and whether they were sent here by ourselves.

    ``to`` is encoded, as it should be. A proxy cannot do that: it says ``back=``, the path and
    query as they stood in its request line, which is the whole of our query then. What of it no
    address may hold, or is too long, is let go.
    """
    query = request.scope["query_string"].decode("latin-1")
    if not query.startswith(BACK):
        return request.query.get("to", ""), "again" in request.query
    path = "/" + query.removeprefix(BACK).lstrip("/")
    tried = (path, path.partition("?")[0])
    return next((to for to in tried if resolve(to, known.snapshot.origins)), ""), False


def _show_cookies(gate: Gate, request: Request, room: str, to: str) -> Response:
    """Back here once more, with a cookie: nothing is handed out before the browser returns it.

    One that keeps no cookies would come back without its pass, and take one place after another.
    """
    again = f"{gate.prefix}/{room}/go?again=1" + (f"&to={quote(to, safe='')}" if to else "")
    return redirect(again, _round_cookie(gate, request, room, 1))


async def _at_once(gate: Gate, request: Request, known: KnownRoom) -> tuple[Ticket, Entry] | None:
    """Somebody's entry without waiting: by the ticket they hold, or by one made on the spot."""
    snapshot = known.snapshot
    ticket = gate.ticket(request, snapshot.room)
    if ticket is not None:
        entry = await gate.line.enter(ticket, snapshot, stale=known.stale)
        if entry.is_in or entry.code in (EntryCode.NOT_CALLED, EntryCode.DOOR, EntryCode.FULL):
            return ticket, entry
    if _has_line(known):
        return None
    return await gate.line.express(
        snapshot.room, gate.side(request).client if snapshot.join_limit else None
    )


def _has_line(known: KnownRoom) -> bool:
    """Whether nobody new goes in at once, as far as this worker knows."""
    snapshot = known.snapshot
    return snapshot.phase is not Phase.OPEN or snapshot.waiting > 0 or known.stale


def _round_name(gate: Gate, request: Request, room: str) -> str:
    return cookie_name("round", room, secure=gate.is_secure(request))


def _round(gate: Gate, request: Request, room: str, *, again: bool) -> int | None:
    """Which trip from the shop this is, lately; None where the browser shows no cookie of ours."""
    raw = request.cookies.get(_round_name(gate, request, room), "")
    if raw.isascii() and raw.isdigit() and len(raw) < 4:
        return int(raw) + (not again)
    return 1 if gate.ticket(request, room) else None


def _round_cookie(gate: Gate, request: Request, room: str, round_: int) -> tuple[bytes, bytes]:
    return set_cookie(
        _round_name(gate, request, room),
        str(round_),
        secure=gate.is_secure(request),
        seconds=ROUNDS_S,
    )
