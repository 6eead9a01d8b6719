"""The description of what shops' guards talk to; what it does is in ``console.room_api``."""

from collections.abc import Callable
from typing import Any

import flask_smorest
from marshmallow import Schema, fields, validate

from waitingroom.console.api import meanings
from waitingroom.console.api.frame import PREFIX, ROOM_PARAMETER, SHOP, refusals
from waitingroom.console.api.schemas import Document, Flag, Whole, asked, pick, whole
from waitingroom.model import Outside, Phase
from waitingroom.outcomes import LeaseCode

MOST_LEASES = 1_000
"""Per call; a reporter with more sends several."""
MOST_ANSWERS = 10_000_000
MOST_LEFT = 1_000_000_000
LONGEST_AGE_MS = 3_600_000
LONGEST_LEASE = 40
LONGEST_TOKEN = 1_024
STATUSES = (400, 401, 403, 404, 405, 411, 413, 503)
"""What each of these may answer, besides."""

HANDOVER = asked(
    "HandoverUsed",
    handover=fields.String(
        required=True,
        validate=validate.Length(max=LONGEST_TOKEN),
        metadata={"description": "The token that came with the shopper in the address."},
    ),
)
_LEASE = fields.String(validate=validate.Length(1, LONGEST_LEASE))
LEASES = asked(
    "LeasesNamed",
    leases=fields.List(_LEASE, required=True, validate=validate.Length(max=MOST_LEASES)),
)
ANSWERS = asked(
    "AnswersCounted",
    answers=whole(0, MOST_ANSWERS, required=True),
    failures=whole(0, MOST_ANSWERS, about="Of the answers: 5xx.", required=True),
)
LEFT = asked(
    "StockLeft",
    left=whole(
        *(0, MOST_LEFT),
        about="What the shop has left for this sale; null: it is no longer reported.",
        required=True,
        allow_none=True,
    ),
    age_ms=whole(0, LONGEST_AGE_MS, about="How long ago that was so; without it, just now."),
)
SINCE = {
    "in": "query",
    "name": "since",
    "schema": {"type": "string"},
    "description": "The last `mark` that was told; empty asks for all that are remembered.",
}


class Done(Document):
    """It was done."""

    ok = Flag(required=True)


class Held(Done):
    """The place in the shop that a shopper has, with the pass that they were handed over with."""

    lease = fields.String(required=True)
    staff = Flag(required=True, metadata={"description": "Whether an operator made the pass."})
    expires_at_ms = Whole(required=True)
    ends_at_ms = Whole(
        required=True,
        metadata={"description": f"{meanings.MOMENT} No renewal is good beyond it."},
    )


class LeaseState(Document):
    """What became of a lease, and until when it is good."""

    state = pick(LeaseCode, required=True)
    expires_at_ms = Whole(required=True)


class LeasesTold(Document):
    """Where a room stands, and what became of each lease."""

    epoch = Whole(required=True)
    staff_epoch = Whole(required=True)
    phase = pick(Phase, required=True)
    outside = Flag(required=True)
    shop = pick(
        Outside,
        allow_none=True,
        about="What the shop does while there is no sale; null: as it is set itself.",
    )
    leases = fields.Dict(keys=fields.String(), values=fields.Nested(LeaseState), required=True)
    mark = fields.String(metadata={"description": "For `since`, the next time."})
    released = fields.List(fields.String())
    revoked = fields.List(
        fields.String(),
        metadata={"description": "Staff passes that count no more, though they are signed."},
    )


class ShopGroup(flask_smorest.Blueprint):  # type: ignore[misc]
    """Calls of shops, which check their own bodies."""

    def __init__(self, name: str, about: str) -> None:
        super().__init__(name, __name__, url_prefix=f"{PREFIX}/rooms/<room>", description=about)

    def add(
        self,
        rule: str,
        view: Callable[..., Any],
        *,
        asks: type[Schema],
        answer: type[Schema],
        query: dict[str, Any] | None = None,
        also: tuple[int, ...] = (),
    ) -> None:
        """A call with POST, which is described as what it is."""
        content = {"application/json": {"schema": asks}}
        described = self.doc(
            **meanings.of_view(view),
            security=[{SHOP: []}],
            requestBody={"required": True, "content": content},
            parameters=[query] if query else [],
            responses=refusals({*STATUSES, *also}),
        )(view)
        made = self.response(200, answer)(described)
        name, path = view.__name__, [ROOM_PARAMETER]
        self.add_url_rule(rule, name, made, methods=["POST"], parameters=path)
