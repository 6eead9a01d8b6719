"""Staff passes: made and revoked with their entry in the record, bounded, known by name."""

import json
from dataclasses import replace

import pytest
from real import ME, T0

from waitingroom.errors import BadSetting, NoSuchRoom
from waitingroom.staff import NoSuchPass, PassState, TooManyPasses
from waitingroom.store.keys import MOST_STAFF_PASSES, staff_key

HOUR = 3_600_000


@pytest.fixture
def room(make_room):
    """A room whose clock the test has."""
    made = make_room()
    made.status(T0)
    return made


def make(room, name="Ada", lasts_ms=HOUR, now_ms=T0):
    return room.store.staff.make(room.name, name, lasts_ms, **ME, now_ms=now_ms)


def states(room, now_ms=T0):
    epoch = room.status(now_ms).staff_epoch
    return {one.name: one.state(epoch, now_ms) for one in room.store.staff.all(room.name)}


def acts_of(room):
    return [entry.act for entry in room.store.record.newest(room.name, 20)]


def test_a_pass_is_kept_as_whose_it_is_and_recorded(room):
    """Never the pass: it is not even made yet."""
    made = make(room)
    assert room.store.staff.all(room.name) == [made]
    assert (made.by, made.epoch, made.until_ms - made.made_at_ms) == ("tests", 1, HOUR)
    entry = room.store.record.newest(room.name, 1)[0]
    assert (entry.act, entry.detail) == ("staff_pass", f"{made.lease} for Ada")


def test_one_that_was_revoked_cannot_be_redeemed_and_others_can(room):
    """By its lease, whatever the signature says; told with who did it and when."""
    ada, ben = make(room), make(room, "Ben", now_ms=T0 + 1)
    assert room.store.staff.revoke(room.name, ada.lease, **ME, now_ms=T0 + 5) is True
    redeem = room.store.redeem
    assert redeem(room.name, 1, "a1", staff=ada.lease) is None
    assert redeem(room.name, 1, "b1", staff=ben.lease) is True
    gone = replace(ada, revoked_at_ms=T0 + 5, revoked_by="tests")
    assert room.store.staff.all(room.name) == [ben, gone]
    assert room.store.staff.revoked(room.name) == [ada.lease]
    assert acts_of(room)[0] == "revoke_pass"


def test_revoking_twice_or_what_is_over_changes_and_records_nothing(room):
    """False; and a lease that never was is told as such."""
    ada, ben = make(room), make(room, "Ben", HOUR)
    room.store.staff.revoke(room.name, ada.lease, **ME, now_ms=T0)
    before = acts_of(room)
    assert room.store.staff.revoke(room.name, ada.lease, **ME, now_ms=T0) is False
    assert room.store.staff.revoke(room.name, ben.lease, **ME, now_ms=T0 + HOUR) is False
    with pytest.raises(NoSuchPass):
        room.store.staff.revoke(room.name, "s-0000000000000000", **ME)
    with pytest.raises(NoSuchRoom):
        room.store.staff.revoke("nowhere", ada.lease, **ME)
    assert acts_of(room) == before


def test_passes_end_by_themselves_and_with_all_others(room):
    """By the store's clock; revoking all ends those that are not over."""
    make(room, "Short", 60_000)
    make(room, "Long", HOUR)
    assert states(room) == {"Short": PassState.GOOD, "Long": PassState.GOOD}
    assert states(room, T0 + 60_000) == {"Short": PassState.OVER, "Long": PassState.GOOD}
    room.act(T0 + 60_000, "revoke_staff")
    assert states(room, T0 + 60_000) == {"Short": PassState.OVER, "Long": PassState.ENDED}


def test_there_are_so_many_at_a_time_and_one_that_was_revoked_stays_until_its_end(room):
    """What is over makes room; what is signed still and was revoked must not be forgotten."""
    for number in range(MOST_STAFF_PASSES - 1):
        make(room, f"No. {number}", 60_000)
    kept = make(room, "Revoked", HOUR)
    room.store.staff.revoke(room.name, kept.lease, **ME, now_ms=T0)
    with pytest.raises(TooManyPasses, match=str(MOST_STAFF_PASSES)):
        make(room, "One too many")
    late = make(room, "Later", now_ms=T0 + 60_000)
    assert [one.lease for one in room.store.staff.all(room.name)] == [late.lease, kept.lease]
    assert room.store.redeem(room.name, 1, "n", staff=kept.lease) is None


@pytest.mark.parametrize(
    ("name", "lasts_ms", "field"),
    [(" ", HOUR, "name"), ("x" * 61, HOUR, "name"), ("a\nb", HOUR, "name"), ("Ada", 59_999, "for"),
     ("Ada", 7 * 24 * HOUR + 1, "for"), ("Ada", -1, "for")],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_recorded(room, name, lasts_ms, field):
    """With the field's name."""
    before = acts_of(room)
    with pytest.raises(BadSetting) as refused:
        make(room, name, lasts_ms)
    assert (refused.value.field, acts_of(room)) == (field, before)


def test_any_text_is_a_name(room):
    """What would break out of JSON, or of a line, is a name like any other."""
    names = ["Zoë “Zo”", 'a"b\\c', "名前", "{}"]
    for name in names:
        make(room, name)
    assert {one.name for one in room.store.staff.all(room.name)} == set(names)
    raw = room.redis.hgetall(staff_key(room.name))
    assert all(json.loads(one)["until_ms"] == str(T0 + HOUR) for one in raw.values())
