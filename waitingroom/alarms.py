"""The alarms: what each means in words, and what to do. The numbers are those of the rules.

``deploy/prometheus/alerts.yml`` has the same for Prometheus; a test holds the two side by side, and
puts the cases of ``alerts_test.yml`` to both. :mod:`waitingroom.conditions` judges. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum

SECOND_MS = 1_000
MINUTE_MS = 60_000


class Severity(StrEnum):
    """Critical wakes somebody; a warning waits until they look."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One condition. ``told``: in words, of a ``{subject}`` (a room, or a system by its host and
    metrics port) and a ``{value}``, which ``unit`` says how to write. ``to_do``: for whoever is
    woken by it. It begins when it has held for ``for_ms``. ``over_ms``: how far back it looks.
    ``limits``: the numbers that it compares with.
    """

    severity: Severity
    told: str
    to_do: str
    for_ms: int
    over_ms: int = 0
    limits: tuple[float, ...] = ()
    room: bool = False

    def words(self, subject: str, value: float) -> str:
        """The condition as a sentence without its end."""
        return self.told.format(subject=subject, value=value)


ALARMS: dict[str, Alarm] = {
    "WaitingRoomStandsStill": Alarm(
        Severity.CRITICAL,
        "Room {subject}: nothing moves, and {value:,.0f} people wait",
        "The room is open, its rate is above 0 and the shop is not full, but for two minutes "
        "nobody was called and nobody went in. Look at the store and at the gate’s log: a gate "
        "moves every open room twice a second.",
        for_ms=2 * MINUTE_MS,
        over_ms=MINUTE_MS,
        room=True,
    ),
    "WaitingRoomFullAndStill": Alarm(
        Severity.WARNING,
        "Room {subject}: the shop is full, and nobody went in for 15 minutes",
        "Places come back when the shop releases a pass at checkout, or when a shopper is idle "
        "for a session. See whether checkouts get through, and whether the shop calls release; "
        "then raise the capacity or shorten the session.",
        for_ms=15 * MINUTE_MS,
        over_ms=MINUTE_MS,
        room=True,
    ),
    "WaitingRoomDoorRefuses": Alarm(
        Severity.WARNING,
        "Room {subject}: the door refuses more than five knocks an entry",
        "More people were called than may go in. Usual is one to two refusals an entry. Was the "
        "rate, the burst or the capacity just lowered? Then it passes. Else see whether the shop "
        "is full.",
        for_ms=2 * MINUTE_MS,
        over_ms=5 * MINUTE_MS,
        limits=(0.1, 5),
        room=True,
    ),
    "WaitingRoomNoShows": Alarm(
        Severity.WARNING,
        "Room {subject}: more than six in ten who are called do not come",
        "The meter calls more for it, and the rate is held. Look for pages that do not get on "
        "(the status document behind a cache that holds it too long?), a call timeout that is too"
        " short, or many places taken by programs (set a join limit).",
        for_ms=2 * MINUTE_MS,
        over_ms=10 * MINUTE_MS,
        limits=(0.6, 50),
        room=True,
    ),
    "WaitingRoomShopFails": Alarm(
        Severity.CRITICAL,
        "Room {subject}: the shop fails in {value:.0%} of its answers",
        "The shop’s guard sees more than one answer in twenty with 5xx. Pause the room, with a "
        "reason: nobody loses their place. Look at the shop’s log; once it is well, resume at a "
        "lower rate and raise it in steps.",
        for_ms=MINUTE_MS,
        over_ms=2 * MINUTE_MS,
        limits=(0.05, 10),
        room=True,
    ),
    "WaitingRoomGateWorkerMissing": Alarm(
        Severity.CRITICAL,
        "A worker of the gate on {subject} is missing",
        "Those that are left answer everybody. The gate starts another by itself; if it does not "
        "stay, log/gate.log in the data folder says why.",
        for_ms=MINUTE_MS,
    ),
    "WaitingRoomGateNewsOld": Alarm(
        Severity.CRITICAL,
        "A worker of the gate on {subject} shows what was {value:,.0f} seconds ago",
        "It hears of the rooms from the store twice a second. Shoppers are told that their place "
        "is safe. If the store is well, end that worker (log/gate.log).",
        for_ms=30 * SECOND_MS,
        limits=(10,),
    ),
    "WaitingRoomGateErrors": Alarm(
        Severity.CRITICAL,
        "The gate on {subject} answers {value:.1%} of its requests with 5xx",
        "503 is the store that cannot be reached; anything else is a fault of ours, and "
        "log/gate.log has it.",
        for_ms=MINUTE_MS,
        over_ms=5 * MINUTE_MS,
        limits=(0.01,),
    ),
    "WaitingRoomGateSlow": Alarm(
        Severity.WARNING,
        "One request in a hundred takes the gate on {subject} more than a second",
        "One worker per core (WAITINGROOM_GATE_WORKERS), the parser in C (extra fast), and a "
        "cache in front for the status document. See whether the store is slow, too.",
        for_ms=2 * MINUTE_MS,
        over_ms=5 * MINUTE_MS,
        limits=(0.99, 1),
    ),
    "WaitingRoomForgedCredentials": Alarm(
        Severity.WARNING,
        "Forged credentials on {subject}, {value:,.0f} a second",
        "All are refused. Was a key taken out of WAITINGROOM_SECRET_KEYS while people hold what "
        "it signed? Then put it back. Else it is an attack: block its addresses in front.",
        for_ms=2 * MINUTE_MS,
        over_ms=5 * MINUTE_MS,
        limits=(1,),
    ),
    "WaitingRoomStoreAway": Alarm(
        Severity.CRITICAL,
        "The store does not answer {subject}",
        "Nobody joins or goes in; places are safe, and who is in the shop goes on. The embedded "
        "store is started again by itself: log/store.log. A full disk is the usual cause.",
        for_ms=30 * SECOND_MS,
    ),
    "WaitingRoomStoreSlow": Alarm(
        Severity.WARNING,
        "The store takes {subject} more than 100 ms for one question in ten",
        "Usual is under 5 ms. Look for a disk that is slow to write (every join is on it before "
        "it is answered), another tenant of the machine, or a store across a network.",
        for_ms=2 * MINUTE_MS,
        over_ms=2 * MINUTE_MS,
        limits=(0.9, 0.1),
    ),
    "WaitingRoomMetricsAway": Alarm(
        Severity.CRITICAL,
        "Nothing watches {subject}: its keeper is silent",
        "Nothing of this system is watched. Does it run? log/keeper.log says why there are no "
        "metrics (a port that is taken).",
        for_ms=MINUTE_MS,
    ),
}
"""By the name that Prometheus has for it, in the order of its rules."""
