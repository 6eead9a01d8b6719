"""Joining and leaving: ``POST`` and ``DELETE /{room}/ticket``, ``POST /{room}/leave``."""

from typing import Any

from waitingroom import clock
from waitingroom.appointments import APPOINTMENT_KEPT_MS
from waitingroom.draw import number_in
from waitingroom.gate.context import Gate
from waitingroom.gate.credentials import cookie_name
from waitingroom.gate.entrance import REFUSALS
from waitingroom.gate.http import NO_STORE, Refusal, Response, json_response, redirect, set_cookie
from waitingroom.gate.line import Joined
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom
from waitingroom.model import DrawMethod, Phase, Snapshot
from waitingroom.outcomes import EntryCode, JoinBatch, JoinCode, Standing
from waitingroom.tokens import Ticket

KEPT = frozenset({Standing.NOT_CALLED, Standing.CALLED, Standing.INSIDE})
"""A ticket that stands so keeps its place; any other gets a new one."""
TELL = "tell"
"""What the field ``lapsed`` says: no new place unasked, support may call a lapsed one again."""
NOT_YET_MS = (1_000, 60_000)
"""Who comes before the line forms asks again when it does; within these bounds, and never all at
once."""


async def join(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """201 with a new place, or 200 with the one that the ticket shown has; 410 for one that has
    lapsed, to whoever wants to be told.
    """
    gate.refuse_cross_site(request)
    fields = await request.fields("to", "appointment", "lapsed")
    snapshot = known.snapshot
    to = fields.get("to", "")
    if to:
        gate.target(known, to)
    tells = fields.get("lapsed", "")
    if tells not in ("", TELL):
        raise Refusal(400, "bad_request", f"the field 'lapsed' may say {TELL!r}, nothing else")
    ticket = gate.ticket(request, snapshot.room)
    batch = await gate.line.catch_up(ticket, snapshot) if ticket else None
    standing = await gate.line.standing(ticket, snapshot) if ticket else None
    if standing is Standing.LAPSED and tells and snapshot.phase is not Phase.CLOSED:
        raise Refusal(*REFUSALS[EntryCode.LAPSED])
    kept = standing in KEPT
    if ticket is None or not kept:
        ticket, batch = await _new_place(gate, request, known, ticket)
    if request.wants_redirects:
        # Set anew each time, so that a place that is asked for keeps its cookie from running out.
        return redirect(
            gate.wait_page(snapshot.room, gate.wanted(request, known)),
            gate.ticket_cookie(request, ticket),
        )
    status = 200 if kept else 201
    return _answer(gate, request, status, _place(gate, snapshot, ticket, batch), ticket)


async def _new_place(
    gate: Gate, request: Request, known: KnownRoom, shown: Ticket | None
) -> tuple[Ticket, JoinBatch]:
    snapshot = known.snapshot
    client = gate.side(request).client if snapshot.join_limit else None
    told_ms = 0
    if client is not None and (raw := _appointment(gate, request, snapshot.room)):
        told_ms = gate.line.told_ms(snapshot.room, client, raw)
    joined = await gate.line.join(snapshot.room, client, shown, told_ms)
    batch, place = joined
    if batch.code is JoinCode.NOT_YET:
        raise Refusal(
            409,
            "not_yet",
            "the room is not open for joining yet",
            retry_after_ms=_until_early(snapshot, batch.now_ms),
        )
    if batch.code is JoinCode.CLOSED:
        raise Refusal(409, "closed", "nobody can join this room any more")
    if batch.code is JoinCode.SOLD_OUT:
        raise Refusal(409, "sold_out", "nothing is left")
    if place <= 0:
        raise _too_many(gate, request, snapshot.room, joined)
    return Ticket(snapshot.room, batch.epoch, place, batch.now_ms), batch


def _too_many(gate: Gate, request: Request, room: str, joined: Joined) -> Refusal:
    """Their network has joined enough for now: an appointment, which the browser shows by itself.

    No two of a network are told the same time, but those for whom there is no appointment.
    """
    wait_ms, at_ms = -joined.place, joined.batch.now_ms - joined.place
    appointment = gate.line.appointment(room, gate.side(request).client, at_ms)
    seconds = (wait_ms + APPOINTMENT_KEPT_MS) // 1000
    secure = gate.is_secure(request)
    name = cookie_name("turn", room, secure=secure)
    cookie = set_cookie(name, appointment, secure=secure, seconds=seconds)
    return Refusal(
        429,
        "too_many",
        "many people are joining from your network, so they are let in one after another; "
        "your turn is at the time given, and asking sooner does not help",
        retry_after_ms=wait_ms,
        more={"appointment": appointment, "appointment_ms": at_ms},
        headers=() if request.is_native else (cookie,),
    )


def _appointment(gate: Gate, request: Request, room: str) -> str:
    """What a joiner was given when they asked before, "" for nothing."""
    name = cookie_name("turn", room, secure=gate.is_secure(request))
    return request.sent.get("appointment") or request.cookies.get(name, "")


def _until_early(snapshot: Snapshot, now_ms: int) -> int:
    """When to ask for a place again; up to a tenth later, so that a crowd does not come at once."""
    shortest, longest = NOT_YET_MS
    left_ms = min(max(snapshot.early_at_ms - now_ms, shortest), longest)
    return left_ms + clock.jitter(left_ms // 20, 1)


def _place(
    gate: Gate, snapshot: Snapshot, ticket: Ticket, batch: JoinBatch | None
) -> dict[str, Any]:
    """What the holder is told. ``batch``: what the store said, where that is newer."""
    drawn = batch.drawn if batch else snapshot.drawn
    fifo = batch.fifo if batch else snapshot.draw is DrawMethod.FIFO
    phase = batch.phase if batch else snapshot.phase
    late = drawn is not None and ticket.arrival > drawn
    known = batch is not None and (fifo or late)
    number = ticket.arrival if known else number_in(snapshot, ticket.epoch, ticket.arrival)
    return {
        "room": ticket.room,
        "epoch": ticket.epoch,
        "arrival": ticket.arrival,
        "number": number,
        "early": not fifo and (phase is Phase.EARLY if drawn is None else not late),
        "phase": phase,
        "issued_at_ms": ticket.issued_at_ms,
        "code": gate.code(ticket) or None,
    }


def _answer(
    gate: Gate, request: Request, status: int, place: dict[str, Any], ticket: Ticket
) -> Response:
    if request.is_native:
        return json_response(status, place | {"ticket": gate.keyring.sign_ticket(ticket)})
    # Set anew each time, so that a place that is asked for keeps its cookie from running out.
    return json_response(status, place, gate.ticket_cookie(request, ticket))


async def leave(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """204 (a form: 303) whether or not there was a place; twice is the same as once."""
    gate.refuse_cross_site(request)
    await request.fields("to")
    ticket = gate.ticket(request, known.snapshot.room)
    if ticket is not None:
        await gate.line.leave(ticket, known.snapshot)
    if request.wants_redirects:
        return redirect(gate.wait_page(known.snapshot.room, gate.wanted(request, known)))
    return Response(204, b"", (NO_STORE,))
