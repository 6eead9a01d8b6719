"""The operators' verbs: what they change, refuse, tell shoppers and log."""

import pytest
from real import ME, T0

from waitingroom.errors import BadSetting, NoSuchRoom, RoomExists, VersionConflict, WrongPhase
from waitingroom.model import DrawMethod, EntryCode, Phase, Settings

MINUTE = 60_000


def news_of(snapshot):
    return [(line.code, line.text) for line in snapshot.news]


def test_a_room_is_made_once(make_room, store):
    """The second of two makers is told, and the first's room stays as it is."""
    room = make_room(rate_per_min=77)
    with pytest.raises(RoomExists):
        store.create(room.name, Settings(), **ME)
    assert room.written().rate_per_min == 77
    assert room.name in store.rooms()


@pytest.mark.parametrize("name", ["", "A", "a}b", "a b", "api", "a" * 41, "é", "-a", "a\n"])
def test_a_room_has_a_name_that_fits_into_an_address(store, name):
    """The store's names become keys and URLs, so every maker is held to the same rule."""
    with pytest.raises(BadSetting, match="room"):
        store.create(name, Settings(), **ME)
    assert name not in store.rooms()


def test_settings_that_contradict_each_other_make_no_room(store, room_id):
    """Nothing is left behind, not even the name."""
    with pytest.raises(BadSetting):
        store.create(room_id, Settings(call_timeout_ms=9000, claim_grace_ms=8000), **ME)
    assert room_id not in store.rooms()


def test_a_change_based_on_an_old_version_changes_nothing(make_room):
    """Two operators cannot overwrite each other; the loser is told both versions."""
    room = make_room()
    version = room.status(T0).version
    room.set(T0, {"rate_per_min": 90}, version)
    with pytest.raises(VersionConflict) as conflict:
        room.set(T0, {"rate_per_min": 120}, version)
    assert (conflict.value.based_on, conflict.value.found) == (version, version + 1)
    assert room.written().rate_per_min == 90


@pytest.mark.parametrize("version", [-1, 0, 10**12])
def test_no_number_stands_for_whatever_version_it_is(make_room, version):
    """Only leaving the version out does. (-1 was once taken for that.)"""
    room = make_room()
    with pytest.raises(VersionConflict):
        room.set(T0, {"rate_per_min": 90}, version)


def test_every_act_moves_the_version_and_is_logged(make_room):
    """Who did what, when, and in which words: newest first."""
    room = make_room()
    versions = [room.status(T0).version]
    versions.append(room.set(T0, {"capacity": 5}).version)
    versions.append(room.act(T0, "pause", "lunch").version)
    versions.append(room.act(T0, "resume").version)
    assert versions == [1, 2, 3, 4]
    log = room.store.log(room.name)
    assert [entry.act for entry in log] == ["resume", "pause", "set", "create"]
    assert (log[1].actor, log[1].detail, log[1].at_ms) == ("tests", "lunch", T0)
    assert log[2].detail == '{"capacity": 5}'


def test_the_log_of_no_room_is_no_empty_log(store):
    """A misspelt name is told."""
    with pytest.raises(NoSuchRoom):
        store.log("nowhere")


def test_what_shoppers_are_told_is_in_the_news(make_room):
    """Codes that pages translate; the last twenty, with their times."""
    room = make_room()
    room.status(T0)
    room.act(T0, "pause", "lunch")
    room.act(T0, "resume")
    now = room.set(T0, {"rate_per_min": 90, "message": "Grüße"})
    told = [("paused", "lunch"), ("resumed", ""), ("rate_per_min", "90"), ("message", "Grüße")]
    assert news_of(now) == [("drawn", "0"), ("opened", ""), *told]
    for turn in range(30):
        now = room.set(T0, {"rate_per_min": 100 + turn})
    assert len(now.news) == 20
    assert now.news[-1].text == "129"


def test_a_turn_of_the_rate_takes_effect_at_once_and_reprices_nothing(make_room):
    """M7: time until the turn is paid at the old rate, time after it at the new one."""
    room = make_room(rate_per_min=60, burst=10)
    room.crowd(T0, 200)
    room.status(T0)
    before = earned(room.status(T0 + 1000))
    turned = earned(room.set(T0 + 1500, {"rate_per_min": 600}))
    assert turned - before == 500 * 60
    assert earned(room.status(T0 + 2000)) - turned == 500 * 600


def earned(now):
    """All credit so far, in units: what is there and what calls have used."""
    return now.credit + now.counters.called * 60_000


def test_a_lower_burst_is_not_exceeded_by_what_was_earned_before(make_room):
    """M1 from the change on: neither credit nor door keep more than the new burst."""
    room = make_room(rate_per_min=60, burst=50)
    room.status(T0)
    now = room.set(T0, {"burst": 3})
    assert (now.credit, now.door) == (3 * 60_000, 3 * 60_000)


def test_a_capacity_below_what_is_inside_sends_nobody_out(make_room):
    """It calls nobody until enough have gone."""
    room = make_room(rate_per_min=6000, burst=5)
    room.crowd(T0, 20)
    for arrival in range(1, 6):
        assert room.knock(T0, arrival).code is EntryCode.ENTERED
    now = room.set(T0, {"capacity": 2})
    serving = now.serving
    assert room.run_until(T0, T0 + 3000).serving == serving
    assert room.written().leases == 5


OTHERS = {"shuffle": DrawMethod.FIFO, "fifo": DrawMethod.SHUFFLE}


@pytest.mark.parametrize(
    "change",
    [{"opens_at_ms": T0 + 9}, {"early_at_ms": T0 - 9}, {"draw_at_ms": T0 - 9}, {"draw": "shuffle"}],
)
def test_the_opening_is_past_changing_once_the_room_has_opened(make_room, change):
    """A place that was shown stays; the refusal names the knob as operators know it."""
    room = make_room()
    room.status(T0)
    with pytest.raises(BadSetting) as refused:
        room.set(T0, change)
    assert refused.value.field in change


@pytest.mark.parametrize("method", ["shuffle", "fifo"])
def test_the_draw_is_past_changing_once_anybody_has_joined(make_room, method):
    """M3: in a FIFO room people were shown places; in a shuffled one they were promised a draw."""
    room = make_room(draw=DrawMethod(method), opens_at_ms=T0 + MINUTE)
    room.set(T0, {"draw": OTHERS[method]})
    room.set(T0, {"draw": DrawMethod(method)})
    room.crowd(T0, 1)
    with pytest.raises(BadSetting) as refused:
        room.set(T0, {"draw": OTHERS[method]})
    assert refused.value.field == "draw"


def test_setting_a_fixed_knob_to_what_it_is_is_no_fault(make_room):
    """A form that sends all its fields is not punished for it."""
    room = make_room()
    room.status(T0)
    now = room.set(T0, {"opens_at_ms": T0, "draw": DrawMethod.FIFO, "rate_per_min": 90})
    assert now.rate_per_min == 90


def test_moving_the_opening_keeps_seed_draw_and_order(make_room):
    """DESIGN §5: the commitment that was published stays true."""
    room = make_room(draw=DrawMethod.SHUFFLE, opens_at_ms=T0 + MINUTE)
    room.crowd(T0, 3)
    before = room.status(T0)
    room.set(T0, {"opens_at_ms": T0 + 2 * MINUTE})
    assert room.status(T0 + MINUTE).phase is Phase.EARLY
    now = room.status(T0 + 2 * MINUTE)
    assert (now.phase, now.drawn, now.commitment) == (Phase.OPEN, 3, before.commitment)


def test_nobody_sees_the_seed_before_the_draw(make_room):
    """And everybody after it."""
    room = make_room(draw=DrawMethod.SHUFFLE, draw_at_ms=T0 + 1000, opens_at_ms=T0 + 2000)
    assert room.status(T0 + 999).seed is None
    drawn = room.status(T0 + 1000)
    assert (drawn.phase, len(drawn.seed)) == (Phase.EARLY, 64)


def test_a_room_opened_by_hand_before_its_draw_can_still_be_set(make_room):
    """Opening draws; a draw that was planned for later no longer contradicts the opening.

    (In the first version every later change was refused: draw_at_ms later than the opening.)
    """
    room = make_room(
        draw=DrawMethod.SHUFFLE,
        early_at_ms=T0 + MINUTE,
        draw_at_ms=T0 + 2 * MINUTE,
        opens_at_ms=T0 + 3 * MINUTE,
    )
    assert room.open(T0).phase is Phase.OPEN
    assert room.set(T0, {"rate_per_min": 1}).rate_per_min == 1


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
    assert news_of(room.status(T0 + 2 * MINUTE)).count(("closed", "")) == 1


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


def test_a_reset_to_an_earlier_opening_leaves_settings_that_agree(make_room):
    """Early and draw times of the old opening move or go with it."""
    room = make_room(
        early_at_ms=T0 + MINUTE, draw_at_ms=T0 + 2 * MINUTE, opens_at_ms=T0 + 3 * MINUTE
    )
    room.reset(T0, T0 + 1000)
    assert room.set(T0, {"rate_per_min": 5}).rate_per_min == 5
    assert room.status(T0 + 1000).phase is Phase.OPEN


def test_revoking_staff_passes_ends_nobody_elses(make_room):
    """Only the staff epoch moves."""
    room = make_room()
    now = room.act(T0, "revoke_staff", "lost a laptop")
    assert (now.epoch, now.staff_epoch) == (1, 2)


def test_texts_of_any_script_come_back_as_they_went_in(make_room):
    """Titles, messages and reasons are text, not code: quotes, spaces, scripts and signs too."""
    room = make_room()
    text = "Grüße, 你好 “%s” {room} @HASH@ %d \\ ' 🎟"
    now = room.set(T0, {"title": text, "message": text})
    assert (now.title, now.message) == (text, text)
    assert room.act(T0, "pause", text).pause_reason == text
    assert room.store.status(room.name).news[-1].text == text


def test_the_clock_of_a_room_is_chosen_when_it_is_made(make_room, store, room_id):
    """No knob turns a real room into one whose time a caller decides."""
    room = make_room()
    with pytest.raises(BadSetting):
        room.set(T0, {"test_clock": False})
    store.create(room_id + "-real", Settings(opens_at_ms=1), **ME)
    assert store.status(room_id + "-real", now_ms=T0).now_ms != T0
