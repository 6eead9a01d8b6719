"""The words of one language: the one place that a translation will hang on.

Templates mark their sentences with ``_()``; until there are catalogues, everything is English.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from gettext import NullTranslations

_NAME = re.compile(r"\{(\w+)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put ``values`` where ``text`` names them in braces; a name without a value becomes nothing.

    Like the page's script does it. Nothing is escaped here: templates do that.
    """
    return _NAME.sub(lambda found: values.get(found[1], ""), text).strip()


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

    def span(self, low_s: int, high_s: int) -> str:
        """A range of seconds as people say it, rounded outward; the script's ``span``."""
        if high_s < 60:
            return self.gettext("less than a minute")
        if high_s < 7200:
            return self._range(low_s // 60, -(-high_s // 60), "{n} minute", "{n} minutes")
        low, high = low_s // 3600, -(-high_s // 3600)
        return self._range(low, high, "{n} hour", "{n} hours")

    def moment(self, at_ms: int) -> str:
        """A point in time, in UTC: whoever runs no script cannot tell us where they are."""
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d, %H:%M UTC")

    def _range(self, low: int, high: int, one: str, many: str) -> str:
        until = self.ngettext(one, many, high)
        if low == 0 and high > 1:
            return fill(self.gettext("up to {span}"), {"span": fill(until, {"n": str(high)})})
        return fill(until, {"n": str(high) if low in (0, high) else f"{low}–{high}"})
