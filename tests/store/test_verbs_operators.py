"""The operators' verbs: what they change, refuse, tell shoppers and log."""

from functools import partial

import pytest
from real import ME, T0

from waitingroom.errors import BadSetting, NoSuchRoom, RoomExists, VersionConflict
from waitingroom.model import DrawMethod, Phase, Settings
from waitingroom.outcomes import EntryCode

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


@pytest.mark.parametrize("act", ["pause", "resume", "drain", "close", "open", "reset"])
def test_an_act_based_on_an_old_version_is_not_done(make_room, act):
    """As a change of knobs; without a version it is based on whatever the room is."""
    room = make_room()
    seen = room.act(T0, "drain" if act == "open" else "pause")
    room.set(T0, {"rate_per_min": 90})
    own = {"open": room.store.open, "reset": room.store.reset}
    verb = own.get(act) or partial(room.store.act, name=act)
    with pytest.raises(VersionConflict) as conflict:
        verb(room=room.name, actor="tests", version=seen.version, now_ms=T0)
    assert (conflict.value.based_on, conflict.value.found) == (seen.version, seen.version + 1)
    assert room.status(T0).version == seen.version + 1
    assert verb(room=room.name, actor="tests", now_ms=T0).version == seen.version + 2


def test_every_act_moves_the_version_and_is_logged(make_room):
    """Who did what, when, and in which words: newest first."""
    room = make_room()
    versions = [room.status(T0).version]
    versions.append(room.set(T0, {"capacity": 5}).version)
    versions.append(room.act(T0, "pause", "lunch").version)
    versions.append(room.act(T0, "resume").version)
    assert versions == [1, 2, 3, 4]
    log = room.store.record.newest(room.name, 100)
    assert [entry.act for entry in log] == ["resume", "pause", "set", "opened", "create"]
    assert (log[1].actor, log[1].detail, log[1].at_ms) == ("tests", "lunch", T0)
    assert log[2].detail == '{"capacity": 5}'


def test_the_log_of_no_room_is_no_empty_log(store):
    """A misspelt name is told."""
    with pytest.raises(NoSuchRoom):
        store.record.newest("nowhere", 1)


@pytest.mark.parametrize(
    ("draw", "early", "told"),
    [
        (DrawMethod.SHUFFLE, 3, [("drawn", "3"), ("opened", "")]),
        (DrawMethod.SHUFFLE, 0, [("opened", "")]),
        (DrawMethod.FIFO, 3, [("opened", "")]),
    ],
)
def test_only_a_draw_of_somebody_is_news(make_room, draw, early, told):
    """Where places go by arrival nothing is drawn, and "0 were drawn" tells nobody a thing."""
    room = make_room(draw=draw, opens_at_ms=T0 + 1000)
    if early:
        room.crowd(T0, early)
    assert news_of(room.status(T0 + 1000)) == told


def test_what_shoppers_are_told_is_in_the_news(make_room):
    """Codes that pages translate; the last twenty, with their times."""
    room = make_room()
    room.status(T0)
    room.act(T0, "pause", "lunch")
    room.act(T0, "resume")
    now = room.set(T0, {"rate_per_min": 90, "message": "Grüße"})
    told = [("paused", "lunch"), ("resumed", ""), ("rate_per_min", "90"), ("message", "Grüße")]
    assert news_of(now) == [("opened", ""), *told]
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
