"""What a load test is told: who comes, when, and what each of them does. Pure, and the same in the
process that sends the crowd and in the one that judges it.
"""

import json
import random
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path


class Comes(StrEnum):
    """What somebody does when their number is called."""

    AT_ONCE = "at once"
    LATE = "late"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Crowd:
    """Shares are of all shoppers. Who comes neither early nor in the spike comes in the tail.

    ``early_s``: how long before the opening the first come. ``spike_s``: how long the rush at the
    opening lasts, ``tail_s``: how long others follow.
    """

    shoppers: int = 1_000
    early_share: float = 0.5
    spike_share: float = 0.4
    early_s: float = 25.0
    spike_s: float = 3.0
    tail_s: float = 40.0
    native: float = 0.25
    never: float = 0.15
    late: float = 0.1
    leave: float = 0.05
    refresh: float = 0.3
    buy: float = 0.7
    scarcest: float = 0.2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Character:
    """One shopper. ``leaves_after_s``, ``refreshes_after_s``: from joining; None: never.

    ``reacts_after_s``: from the call, for who comes late. ``buys``: at the end of the visit, which
    gives the place in the shop back; the others just go. ``wants_scarcest``: the item of which
    there are fewest, else any.
    """

    native: bool
    comes: Comes
    reacts_after_s: float
    leaves_after_s: float | None
    refreshes_after_s: float | None
    stays_s: float
    buys: bool
    wants_scarcest: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: a room, a crowd, and the moments on the wall clock that both hold to.

    ``shop_url``: "" where no shop runs; then ``stock``, pieces by item, is empty.
    """

    room: str
    gate_url: str
    shop_url: str
    records: str
    opens_at_ms: int
    ends_at_ms: int
    call_timeout_ms: int
    stock: dict[str, int] = field(default_factory=dict)
    crowd: Crowd = field(default_factory=Crowd)

    def write(self, file: Path) -> None:
        """For the process that sends the crowd."""
        file.write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, file: Path) -> "Plan":
        """What :meth:`write` wrote."""
        values = json.loads(file.read_text("utf-8"))
        return cls(**{**values, "crowd": Crowd(**values["crowd"])})


def arrivals_ms(crowd: Crowd) -> list[int]:
    """When each shopper comes, in milliseconds from the opening (early: below 0), in order."""
    chance = random.Random(f"arrivals {crowd.seed}")
    early = round(crowd.shoppers * crowd.early_share)
    spike = round(crowd.shoppers * crowd.spike_share)
    tail = crowd.shoppers - early - spike
    # More and more as the opening comes closer, the rush thinning out, the tail even.
    times = [-crowd.early_s * (1 - chance.random() ** 0.6) for _ in range(early)]
    times += [crowd.spike_s * chance.random() ** 2 for _ in range(spike)]
    times += [crowd.spike_s + crowd.tail_s * chance.random() for _ in range(tail)]
    return sorted(round(1000 * at_s) for at_s in times)


def character(n: int, crowd: Crowd, call_timeout_ms: int) -> Character:
    """What the ``n``-th shopper does; the same each time it is asked."""
    chance = random.Random(f"{crowd.seed} {n}")
    draw = chance.random()
    comes = Comes.AT_ONCE
    if draw < crowd.never + crowd.late:
        comes = Comes.NEVER if draw < crowd.never else Comes.LATE
    return Character(
        native=chance.random() < crowd.native,
        comes=comes,
        # Beyond the time-out: the call has gone to the next one, the claim is still good.
        reacts_after_s=call_timeout_ms / 1000 + chance.uniform(0.5, 8),
        leaves_after_s=chance.uniform(3, 20) if chance.random() < crowd.leave else None,
        refreshes_after_s=chance.uniform(1, 15) if chance.random() < crowd.refresh else None,
        stays_s=chance.uniform(2, 6),
        buys=chance.random() < crowd.buy,
        wants_scarcest=chance.random() < crowd.scarcest,
    )
