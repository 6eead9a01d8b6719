"""The values that cross borders between our packages: frozen, with times in milliseconds."""

from dataclasses import dataclass, field
from enum import StrEnum

from waitingroom.reasons import NO_REASON, Reason

UNITS_PER_ADMISSION = 60_000
"""The meter's unit: ``rate_per_min × elapsed_ms`` is in 1/60,000 of an admission."""


class Phase(StrEnum):
    """Where a room stands. Derived from stored facts, never stored."""

    SCHEDULED = "scheduled"
    EARLY = "early"
    OPEN = "open"
    PAUSED = "paused"
    DRAINING = "draining"
    CLOSED = "closed"


OUTSIDE = frozenset({Phase.SCHEDULED, Phase.CLOSED})
"""Phases in which there is no sale to guard."""


class DrawMethod(StrEnum):
    """How those who came before the opening get their numbers."""

    SHUFFLE = "shuffle"
    FIFO = "fifo"


class Outside(StrEnum):
    """What a shop does with people who have no pass, while their room has no sale."""

    OPEN = "open"
    BLOCKED = "blocked"


class WhileNoSale(StrEnum):
    """What a room wants of its shop while there is no sale; ``SHOP``: as the shop itself is set."""

    SHOP = "shop"
    OPEN = "open"
    BLOCKED = "blocked"

    def asked_of(self, shops_own: Outside) -> Outside:
        """What the shop does."""
        return shops_own if self is WhileNoSale.SHOP else Outside(self)


@dataclass(frozen=True, slots=True)
class Poll:
    """How often pages ask: after a ``divisor``-th of their expected wait, within these bounds.

    By a tenth there are about 45 reads in a ten-minute wait.
    """

    min_ms: int = 2_000
    max_ms: int = 30_000
    divisor: int = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs of a room. 0 means *none* for limits and times, except where said.

    ``rate_per_min`` 0 holds everybody. ``burst`` 0 means automatic: two seconds of the rate,
    at least 2. ``session_max_ms`` 0 means four sessions: the absolute end of a pass.
    ``draw_at_ms`` 0 means at the opening. ``origins``: where a shopper may be sent back to.
    ``poll_…`` 0 means as :class:`Poll` has it.
    ``test_clock``: the caller's ``now_ms`` rules this room; for tests only, fixed at creation.
    """

    rate_per_min: int = 60
    burst: int = 0
    capacity: int = 0
    call_timeout_ms: int = 10_000
    claim_grace_ms: int = 600_000
    session_ms: int = 900_000
    session_max_ms: int = 0
    draw: DrawMethod = DrawMethod.SHUFFLE
    join_limit: int = 0
    joins: bool = True
    early_at_ms: int = 0
    opens_at_ms: int = 0
    draw_at_ms: int = 0
    closes_at_ms: int = 0
    poll_min_ms: int = 0
    poll_max_ms: int = 0
    poll_divisor: int = 0
    outside: WhileNoSale = WhileNoSale.SHOP
    origins: tuple[str, ...] = ()
    title: str = ""
    message: str = ""
    test_clock: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """One line of what happened, as shoppers see it: a code that pages translate, free text, and
    the code of a reason, "" for none.
    """

    at_ms: int
    code: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """``text`` is shown in ``lang`` where the page would say ``sentence`` (its English)."""

    lang: str
    sentence: str
    text: str


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture's ``content_type``, and the ``etag`` of its bytes."""

    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Brand:
    """How a room looks and speaks, where its operator wants it otherwise; empty is as we do it.

    ``colours``: pairs of a scheme and role (``light-accent``) and ``#rrggbb``. ``links``: pairs of
    a kind (``imprint``) and an https address. ``time_zone``: an IANA name.
    """

    colours: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    texts: tuple[Saying, ...] = ()
    time_zone: str = ""
    logo: Logo | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """What has happened since the epoch began; only ever grows within it."""

    called: int = 0
    entered: int = 0
    late: int = 0
    no_show: int = 0
    left: int = 0
    refused: int = 0
    released: int = 0
    expired: int = 0
    second_chances: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A room at one moment, as the store tells it.

    ``drawn``: early tickets in the draw, or None before it. ``lapsed``: every number up to here
    is past its ``claim_grace``. ``seed``: hex, None until the draw. ``leases``: places taken in
    the shop. ``open_calls``: called, not come, not given up. ``at_door``: called, come, waiting
    for a credit. ``meter_ms``: the meter clock; ``read_by_ms``: on it, when every page has read the
    seed. ``credit`` and ``door`` are in units. ``version``: what a change is based on. ``told``
    moves with every change of the texts. ``paused``: also before the opening and while draining,
    where the phase does not say it. ``pause_code``, ``end_code``: reasons by their code, beside an
    operator's own words; of a pause, and of draining or closing. ``stock``: what is
    left, as the shop reports; None where it does not.
    """

    room: str
    epoch: int
    staff_epoch: int
    version: int
    phase: Phase
    now_ms: int
    early_at_ms: int
    opens_at_ms: int
    closes_at_ms: int
    draw_at_ms: int
    opened_at_ms: int
    closed_at_ms: int
    serving: int
    lapsed: int
    tail: int
    drawn: int | None
    rate_per_min: int
    burst: int
    capacity: int
    session_ms: int
    session_max_ms: int
    call_timeout_ms: int
    claim_grace_ms: int
    join_limit: int
    joins: bool
    draw: DrawMethod
    commitment: str
    seed: str | None
    read_by_ms: int
    meter_ms: int
    credit: int
    door: int
    leases: int
    open_calls: int
    at_door: int
    counters: Counters
    pause_reason: str = ""
    message: str = ""
    title: str = ""
    origins: tuple[str, ...] = ()
    news: tuple[News, ...] = field(default=())
    told: int = 0
    test_clock: bool = False
    brand: Brand = Brand()
    paused: bool = False
    pause_code: str = ""
    end_code: str = ""
    end_reason: str = ""
    poll_min_ms: int = 0
    poll_max_ms: int = 0
    poll_divisor: int = 0
    outside: WhileNoSale = WhileNoSale.SHOP
    stock: int | None = None

    @property
    def poll(self) -> Poll:
        """How often pages ask."""
        return poll_of(self)

    @property
    def reason(self) -> Reason:
        """Why the room is in the phase that it is in, where an operator brought it there."""
        if self.phase is Phase.PAUSED:
            return self.pause
        return self.ending if self.phase in (Phase.DRAINING, Phase.CLOSED) else NO_REASON

    @property
    def pause(self) -> Reason:
        """Why it is paused."""
        return Reason(self.pause_code, self.pause_reason)

    @property
    def also_paused(self) -> bool:
        """Paused in a phase that does not say so: before the opening, or while draining."""
        return self.paused and self.phase not in (Phase.PAUSED, Phase.CLOSED)

    @property
    def ending(self) -> Reason:
        """Why it is draining or closed."""
        return Reason(self.end_code, self.end_reason)

    @property
    def sold_out(self) -> bool:
        """Whether the shop has said that nothing is left."""
        return self.stock == 0

    @property
    def waiting(self) -> int:
        """How many numbers have not been called yet (those who left among them)."""
        return max(0, self.tail - self.serving)

    @property
    def spread_ms(self) -> int:
        """Over how long the pages spread their reading of the seed: DESIGN §5.

        Before the draw, what it will be if nobody else comes: pages choose their moment then.
        """
        return spread_ms(self.tail if self.drawn is None else self.drawn, self.draw)


def poll_of(room: Settings | Snapshot) -> Poll:
    """What a room says, and for what it does not say, what is usual."""
    usual = Poll()
    return Poll(
        room.poll_min_ms or usual.min_ms,
        room.poll_max_ms or usual.max_ms,
        room.poll_divisor or usual.divisor,
    )


def spread_ms(drawn: int | None, draw: DrawMethod) -> int:
    """1 ms for every two early tickets, 1 s to 5 min; the store's meter counts the same."""
    if draw is DrawMethod.FIFO:
        return 0
    return min(300_000, max(1_000, (drawn or 0) // 2))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the record keeps it: ``console:NAME`` or ``cli:USER``; from which ``place`` (the
    address of a console's session, the host of a command line); and ``why``, in their words.

    Where an actor is asked for, a plain text is one of whom no more is known.
    """

    name: str
    place: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ShopHealth:
    """How many answers a room's shop gave to shoppers with a pass, and how many were failures of
    its own (5xx), as its guards have told. Only grows; ``told_ms``: when they last did, or 0.
    """

    answers: int = 0
    failures: int = 0
    told_ms: int = 0


NOTHING_TOLD = ShopHealth()
