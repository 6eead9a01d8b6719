"""renew, release, redeem: what a shop reports about those inside."""

import pytest
from real import T0, ttl_since

from waitingroom.clock import monotonic_ms
from waitingroom.outcomes import LeaseCode, LeaseState
from waitingroom.store.keys import handover_key

MINUTE = 60_000
STAFF = "s-0123456789abcdef"
RELEASED = LeaseState(LeaseCode.RELEASED)


@pytest.fixture
def room(make_room):
    """Two are inside, for a session of a minute and at most three."""
    room = make_room(rate_per_min=600, session_ms=MINUTE, session_max_ms=3 * MINUTE)
    room.crowd(T0, 5)
    room.knock(T0, 1)
    room.knock(T0, 2)
    return room


def state_of(room, now_ms, lease, verb="renew"):
    return room.at(now_ms, verb, [lease]).states[0]


def test_renewing_puts_the_end_a_session_from_now(room):
    """Twice, or by two racers, is as good as once."""
    renewed = LeaseState(LeaseCode.ACTIVE, T0 + 90_000)
    assert state_of(room, T0 + 30_000, "1-1") == state_of(room, T0 + 30_000, "1-1") == renewed
    assert room.status(T0 + 60_000).leases == 1


def test_no_renewal_goes_beyond_the_absolute_end(room):
    """A pass ends ``session_max`` after the entry, however busy its holder is."""
    for minute in (0.9, 1.8, 2.7):
        state = state_of(room, T0 + int(minute * MINUTE), "1-1")
    assert state == LeaseState(LeaseCode.ACTIVE, T0 + 3 * MINUTE)


def test_renewing_an_expired_lease_opens_it_again_even_above_the_capacity(room):
    """The shopper is back from a long call: still a customer, though the place was given away."""
    room.set(T0, {"capacity": 1})
    assert room.status(T0 + 60_000).leases == 0
    assert room.knock(T0 + 60_000, 3).count == 3
    assert state_of(room, T0 + 61_000, "1-1").code is LeaseCode.ACTIVE
    assert room.written().leases == 2


def test_a_released_lease_stays_released(room):
    """For good: a renewal that was on its way comes too late, and twice is the same as once."""
    assert state_of(room, T0, "1-1", "release") == RELEASED
    assert state_of(room, T0, "1-1", "release") == RELEASED
    assert state_of(room, T0, "1-1") == RELEASED
    now = room.written()
    assert (now.leases, now.counters.released) == (1, 1)


def test_an_expired_lease_can_still_be_released(room):
    """The checkout came late; afterwards no renewal opens it again."""
    room.status(T0 + 60_000)
    assert state_of(room, T0 + 60_000, "1-1", "release") == RELEASED
    assert state_of(room, T0 + 60_000, "1-1") == RELEASED
    assert room.written().leases == 0


@pytest.mark.parametrize("verb", ["renew", "release"])
@pytest.mark.parametrize(
    ("lease", "code"),
    [
        ("1-3", LeaseCode.UNKNOWN),
        ("1-999999", LeaseCode.UNKNOWN),
        ("2-1", LeaseCode.OLD_EPOCH),
        ("0-1", LeaseCode.OLD_EPOCH),
        ("s-0123456789abcdef", LeaseCode.OLD_EPOCH),
        ("", LeaseCode.OLD_EPOCH),
        ("1-", LeaseCode.OLD_EPOCH),
        ("1-01", LeaseCode.OLD_EPOCH),
        ("01-1", LeaseCode.OLD_EPOCH),
        ("1-4294967296", LeaseCode.OLD_EPOCH),
        ("1-1-1", LeaseCode.OLD_EPOCH),
        ("1--1", LeaseCode.OLD_EPOCH),
        ("1-١", LeaseCode.OLD_EPOCH),
        ("1-" + "9" * 5000, LeaseCode.OLD_EPOCH),
    ],
)
def test_one_odd_lease_does_not_spoil_the_batch(room, verb, lease, code):
    """Every lease gets its own answer, also beside one that is none of ours."""
    answer = room.at(T0, verb, [lease, "1-1"])
    assert answer.states[0] == LeaseState(code)
    assert answer.states[1].code in (LeaseCode.ACTIVE, LeaseCode.RELEASED)


def test_an_empty_report_tells_where_the_room_stands(room):
    """The reporter's heartbeat: epochs and phase, without a write."""
    room.status(T0)
    before = room.written()
    answer = room.at(T0, "renew", [])
    assert (answer.epoch, answer.staff_epoch, answer.phase, answer.states) == (1, 1, "open", ())
    assert room.written() == before


def test_a_handover_is_redeemed_once(room):
    """The first is told True, every other False."""
    assert room.redeem(1, "n1") is True
    assert room.redeem(1, "n1") is False
    assert room.redeem(1, "n2") is True


def test_a_handover_of_another_epoch_is_none_and_leaves_no_trace(room):
    """After a reset the old handovers are worth nothing."""
    assert room.redeem(2, "n1") is None
    assert room.redeem(1, "n1") is True


def test_a_staff_handover_goes_by_the_staff_epoch(room):
    """Revoking staff passes ends their handovers, and nobody else's."""
    room.act(T0, "revoke_staff")
    redeem = room.store.redeem
    assert redeem(room.name, 1, "s1", staff=STAFF) is None
    assert redeem(room.name, 2, "s1", staff=STAFF) is True
    assert redeem(room.name, 1, "n1") is True


def test_a_used_handover_is_forgotten_after_its_time(room):
    """M6: its key has a time to live."""
    began_ms = monotonic_ms()
    room.redeem(1, "n1")
    left_ms = room.redis.pttl(handover_key(room.name, "n1"))
    assert left_ms <= 60_000 <= ttl_since(began_ms, left_ms) + 2
