"""Words, spans and times in one language."""

import re
from zoneinfo import ZoneInfo

import pytest

from waitingroom.gate.catalog import NO_BREAK, Catalog, fill
from waitingroom.gate.languages import translations

ENGLISH = Catalog("en")
NOON_MS = 1_796_126_400_000
"""2026-12-01, 12:00 UTC."""


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


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "1 December 2026, 12:00 UTC"),
        ("pl", "1 grudnia 2026, 12:00 UTC"),
        ("it", "1 dicembre 2026, 12:00 UTC"),
        ("fr", "1 décembre 2026, 12:00 UTC"),
        ("vi", "12:00 UTC 1 tháng 12, 2026"),
        ("de", "1. Dezember 2026, 12:00 UTC"),
        ("es", "1 de diciembre de 2026, 12:00 UTC"),
        ("zh-Hans", "2026年12月1日 12:00 UTC"),
        ("hi", "1 दिसंबर 2026, 12:00 pm UTC"),
    ],
)
def test_a_moment_is_told_in_utc(lang: str, words: str) -> None:
    """Without a script nobody knows where the shopper is, so the time names its zone."""
    assert Catalog(lang).moment(NOON_MS) == words


def test_a_moment_is_told_in_the_shops_own_time_where_that_is_known() -> None:
    """First, since most shoppers live there; on its own day, which may be another."""
    warsaw, auckland = ZoneInfo("Europe/Warsaw"), ZoneInfo("Pacific/Auckland")
    assert Catalog("pl", zone=warsaw).moment(NOON_MS) == "1 grudnia 2026, 13:00 CET (12:00 UTC)"
    assert Catalog("en", zone=auckland).moment(NOON_MS).startswith("2 December 2026, 01:00")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("pl", "1 minuta|2–5 minut|22 minuty|3 godziny|3 dni|1334|12 345|45%"),
        ("it", "1 minuto|2–5 minuti|22 minuti|3 ore|3 giorni|1334|12.345|45%"),
        ("fr", "1 minute|2–5 minutes|22 minutes|3 heures|3 jours|1 334|12 345|45 %"),
        ("vi", "1 phút|2–5 phút|22 phút|3 tiếng|3 ngày|1.334|12.345|45%"),
        ("de", "1 Minute|2–5 Minuten|22 Minuten|3 Stunden|3 Tage|1.334|12.345|45 %"),
        ("es", "1 minuto|2–5 minutos|22 minutos|3 horas|3 días|1334|12.345|45 %"),
        ("zh-Hans", "1分钟|2–5分钟|22分钟|3小时|3天|1,334|12,345|45%"),
        ("hi", "1 मिनट|2–5 मिनट|22 मिनट|3 घंटे|3 दिन|1,334|12,345|45%"),
    ],
)  # fmt: skip
def test_counts_and_spans_take_the_forms_of_their_language(lang: str, words: str) -> None:
    """As the browser's Intl writes them, but for its hyphen in some ranges."""
    catalog = Catalog(lang)
    spans = [(60, 60), (120, 300), (1320, 1320), (10_800, 10_800), (259_200, 259_200)]
    shown = [catalog.span(low_s, high_s) for low_s, high_s in spans]
    shown += [catalog.count(1334), catalog.count(12_345), catalog.percent(45)]
    plain = [re.sub(r"[\u00a0\u202f]", " ", text).replace(NO_BREAK, "") for text in shown]
    assert "|".join(plain) == words


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("pl", "najwyżej 1 minuta|najwyżej 2 minuty|najwyżej 12 minut|najwyżej 2 godziny"),
        ("it", "fino a 1 minuto|fino a 2 minuti|fino a 12 minuti|fino a 2 ore"),
        ("fr", "jusqu’à 1 minute|jusqu’à 2 minutes|jusqu’à 12 minutes|jusqu’à 2 heures"),
        ("vi", "tối đa 1 phút|tối đa 2 phút|tối đa 12 phút|tối đa 2 tiếng"),
        ("de", "bis zu 1 Minute|bis zu 2 Minuten|bis zu 12 Minuten|bis zu 2 Stunden"),
        ("es", "hasta 1 minuto|hasta 2 minutos|hasta 12 minutos|hasta 2 horas"),
        ("zh-Hans", "最多1分钟|最多2分钟|最多12分钟|最多2小时"),
        ("hi", "अधिकतम 1 मिनट|अधिकतम 2 मिनट|अधिकतम 12 मिनट|अधिकतम 2 घंटे"),
    ],
)
def test_a_span_that_has_only_an_upper_end_is_said_without_bending_it(
    lang: str, words: str
) -> None:
    """Polish *do* would want *2 minut*, so it says another word."""
    catalog = Catalog(lang, translations(lang))
    shown = [catalog.span(0, high_s) for high_s in (60, 120, 720, 7200)]
    assert "|".join(shown).replace("\u00a0", " ") == words


def test_filling_puts_values_in_once() -> None:
    """A value that holds braces itself is left as it is; a name without a value disappears."""
    assert fill("{a} and {b}", {"a": "{b}", "b": "two"}) == "{b} and two"
    assert fill("{when} Soon.", {}) == "Soon."


def test_what_an_operator_says_comes_before_the_translation() -> None:
    """By the English sentence; all others stay the catalogue's."""
    own = Catalog("de", translations("de"), said={"less than a minute": "gleich"})
    assert own.span(0, 30) == "gleich"
    assert own.span(0, 60) == Catalog("de", translations("de")).span(0, 60) == "bis zu 1 Minute"
