"""The words of one language: the one place that a translation will hang on.

Templates mark their sentences with ``_()``; until there are catalogues, everything is English.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from gettext import NullTranslations

NO_BREAK = "\u2060"
"""Keeps a range on one line: browsers break lines after a dash."""
_NAME = re.compile(r"\{(\w+)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put ``values`` where ``text`` names them in braces; a name without a value becomes nothing.

    Like the page's script does it. Nothing is escaped here: templates do that.
    """
    return _NAME.sub(lambda found: values.get(found[1], ""), text).strip()


def _unit_s(seconds: int) -> int:
    """In which unit people say so many seconds: minutes, hours, days."""
    return 60 if seconds < 7200 else 3600 if seconds < 172_800 else 86_400


class Catalog:
    """Sentences, spans, times and counts in the language ``lang`` (a BCP 47 tag)."""

    def __init__(self, lang: str, translations: NullTranslations | None = None) -> None:
        self.lang = lang
        self._translations = translations or NullTranslations()
        self.gettext = self._translations.gettext
        self.ngettext = self._translations.ngettext

    def count(self, number: int) -> str:
        """A whole number with its thousands apart."""
        return f"{number:,}"

    def until(self, left_s: int) -> str:
        """The time left, rounded down: whoever comes back then must not be late."""
        size = _unit_s(left_s)
        return self.span(left_s // size * size, left_s // size * size)

    def span(self, low_s: int, high_s: int) -> str:
        """Seconds as people say them: a range rounded outward, a single time (both equal) up.

        The page's script does the same with the browser's own words for the units.
        """
        if high_s < 60:
            return self.gettext("less than a minute")
        size = _unit_s(high_s)
        high = -(-high_s // size)
        patterns = {
            60: self.ngettext("{n} minute", "{n} minutes", high),
            3600: self.ngettext("{n} hour", "{n} hours", high),
            86_400: self.ngettext("{n} day", "{n} days", high),
        }
        return self._range(low_s // size if low_s < high_s else high, high, patterns[size])

    def moment(self, at_ms: int) -> str:
        """A point in time, in UTC: whoever runs no script cannot tell us where they are."""
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d, %H:%M UTC")

    def _range(self, low: int, high: int, pattern: str) -> str:
        if low == 0:
            return fill(self.gettext("up to {span}"), {"span": fill(pattern, {"n": str(high)})})
        return fill(pattern, {"n": str(high) if low == high else f"{low}–{NO_BREAK}{high}"})
