"""``GET /{room}/{lang}/privacy``: what is kept, why, and how long, in the code's figures."""

from waitingroom.gate.context import Gate
from waitingroom.gate.credentials import cookie_name
from waitingroom.gate.entrance import ROUNDS_S
from waitingroom.gate.http import TICKET_KEPT_S, Response
from waitingroom.gate.pages import Kept
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom
from waitingroom.gate.views import html_headers
from waitingroom.model import Snapshot
from waitingroom.store.keys import NETWORK_TTL_MS

SESSIONS = 4
"""Sessions that a pass lasts at most where the room does not say; as the library counts."""


async def show(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """The same for everyone, so any cache may keep it for a moment."""
    gate.refuse_framed(request)
    lang = request.path.split("/")[2]
    body = gate.pages.privacy(
        known.snapshot, lang, kept(known.snapshot, secure=gate.is_secure(request))
    )
    return Response(200, body, html_headers(known, b"public, max-age=0, s-maxage=5"))


def kept(snapshot: Snapshot, *, secure: bool) -> tuple[Kept, ...]:
    """What browsers and the store keep for a time of ours: name and seconds."""

    def cookie(kind: str) -> str:
        return cookie_name(kind, snapshot.room, secure=secure)

    pass_ms = snapshot.session_max_ms or SESSIONS * snapshot.session_ms
    return (
        Kept("ticket", cookie("ticket"), TICKET_KEPT_S),
        Kept("pass", cookie("pass"), pass_ms // 1000),
        Kept("round", cookie("round"), ROUNDS_S),
        Kept("turn", cookie("turn"), NETWORK_TTL_MS // 1000),
        Kept("network", "", NETWORK_TTL_MS // 1000),
    )
