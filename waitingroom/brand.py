"""How a room looks and speaks, as far as its operator wants it otherwise. Pure.

A brand lies in the store as one JSON text among the room's texts (the logo beside it, in bytes). It
outlives resets, and older versions carry along what they do not know.
"""

import hashlib
import json
import re
from dataclasses import asdict
from functools import lru_cache
from urllib.parse import urlsplit
from xml.etree import ElementTree
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from waitingroom.colours import ROLES, SCHEMES, look
from waitingroom.errors import BadSetting
from waitingroom.model import Brand, Logo, Saying
from waitingroom.plain import is_line

LANGUAGES = ("en", "pl", "it", "fr", "vi", "de", "es", "zh-Hans", "hi")
"""BCP 47 tags, as they stand in addresses and in ``lang``. The first is what the templates hold."""
LINKS = ("help", "contact", "terms", "imprint", "privacy")
"""What a link in the footer may be; the pages know each one's name in every language."""
LARGEST_LOGO = 64 * 1024
LONGEST_LOGO = -(-LARGEST_LOGO // 3) * 4
"""Characters of the largest one in base64."""
MOST_TEXTS = 200
LONGEST_TEXT = 500
LONGEST_URL = 500
LONGEST_SHOWN = 60
"""Characters of an address that cannot be which are said back."""
_ZONE = re.compile(r"[A-Za-z0-9_+\-/]{1,64}")
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
"""How each PNG begins and ends (https://www.w3.org/TR/png-3/#5DataRep)."""
_SVG = "{http://www.w3.org/2000/svg}svg"


def dumps(brand: Brand) -> str:
    """As the store keeps it; "" for nothing at all."""
    return "" if brand == Brand() else json.dumps(asdict(brand), ensure_ascii=False)


@lru_cache(256)
def loads(text: str) -> Brand:
    """What :func:`dumps` made. Fields that this version does not know are left out."""
    if not text:
        return Brand()
    found = json.loads(text)
    logo = found.get("logo")
    return Brand(
        colours=tuple((str(name), str(value)) for name, value in found.get("colours", ())),
        links=tuple((str(name), str(url)) for name, url in found.get("links", ())),
        texts=tuple(
            Saying(one["lang"], one["sentence"], one["text"]) for one in found.get("texts", ())
        ),
        time_zone=found.get("time_zone", ""),
        logo=Logo(logo["content_type"], logo["etag"]) if logo else None,
    )


def said_in(brand: Brand, lang: str) -> dict[str, str]:
    """The operator's own sentences for ``lang``, by the English that they replace."""
    return {one.sentence: one.text for one in brand.texts if one.lang == lang}


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name; None for none, or where this machine does not know it."""
    try:
        return ZoneInfo(name) if _ZONE.fullmatch(name) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def check(brand: Brand) -> None:
    """Raise :class:`BadSetting` for the first thing that pages could not show, or not readably."""
    roles = [f"{scheme}-{role}" for scheme in SCHEMES for role in ROLES]
    for name, _ in brand.colours:
        if name not in roles:
            raise BadSetting("colour", f"there is no “{name}”; there are {', '.join(roles)}")
    look(dict(brand.colours))
    for name, url in brand.links:
        _check_link(name, url)
    if brand.time_zone and zone_of(brand.time_zone) is None:
        raise BadSetting("time_zone", f"“{brand.time_zone}” is none; write it like Europe/Warsaw")
    if len(brand.texts) > MOST_TEXTS:
        raise BadSetting("text", f"there may be {MOST_TEXTS} at most")
    for saying in brand.texts:
        if len(saying.text) > LONGEST_TEXT or not is_line(saying.text):
            raise BadSetting(
                "text", f"must have at most {LONGEST_TEXT} characters, and no line breaks"
            )


def _check_link(name: str, url: str) -> None:
    if name not in LINKS:
        raise BadSetting("link", f"there is no “{name}”; there are {', '.join(LINKS)}")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if parts.scheme != "https" or not host or parts.username is not None or not plain:
        raise BadSetting(
            "link",
            "must be an address that begins with https://, of at most "
            f"{LONGEST_URL} plain characters, without blanks and names of users; "
            f"“{url[:LONGEST_SHOWN]}” is not",
        )


def read_logo(body: bytes) -> Logo:
    """What kind of picture ``body`` is. Raises :class:`BadSetting` for any other file.

    An SVG is looked at for form only: what would be dangerous in it (scripts, other addresses) does
    nothing in a picture, and the gate serves it under a policy that forbids all of it.
    """
    if len(body) > LARGEST_LOGO:
        raise BadSetting("logo", f"must have at most {LARGEST_LOGO // 1024} KiB")
    etag = hashlib.sha256(body).hexdigest()[:12]
    if body.startswith(_PNG) and _PNG_END in body:
        return Logo("image/png", etag)
    try:
        # As text: in UTF-16, say, the parser would find a document type that we had not seen.
        text = body.decode("utf-8-sig")
        # Entities can grow without end when they are read.
        if "<!DOCTYPE" not in text and ElementTree.fromstring(text).tag == _SVG:  # noqa: S314
            return Logo("image/svg+xml", etag)
    except (ElementTree.ParseError, ValueError):
        pass
    raise BadSetting("logo", "must be a whole SVG (in UTF-8, without a document type) or PNG")
