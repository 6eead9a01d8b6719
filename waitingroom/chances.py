"""Second chances: how many there may be, and how long they last."""

MOST_SECOND_CHANCES = 500
"""Of one running of a room; and one of a place. Whoever needs more has a sale that went wrong,
which a knob mends for everybody: a longer claim grace, a pause."""
SHORTEST_SECOND_CHANCE_MS = 90_000
"""Below a minute a shopper's page might hear of it only when it is over: it looks every 30 seconds,
without a script every minute."""


def second_chance_ms(claim_grace_ms: int) -> int:
    """How long somebody with a second chance may come, in a room of this claim grace."""
    return max(claim_grace_ms, SHORTEST_SECOND_CHANCE_MS)
