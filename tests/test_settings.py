"""What a setting may not be, said as its sender would spell it."""

import pytest

from waitingroom.errors import BadSetting
from waitingroom.model import Settings
from waitingroom.plan import PlanStep
from waitingroom.settings import JUST_NOW_MS, check, check_plan, check_together, to_come

NOW_MS = 1_790_000_000_000


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rate_per_min": None}, "must be a whole number, not null"),
        ({"rate_per_min": True}, "must be a whole number, not true"),
        ({"title": 5}, "must be text, not 5"),
        ({"joins": "yes"}, 'must be true or false, not "yes"'),
        ({"draw": ["fifo"]}, 'must be shuffle or fifo, not ["fifo"]'),
        ({"outside": None}, "must be shop, open or blocked, not null"),
        ({"origins": {"a": 1}}, 'must be a list of origins, not {"a": 1}'),
        ({"origins": ("shop",)}, '"shop" is no origin; write it like https://shop.example.com'),
        ({"title": ["é" * 99]}, f'must be text, not ["{"é" * 58}…'),
        ({"title": " \u3000"}, "must be empty, or more than blanks"),
        ({"poll_min_ms": 500}, "must be 0, which is as usual, or 1s or more, not 500ms"),
    ],
)
def test_a_wrong_value_is_said_as_it_was_sent(changes, why):
    """In JSON, and durations as forms take them: nobody who sends those knows Python's words."""
    with pytest.raises(BadSetting) as refused:
        check(changes)
    assert refused.value.why == why


def test_what_a_plan_cannot_hold_is_said_in_words():
    """The same for a plan, and for two settings that contradict each other."""
    with pytest.raises(BadSetting, match="these can: burst, capacity, join_limit"):
        check_plan([PlanStep(NOW_MS, "title", 1)])
    with pytest.raises(BadSetting, match=r"not null$"):
        check_plan([PlanStep(None, "burst", 1)])
    with pytest.raises(BadSetting, match="burst: is turned twice at the same moment"):
        check_plan([PlanStep(NOW_MS, "burst", burst) for burst in (1, 2)])
    check_plan([PlanStep(NOW_MS, field, 1) for field in ("burst", "capacity")])
    with pytest.raises(BadSetting, match=r"must not be longer than the longest, 30s$"):
        check_together(Settings(poll_min_ms=31_000))


def test_a_time_that_has_just_passed_is_now():
    """And what passed before that is refused."""
    assert to_come(NOW_MS + 5, NOW_MS) == NOW_MS + 5
    assert to_come(NOW_MS - JUST_NOW_MS, NOW_MS) == NOW_MS
    with pytest.raises(BadSetting, match="at_ms: must be a time to come; this one has passed"):
        to_come(NOW_MS - JUST_NOW_MS - 1, NOW_MS)
