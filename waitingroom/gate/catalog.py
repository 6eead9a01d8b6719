"""The words of one language: sentences, spans, times and counts, as its readers write them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from gettext import NullTranslations
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format, get_timezone_name
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

NO_BREAK = "\u2060"
"""Keeps a range on one line: browsers break lines after a dash."""
_NAME = re.compile(r"\{(\w+)\}")
_REGION = {"en": "en-GB"}
"""For numbers and times: English that every reader of it takes for the same day."""
_FIVE_DIGITS = ("pl", "it", "es")
"""Languages that part thousands from 10,000 on. Babel does not know; the browser's Intl does."""


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put ``values`` where ``text`` names them in braces; a name without a value becomes nothing.

    Like the page's script does it. Nothing is escaped here: templates do that.
    """
    return _NAME.sub(lambda found: values.get(found[1], ""), text).strip()


def names_in(text: str) -> list[str]:
    """The names in braces, sorted."""
    return sorted(_NAME.findall(text))


def _unit_s(seconds: int) -> tuple[str, int]:
    """In which unit people say so many seconds."""
    if seconds < 7200:
        return "duration-minute", 60
    return ("duration-hour", 3600) if seconds < 172_800 else ("duration-day", 86_400)


class Catalog:
    """Sentences, spans, times and counts in the language ``lang`` (a BCP 47 tag).

    ``said``: what an operator says instead of a sentence, by its English. ``zone``: the shop's own
    time zone, told beside UTC where no script can tell the shopper's.
    """

    def __init__(
        self,
        lang: str,
        translations: NullTranslations | None = None,
        *,
        said: Mapping[str, str] | None = None,
        zone: ZoneInfo | None = None,
    ) -> None:
        self.lang = lang
        self.locale = Locale.parse(_REGION.get(lang, lang), sep="-")
        self.direction = self.locale.text_direction
        self._translations = translations or NullTranslations()
        self._said = said or {}
        self._zone = zone

    def gettext(self, text: str) -> str:
        """The sentence in this language."""
        return self._said.get(text) or self._translations.gettext(text)

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The sentence for ``n`` of something."""
        return self._said.get(one) or self._translations.ngettext(one, many, n)

    def count(self, number: int) -> str:
        """A whole number with its thousands apart."""
        grouped = number >= 10_000 or self.lang not in _FIVE_DIGITS
        return format_decimal(number, locale=self.locale, group_separator=grouped)

    def percent(self, share: int) -> str:
        """``share`` of a hundred."""
        return format_percent(share / 100, locale=self.locale)

    def until(self, left_s: int) -> str:
        """The time left, rounded down: whoever comes back then must not be late."""
        _, size = _unit_s(left_s)
        return self.span(left_s // size * size, left_s // size * size)

    def span(self, low_s: int, high_s: int) -> str:
        """Seconds as people say them: a range rounded outward, a single time (both equal) up.

        The page's script does the same with the browser's own words for the units.
        """
        if high_s < 60:
            return self.gettext("less than a minute")
        unit, size = _unit_s(high_s)
        high = -(-high_s // size)
        low = low_s // size if low_s < high_s else high
        words = self.amount(high, unit)
        if low == 0:
            return fill(self.gettext("up to {span}"), {"span": words})
        if low == high:
            return words
        # A range takes the form of its upper end in all our languages (CLDR, plural ranges).
        return words.replace(self.count(high), f"{self.count(low)}–{NO_BREAK}{self.count(high)}", 1)

    def amount(self, number: int, unit: str) -> str:
        """``number`` of a CLDR unit, in the form that it takes: 1 minuta, 2 minuty, 5 minut."""
        return format_unit(number, unit, length="long", locale=self.locale)

    def moment(self, at_ms: int) -> str:
        """A point in time, in UTC: whoever runs no script cannot tell us where they are. The shop's
        own time stands first where it is known."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        universal = f"{self._clock(at, UTC)} UTC"
        if self._zone is None:
            return self._dated(at, UTC, universal)
        there = at.astimezone(self._zone)
        name = get_timezone_name(there, "short", locale=self.locale)
        local = self._dated(at, self._zone, f"{self._clock(at, self._zone)} {name}")
        return f"{local} ({universal})"

    def clock(self, at_ms: int) -> str:
        """A time of these hours: in the shop's zone where it is known, else in UTC."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        if self._zone is None:
            return f"{self._clock(at, UTC)} UTC"
        name = get_timezone_name(at.astimezone(self._zone), "short", locale=self.locale)
        return f"{self._clock(at, self._zone)} {name}"

    def _clock(self, at: datetime, zone: tzinfo) -> str:
        return format_time(at, "short", tzinfo=zone, locale=self.locale)

    def _dated(self, at: datetime, zone: tzinfo, time: str) -> str:
        day = format_date(at.astimezone(zone).date(), "long", locale=self.locale)
        order = str(get_datetime_format("medium", locale=self.locale))
        return order.replace("{1}", day).replace("{0}", time)
