"""What a process of the shop remembers, and for how long."""

from guarded import NOW_MS, a_handover, a_pass

from waitingroom.guard.knowledge import Knowledge, RoomFacts


def test_nothing_known_is_a_sale_and_ends_no_pass() -> None:
    """A guard must work before it has heard anything."""
    known = Knowledge()
    assert known.facts("demo").sale_on(NOW_MS)
    assert not known.ended(a_pass(epoch=0), NOW_MS)


def test_the_api_may_lower_an_epoch() -> None:
    """A room that was deleted and made again begins at one: the shop must not stay shut."""
    known = Knowledge()
    known.learn("demo", RoomFacts(epoch=9))
    assert known.ended(a_pass(epoch=1), NOW_MS)
    known.learn("demo", RoomFacts(epoch=1))
    assert not known.ended(a_pass(epoch=1), NOW_MS)


def test_a_lease_ends_in_its_own_room_and_epoch_only() -> None:
    """The same arrival of another running is another shopper."""
    known = Knowledge()
    known.end("demo", "1-12", at_ms=0)
    assert known.ended(a_pass(), NOW_MS)
    assert not known.ended(a_pass(epoch=2, lease="2-12"), NOW_MS)
    assert not known.ended(a_pass(lease="1-13"), NOW_MS)
    assert not known.ended(a_pass(room="other"), NOW_MS)


def test_the_earliest_end_holds() -> None:
    """A later word never revives a lease."""
    known = Knowledge()
    known.end("demo", "1-12", at_ms=NOW_MS + 10)
    known.end("demo", "1-12", at_ms=NOW_MS + 99)
    assert not known.ended(a_pass(), NOW_MS + 9)
    assert known.ended(a_pass(), NOW_MS + 10)
    known.end("demo", "1-12", at_ms=0)
    assert known.ended(a_pass(), NOW_MS)


def test_a_handover_is_used_once() -> None:
    """Until it has long expired; per room."""
    known = Knowledge()
    assert known.first_use(a_handover(), NOW_MS)
    assert not known.first_use(a_handover(), NOW_MS + 29_999)
    assert not known.first_use(a_handover(), NOW_MS - 5_000)
    assert known.first_use(a_handover(room="other"), NOW_MS)


def test_memory_is_bounded() -> None:
    """The oldest makes room: a flood cannot fill the shop's memory."""
    known = Knowledge(most=3)
    for n in range(10):
        known.end("demo", f"1-{n}", at_ms=0)
        known.first_use(a_handover(nonce=f"{n:016x}"), NOW_MS)
    assert [known.ended(a_pass(lease=f"1-{n}"), NOW_MS) for n in (6, 7, 8, 9)] == [
        False, True, True, True,
    ]  # fmt: skip
    assert len(known._used) == 3
