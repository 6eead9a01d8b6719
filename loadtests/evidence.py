"""Everything that a run left behind, put in order for the verdict. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from loadtests.plan import Character, Comes
from loadtests.records import KINDS, Answer, Ended, Entered, Order, Place, Record, Seen, Sender
from waitingroom.draw import number_of


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What was set, and how the store says that it ended. ``seed``: hex, None before the draw.

    ``burst``: the effective one. ``entered``: the store's own count.
    """

    room: str
    epoch: int
    rate_per_min: int
    burst: int
    capacity: int
    call_timeout_ms: int
    fifo: bool
    drawn: int | None
    seed: str | None
    commitment: str
    entered: int


@dataclass(frozen=True)
class Evidence:
    """``entries``: arrival → store's time of entry. ``served``: (store's clock, serving number).

    ``waited_until_ms``: when somebody was last waiting to be called. ``stock``: pieces by item
    before the sale; empty where no shop ran.
    """

    facts: RoomFacts
    characters: tuple[Character, ...] = ()
    answers: tuple[Answer, ...] = ()
    places: tuple[Place, ...] = ()
    seen: tuple[Seen, ...] = ()
    visits: tuple[Entered, ...] = ()
    orders: tuple[Order, ...] = ()
    ended: tuple[Ended, ...] = ()
    senders: tuple[Sender, ...] = ()
    entries: Mapping[int, int] = field(default_factory=dict)
    served: tuple[tuple[int, int], ...] = ()
    most_inside: int = 0
    waited_until_ms: int = 0
    stock: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def sorted(cls, records: Iterable[Record], **rest: Any) -> "Evidence":
        """The records by kind; ``rest``: the other fields."""
        kinds: dict[type[Record], list[Any]] = {kind: [] for kind in KINDS.values()}
        for record in records:
            kinds[type(record)].append(record)
        return cls(
            answers=tuple(kinds[Answer]),
            places=tuple(kinds[Place]),
            seen=tuple(kinds[Seen]),
            visits=tuple(kinds[Entered]),
            orders=tuple(kinds[Order]),
            ended=tuple(kinds[Ended]),
            senders=tuple(kinds[Sender]),
            **rest,
        )

    @cached_property
    def place_of(self) -> dict[int, Place]:
        """The last word of each shopper's place."""
        return {place.shopper: place for place in self.places}

    @cached_property
    def numbers(self) -> dict[int, int]:
        """Arrival → number, from what the room published alone; empty before the draw."""
        arrivals = {place.arrival for place in self.places} | self.entries.keys()
        return {
            arrival: number for arrival in arrivals if (number := self._number(arrival)) is not None
        }

    def _number(self, arrival: int) -> int | None:
        facts = self.facts
        if facts.fifo:
            return arrival
        if facts.drawn is None or facts.seed is None:
            return None
        if arrival > facts.drawn:
            return arrival
        seed = bytes.fromhex(facts.seed)
        return number_of(arrival, seed=seed, room=facts.room, epoch=facts.epoch, drawn=facts.drawn)

    @cached_property
    def endings(self) -> dict[int, str]:
        """How each visit ended; nothing for who was still there at the end."""
        return {ended.shopper: ended.how for ended in self.ended}

    def prompt(self) -> list[int]:
        """Those who come at once when called, and do not leave before."""
        return [
            shopper
            for shopper, character in enumerate(self.characters)
            if character.comes is Comes.AT_ONCE and character.leaves_after_s is None
        ]

    def how_many(self) -> Counter[str]:
        """Visits by ending."""
        return Counter(self.endings.values())
