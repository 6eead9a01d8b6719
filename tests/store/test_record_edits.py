"""Edits of a record by somebody who may write to the store: each is found, and told from what is
none: room made for newer entries, and those that an older version of the library wrote.
"""

from dataclasses import dataclass

import pytest
from real import ME, T0
from versions import Version

from waitingroom.record import Edit, Head, LogEntry, hash_of
from waitingroom.store import acts, record
from waitingroom.store.keys import LOG_KEPT, MOST_STRAYS

OLDER = (
    "local function chain(log, head, entry)\n",
    "local function chain(log, head, entry)\n"
    "  do return redis.call('XADD', log, 'MAXLEN', '~', LOG_KEPT, '*', 'at_ms', entry.at_ms,\n"
    "    'actor', entry.actor, 'act', entry.act, 'detail', entry.detail) end\n",
)
"""Writes what versions before the chain wrote."""
FEW = 150
ROOMY = (
    f"local LOG_KEPT, MOST_STRAYS = {LOG_KEPT}, {MOST_STRAYS}\n",
    f"local LOG_KEPT, MOST_STRAYS = {FEW}, {MOST_STRAYS}\n",
)
"""Keeps ``FEW`` entries, or some more."""


@dataclass
class Books:
    """A room's record, and a pen."""

    room: object

    def read(self) -> list[LogEntry]:
        return list(self.room.store.record.entries(self.room.name))

    def write(self, entries: list[LogEntry]) -> None:
        """The record as if it had always been so."""
        self.room.redis.delete(self.room.keys.log)
        for at, entry in enumerate(entries, 1):
            self.room.redis.xadd(self.room.keys.log, dict(entry.fields), id=f"{at}-1")

    def verify(self, *noted: Head):
        return self.room.store.record.verify(self.room.name, noted)

    def edits(self, *noted: Head) -> set[Edit]:
        return {finding.edit for finding in self.verify(*noted).findings}

    def turn(self, count: int, version: Version | None = None) -> None:
        """So many acts."""
        for capacity in range(count):
            call = acts.change(self.room.name, {"capacity": capacity}, **ME, now_ms=T0)
            (version or self.room.store).run(call)


@pytest.fixture
def books(make_room) -> Books:
    """A dozen entries, the newest being seq 12."""
    room = make_room()
    room.status(T0)
    books = Books(room)
    books.turn(10)
    assert books.verify().findings == []
    assert (books.verify().chained, books.verify().first_seq) == (12, 1)
    return books


def with_fields(entry: LogEntry, **fields: str) -> LogEntry:
    return LogEntry(entry.id, {**entry.fields, **fields})


FIELDS = ("at_ms", "actor", "act", "detail", "before", "after", "seq", "prev", "hash")


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("at", [0, 5, 11])
def test_a_change_of_any_field_of_any_entry_is_found(books, name, at):
    """The first, one in the middle, the newest."""
    entries = books.read()
    entries[at] = with_fields(entries[at], **{name: entries[at].text(name) + "0"})
    books.write(entries)
    assert books.verify().findings


@pytest.mark.parametrize("at", range(12))
def test_an_entry_that_was_taken_out_is_found(books, at):
    """Whichever: the oldest by the room there was, the newest by the head."""
    entries = books.read()
    books.write(entries[:at] + entries[at + 1 :])
    assert books.edits() == {Edit.REMOVED}


@pytest.mark.parametrize("at", range(12))
def test_an_entry_that_was_changed_and_hashed_anew_is_found(books, at):
    """By the one behind it, or by the head."""
    entries = books.read()
    changed = with_fields(entries[at], actor="somebody else")
    entries[at] = with_fields(changed, hash=hash_of(changed))
    books.write(entries)
    assert books.edits() == {Edit.CHANGED}


@pytest.mark.parametrize("at", range(11))
def test_two_entries_that_changed_places_are_found(books, at):
    entries = books.read()
    entries[at], entries[at + 1] = entries[at + 1], entries[at]
    books.write(entries)
    assert Edit.MOVED in books.edits()


def test_an_entry_that_is_there_twice_is_found(books):
    entries = books.read()
    books.write([*entries[:6], entries[5], *entries[6:]])
    assert books.edits() == {Edit.MOVED}


@pytest.mark.parametrize("at", [0, 5, 11, 12])
@pytest.mark.parametrize("later", [False, True])
def test_an_entry_that_was_put_in_is_found(books, at, later):
    """Without a hash, also at the very end, where the next act binds it."""
    entries = books.read()
    stray = LogEntry("", {"at_ms": "1", "actor": "x", "act": "set", "detail": ""})
    books.write([*entries[:at], stray, *entries[at:]])
    books.turn(int(later))
    assert books.edits() == {Edit.ADDED}


@pytest.mark.parametrize("kept", [0, 1, 6])
def test_a_record_that_lost_its_newest_entries_is_found(books, kept):
    books.write(books.read()[:kept])
    assert books.edits() == {Edit.REMOVED}


def test_a_record_that_is_gone_with_its_head_is_found(books):
    """Each room's begins with the making of the room."""
    books.room.redis.delete(books.room.keys.log, books.room.keys.head)
    assert books.edits() == {Edit.REMOVED}


def test_a_head_that_was_taken_away_or_set_back_is_found(books):
    """Also after the next act, which begins another chain without it."""
    books.room.redis.set(books.room.keys.head, f"9 {books.read()[8].hash}")
    assert books.edits() == {Edit.ADDED}
    books.room.redis.delete(books.room.keys.head)
    assert books.edits() == {Edit.REMOVED}
    books.turn(1)
    assert Edit.MOVED in books.edits()


@pytest.mark.parametrize("junk", [b"\xff\xfe", b"", b"x" * 100, b"-1", "٣".encode()])
def test_what_is_no_entry_is_told_and_no_crash(books, junk):
    """Whoever edits need not write what can be read."""
    entries = books.read()
    books.write(entries[:-1])
    broken = {name: value.encode() for name, value in entries[-1].fields.items()}
    books.room.redis.xadd(books.room.keys.log, broken | {b"seq": junk, b"strays": junk})
    books.room.redis.set(books.room.keys.head, junk)
    assert books.verify().findings


def test_a_whole_chain_that_was_written_anew_is_found_only_by_a_head_that_was_noted(books):
    """That is what noting heads elsewhere is for."""
    noted = [Head(entry.seq, entry.hash) for entry in books.read()]
    assert books.edits(*noted) == set()
    prev, forged = "", []
    for entry in books.read():
        changed = with_fields(entry, actor="bob" if entry.seq == 5 else entry.actor, prev=prev)
        prev = hash_of(changed)
        forged.append(with_fields(changed, hash=prev))
    books.write(forged)
    books.room.redis.set(books.room.keys.head, f"12 {prev}")
    assert books.edits() == set(), "it is as good as any"
    assert books.edits(noted[3]) == set(), "before the change"
    assert books.edits(noted[4]) == books.edits(noted[11]) == {Edit.CHANGED}
    assert books.edits(Head(13, "0" * 64)) == {Edit.REMOVED}


def test_room_made_for_newer_entries_is_no_edit(make_room, store, monkeypatch):
    """The oldest entries of a full record go; those of one that was not full were taken."""
    monkeypatch.setattr(record, "LOG_KEPT", FEW)
    room = make_room()
    books, small = Books(room), Version(store, ROOMY)
    noted = Head(1, books.read()[0].hash)
    books.turn(3 * FEW, small)
    verdict = books.verify(noted)
    assert verdict.findings == []
    assert verdict.first_seq > 1
    assert FEW <= verdict.chained < FEW + 101
    assert verdict.head.seq == 3 * FEW + 1 + 1, "made, opened, set"
    books.write(books.read()[verdict.chained - FEW + 1 :])
    assert books.edits() == {Edit.REMOVED}


def test_what_was_written_before_the_chain_began_is_told_and_bound(store, room_id):
    """No released version wrote a record without hashes; of one that is there, the newest entries
    are bound, so that they are not edited as well."""
    from real import RealRoom

    from waitingroom.model import Settings

    older = Version(store, OLDER)
    store.run, usual = older.run, store.run
    room = RealRoom(store, room_id, Settings(opens_at_ms=T0, test_clock=True), T0)
    store.run = usual
    books = Books(room)
    books.turn(MOST_STRAYS + 20, older)
    assert (books.edits(), books.verify().chained) == ({Edit.ADDED}, 0)
    books.turn(2)
    verdict = books.verify()
    assert (books.edits(), verdict.chained, verdict.unbound) == ({Edit.ADDED}, 2, 0)
    assert verdict.before == MOST_STRAYS + 22, "made, opened, and set"
    entries = books.read()
    entries[-5] = with_fields(entries[-5], actor="somebody else")
    books.write(entries)
    assert books.edits() == {Edit.ADDED, Edit.CHANGED}


def test_an_older_version_at_work_beside_a_newer_one_does_not_break_the_chain(books, store):
    """What it writes is told, and bound by the next entry that has a hash."""
    older = Version(store, OLDER)
    for _ in range(3):
        books.turn(3, older)
        books.turn(1)
    assert (books.edits(), books.verify().unbound) == ({Edit.ADDED}, 0)
    books.turn(3, older)
    assert (books.edits(), books.verify().unbound) == ({Edit.ADDED}, 3)
    assert books.verify().older == 12
    entries = books.read()
    for at in (12, 13, 16, 18):
        assert not entries[at].hash
        books.write([*entries[:at], with_fields(entries[at], act="x"), *entries[at + 1 :]])
        assert books.edits() == {Edit.ADDED, Edit.CHANGED}
        books.write([*entries[:at], *entries[at + 1 :]])
        assert books.edits() == {Edit.ADDED, Edit.REMOVED}


def test_room_may_be_made_in_the_middle_of_what_an_older_version_wrote(books, store, monkeypatch):
    """The entry that binds them cannot be checked against them then, and is no edit."""
    books.turn(4, Version(store, OLDER))
    books.turn(5)
    entries = books.read()[14:]
    books.write(entries)
    assert [bool(entry.hash) for entry in entries[:3]] == [False, False, True]
    assert books.edits() == {Edit.ADDED, Edit.REMOVED}
    monkeypatch.setattr(record, "LOG_KEPT", len(entries))
    assert books.edits() == {Edit.ADDED}


def test_more_than_can_be_bound_is_told_as_unbound(books, store):
    """An older version that works alone for long leaves entries that nothing guards."""
    books.turn(MOST_STRAYS + 7, Version(store, OLDER))
    books.turn(1)
    assert (books.edits(), books.verify().unbound) == ({Edit.ADDED}, 7)
