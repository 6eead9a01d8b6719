"""How long somebody will wait, as a range that is kept.

Integers only, and no state, so that the page computes the same from the status document. The
formula is published in ``docs/protocol.md``, “The estimate”; how well it is kept, in
``docs/decisions/estimate.md``.
"""

from typing import NamedTuple

STEPS_S = ((60, 10), (600, 60), (3_600, 300), (14_400, 900))
"""Below the first of each pair, seconds are rounded to the second. Each bound is a multiple of
the step on either side of it, so that rounding never turns two times around."""
LONGEST_STEP_S = 3_600


class Shop(NamedTuple):
    """What a capacity makes of the pace: ``free`` more numbers are called before the shop is full,
    and then ``per_min`` (at least 1), as people leave it.
    """

    free: int
    per_min: int


def wait_range(
    ahead: int, *, velocity_per_min: int, rate_per_min: int, shop: Shop | None = None
) -> tuple[int, int] | None:
    """The wait of a shopper with ``ahead`` people in front, in seconds: ``(low_s, high_s)``.

    ``velocity_per_min``: numbers called lately, in a minute. ``rate_per_min``: entries that the
    room allows. ``shop``: None without a capacity. The turn itself being the last step:

    - high: a quarter longer than it takes at the pace half-way between rate and velocity, where
      that is the higher one (people have left the line; those behind may not have), else at the
      velocity; behind the last free place in the shop at the pace at which that empties;
    - low: as long as it takes half as quickly again as now, but no quicker than the rate, or than
      now; rounded down, and the other up, to a friendly step.

    None where nobody goes in, be it by the rate or by what was seen: no time can be told. The time
    until the opening, or the end of a pause, is not part of it. Raises ValueError below 0.
    """
    if min(ahead, velocity_per_min, rate_per_min) < 0:
        raise ValueError("people and rates are counted from 0")
    if rate_per_min == 0 or velocity_per_min == 0:
        return None
    people = ahead + 1
    free, per_min = shop or (people, 1)
    near = min(people, free)
    pace = velocity_per_min if near else per_min
    quick = min(max(rate_per_min, velocity_per_min), 3 * pace // 2)
    slow_doubled = velocity_per_min + min(rate_per_min, velocity_per_min)
    # 75 = 60 s × 5/4. One fraction, so that a page's floating point rounds it alike.
    high = 150 * near * per_min + 75 * (people - near) * slow_doubled
    return _rounded_down(60 * ahead // quick), _rounded_up(-(-high // (slow_doubled * per_min)))


def _step_of(seconds: int) -> int:
    return next((step for below, step in STEPS_S if seconds < below), LONGEST_STEP_S)


def _rounded_down(seconds: int) -> int:
    return seconds // _step_of(seconds) * _step_of(seconds)


def _rounded_up(seconds: int) -> int:
    return -(-seconds // _step_of(seconds)) * _step_of(seconds)
