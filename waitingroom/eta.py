"""How long somebody will wait, as an honest range.

Integers only, and no state, so that the page computes the same from the status document. The
formula is published in ``docs/protocol.md``, “The estimate”.
"""

STEPS_S = ((60, 10), (600, 60), (3_600, 300), (14_400, 900))
"""Below the first of each pair, seconds are rounded to the second. Each bound is a multiple of
the step on either side of it, so that rounding never turns two times around."""
LONGEST_STEP_S = 3_600


def wait_range(ahead: int, *, velocity_per_min: int, rate_per_min: int) -> tuple[int, int] | None:
    """The wait of a shopper with ``ahead`` people in front, in seconds: ``(low_s, high_s)``.

    ``velocity_per_min``: numbers called lately, in a minute; 0 where none were, or none is known.
    ``rate_per_min``: entries that the room allows. The line may move quicker than the rate (people
    have left it) or slower (the shop is full). So, the turn itself being the last step:

    - low: ``ahead`` people at the higher of the two, rounded down to a friendly step;
    - high: ``ahead + 1`` people at the lower of the two, and a quarter longer, rounded up; with
      no velocity, at half the rate.

    None where ``rate_per_min`` is 0: the room holds everybody, and no time can be told. The time
    until the opening, or the end of a pause, is not part of it. Raises ValueError below 0.
    """
    if min(ahead, velocity_per_min, rate_per_min) < 0:
        raise ValueError("people and rates are counted from 0")
    if rate_per_min == 0:
        return None
    quick = max(rate_per_min, velocity_per_min)
    slow_doubled = 2 * min(rate_per_min, velocity_per_min) or rate_per_min
    low_s = 60 * ahead // quick
    # 150 = 60 s × 5/4 × 2, and the halves make it an integer.
    high_s = -(-150 * (ahead + 1) // slow_doubled)
    return _rounded_down(low_s), _rounded_up(high_s)


def _step_of(seconds: int) -> int:
    return next((step for below, step in STEPS_S if seconds < below), LONGEST_STEP_S)


def _rounded_down(seconds: int) -> int:
    return seconds // _step_of(seconds) * _step_of(seconds)


def _rounded_up(seconds: int) -> int:
    return -(-seconds // _step_of(seconds)) * _step_of(seconds)
