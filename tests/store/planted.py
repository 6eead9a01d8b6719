"""Faults that are put into the library's source on purpose: each must turn tests red."""

from dataclasses import dataclass

from waitingroom.store import library

MACHINE = "test_state_machine.py::test_the_store_does_what_the_reference_room_does"


@dataclass(frozen=True)
class Fault:
    """Texts to be replaced, each of which the source holds exactly once; tests that notice."""

    changes: tuple[tuple[str, str], ...]
    noticed_by: tuple[str, ...]

    def in_source(self, source: str) -> str:
        """The source with the fault. Raises ValueError where it no longer applies."""
        for old, new in self.changes:
            if source.count(old) != 1:
                raise ValueError(f"the source holds it {source.count(old)} times: {old!r}")
            source = source.replace(old, new)
        return source


FAULTS = {
    "door off by one": Fault(
        (("math.floor(s.door / UNIT) <= claimed", "math.floor(s.door / UNIT) < claimed"),),
        (
            MACHINE,
            "test_races.py::test_of_many_racers_exactly_as_many_enter_as_may[burst]",
            "test_verbs_enter.py::test_the_lowest_number_at_the_door_goes_in_first",
        ),
    ),
    "spent bit skipped": Fault(
        (("  redis.call('SETBIT', keys[SPENT], arrival, 1)\n", ""),),
        (
            MACHINE,
            "test_verbs_enter.py::test_a_ticket_is_spent_when_its_lease_is_over",
        ),
    ),
    "credit banked beyond the burst": Fault(
        (("  s.credit = math.min(s.credit, burst_of(s) * UNIT)\nend\n\n-- Whether", "end\n--"),),
        (
            MACHINE,
            "test_clock.py::test_a_quiet_hour_that_gates_looked_at_banks_no_more_than_a_burst",
        ),
    ),
    "door banked beyond the burst": Fault(
        (
            (
                "s.door = math.min(s.door + s.rate_per_min * passed, burst_of(s) * UNIT)",
                "s.door = s.door + s.rate_per_min * passed",
            ),
        ),
        (
            MACHINE,
            "test_clock.py::test_a_quiet_hour_that_gates_looked_at_banks_no_more_than_a_burst",
        ),
    ),
    "meter clock replaced by the wall clock": Fault(
        (
            (
                "math.min(LONGEST_STEP, math.max(0, last - s.wall_ms))",
                "math.max(0, last - s.wall_ms)",
            ),
        ),
        (
            MACHINE,
            "test_clock.py::test_a_line_that_nobody_looked_at_for_an_hour_is_not_called_all_at_once",
            "test_clock.py::test_a_clock_jump_times_out_and_lapses_nobody",
        ),
    ),
    "time passes while every gate is away": Fault(
        (("s.gate_ms > 0 and math.min(until_ms, s.gate_ms + GATE_AWAY) or until_ms", "until_ms"),),
        (
            MACHINE,
            "test_clock.py::test_while_no_gate_is_there_nobody_is_called_and_no_turn_runs_out_whoever_else_looks",
        ),
    ),
    "turns run out while nothing is left": Fault(
        (
            (
                "  if not is_moving(s) then return end\n  s.meter",
                "  if phase_of(s) ~= 'open' or s.rate_per_min == 0 then return end\n  s.meter",
            ),
        ),
        (MACHINE,),
    ),
    "lent credit given back once more": Fault(
        (
            (
                "    s.open_calls = s.open_calls - silent",
                "    s.credit = s.credit + silent * UNIT\n    s.open_calls = s.open_calls - silent",
            ),
        ),
        (MACHINE, "test_lending.py::test_credit_that_was_lent_is_not_given_back_once_more"),
    ),
    "capacity checked before leases expire": Fault(
        (
            ("  expire_leases(keys, s)\n  clear_door", "  clear_door"),
            (
                "    local answer = body(keys, s, args)\n",
                "    local answer = body(keys, s, args)\n    expire_leases(keys, s)\n",
            ),
        ),
        (
            MACHINE,
            "test_verbs_enter.py::test_an_expired_lease_frees_its_place_at_that_moment",
        ),
    ),
}


def plant(name: str) -> None:
    """Make every client of this process use the library with the fault ("" for none)."""
    if not name:
        return
    sound = library._body
    library._body = lambda: FAULTS[name].in_source(sound())
    library.content_hash.cache_clear()
    library.source.cache_clear()
