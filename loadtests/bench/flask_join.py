"""The same join as a plain Flask view writes it: read the cookie, one store call, answer.

What a shop would build without the gate: same store, same ticket, same cookie, same JSON.
"""

from flask import Flask, Response, jsonify, request

from waitingroom.clock import now_ms
from waitingroom.config import environment, load_config
from waitingroom.errors import BadToken
from waitingroom.model import Phase
from waitingroom.outcomes import Standing
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring, Ticket

KEPT = (Standing.NOT_CALLED, Standing.CALLED, Standing.INSIDE)
KEPT_S = 7 * 24 * 3600

config = load_config(environment())
store = Store.connect(config.redis_url)
keyring = Keyring(config.secret_keys)
app = Flask(__name__)


def shown(room: str) -> Ticket | None:
    """The ticket that keeps its place, or None."""
    raw = request.cookies.get(f"wr-ticket-{room}")
    if raw is None:
        return None
    try:
        ticket = keyring.read_ticket(raw, room=room, now_ms=now_ms())
    except BadToken:
        return None
    (standing,) = store.standing(room, [(ticket.epoch, ticket.arrival, None)])
    return ticket if standing in KEPT else None


@app.post("/<room>/ticket")
def join(room: str) -> Response:
    """201 with a new place, 200 with the one shown."""
    ticket, status, phase = shown(room), 200, Phase.EARLY
    if ticket is None:
        batch = store.join(room)
        ticket = Ticket(room, batch.epoch, batch.arrivals[0] or 0, batch.now_ms)
        status, phase = 201, batch.phase
    response = jsonify(
        room=room,
        epoch=ticket.epoch,
        arrival=ticket.arrival,
        number=None,
        early=phase is Phase.EARLY,
        phase=phase,
        issued_at_ms=ticket.issued_at_ms,
    )
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        f"wr-ticket-{room}",
        keyring.sign_ticket(ticket),
        max_age=KEPT_S,
        httponly=True,
        samesite="Lax",
    )
    return response
