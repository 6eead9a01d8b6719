"""“Are we ready?”: the rows that are looked at before a sale, and the facts that they are made of.

:mod:`waitingroom.ready` judges. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from waitingroom.beats import Beat
from waitingroom.model import Snapshot

ROWS = {
    "ready-secrets": "Secrets",
    "ready-store": "The store",
    "ready-clocks": "Clocks",
    "ready-workers": "The gate’s workers",
    "ready-shop": "The shop and its guard",
    "ready-opening": "The opening",
    "ready-words": "Texts in every language",
    "ready-brand": "The look of the pages",
    "ready-load-test": "The last load test",
    "ready-alarms": "Who hears of alarms",
}
"""Each row's id, for which docs/runbook.md has an entry, and its title; in order of the page."""


MOST_PEOPLE = 100_000_000
LONGEST_ABOUT = 200


class State(StrEnum):
    """Of a row. A note is worth knowing, and no reason not to open."""

    READY = "ready"
    NOTE = "note"
    NOT_READY = "not ready"


@dataclass(frozen=True, slots=True)
class Row:
    """``says``: what was found; ``mend``: what to do about it, where there is anything."""

    id: str
    state: State
    says: str
    mend: str = ""

    @property
    def title(self) -> str:
        """What the row is about."""
        return ROWS[self.id]


class Door(StrEnum):
    """What the shop did with a request that had no pass."""

    REFUSED = "refused"
    LET_IN = "let in"
    FAILED = "failed"
    SILENT = "silent"
    ELSEWHERE = "elsewhere"
    NOT_ASKED = "not asked"
    NO_ADDRESS = "no address"


@dataclass(frozen=True, slots=True)
class Asked:
    """The shop was asked at ``url``. ``detail``: its status, or why there was no answer."""

    door: Door
    url: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Secrets:
    """``keys``: how many sign. ``made_here``: by a development run for itself. ``twice``: settings
    and rooms that share what each should have alone, in words.
    """

    keys: int
    made_here: bool
    twice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadTest:
    """One that was recorded: when, of how many people, and whether every rule held."""

    at_ms: int
    people: int
    passed: bool
    about: str = ""

    @property
    def words(self) -> str:
        """For a record."""
        about = f": {self.about}" if self.about else ""
        return f"{self.people} people, {'passed' if self.passed else 'failed'}{about}"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rows are made of. ``unfit``: why the store may not be used; ``not_durable``: why
    it may lose places; ``appendfsync``: None where it does not tell. ``expected``: people, 0 for
    not said.
    """

    room: Snapshot
    secrets: Secrets
    beats: Mapping[str, Beat]
    asked: Asked
    unfit: str = ""
    not_durable: str = ""
    appendfsync: str | None = "always"
    load_test: LoadTest | None = None
    expected: int = 0
    now_ms: int = field(default=0)

    @property
    def alive(self) -> dict[str, Beat]:
        """The systems whose keepers have just told of them."""
        return {name: one for name, one in self.beats.items() if not one.is_silent(self.now_ms)}


Judged = tuple[State, str] | tuple[State, str, str]
"""What a row says: see :class:`Row`."""
