"""undo: one act takes the last change of knobs, brand or plan back, or says why not."""

import pytest
from real import ME, T0
from test_brand import PNG

from waitingroom import brand
from waitingroom.errors import CannotUndo, VersionConflict
from waitingroom.model import Brand, DrawMethod
from waitingroom.plan import PlanStep
from waitingroom.ramps import ramp

MINUTE = 60_000


def test_the_last_change_is_taken_back_whole(make_room):
    """Every knob of it, numbers and texts, and no other."""
    room = make_room(rate_per_min=60, capacity=5, title="Boots", origins=("https://a.example",))
    room.set(T0, {"capacity": 7})
    changes = {"rate_per_min": 300, "joins": False, "title": "", "message": "Hello", "origins": ()}
    changed = room.set(T0, changes)
    after = room.undo(T0 + 1, changed.version)
    assert (after.rate_per_min, after.capacity, after.joins) == (60, 7, True)
    assert (after.title, after.message, after.origins) == ("Boots", "", ("https://a.example",))
    assert after.version == changed.version + 1


def test_undo_is_an_act_that_shoppers_and_the_log_hear_of(make_room, store):
    """A rate that goes back is news; the log says what was taken back."""
    room = make_room(rate_per_min=60)
    room.set(T0, {"rate_per_min": 300})
    news = room.undo(T0 + 1).news
    assert [line.text for line in news if line.code == "rate_per_min"] == ["300", "60"]
    newest = store.record.newest(room.name, 1)[0]
    assert (newest.act, newest.actor) == ("undo", ME["actor"])
    assert newest.detail == 'set {"rate_per_min": 300}'


def test_time_between_a_change_and_its_undo_is_paid_at_the_changed_rate(make_room):
    """M7: nothing that has accrued is priced again, and no burst is kept from a larger one."""
    room = make_room(rate_per_min=60, burst=10)
    room.crowd(T0, 500)
    before = room.status(T0)
    room.set(T0, {"rate_per_min": 600})
    now = room.undo(T0 + 1000)
    earned = now.credit + (now.counters.called - before.counters.called) * 60_000 - before.credit
    assert earned == 1000 * 600
    room.set(T0 + 1000, {"burst": 100})
    assert room.undo(T0 + 1000).credit <= 10 * 60_000


def test_a_change_is_taken_back_once(make_room):
    """No undo of the undo, and none of the change before: a second click does no harm."""
    room = make_room(rate_per_min=60)
    room.set(T0, {"rate_per_min": 90})
    changed = room.set(T0, {"rate_per_min": 120})
    undone = room.undo(T0, changed.version)
    with pytest.raises(VersionConflict):
        room.undo(T0, changed.version)
    with pytest.raises(CannotUndo, match="taken back already"):
        room.undo(T0)
    assert room.written().version == undone.version


def test_a_change_that_changes_nothing_is_not_the_last_one(make_room, store):
    """A program sends its change twice, as its first answer was lost; a plan is cleared again."""
    room = make_room(rate_per_min=60, title="1000")
    for _ in range(2):
        room.set(T0, {"rate_per_min": 300})
        room.plan(T0, [])
    assert room.undo(T0).rate_per_min == 60
    for _ in range(2):
        room.plan(T0, [PlanStep(T0 + MINUTE, "capacity", 5)])
    room.undo(T0)
    assert store.steps(room.name) == ()
    room.set(T0, {"title": "1e3"})
    assert room.undo(T0).title == "1000"


def test_a_room_in_which_nothing_was_changed_says_so(make_room):
    """That it was made is no change."""
    room = make_room()
    with pytest.raises(CannotUndo, match="there is none"):
        room.undo(T0)


@pytest.mark.parametrize("verb", ["drain", "close"])
def test_an_act_that_came_between_is_not_skipped(make_room, verb):
    """Nor is the act itself undone: that has a verb of its own."""
    room = make_room(rate_per_min=60)
    room.set(T0, {"rate_per_min": 90})
    room.act(T0, verb)
    with pytest.raises(CannotUndo, match="came after it"):
        room.undo(T0)
    assert room.written().rate_per_min == 90


def test_a_pause_and_its_end_leave_a_change_to_be_taken_back(make_room, store):
    """A rate that was too much is why the room was paused; nobody is let in by taking it back. What
    a plan has turned goes back, too.
    """
    room = make_room(rate_per_min=60)
    version = room.set(T0, {"rate_per_min": 900}).version
    room.act(T0, "pause")
    undone = room.undo(T0)
    assert (undone.rate_per_min, undone.paused, undone.version) == (60, True, version + 2)
    room.act(T0, "resume")
    with pytest.raises(CannotUndo, match="taken back already"):
        room.undo(T0)
    room.plan(T0, [PlanStep(T0 + 10, "rate_per_min", 300), PlanStep(T0 + 99, "capacity", 5)])
    room.act(T0 + 20, "pause")
    room.act(T0 + 30, "resume")
    assert room.undo(T0 + 30).rate_per_min == 60
    assert store.steps(room.name) == ()


def test_a_step_of_the_plan_that_came_between_is_not_skipped(make_room):
    """Back to 60 would be from 300, which no operator asked for; look, and turn it by hand."""
    room = make_room(rate_per_min=60)
    room.plan(T0, [PlanStep(T0 + 10, "rate_per_min", 300)])
    room.set(T0 + 1, {"rate_per_min": 90})
    with pytest.raises(CannotUndo, match="a step of the plan for the same knob"):
        room.undo(T0 + 10)
    assert room.written().rate_per_min == 300


def test_a_step_of_another_knob_leaves_a_change_to_be_taken_back(make_room):
    """A ramp of the rate goes on for minutes: a message sent meanwhile can be taken back."""
    room = make_room(rate_per_min=60)
    room.plan(T0, [PlanStep(T0 + 10, "rate_per_min", 300)])
    version = room.set(T0 + 1, {"message": "Hello"}).version
    undone = room.undo(T0 + 10)
    assert (undone.message, undone.rate_per_min, undone.version) == ("", 300, version + 2)


def test_a_ramp_that_has_begun_is_stopped_and_goes_back_to_where_it_came_from(make_room, store):
    """With every step that it has taken; and another step that came with it."""
    room = make_room(rate_per_min=60, capacity=5)
    steps = ramp("rate_per_min", 60, 300, begins_ms=T0, over_ms=10 * MINUTE)
    room.plan(T0, [*steps, PlanStep(T0 + MINUTE, "capacity", 9)])
    begun = room.status(T0 + 3 * MINUTE)
    assert (begun.rate_per_min, begun.capacity) == (123, 9)
    undone = room.undo(T0 + 3 * MINUTE, begun.version)
    assert (undone.rate_per_min, undone.capacity) == (60, 5)
    assert store.steps(room.name) == ()
    assert room.status(T0 + 20 * MINUTE).rate_per_min == 60
    with pytest.raises(CannotUndo, match="taken back already"):
        room.undo(T0 + 20 * MINUTE)


def test_a_ramp_that_has_ended_goes_back_too(make_room):
    """Until somebody does something else."""
    room = make_room(rate_per_min=60)
    room.plan(T0, ramp("rate_per_min", 60, 300, begins_ms=T0, over_ms=MINUTE))
    assert room.status(T0 + MINUTE).rate_per_min == 300
    assert room.undo(T0 + MINUTE).rate_per_min == 60
    room.plan(T0 + MINUTE, [PlanStep(T0 + 2 * MINUTE, "rate_per_min", 90)])
    room.set(T0 + 3 * MINUTE, {"rate_per_min": 91})
    assert room.undo(T0 + 3 * MINUTE).rate_per_min == 90


def test_what_was_planned_before_stays_followed_when_a_plan_is_taken_back(make_room, store):
    """The rate was to be 100 by then, whatever came after that plan."""
    room = make_room(rate_per_min=60)
    first = [PlanStep(T0 + 10, "rate_per_min", 100), PlanStep(T0 + 90, "capacity", 7)]
    room.plan(T0, first)
    steps = (PlanStep(T0 + at, "rate_per_min", rate) for at, rate in ((5, 70), (20, 110)))
    room.plan(T0, [*first, *steps])
    assert room.status(T0 + 5).rate_per_min == 70
    assert room.status(T0 + 30).rate_per_min == 110
    assert room.undo(T0 + 30).rate_per_min == 100
    assert store.steps(room.name) == (first[1],)


def test_a_step_that_was_replaced_is_not_made_up_for_when_a_later_one_was_followed(make_room):
    """Of the plan before, 200 at last; not 100, which it would have left again."""
    room = make_room(rate_per_min=60)
    first = [PlanStep(T0 + 10, "rate_per_min", 100), PlanStep(T0 + 20, "rate_per_min", 200)]
    room.plan(T0, first)
    room.plan(T0, [PlanStep(T0 + 9, "rate_per_min", 70), first[1]])
    room.status(T0 + 20)
    room.undo(T0 + 20)
    assert room.status(T0 + 21).rate_per_min == 200


def test_a_ramp_is_kept_whole_by_who_plans_something_beside_it(make_room, store):
    """And by an undo of that."""
    room = make_room(rate_per_min=60)
    steps = ramp("rate_per_min", 60, 300, begins_ms=T0, over_ms=10 * MINUTE, was=60)
    room.plan(T0, steps)
    assert store.steps(room.name) == steps
    room.status(T0 + MINUTE)
    left = store.steps(room.name)
    assert left == steps[1:]
    beside = PlanStep(T0 + 2 * MINUTE, "capacity", 7)
    room.plan(T0 + MINUTE, [*left, beside])
    assert beside in store.steps(room.name)
    room.undo(T0 + MINUTE)
    assert store.steps(room.name) == left


def test_another_epoch_remembers_no_change(make_room):
    """A reset is an act like others."""
    room = make_room(rate_per_min=60)
    room.set(T0, {"rate_per_min": 90})
    room.reset(T0 + 1)
    with pytest.raises(CannotUndo):
        room.undo(T0 + 2)


def test_a_plan_is_taken_back_to_the_one_before(make_room, store):
    """And to none."""
    room = make_room()
    first = [PlanStep(T0 + MINUTE, "capacity", 5)]
    room.plan(T0, first)
    room.plan(T0, [PlanStep(T0 + 2 * MINUTE, "rate_per_min", 7)])
    room.undo(T0)
    assert store.steps(room.name) == tuple(first)
    room.plan(T0, [])
    room.undo(T0)
    assert store.steps(room.name) == tuple(first)
    assert room.status(T0 + MINUTE).capacity == 5


def test_what_cannot_be_changed_any_more_is_not_changed_back(make_room):
    """The opening time, once the room has opened; nothing else of that change either."""
    room = make_room(opens_at_ms=T0 + MINUTE, rate_per_min=60)
    room.set(T0, {"opens_at_ms": T0 + 10, "rate_per_min": 90})
    with pytest.raises(CannotUndo, match="the opening cannot be changed any more"):
        room.undo(T0 + 10)
    assert room.written().rate_per_min == 90


def test_a_time_that_has_passed_is_not_put_back(make_room):
    """The sale was to close by now, and was prolonged: undo would end it on the spot."""
    room = make_room(closes_at_ms=T0 + 10)
    room.set(T0, {"closes_at_ms": T0 + MINUTE})
    with pytest.raises(CannotUndo, match="the closing would be at a time that has passed"):
        room.undo(T0 + 10)
    assert room.written().closes_at_ms == T0 + MINUTE
    assert room.written().closed_at_ms == 0


def test_the_draw_s_method_goes_back_while_nobody_came(make_room):
    """After that it is a promise."""
    room = make_room(opens_at_ms=T0 + MINUTE)
    room.set(T0, {"draw": DrawMethod.SHUFFLE})
    assert room.undo(T0).draw is DrawMethod.FIFO
    room.set(T0, {"draw": DrawMethod.SHUFFLE})
    room.crowd(T0, 1)
    with pytest.raises(CannotUndo, match="draw or first come cannot"):
        room.undo(T0)


def test_a_brand_goes_back_with_its_logo(make_room, store):
    """Bytes and all."""
    room = make_room()
    logo = brand.read_logo(PNG)
    first = Brand(time_zone="Europe/Warsaw", logo=logo)
    version = store.brand(room.name, first, logo=PNG, **ME, version=room.written().version).version
    store.brand(room.name, Brand(), logo=b"", **ME, version=version)
    room.undo(T0)
    assert room.written().brand == first
    assert store.logo(room.name) == PNG


def test_a_step_between_leaves_a_logo_as_it_was(make_room, store):
    """What is kept for an undo is written anew with each step, and holds bytes."""
    room = make_room()
    first = Brand(logo=brand.read_logo(PNG))
    version = store.brand(room.name, first, logo=PNG, **ME, version=room.written().version).version
    version = room.plan(T0, [PlanStep(T0 + 10, "capacity", 5)], version).version
    changed = store.brand(room.name, Brand(), logo=b"", **ME, version=version, now_ms=T0)
    assert room.status(T0 + 10).version == changed.version + 1
    assert store.last_change(room.written()).actor == ME["actor"]
    room.undo(T0 + 10)
    assert (room.written().brand, room.written().capacity) == (first, 5)
    assert store.logo(room.name) == PNG


def test_a_plan_based_on_an_old_version_changes_nothing(make_room, store):
    """Another operator's plan is not lost silently; nor is a step that was followed meanwhile."""
    room = make_room()
    version = room.status(T0).version
    theirs = PlanStep(T0 + MINUTE, "capacity", 5)
    planned = room.plan(T0, [theirs], version)
    with pytest.raises(VersionConflict) as conflict:
        room.plan(T0, [], version)
    assert (conflict.value.based_on, conflict.value.found) == (version, planned.version)
    assert store.steps(room.name) == (theirs,)
    with pytest.raises(VersionConflict):
        room.plan(T0 + MINUTE, [theirs], planned.version)


def test_the_steps_that_are_told_can_be_planned_again(make_room, store):
    """Numbers, and yes or no: whoever adds a step plans those that are there along with it."""
    room = make_room()
    steps = (PlanStep(T0 + 1, "joins", False), PlanStep(T0 + 2, "capacity", 1))
    room.plan(T0, steps)
    room.plan(T0, store.steps(room.name))
    assert store.steps(room.name) == steps
    assert store.steps(room.name)[0].value is False


def test_the_steps_to_come_are_told_in_order_of_time(make_room, store):
    """Those that were followed are gone; one that cannot be read is left out."""
    room = make_room()
    steps = [PlanStep(T0 + at, "capacity", at) for at in (30, 10, 20)]
    room.plan(T0, steps)
    room.status(T0 + 10)
    assert [step.value for step in store.steps(room.name)] == [20, 30]
    room.redis.lset(room.keys.plan, 0, "nonsense")
    assert [step.value for step in store.steps(room.name)] == [30]
