"""Lending: a call that nobody answers for three seconds lends its credit to the next number.

So a line of which half is gone fills the shop from the first minute on. The called shopper loses
nothing by it: they may come as before. (docs/decisions/meter.md)
"""

from real import T0
from versions import Version

from waitingroom.outcomes import EntryCode
from waitingroom.store import state
from waitingroom.store.keys import FIELDS, FORMAT

UNIT = 60_000
LENT_MS = 3500
"""After the opening: the calls made at it are in the slot of half a second that ends first."""


def a_line(make_room, called=2, crowd=50, call_timeout_ms=60_000):
    """So many are called at the opening, then nobody by the rate itself: one a minute."""
    room = make_room(rate_per_min=1, burst=called, call_timeout_ms=call_timeout_ms)
    room.crowd(T0, crowd)
    assert room.status(T0).serving == called
    return room


def test_a_call_that_is_silent_for_three_seconds_lends_its_credit_to_the_next(make_room):
    """The next are called; the silent ones are no no-shows yet."""
    room = a_line(make_room)
    assert room.run_until(T0, T0 + LENT_MS - 1).serving == 2
    lent = room.status(T0 + LENT_MS)
    assert (lent.serving, lent.open_calls, lent.counters.no_show) == (4, 4, 0)


def test_while_anybody_stands_at_the_door_nothing_is_lent(make_room):
    """The place has a taker: a silent call keeps its credit for the whole of ``call_timeout``."""
    room = a_line(make_room, called=3, call_timeout_ms=10_000)
    assert room.knock(T0, 1).code is EntryCode.ENTERED
    room.set(T0, {"capacity": 1})
    for ms in range(0, 10_500, 500):
        assert room.knock(T0 + ms, 2).code is EntryCode.FULL
        assert room.written().credit == ms, "the rate's own credit, and no more"
    over = room.status(T0 + 10_500)
    assert (over.credit, over.counters.no_show) == (UNIT + 10_500, 1)


def test_who_comes_after_the_lending_enters_and_takes_the_credit_again(make_room):
    """They are in time: the meter calls one fewer, and nobody counts them as late."""
    room = a_line(make_room)
    room.run_until(T0, T0 + LENT_MS)
    before = room.written()
    assert room.knock(T0 + LENT_MS, 1).code is EntryCode.ENTERED
    after = room.written()
    assert after.credit == before.credit - UNIT
    assert (after.open_calls, after.counters.late) == (before.open_calls - 1, 0)


def all_lent(make_room, call_timeout_ms):
    """The credit of a whole line of two is lent, and there is nobody whom it could call."""
    room = a_line(make_room, crowd=2, call_timeout_ms=call_timeout_ms)
    room.set(T0, {"burst": 10})
    room.run_until(T0, T0 + LENT_MS)
    assert room.written().credit == 2 * UNIT + LENT_MS
    return room


def test_credit_that_was_lent_is_not_given_back_once_more(make_room):
    """Neither when the call times out, nor when its shopper leaves."""
    room = all_lent(make_room, call_timeout_ms=5000)
    room.go(T0 + LENT_MS, 1)
    assert room.written().credit == 2 * UNIT + LENT_MS
    assert room.written().open_calls == 1
    timed_out = room.run_until(T0 + LENT_MS, T0 + 5500)
    assert (timed_out.open_calls, timed_out.counters.no_show) == (0, 1)
    assert timed_out.credit == 2 * UNIT + 5500


def test_who_vanishes_from_the_door_gives_back_what_they_took_after_the_lending(make_room):
    """Taken when they came, given back when they went: the credit is as it was."""
    room = all_lent(make_room, call_timeout_ms=600_000)
    assert room.knock(T0 + LENT_MS, 2).is_in
    room.set(T0 + LENT_MS, {"capacity": 1})
    assert room.knock(T0 + LENT_MS, 1).code is EntryCode.FULL
    assert room.written().credit == LENT_MS
    gone = room.run_until(T0 + LENT_MS, T0 + LENT_MS + 60_000)
    assert (gone.at_door, gone.open_calls, gone.counters.no_show) == (0, 1, 0)
    assert gone.credit == UNIT + LENT_MS + 60_000


LATER_FIELDS = "".join(f"  s.{field} = 0\n" for field in FIELDS[FIELDS.index("lent_slot") + 1 :])
"""What came after the lending is of no use to a version from before it, and is not stored by it."""
OLDER = (
    (
        ", ".join(f"'{field}'" for field in FIELDS),
        ", ".join(f"'{field}'" for field in FIELDS[: FIELDS.index("lent")]),
    ),
    (f"'{FORMAT}'", f"'{FORMAT[: FIELDS.index('lent') - len(FIELDS)]}'"),
    (", 'lent', 'lent_slot',\n    'next_extended_ms',\n", "\n"),
    ("  if s.schema > SCHEMA then", f"{LATER_FIELDS}  if s.schema > SCHEMA then"),
    ("  lend(keys, s)\n", ""),
    ("  if number <= s.lent then s.credit = s.credit - UNIT end\n", ""),
    ("  if number <= s.lent then s.credit = s.credit + UNIT end\n", ""),
    ("if number > s.lent then s.credit = s.credit + UNIT end", "s.credit = s.credit + UNIT"),
    (
        "    s.open_calls = s.open_calls - silent",
        "    s.credit = s.credit + silent * UNIT\n    s.open_calls = s.open_calls - silent",
    ),
)
"""A version from before the lending, and so from before more time was given: it gives credit back
at the time-out.
"""


def test_a_version_that_lends_works_beside_one_that_does_not(make_room, store):
    """Whoever looks, the line goes on, no call is lost, and no more than a burst of credit kept."""
    room = make_room(rate_per_min=60, burst=2, call_timeout_ms=5000, claim_grace_ms=8000)
    older = Version(store, *OLDER)
    room.crowd(T0, 5000)
    for half in range(240):
        now_ms = T0 + 500 * half
        if half // 30 % 2:
            room.status(now_ms)
        else:
            older.run(state.status(room.name, now_ms=now_ms))
    mixed = room.run_until(now_ms, now_ms + 20_000)
    assert mixed.credit <= 2 * UNIT
    assert mixed.counters.called == mixed.serving
    assert mixed.counters.no_show + mixed.open_calls == mixed.counters.called
    assert mixed.lapsed > 0
