"""Those who are inside: ``GET /{room}/check`` for their shop's proxy, ``DELETE /{room}/pass``."""

import asyncio
from dataclasses import replace

from waitingroom.errors import BadToken, StoreDown
from waitingroom.gate.context import Gate
from waitingroom.gate.counts import REFUSED, bad_credential
from waitingroom.gate.credentials import cookie_name, is_bearer, shown
from waitingroom.gate.http import NO_STORE, Refusal, Response, json_response, set_cookie
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom
from waitingroom.model import OUTSIDE, Outside, Phase
from waitingroom.outcomes import LeaseCode
from waitingroom.tokens import Pass

RENEWED_WITHIN_S = 0.5
"""A proxy asks before each page of the shop, and does not wait long: nor do we for the store."""
FRESH_S = 5
"""How long a verdict may be held. So long a pass may count that was released."""
MEANWHILE_S = 5
"""And beyond that, while another request of the same holder asks anew."""
OUTSIDE_HOLDS_S = 600
"""How long the word that there is no sale is good for, as it is for a guard."""
TURNED_AWAY = "max-age=1, stale-while-revalidate=5"
"""So long may be held that whoever shows nothing is turned away, where that has to be asked."""
_OUTSIDE_WORDS = frozenset(Outside)
ENDED = (LeaseCode.RELEASED, LeaseCode.OLD_EPOCH)


async def check(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """204 for the holder of a good pass, else 401: for a proxy that asks about each request. With
    ``outside=open`` 204 for everybody while there is no sale.

    It keeps the holder's place, and hands a pass that has aged a later one. Where the store does
    not answer, the signature counts, as it does for a guard.
    """
    hold_s, is_open = _hold_s(request), _is_open(request, known)
    found = await current_pass(gate, request, known)
    if found is None:
        # Of a pass that is no good nothing is kept: whoever makes passes up would fill the cache.
        alike = is_open and hold_s > 0 and not _shown(gate, request, known)
        if is_open and (left_s := _outside_s(known, gate.clock())) > 0:
            return Response(204, b"", (_kept(hold_s, left_s) if alike else NO_STORE,))
        return _no_pass(TURNED_AWAY if alike else "")
    lease = (b"wr-lease", found.lease.encode("ascii"))
    later = found.slid(gate.clock())
    if later is not None:
        return Response(204, b"", (NO_STORE, lease, _handed(gate, request, later)))
    left_s = (found.expires_at_ms - gate.clock()) // 1000
    return Response(204, b"", (_kept(hold_s, left_s), lease))


def _no_pass(rule: str) -> Response:
    """401. ``rule``: what caches may do with it, "" for nothing."""
    REFUSED.labels("no_pass").inc()
    answer = json_response(401, {"error": "no_pass", "message": "there is no good pass"})
    if not rule:
        return answer
    kept = [header for header in answer.headers if header != NO_STORE]
    return replace(answer, headers=(*kept, (b"cache-control", rule.encode("ascii"))))


async def current_pass(gate: Gate, request: Request, known: KnownRoom) -> Pass | None:
    """The pass that comes with a request, if it counts; its place is then kept."""
    found = _pass(gate, request, known)
    return None if found is None or await _ended(gate, found) else found


def _pass(gate: Gate, request: Request, known: KnownRoom) -> Pass | None:
    """The pass that comes with a request, if it is of this running of the room."""
    snapshot, raw = known.snapshot, _shown(gate, request, known)
    try:
        found = gate.keyring.room_keys(snapshot.room).read_pass(raw, now_ms=gate.clock())
    except BadToken as error:
        if raw:
            bad_credential("pass", error)
        return None
    epoch = snapshot.staff_epoch if found.staff else snapshot.epoch
    return found if found.epoch == epoch else None


def _shown(gate: Gate, request: Request, known: KnownRoom) -> str:
    return shown(request, "pass", known.snapshot.room, secure=gate.is_secure(request))


async def _ended(gate: Gate, found: Pass) -> bool:
    """Whether the place was given back (if not, it is kept for another session), or it is staff's
    and was revoked.
    """
    try:
        async with asyncio.timeout(RENEWED_WITHIN_S):
            if found.staff:
                return await gate.line.is_revoked(found.room, found.lease)
            state = await gate.line.renew(found.room, found.lease)
    except (StoreDown, TimeoutError):
        return False
    return state.code in ENDED


def _handed(gate: Gate, request: Request, value: Pass) -> tuple[bytes, bytes]:
    """A later pass, on the way by which the one before came."""
    if is_bearer(request):
        token = gate.keyring.room_keys(value.room).sign_pass(value)
        return (b"wr-pass", token.encode("ascii"))
    return gate.pass_cookie(request, value, now_ms=gate.clock())


def _hold_s(request: Request) -> int:
    """How long the proxy wants to go on with a verdict when it cannot ask; 0 for not at all."""
    said = request.query.get("hold", "0")
    if not (said.isascii() and said.isdigit() and len(said) <= 5):
        raise Refusal(400, "bad_request", "hold is a number of seconds")
    return int(said)


def _is_open(request: Request, known: KnownRoom) -> bool:
    """Whether the shop behind the proxy is open to all while there is no sale.

    As the proxy says, where the room does not.
    """
    said = request.query.get("outside", Outside.BLOCKED)
    if said not in _OUTSIDE_WORDS:
        raise Refusal(400, "bad_request", "outside is open or blocked")
    return known.snapshot.outside.asked_of(Outside(said)) is Outside.OPEN


def _outside_s(known: KnownRoom, now_ms: int) -> int:
    """For how many seconds it may be taken that there is no sale; 0 while there is one.

    A sale begins by the clock, also where the store cannot be asked.
    """
    snapshot = known.snapshot
    if snapshot.phase not in OUTSIDE:
        return 0
    if snapshot.phase is Phase.CLOSED:
        return OUTSIDE_HOLDS_S
    beginnings = [at_ms for at_ms in (snapshot.early_at_ms, snapshot.opens_at_ms) if at_ms]
    return min([OUTSIDE_HOLDS_S, *((at_ms - now_ms) // 1000 for at_ms in beginnings)])


def _kept(hold_s: int, left_s: int) -> tuple[bytes, bytes]:
    """What a proxy that keys by the pass may do with a verdict; never beyond the pass's end."""
    hold_s = min(hold_s, left_s - FRESH_S)
    if hold_s <= MEANWHILE_S:
        return NO_STORE
    rule = f"max-age={FRESH_S}, stale-while-revalidate={MEANWHILE_S}, stale-if-error={hold_s}"
    return (b"cache-control", rule.encode("ascii"))


async def release(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """204: the holder gives the place in the shop back. Twice is the same as once, and so is none.

    503 where the store is down; the place then ends with its lease.
    """
    gate.refuse_cross_site(request)
    found = _pass(gate, request, known)
    if found is not None and not found.staff:
        await gate.line.release(found.room, found.lease)
    name = cookie_name("pass", known.snapshot.room, secure=gate.is_secure(request))
    gone = (
        ()
        if is_bearer(request)
        else (set_cookie(name, "", secure=gate.is_secure(request), seconds=0),)
    )
    return Response(204, b"", (NO_STORE, *gone))
