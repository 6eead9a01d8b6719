"""Every state of the shopper's pages as a scene to look at: a room, and what its gate would answer.

The page's own script comes to the state by itself, since it is answered as a gate would answer it:
there is no second way to show a state, and nothing in the script that knows of previews. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from waitingroom.gate.plain import Notice, WaitState, WaitView, wait_view
from waitingroom.model import Brand, Counters, DrawMethod, News, Phase, Snapshot
from waitingroom.reasons import Cause, Reason

MINUTE_MS = 60_000
NUMBER, SERVING = 1_347, 12
CODE = "K7Q2-9MXD"
SAMPLE = Snapshot(
    room="preview",
    epoch=1,
    staff_epoch=1,
    version=1,
    phase=Phase.OPEN,
    now_ms=0,
    early_at_ms=0,
    opens_at_ms=0,
    closes_at_ms=0,
    draw_at_ms=0,
    opened_at_ms=1,
    closed_at_ms=0,
    serving=SERVING,
    lapsed=0,
    tail=2_345,
    drawn=0,
    rate_per_min=60,
    burst=2,
    capacity=0,
    session_ms=15 * MINUTE_MS,
    session_max_ms=0,
    call_timeout_ms=10_000,
    claim_grace_ms=10 * MINUTE_MS,
    join_limit=0,
    joins=True,
    draw=DrawMethod.FIFO,
    commitment="3f" * 32,
    seed=None,
    read_by_ms=0,
    meter_ms=0,
    credit=0,
    door=0,
    leases=40,
    open_calls=0,
    at_door=0,
    counters=Counters(),
)
"""A sale of an ordinary size."""

Answer = tuple[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Scene:
    """One state. ``shows``: what it is, for an operator who meets it. ``room``: how it differs from
    the sample; ``opens_in_ms``: from now, None where nobody knows. ``number``: the shopper's, None
    before the draw. ``ticket`` and ``knock``: what a join and an entry are answered. ``plain``:
    what stands there without a script, where the room alone does not say it. ``away``: the gate
    does not answer; ``stale``: it does, but cannot reach its store.
    """

    state: str
    shows: str
    room: Mapping[str, Any] = field(default_factory=dict)
    opens_in_ms: int | None = -MINUTE_MS
    number: int | None = NUMBER
    ticket: Answer | None = None
    knock: Answer | None = None
    plain: WaitState | Notice | None = None
    script: bool = True
    away: bool = False
    stale: bool = False


def _no(status: int, code: str, retry_ms: int = 0, **more: Any) -> Answer:
    waits = {"retry_after_ms": retry_ms} if retry_ms else {}
    return status, {"error": code, "message": code, **waits, **more}


EARLY = {"phase": Phase.EARLY, "opened_at_ms": 0, "drawn": None, "serving": 0}
DRAWN = {"draw": DrawMethod.SHUFFLE}
SCHEDULED = EARLY | {"phase": Phase.SCHEDULED}
NOT_YET = _no(409, "not_yet", 60 * MINUTE_MS)
NEAR = SERVING - 3
"""A number that is called."""
WAIT_MS = 45_000

SCENES: dict[str, Scene] = {
    "not-yet": Scene("not_yet", "Nobody can join yet; the opening is known.",
        SCHEDULED, 135 * MINUTE_MS, ticket=NOT_YET, plain=Notice.NOT_YET),
    "not-yet-unknown": Scene("not_yet", "Nobody can join yet, and no opening is set.",
        SCHEDULED, None, ticket=NOT_YET, plain=Notice.NOT_YET),
    "early": Scene("early", "People join before the opening; the draw will give them places.",
        EARLY | DRAWN, 25 * MINUTE_MS, None),
    "early-by-arrival": Scene("early", "The same two days before, in a room without a draw (fifo).",
        EARLY, 3_000 * MINUTE_MS),
    "early-unknown": Scene("early", "People join already, and no opening is set.",
        EARLY | DRAWN, None, None),
    "drawing": Scene("drawing", "It has opened; the page works its number out of the draw.",
        EARLY | DRAWN, -1_000, None, plain=WaitState.DRAWING),
    "waiting": Scene("waiting", "In line, with many people ahead."),
    "waiting-near": Scene("waiting", "In line, a minute before the turn.", number=SERVING + 60),
    "waiting-next": Scene("waiting", "First in line.", number=SERVING + 1),
    "waiting-held": Scene("waiting", "In line at a rate of 0: nobody goes in, so no time is told.",
        {"rate_per_min": 0}),
    "waiting-stale": Scene("waiting", "In line, while the gate cannot reach its store.",
        stale=True),
    "reconnecting": Scene("loading", "The gate cannot be reached at all.",
        away=True, plain=Notice.STORE_DOWN),
    "paused": Scene("paused", "You paused the room; a reason that you gave is shown.",
        {"phase": Phase.PAUSED}),
    "called": Scene("called", "The turn: the page is about to go in by itself.",
        number=NEAR, knock=_no(409, "not_called", 60 * MINUTE_MS)),
    "door": Scene("door", "Called, and asked to wait a moment: entries keep to the rate.",
        number=NEAR, knock=_no(409, "door", WAIT_MS), plain=WaitState.DOOR),
    "full": Scene("full", "Called, and the shop is at its capacity.",
        number=NEAR, knock=_no(409, "full", WAIT_MS), plain=WaitState.FULL),
    "draining": Scene("draining", "You drain the room; why is shown, as of a pause.",
        {"phase": Phase.DRAINING}),
    "closed": Scene("closed", "The room is closed; why is shown, as of a pause.",
        {"phase": Phase.CLOSED}),
    "no-joins": Scene(
        "no_joins", "You let nobody join any more; those in line are served.",
        {"joins": False}, ticket=_no(409, "closed"), plain=Notice.NO_JOINS
    ),
    "too-many": Scene("too_many", "The shopper’s network has joined too often (join limit).",
        ticket=_no(429, "too_many", WAIT_MS), plain=Notice.TOO_MANY),
    "sold-out": Scene("sold_out", "Nothing is left.",
        ticket=_no(409, "sold_out"), plain=Notice.SOLD_OUT),
    "lapsed": Scene("lapsed", "Called, and not there within the claim grace.",
        number=NEAR, knock=_no(410, "lapsed"), plain=Notice.LAPSED),
    "spent": Scene("spent", "The place was used, and the visit is over.",
        number=NEAR, knock=_no(410, "spent"), plain=Notice.SPENT),
    "left": Scene("left", "The shopper left the line.",
        number=NEAR, knock=_no(410, "left"), plain=Notice.LEFT),
    "entered": Scene("entered", "Another tab of the same shopper is in the shop.",
        number=NEAR, knock=(200, {"expires_at_ms": 0, "redirect": "#"})),
    "bounced": Scene(
        "bounced", "The shop sent the shopper back twice.",
        number=NEAR, knock=(200, {"expires_at_ms": 0, "redirect": ""}),
        plain=Notice.BOUNCED,
    ),
    "cookies": Scene(
        "cookies", "The browser keeps no cookies.",
        number=NEAR, knock=_no(401, "bad_ticket"), plain=Notice.COOKIES
    ),
    "refused": Scene("refused", "The gate did not accept the request.",
        ticket=_no(400, "bad_request"), plain=Notice.REFUSED),
    "old-epoch": Scene("old_epoch", "You reset the room; the place is of the line before.",
        plain=Notice.OLD_EPOCH, script=False),
    "store-down": Scene("store_down", "Somebody joins while the store cannot be reached.",
        plain=Notice.STORE_DOWN, script=False),
    "no-such-room": Scene("no_such_room", "The address names no room of yours.",
        plain=Notice.NO_SUCH_ROOM, script=False),
}  # fmt: skip
"""By the name that stands in the address. A redirect of "" leads back to the page itself."""


def snapshot_of(name: str, look: Snapshot | None, now_ms: int) -> Snapshot:
    """The room of a scene. ``look``: a real room whose title, message and brand it has."""
    scene = SCENES[name]
    opens_at_ms = 0 if scene.opens_in_ms is None else now_ms + scene.opens_in_ms
    brand, title, message = (
        (look.brand, look.title or look.room, look.message) if look else (Brand(), "", "")
    )
    given = (look.reason, look.pause) if look else ()
    reason = next(filter(any, given), Reason(Cause.TECHNICAL))
    room = replace(SAMPLE, **scene.room)
    return replace(
        room,
        room=name,
        now_ms=now_ms,
        opens_at_ms=opens_at_ms,
        title=title,
        message=message,
        brand=brand,
        pause_reason=reason.text,
        pause_code=reason.code,
        end_reason=reason.text,
        end_code=reason.code,
        news=_news(room.phase, reason, now_ms),
    )


def _news(phase: Phase, reason: Reason, now_ms: int) -> tuple[News, ...]:
    """What happened in a room that has opened, and why it is paused or ends."""
    opened = News(now_ms - MINUTE_MS, "opened", "")
    if phase in (Phase.PAUSED, Phase.DRAINING, Phase.CLOSED):
        return opened, News(now_ms, phase.value, reason.text, reason.code)
    return (opened,) if phase is Phase.OPEN else ()


def ticket_of(name: str, snapshot: Snapshot) -> Answer:
    """What a join is answered."""
    scene = SCENES[name]
    early = scene.number is None
    return scene.ticket or (
        201,
        {"room": name, "epoch": 1, "arrival": NUMBER, "number": scene.number, "early": early}
        | {"phase": snapshot.phase, "issued_at_ms": snapshot.now_ms, "code": CODE},
    )


def view_of(name: str, snapshot: Snapshot) -> WaitView | Notice | None:
    """What stands there without a script; None where such a shopper goes straight in."""
    scene = SCENES[name]
    if isinstance(scene.plain, Notice):
        return scene.plain
    if scene.state == "entered":
        return None
    room, number = snapshot, scene.number
    if scene.plain is WaitState.DRAWING:
        room = replace(snapshot, phase=Phase.OPEN)
    door = scene.plain if scene.plain in (WaitState.DOOR, WaitState.FULL) else None
    return wait_view(
        room,
        number,
        velocity_per_min=60,
        door=door,
        retry_s=WAIT_MS // 1000,
        still=door is None,
        code=CODE,
    )
