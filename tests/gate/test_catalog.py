"""Words, spans and times in one language."""

from gettext import NullTranslations

import pytest

from waitingroom.gate.catalog import NO_BREAK, Catalog, fill

ENGLISH = Catalog("en")


@pytest.mark.parametrize(
    ("low_s", "high_s", "words"),
    [
        (0, 0, "less than a minute"),
        (10, 50, "less than a minute"),
        (0, 60, "up to 1 minute"),
        (0, 120, "up to 2 minutes"),
        (60, 60, "1 minute"),
        (61, 61, "2 minutes"),
        (60, 300, "1–5 minutes"),
        (600, 1500, "10–25 minutes"),
        (900, 4500, "15–75 minutes"),
        (3000, 7200, "up to 2 hours"),
        (21_600, 32_400, "6–9 hours"),
        (86_400, 260_000, "1–4 days"),
    ],
)
def test_a_span_is_said_as_people_say_it(low_s: int, high_s: int, words: str) -> None:
    """A range is rounded outward, a single time up: never less than the wait that is meant."""
    assert ENGLISH.span(low_s, high_s).replace(NO_BREAK, "") == words


def test_a_range_stays_on_one_line() -> None:
    """Browsers break a line after a dash."""
    assert ENGLISH.span(600, 1500) == f"10–{NO_BREAK}25 minutes"


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (59, "less than a minute"),
        (119, "1 minute"),
        (7199, "119 minutes"),
        (8100, "2 hours"),
        (180_000, "2 days"),
    ],
)
def test_the_time_to_an_opening_is_rounded_down(left_s: int, words: str) -> None:
    """Whoever comes back when the page says must not be late."""
    assert ENGLISH.until(left_s) == words


def test_a_moment_is_told_in_utc() -> None:
    """Without a script nobody knows where the shopper is, so the time names its zone."""
    assert ENGLISH.moment(1_796_126_400_000) == "2026-12-01, 12:00 UTC"


def test_filling_puts_values_in_once() -> None:
    """A value that holds braces itself is left as it is; a name without a value disappears."""
    assert fill("{a} and {b}", {"a": "{b}", "b": "two"}) == "{b} and two"
    assert fill("{when} Soon.", {}) == "Soon."


def test_a_translation_replaces_every_word_of_a_span() -> None:
    """The catalogue is asked for each sentence, plural forms included."""

    class Shouting(NullTranslations):
        def gettext(self, message: str) -> str:
            return message.upper().replace("{SPAN}", "{span}")

        def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
            return (msgid1 if n == 1 else msgid2).upper().replace("{N}", "{n}")

    loud = Catalog("en-x-loud", Shouting())
    assert loud.span(0, 120) == "UP TO 2 MINUTES"
