"""Sales to replay. Each module has a ``SCENARIO``; its name is the module's."""

from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules

from loadtests.plan import Crowd


@dataclass(frozen=True, slots=True)
class Scenario:
    """A sale, scaled to one machine.

    ``replays``: the real sales whose course this repeats, and what of each it shows. ``most_s``:
    from the first shopper to the end, however far things are. ``knobs``: further options of
    ``waitingroom room create``.
    """

    title: str
    replays: dict[str, str]
    crowd: Crowd = field(default_factory=Crowd)
    rate_per_min: int = 720
    burst: int = 0
    capacity: int = 0
    call_timeout_s: int = 8
    claim_grace_s: int = 60
    most_s: int = 150
    knobs: tuple[str, ...] = ()


def names() -> list[str]:
    """All scenarios."""
    return sorted(module.name for module in iter_modules(__path__))


def load(name: str) -> Scenario:
    """The scenario of a name that :func:`names` lists."""
    found: Scenario = import_module(f"{__name__}.{name}").SCENARIO
    return found
