"""A handover that comes to us: a shop behind a proxy, on our own host, has no guard to swap it.

Such is the link of a staff pass; the proxy sends whoever opens it to ``GET /{room}/go``.
"""

from waitingroom.errors import BadToken
from waitingroom.gate import counts
from waitingroom.gate.context import Gate
from waitingroom.gate.http import Response, redirect
from waitingroom.gate.lease import current_pass
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom
from waitingroom.links import split_handover
from waitingroom.tokens import Handover


def without_handover(to: str) -> tuple[str, str]:
    """An address without any handover, and the first one that was in it, "" for none."""
    path, mark, query = to.partition("?")
    token, rest = split_handover(query)
    return path + (mark + rest if rest else ""), token or ""


async def swapped(
    gate: Gate, request: Request, known: KnownRoom, token: str, target: str
) -> Response | None:
    """On to ``target`` with the pass as a cookie; None for a handover that is no good (any more),
    or where our cookie would not reach. A pass that counts is kept, as a guard keeps it.
    """
    if not token or not gate.reaches(request, target):
        return None
    found = _read(gate, known, token)
    if found is None:
        return None
    current = await current_pass(gate, request, known)
    if current is not None and not found.supersedes(current):
        return redirect(target)
    if not await gate.line.redeem(found):
        counts.replayed_handover()
        return None
    return redirect(target, gate.pass_cookie(request, found.carried, now_ms=gate.clock()))


def _read(gate: Gate, known: KnownRoom, token: str) -> Handover | None:
    """The handover, if it is signed, in time, and of this running of the room."""
    snapshot = known.snapshot
    try:
        found = gate.keyring.room_keys(snapshot.room).read_handover(token, now_ms=gate.clock())
    except BadToken as error:
        counts.bad_credential("handover", error)
        return None
    epoch = snapshot.staff_epoch if found.carried.staff else snapshot.epoch
    return found if found.epoch == epoch else None
