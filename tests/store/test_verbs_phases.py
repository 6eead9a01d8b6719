"""pause, resume, drain, close, open, reset: where a room stands, and what a new epoch ends."""

import pytest
from real import T0

from waitingroom.errors import BadSetting, WrongPhase
from waitingroom.model import DrawMethod, Phase
from waitingroom.outcomes import EntryCode
from waitingroom.reasons import Reason

MINUTE = 60_000


def test_a_room_paused_before_its_opening_draws_on_time_and_calls_from_the_resume_on(make_room):
    """DESIGN §5."""
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + 1000)
    room.crowd(T0, 3)
    assert room.act(T0, "pause", "not yet").phase is Phase.EARLY
    paused = room.run_until(T0, T0 + 5000)
    assert (paused.phase, paused.drawn, paused.serving) == (Phase.PAUSED, 3, 0)
    room.act(T0 + 5000, "resume")
    assert room.status(T0 + 5000).serving == 2


def test_the_reason_of_a_pause_goes_with_the_pause(make_room):
    """Shoppers read why; afterwards nothing old is left to read."""
    room = make_room()
    room.status(T0)
    assert room.act(T0, "pause", "lunch").pause_reason == "lunch"
    assert room.act(T0, "resume").pause_reason == ""


def test_each_act_tells_its_reason_by_code_and_in_words(make_room):
    """In the news, for pages to translate; and in the record, with what the room then is."""
    room = make_room()
    room.status(T0)
    acts = ["pause", "resume", "drain", "close"]
    for nth, name in enumerate(acts):
        room.act(T0 + nth, name, Reason("stock", f"words of {name}"))
    room.open(T0 + 5, Reason("", "again"))
    news = room.reset(T0 + 6, reason=Reason("mistake")).news
    assert [(one.code, one.reason, one.text) for one in news if one.at_ms > T0 or one.reason] == [
        ("paused", "stock", "words of pause"),
        ("resumed", "stock", "words of resume"),
        ("draining", "stock", "words of drain"),
        ("closed", "stock", "words of close"),
        ("opened", "", "again"),
        ("reset", "mistake", ""),
    ]
    told = {one.act: one.detail for one in room.store.record.newest(room.name, 20)}
    assert told["pause"] == "stock: words of pause"
    assert (told["open"], told["reset"]) == ("again", "mistake")


def test_a_room_has_the_reason_of_the_phase_that_it_is_in(make_room):
    """A pause goes on behind a draining; what has ended has nothing more to explain."""
    room = make_room()
    room.status(T0)
    paused, drained = Reason("technical", "back soon"), Reason("stock")
    assert room.act(T0, "pause", paused).reason == paused
    assert room.act(T0, "drain", drained).reason == drained
    assert room.open(T0).reason == paused
    assert room.act(T0, "resume", Reason("technical")).reason == Reason()
    assert room.act(T0, "close", Reason("", "sold")).reason == Reason("", "sold")
    assert room.open(T0).ending == Reason()


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (Reason("hail"), "technical"),
        (Reason(text="x" * 501), "500"),
        (Reason(text="two\nlines"), "line breaks"),
    ],
)
def test_a_reason_that_pages_cannot_show_is_refused(make_room, reason, why):
    """Before anything is done."""
    room = make_room()
    room.status(T0)
    with pytest.raises(BadSetting, match=why):
        room.act(T0, "pause", reason)
    with pytest.raises(BadSetting, match=why):
        room.reset(T0, reason=reason)
    assert room.status(T0).phase is Phase.OPEN


@pytest.mark.parametrize(
    ("before", "act"),
    [
        ([], "resume"),
        (["close"], "pause"),
        (["close"], "drain"),
        (["close"], "close"),
        (["close"], "resume"),
    ],
)
def test_an_act_that_makes_no_sense_now_is_refused_and_changes_nothing(make_room, before, act):
    """The console of an operator who is behind: told what is wrong, in words."""
    room = make_room()
    room.status(T0)
    for earlier in before:
        room.act(T0, earlier)
    written = room.written()
    with pytest.raises(WrongPhase, match="room"):
        room.act(T0, act)
    assert room.written() == written


def test_a_room_that_is_open_cannot_be_opened(make_room):
    """Open or paused: the words say which, and what to do."""
    room = make_room()
    room.status(T0)
    with pytest.raises(WrongPhase, match="open already"):
        room.open(T0)
    room.act(T0, "pause")
    with pytest.raises(WrongPhase, match="resume"):
        room.open(T0)


def test_draining_lets_those_inside_finish_and_may_be_taken_back(make_room):
    """No joins, calls or entries; open again, it goes on with the same line and credit."""
    room = make_room(rate_per_min=600)
    room.crowd(T0, 30)
    room.knock(T0, 1)
    room.act(T0, "drain")
    drained = room.run_until(T0, T0 + 5000)
    assert (drained.phase, drained.leases, drained.serving) == (Phase.DRAINING, 1, 20)
    assert room.knock(T0 + 5000, 2).code is EntryCode.DRAINING
    assert room.at(T0 + 5000, "renew", ["1-1"]).states[0].expires_at_ms > T0
    assert room.open(T0 + 5000).phase is Phase.OPEN
    assert room.knock(T0 + 5000, 2).code is EntryCode.ENTERED


def test_a_room_that_has_not_opened_cannot_be_drained(make_room):
    """There is nobody inside to finish: close it, or move the opening."""
    room = make_room(opens_at_ms=T0 + MINUTE)
    with pytest.raises(WrongPhase, match="not opened"):
        room.act(T0, "drain")


def test_a_room_closes_at_its_time(make_room):
    """And tells it once."""
    room = make_room(closes_at_ms=T0 + MINUTE)
    room.crowd(T0, 2)
    assert room.status(T0 + MINUTE - 1).phase is Phase.OPEN
    closed = room.status(T0 + MINUTE)
    assert (closed.phase, closed.closed_at_ms) == (Phase.CLOSED, T0 + MINUTE)
    assert [line.code for line in room.status(T0 + 2 * MINUTE).news].count("closed") == 1


def begun_again(room, how: str):
    if how == "reopen":
        room.act(T0 + 5000, "close")
        return room.open(T0 + 5000)
    return room.reset(T0 + 5000, T0 + 6000)


@pytest.mark.parametrize("how", ["reset", "reopen"])
def test_a_new_epoch_ends_all_that_the_old_one_gave_out(make_room, how):
    """Tickets, leases, calls, counters, staff passes: ended; settings stay; a new seed is sworn."""
    room = make_room(rate_per_min=600, draw=DrawMethod.SHUFFLE, capacity=9)
    room.crowd(T0, 40)
    old = room.status(T0)
    room.knock(T0, 1)
    room.go(T0, 30)
    new = begun_again(room, how)
    assert (new.epoch, new.staff_epoch, new.tail, new.leases) == (2, 2, 0, 0)
    assert (new.rate_per_min, new.capacity) == (600, 9)
    assert new.counters == type(new.counters)()
    assert new.commitment != old.commitment
    room.crowd(T0 + 6000, 40)
    assert room.knock(T0 + 6000, 1).code is EntryCode.OLD_EPOCH
    assert room.at(T0 + 6000, "renew", ["1-1"]).states[0].code == "old_epoch"
    entered = [room.knock(T0 + 6000, number, epoch=2).code for number in range(1, 10)]
    assert entered == [EntryCode.ENTERED] * 9


@pytest.mark.parametrize("how", ["reset", "reopen"])
def test_a_closing_time_that_has_passed_does_not_end_the_new_epoch(make_room, how):
    """It was the old one's. (A reset room was once closed again at the next look.)"""
    room = make_room(closes_at_ms=T0 + 4000)
    room.status(T0)
    assert room.status(T0 + 4000).phase is Phase.CLOSED
    room.reset(T0 + 5000, T0 + 6000) if how == "reset" else room.open(T0 + 5000)
    assert room.status(T0 + 7000).phase is Phase.OPEN


@pytest.mark.parametrize("opens_at_ms", [-1, 1.5, 10**15])
def test_a_reset_to_no_time_at_all_is_refused(make_room, opens_at_ms):
    """The epoch goes on: nothing was ended for a slip of the hand."""
    room = make_room()
    with pytest.raises(BadSetting):
        room.reset(T0, opens_at_ms)
    assert room.written().epoch == 1


def test_a_reset_to_an_opening_after_the_closing_leaves_no_closing_time(make_room):
    """It was meant for the opening before; the room would be closed before it opens."""
    room = make_room(closes_at_ms=T0 + MINUTE)
    assert room.reset(T0, T0 + MINUTE).closes_at_ms == 0
    assert room.reset(T0, T0 + 3 * MINUTE).opens_at_ms == T0 + 3 * MINUTE
    later = make_later_closing(room)
    assert room.reset(T0, T0 + 4 * MINUTE).closes_at_ms == later


def make_later_closing(room) -> int:
    return room.set(T0, {"closes_at_ms": T0 + 5 * MINUTE}).closes_at_ms


def test_a_reset_to_an_earlier_opening_leaves_settings_that_agree(make_room):
    """Early and draw times of the old opening move or go with it."""
    room = make_room(
        early_at_ms=T0 + MINUTE, draw_at_ms=T0 + 2 * MINUTE, opens_at_ms=T0 + 3 * MINUTE
    )
    room.reset(T0, T0 + 1000)
    assert room.set(T0, {"rate_per_min": 5}).rate_per_min == 5
    assert room.status(T0 + 1000).phase is Phase.OPEN
