"""What a crowd was told, and whether it holds: the promises of M1, M2, M3 and M5 as checks."""

import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from chaos_wire import Answer

PATIENCE_S = 40
DOCUMENTED = {
    "join": {(200, ""), (201, "")},
    "knock": {(200, ""), (409, "not_called"), (409, "door")},
    "leave": {(204, "")},
    "release": {(200, "")},
    "status": {(200, "")},
}
"""Status and code of every answer that a call may get here, besides 503 ``store_down``."""


@dataclass
class Place:
    """A ticket that a client holds. ``told``: expiries told at its entries, of one lease one."""

    epoch: int
    arrival: int
    ticket: str
    number: int | None
    told: set[int] = field(default_factory=set)
    knock_at_s: float = 0.0
    given_up: bool = False
    """Whether anybody asked to leave or to release it, answered or not."""

    @property
    def lease(self) -> str:
        """The name of its lease, as the room API wants it."""
        return f"{self.epoch}-{self.arrival}"


class Ledger:
    """All that was answered, from all threads. ``oddities``: whatever no document allows.

    ``breaks``: whether connections may break, as they do when the gate itself is hurt.
    """

    def __init__(self, *, breaks: bool = False) -> None:
        self.breaks = breaks
        self.places: dict[int, Place] = {}
        self.answers: Counter[tuple[str, int, str]] = Counter()
        self.oddities: list[str] = []
        self.serving = 0
        self.drawn: int | None = None
        self.took_s: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        self._changed = threading.Condition()

    def take(self, call: str, answer: Answer) -> bool:
        """Note an answer; whether the call did what it is for."""
        with self._changed:
            self.answers[call, answer.status, answer.code] += 1
            self.took_s[call, answer.status].append(answer.took_s)
            self._judge(call, answer)
            self._changed.notify_all()
        return answer.status < 400 and answer.status > 0

    def _judge(self, call: str, answer: Answer) -> None:
        if answer.status == 503 and answer.code == "store_down":
            if not answer.headers.get("retry-after", "").isdigit():
                self.oddities.append(f"{call}: a 503 without Retry-After")
        elif answer.status == 0 and self.breaks:
            pass
        elif (answer.status, answer.code) not in DOCUMENTED[call]:
            self.oddities.append(f"{call}: {answer.status} {answer.value}")

    def joined(self, value: dict[str, object]) -> Place:
        """Note a place that was given out: never one that another has."""
        place = Place(*(value[name] for name in ("epoch", "arrival", "ticket", "number")))  # type: ignore[arg-type]
        with self._changed:
            if place.arrival in self.places:
                self.oddities.append(f"arrival {place.arrival} was given out twice")
            self.places[place.arrival] = place
        return place

    def seen_again(self, place: Place, value: dict[str, object]) -> None:
        """Note what the ticket of a place says now: the place stays, and so does its number.

        A worker that has not heard of the draw yet (half a second at most) tells no number.
        """
        number = value["number"]
        with self._changed:
            if (value["epoch"], value["arrival"]) != (place.epoch, place.arrival):
                self.oddities.append(f"place {place.arrival} became {value}")
            if number is not None and number != (place.number or number):
                self.oddities.append(f"number {place.number} became {number}")
            place.number = place.number or number  # type: ignore[assignment]

    def entered(self, place: Place, expires_at_ms: int) -> None:
        """Note an entry, or the same one told again."""
        with self._changed:
            place.told.add(expires_at_ms)
            if len(place.told) > 1:
                self.oddities.append(f"arrival {place.arrival} entered twice: {place.told}")

    def status(self, value: dict[str, object]) -> None:
        """Note a status document."""
        with self._changed:
            self.serving = max(self.serving, int(value["serving"]))  # type: ignore[call-overload]
            drawn = value["drawn"]
            if self.drawn not in (None, drawn) and drawn is not None:
                self.oddities.append(f"drawn {self.drawn} became {drawn}")
            self.drawn = self.drawn if drawn is None else drawn  # type: ignore[assignment]

    def count(self, call: str, status: int) -> int:
        """How many answers of that status a call has had."""
        return sum(n for (of, had, _), n in self.answers.items() if (of, had) == (call, status))

    def await_more(self, call: str, status: int, more: int) -> None:
        """Return after ``more`` further answers of that kind."""
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            wanted = self.count(call, status) + more
            while self.count(call, status) < wanted:
                if not self._changed.wait(deadline - time.monotonic()):
                    raise AssertionError(f"no {more} more {status} to {call}: {self.answers}")
