"""The languages that a shopper may read, and how one is chosen and read in.

A catalogue is text, ``waitingroom/locale/LANGUAGE/LC_MESSAGES/gate.po``: what a reviewer reads in a
diff is what runs. ``make messages`` keeps the catalogues in step with the templates.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog as Messages
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from waitingroom import brand

LANGUAGES = brand.LANGUAGES
FOLDER = Path(__file__).parents[1] / "locale"
DOMAIN = "gate"


def catalogue_of(lang: str) -> Path:
    """Where the catalogue of ``lang`` lies."""
    return FOLDER / lang.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.po"


def messages_of(lang: str) -> Messages:
    """The catalogue of ``lang``, with comments and flags."""
    with catalogue_of(lang).open("rb") as file:
        return read_po(file)


@cache
def translations(lang: str) -> NullTranslations:
    """What ``lang`` has for each sentence; read from its text, compiled in memory."""
    if lang == LANGUAGES[0]:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, messages_of(lang))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def sentences() -> frozenset[str]:
    """Every English sentence that there is; of those with plural forms, the first."""
    found = (message.id for message in messages_of(LANGUAGES[1]) if message.id)
    return frozenset(text if isinstance(text, str) else text[0] for text in found)


def choose(header: str) -> str:
    """The best of our languages for an ``Accept-Language`` header; English where it wants none.

    A region or a script makes no other language: fr-CA reads French, and whoever reads traditional
    Chinese reads simplified sooner than English. Browsers list what they want in falling order.
    """
    spoken = {lang.partition("-")[0]: lang for lang in LANGUAGES}
    wanted = parse_accept_header(header, LanguageAccept)
    for tag, quality in sorted(wanted, key=lambda one: -one[1]):
        found = spoken.get(tag.lower().replace("_", "-").partition("-")[0])
        if found and quality > 0:
            return found
    return LANGUAGES[0]
