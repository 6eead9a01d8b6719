"""The record of what operators and time did: its entries, and whether anybody edited them. Pure.

Each entry carries the hash of the one before it; the form is frozen in docs/operations.md, section
*The record*. Why so, and what it cannot find: docs/decisions/audit.md.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SHOWN_HEX = 12
LATEST_TOLD_MS = 253_402_214_400_000
"""A day before the year 10000, which no calendar of ours knows: it begins in some zones sooner."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry, as it is kept. ``id``: the store's own. ``fields``: texts by name, as hashed."""

    id: str
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """A field; "" where there is none."""
        return self.fields.get(name, "")

    def number(self, name: str) -> int:
        """A field that counts; 0 where there is none, or somebody wrote something else there."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0

    @property
    def at_ms(self) -> int:
        """When, by the store's clock; 0 for what is no time that calendars know."""
        at_ms = self.number("at_ms")
        return at_ms if at_ms < LATEST_TOLD_MS else 0

    @property
    def actor(self) -> str:
        """Who: ``cli:USER``, ``console:NAME``, ``key:NAME``, or ``time``."""
        return self.text("actor")

    @property
    def act(self) -> str:
        """What."""
        return self.text("act")

    @property
    def detail(self) -> str:
        """In which words."""
        return self.text("detail")

    @property
    def words(self) -> str:
        """The detail, where it says more than before and after do."""
        changed = self.text("before") or self.text("after")
        return "" if changed and self.detail.startswith("{") else self.detail

    @property
    def seq(self) -> int:
        """Its place in the chain, from 1 on; 0 for one that an older version wrote."""
        return self.number("seq")

    @property
    def hash(self) -> str:
        """What the next entry carries as ``prev``; "" for one that an older version wrote."""
        return self.text("hash")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a chain, as something beside the record tells it."""

    seq: int
    hash: str


class Edit(StrEnum):
    """What somebody did to a record."""

    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Finding:
    """An edit, and in a sentence where it shows."""

    edit: Edit
    sentence: str


@dataclass(slots=True)
class Verdict:
    """What became of a record. Counts of entries: ``chained``; from ``before`` the chain; written
    since without a hash, as by an ``older`` version; and how many of those are ``unbound``, so that
    nobody would notice if they were edited. No version without a chain was ever released, so any
    such entry is found as put in. ``first_seq``: above 1, the first have made room.
    """

    chained: int = 0
    before: int = 0
    older: int = 0
    unbound: int = 0
    first_seq: int = 0
    head: Head | None = None
    findings: list[Finding] = field(default_factory=list)

    def find(self, edit: Edit, sentence: str) -> None:
        """One more finding."""
        self.findings.append(Finding(edit, sentence))


def hashed_text(entry: LogEntry) -> bytes:
    """What an entry's hash is taken of: its fields by name, but for the hash and empty ones."""
    values = [(name, text.encode()) for name, text in sorted(entry.fields.items())]
    return b"".join(
        b"%s=%d:%s\n" % (name.encode(), len(value), value)
        for name, value in values
        if value and name != "hash"
    )


def hash_of(*entries: LogEntry) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(b"".join(map(hashed_text, entries))).hexdigest()


def verify(
    entries: Sequence[LogEntry],
    heads: tuple[Head | None, Head | None],
    *,
    kept: int,
    most_strays: int,
    begun: bool = True,
    noted: Sequence[Head] = (),
) -> Verdict:
    """Look for edits in the whole record, oldest entry first.

    ``heads``: what the store told as the head before and after the entries were read (acts may
    have come in between). ``kept``: a record with fewer entries has never lost one for want of
    room. ``begun``: whether something is there whose making is recorded. ``noted``: heads that
    somebody wrote down earlier, elsewhere; one without a ``seq`` may be any entry's.
    """
    verdict = Verdict()
    full = len(entries) >= kept
    last: LogEntry | None = None
    strays: list[LogEntry] = []
    for entry in entries:
        if not entry.hash:
            strays.append(entry)
            continue
        _check_strays(verdict, entry, strays, most_strays, cut=full and last is None)
        strays = []
        if hash_of(entry) != entry.hash:
            verdict.find(Edit.CHANGED, f"entry {entry.seq} is not what was written")
        if last is None:
            verdict.first_seq = entry.seq
            if entry.seq > 1 and not full:
                gap = f"1 to {entry.seq - 1}"
                verdict.find(Edit.REMOVED, f"entries {gap} are missing, though there was room")
        else:
            _check_link(verdict, last, entry)
        last = entry
        verdict.chained += 1
    if last is None:
        verdict.before += len(strays)
    else:
        verdict.older += len(strays)
        verdict.unbound += len(strays)
        verdict.head = Head(last.seq, last.hash)
    if foreign := verdict.before + verdict.older:
        what = "entry has" if foreign == 1 else "entries have"
        told = f"{foreign} {what} no hash, which every version that was released writes"
        verdict.find(Edit.ADDED, told)
    if begun and not entries:
        verdict.find(Edit.REMOVED, "every entry is missing")
    _check_head(verdict, heads, full=full)
    _check_noted(verdict, entries, noted)
    return verdict


def _check_strays(
    verdict: Verdict, entry: LogEntry, strays: Sequence[LogEntry], most: int, *, cut: bool
) -> None:
    """The entries without a hash right before ``entry``, which binds the newest ``most`` of them.
    ``cut``: the oldest of them may have gone for want of room.
    """
    said = entry.number("strays")
    first_bound = max(0, len(strays) - said)
    bound, others = strays[first_bound:], strays[:first_bound]
    if cut and len(strays) < said:
        verdict.before += len(strays)
        return
    if len(bound) < said:
        verdict.find(Edit.REMOVED, f"entries without a hash are missing before entry {entry.seq}")
    elif said and hash_of(*bound) != entry.text("strays_hash"):
        verdict.find(Edit.CHANGED, f"an entry without a hash before entry {entry.seq} was changed")
    if others and said < most:
        verdict.find(Edit.ADDED, f"there are entries without a hash before entry {entry.seq} "
                     "that were not there when it was written")  # fmt: skip
    if entry.seq == 1:
        verdict.before += len(strays)
    else:
        verdict.older += len(strays)
        verdict.unbound += len(others)


def _check_link(verdict: Verdict, last: LogEntry, entry: LogEntry) -> None:
    if entry.seq == last.seq + 1:
        if entry.text("prev") != last.hash:
            sentence = f"entry {entry.seq} was written behind another entry {last.seq} than this"
            verdict.find(Edit.CHANGED, sentence)
    elif entry.seq > last.seq:
        gap = f"{last.seq + 1} to {entry.seq - 1}"
        verdict.find(Edit.REMOVED, f"between entries {last.seq} and {entry.seq}, {gap} are missing")
    else:
        verdict.find(Edit.MOVED, f"entry {entry.seq} stands behind entry {last.seq}")


def _check_head(verdict: Verdict, heads: tuple[Head | None, Head | None], *, full: bool) -> None:
    then, now = heads
    found = verdict.head
    if now is None or then is None:
        if now is None and found is not None:
            verdict.find(Edit.REMOVED, "the head, which tells the newest entry, is missing")
        return
    if found is None:
        # Of a record that only an older version has written to since, the chain has gone.
        if not full:
            verdict.find(Edit.REMOVED, f"entries up to {now.seq} are missing")
    elif found.seq < then.seq:
        verdict.find(Edit.REMOVED, f"entries {found.seq + 1} to {now.seq}, the newest, are missing")
    elif found.seq > now.seq:
        verdict.find(
            Edit.ADDED, f"there are entries up to {found.seq}, but the newest is {now.seq}"
        )
    elif found not in (then, now) and found.seq in (then.seq, now.seq):
        verdict.find(Edit.CHANGED, f"entry {found.seq}, the newest, is not what was written")


def _check_noted(verdict: Verdict, entries: Sequence[LogEntry], noted: Sequence[Head]) -> None:
    hashes = {entry.seq: entry.hash for entry in entries if entry.hash}
    for head in noted:
        if not head.seq:
            if head.hash not in hashes.values():
                more = ", or it is among those that made room" if verdict.first_seq > 1 else ""
                told = f"no entry has the hash that was noted, {head.hash[:SHOWN_HEX]}…{more}"
                verdict.find(Edit.CHANGED, told)
            continue
        there = hashes.get(head.seq)
        if there is None and head.seq >= max(1, verdict.first_seq):
            verdict.find(Edit.REMOVED, f"entry {head.seq}, which was noted, is missing")
        elif there not in (None, head.hash):
            verdict.find(Edit.CHANGED, f"entry {head.seq} is not the one that was noted")
