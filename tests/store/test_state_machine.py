"""The real store against the reference room: every answer, and all that is written, each step."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from machine import KNOBS
from machine_shoppers import PICK, Shoppers

from waitingroom.model import DrawMethod
from waitingroom.plan import PlanStep
from waitingroom.store.client import Store


class Sale(Shoppers):
    """Shoppers, a shop, clocks, and operators who do whatever their buttons let them."""

    @rule()
    def look(self):
        self.both("status")

    @rule(
        name=st.sampled_from(["pause", "resume", "drain", "revoke_staff"]),
        back=st.sampled_from([True, True, True, False]),
    )
    def act(self, name, back):
        self.both("act", name, "lunch")
        if back:
            self.now_ms += 3000
            self.both(*(("open",) if name == "drain" else ("act", "resume", "")))

    @rule(minutes=st.sampled_from([1, 15]), how=st.sampled_from(["pause", "drain"]), pick=PICK)
    def stop_for_a_while(self, minutes, how, pick):
        self.both("act", how, "lunch")
        for _ in range(4):
            self.now_ms += minutes * 15_000
            self.enter_any(pick)
            if self.called():
                self.enter_one_of_the_called(pick)
        self.both(*(("act", "resume", "") if how == "pause" else ("open",)))

    @rule(how=st.sampled_from(["open", "close and open", "reset", "reset", "drain and open"]))
    def begin_again(self, how):
        if how == "close and open":
            self.both("act", "close", "")
        if how == "drain and open":
            self.both("act", "drain", "")
        self.both(*(("reset", self.now_ms + 1500) if how == "reset" else ("open",)))
        self.both("join", [None] * 9, (0, 0))

    @rule(knob=st.sampled_from(sorted(KNOBS)), data=st.data())
    def turn_a_knob(self, knob, data):
        self.turn({knob: data.draw(KNOBS[knob], label=knob)})

    def turn(self, changes, version=None):
        self.both("status")  # the client looks, to check the settings against each other
        self.both("set", changes, version)

    @rule(back=st.integers(-1, 2))
    def turn_knobs_on_an_old_version(self, back):
        changes = {"rate_per_min": 90, "message": f"now {back}"}
        self.turn(changes, version=self.room.version - back)

    @rule()
    def lower_the_capacity_below_what_is_inside(self):
        self.turn({"capacity": max(1, len(self.line.leases) // 2)})

    @rule(knob=st.sampled_from(["opening", "draw_at_ms", "closes_at_ms", "draw"]), pick=PICK)
    def turn_what_may_be_fixed(self, knob, pick):
        at_ms = self.now_ms + (-500, 0, 1, 2000, 30_000)[pick % 5]
        changes = {knob: at_ms}
        if knob == "opening":
            changes = {"early_at_ms": min(at_ms, self.room.settings.early_at_ms)}
            changes["opens_at_ms"] = at_ms
        if knob == "draw":
            changes = {"draw": (DrawMethod.FIFO, DrawMethod.SHUFFLE)[pick % 2]}
        is_rare = knob == "closes_at_ms" and pick % 3
        if self.fits(changes) and not is_rare:
            self.turn(changes)

    def fits(self, changes) -> bool:
        """Settings that contradict each other have tests of their own; they come no further."""
        knobs = {knob: getattr(self.room.settings, knob) for knob in TIMES} | changes
        opens, draws, closes = knobs["opens_at_ms"], knobs["draw_at_ms"], knobs["closes_at_ms"]
        is_late = opens and (draws > opens or knobs["early_at_ms"] > opens)
        return not is_late and not (closes and closes <= opens)

    @rule(
        steps=st.lists(
            st.tuples(
                st.integers(-1000, 9000), st.sampled_from(["rate_per_min", "capacity"]), PICK
            ),
            max_size=3,
        )
    )
    def plan(self, steps):
        values = (0, 5, 60, 600)
        plan = [PlanStep(self.now_ms + at, field, values[pick % 4]) for at, field, pick in steps]
        self.both("plan", list({(step.field, step.at_ms): step for step in plan}.values()))

    @rule(back=st.sampled_from([None, None, 0, 1]))
    def undo(self, back):
        self.both("undo", None if back is None else self.room.version - back)


TIMES = ("early_at_ms", "opens_at_ms", "draw_at_ms", "closes_at_ms")


def run(store_url: str, examples: int, *, derandomize: bool) -> None:
    """Examples that are the same in every run, or new ones, which are then made small."""
    store = Store.connect(store_url, timeout_s=10)
    profile = settings(
        max_examples=examples,
        stateful_step_count=60,
        derandomize=derandomize,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] if derandomize else [Phase.generate, Phase.shrink],
    )
    try:
        run_state_machine_as_test(lambda: Sale(store), settings=profile)
    finally:
        store.close()


def test_the_store_does_what_the_reference_room_does(store_url):
    """DESIGN §4: every answer and everything written, on examples that are the same each time."""
    run(store_url, 30, derandomize=True)


@pytest.mark.long
def test_the_store_does_what_the_reference_room_does_on_many_new_examples(store_url):
    """DESIGN §4 again, on examples that are new in every run (but in CI, where all is the same)."""
    run(store_url, 400, derandomize="CI" in os.environ)
