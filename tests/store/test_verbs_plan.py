"""plan: steps of knobs to come, followed by whoever looks next."""

import pytest
from real import T0

from waitingroom.errors import BadSetting
from waitingroom.model import Phase
from waitingroom.plan import PlanStep, Ramp
from waitingroom.ramps import ramp


def test_steps_are_followed_in_order_of_time(make_room):
    """However they were given, and also where several have become due at once."""
    room = make_room(rate_per_min=60)
    steps = [PlanStep(T0 + at, "rate_per_min", rate) for at, rate in ((3000, 300), (1000, 100))]
    room.plan(T0, steps)
    assert room.status(T0 + 999).rate_per_min == 60
    assert room.status(T0 + 1000).rate_per_min == 100
    later = room.status(T0 + 9000)
    assert later.rate_per_min == 300
    assert [line.text for line in later.news if line.code == "rate_per_min"] == ["100", "300"]


def test_time_up_to_a_step_is_paid_at_the_old_rate(make_room):
    """M7: what has accrued is not priced again, also where nobody looked at the step's moment."""
    room = make_room(rate_per_min=60, burst=10)
    room.crowd(T0, 50)
    before = room.status(T0)
    room.plan(T0, [PlanStep(T0 + 1000, "rate_per_min", 600)])
    now = room.status(T0 + 1500)
    earned = now.credit + (now.counters.called - before.counters.called) * 60_000 - before.credit
    assert earned == 1000 * 60 + 500 * 600


def test_shoppers_hear_of_a_step_what_they_would_hear_of_a_turn(make_room):
    """A new rate; not the same one again, and nothing of limits that are none of their business."""
    room = make_room(rate_per_min=60)
    steps = [("rate_per_min", 60), ("capacity", 5), ("join_limit", 5), ("rate_per_min", 90)]
    before = len(room.status(T0).news)
    room.plan(T0, [PlanStep(T0 + at, *step) for at, step in enumerate(steps, 1)])
    told = room.status(T0 + 10).news[before:]
    assert [(line.code, line.text) for line in told] == [("rate_per_min", "90")]


def test_shoppers_hear_of_a_ramp_when_it_begins_and_when_it_ends(make_room):
    """Twenty lines would drive everything else out of the news, of which twenty are kept."""
    room = make_room(rate_per_min=60)
    minute = 60_000
    for first, last, at in ((60, 300, T0), (300, 60, T0 + 60 * minute)):
        before = len(room.status(at).news)
        steps = ramp("rate_per_min", first, last, begins_ms=at, over_ms=10 * minute, was=first)
        # Somebody plans something beside it: it is the same ramp still.
        room.plan(at, steps)
        room.status(steps[2].at_ms)
        room.plan(steps[2].at_ms, [*steps[3:], PlanStep(at + 11 * minute, "capacity", 3)])
        told = room.run_until(steps[2].at_ms, at + 20 * minute, every_ms=5_000).news[before:]
        assert [(line.code, line.text) for line in told] == [
            ("rate_per_min", str(steps[0].value)),
            ("rate_per_min", str(last)),
        ]


def test_each_step_moves_the_version(make_room):
    """An operator whose page is older than the step is told so."""
    room = make_room()
    planned = room.plan(T0, [PlanStep(T0 + 10, "capacity", 5)]).version
    assert room.status(T0 + 10).version == planned + 1


def test_a_new_plan_replaces_the_old_one(make_room):
    """An empty plan is no plan."""
    room = make_room(rate_per_min=60)
    room.plan(T0, [PlanStep(T0 + 10, "rate_per_min", 1)])
    room.plan(T0, [])
    assert room.status(T0 + 10).rate_per_min == 60


def test_joins_can_be_planned(make_room):
    """The one knob that is yes or no: stop taking people at a time.

    (The step was once written as a word that the library could not read, and the room stood still.)
    """
    room = make_room()
    room.plan(T0, [PlanStep(T0 + 10, "joins", False), PlanStep(T0 + 20, "joins", True)])
    assert room.status(T0 + 10).joins is False
    assert room.status(T0 + 20).joins is True


@pytest.mark.parametrize(
    "step",
    [
        PlanStep(T0, "opens_at_ms", T0),
        PlanStep(T0, "draw", 1),
        PlanStep(T0, "title", 1),
        PlanStep(T0, "test_clock", 1),
        PlanStep(T0, "tail", 1),
        PlanStep(T0, "call_timeout_ms", 5000),
        PlanStep(T0, "rate_per_min", -1),
        PlanStep(T0, "rate_per_min", True),
        PlanStep(T0, "joins", 7),
        PlanStep(-1, "rate_per_min", 1),
        PlanStep(10**15, "rate_per_min", 1),
        PlanStep(1.5, "rate_per_min", 1),
        PlanStep(T0, "rate_per_min", 1, Ramp("capacity", T0, T0, 1, 9)),
        PlanStep(T0, "rate_per_min", 1, Ramp("rate_per_min", T0 + 1, T0 + 2, 1, 9)),
    ],
)
def test_only_what_can_be_followed_can_be_planned(make_room, step):
    """Rates, limits and joins: nothing that opens, draws, or could contradict another knob."""
    room = make_room()
    version = room.status(T0).version
    with pytest.raises(BadSetting):
        room.plan(T0, [step])
    assert room.status(T0).version == version


def test_a_plan_is_short(make_room):
    """A hundred steps at most: every look would have to follow them."""
    steps = [PlanStep(T0 + 1, "capacity", 1)] * 101
    with pytest.raises(BadSetting, match="100"):
        make_room().plan(T0, steps)


@pytest.mark.parametrize("spoiled", ["nonsense", "", "12 rate_per_min x"])
def test_a_step_that_cannot_be_read_does_not_stop_the_room(make_room, spoiled):
    """Written by a newer version, or lost: it is dropped and the sale goes on."""
    room = make_room(rate_per_min=60)
    room.plan(T0, [PlanStep(T0 + 5, "capacity", 3), PlanStep(T0 + 9, "rate_per_min", 90)])
    room.redis.lset(room.keys.plan, 0, spoiled)
    now = room.status(T0 + 10)
    assert (now.phase, now.rate_per_min, now.capacity) == (Phase.OPEN, 90, 0)
    room.plan(T0, [PlanStep(T0 + 20, "capacity", 3)])
    room.redis.delete(room.keys.plan)
    assert room.status(T0 + 30).phase is Phase.OPEN
