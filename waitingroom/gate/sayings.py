"""What an operator says instead of a sentence of ours: whether the pages can show it."""

from difflib import get_close_matches

from waitingroom.errors import BadSetting
from waitingroom.gate.catalog import names_in
from waitingroom.gate.languages import LANGUAGES, sentences
from waitingroom.model import Saying


def check_saying(saying: Saying) -> None:
    """Raise :class:`BadSetting` for a language or a sentence that no page has, or a name in braces
    that the sentence does not fill.
    """
    if saying.lang not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise BadSetting("text", f"there is no language “{saying.lang}”; there are {known}")
    if saying.sentence not in sentences():
        close = next(iter(get_close_matches(saying.sentence, sentences(), n=1)), "")
        meant = f"; did you mean “{close}”?" if close else ""
        raise BadSetting("text", f"no page says “{saying.sentence}”{meant}")
    if extra := set(names_in(saying.text)) - set(names_in(saying.sentence)):
        names = ", ".join(sorted(extra))
        raise BadSetting("text", f"“{saying.sentence}” has no {names} in braces")
