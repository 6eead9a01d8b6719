"""The form of a room's brand: read, checked, shown again. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from waitingroom import brand
from waitingroom.colours import ROLES, SCHEMES
from waitingroom.console.drafts import Entry
from waitingroom.errors import BadSetting
from waitingroom.gate.sayings import check_saying
from waitingroom.model import Brand, Saying

_HEX = re.compile(r"#[0-9a-f]{6}")
COLOURS = tuple(f"{scheme}-{role}" for scheme in SCHEMES for role in ROLES)


def _colour(text: str) -> str:
    found = text.lower()
    if found and not _HEX.fullmatch(found):
        raise BadSetting("colour", f"must be like #0b6b60; “{text[:40]}” is not")
    return found


def _link(name: str) -> Callable[[str], str]:
    def read_link(text: str) -> str:
        if text:
            _alone(Brand(links=((name, text),)))
        return text

    return read_link


def _zone(text: str) -> str:
    _alone(Brand(time_zone=text))
    return text


def _alone(wanted: Brand) -> None:
    """One thing of a brand, in a sentence that begins with its label."""
    try:
        brand.check(wanted)
    except BadSetting as wrong:
        raise BadSetting(wrong.field, f"cannot be so: {wrong.why}") from None


def _texts(text: str) -> tuple[Saying, ...]:
    said: dict[tuple[str, str], Saying] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        words = [word.strip() for word in line.split("|", 2)]
        if len(words) != 3 or not all(words):
            raise BadSetting("text", f"must be a language, our sentence and yours, with | between; "
                             f"“{line[:60]}” is not")  # fmt: skip
        saying = Saying(*words)
        try:
            check_saying(saying)
        except BadSetting as wrong:
            raise BadSetting("text", f"cannot be so: {wrong.why}") from None
        said[saying.lang, saying.sentence] = saying
    made = tuple(said[key] for key in sorted(said))
    _alone(Brand(texts=made))
    return made


ENTRIES = (
    *(
        Entry(
            name, f"{name.partition('-')[2].capitalize()}, {name.partition('-')[0]} pages",
            "like #0b6b60; empty is ours", _colour,
        )
        for name in COLOURS
    ),
    *(
        Entry(name, f"{name.capitalize()}, link", "https://…; empty is none", _link(name))
        for name in brand.LINKS
    ),
    Entry("time_zone", "Time zone", "of the shop, like Europe/Warsaw; empty is UTC", _zone),
    Entry(
        "texts", "Sentences", "your own, one a line: de | You are next | Gleich!", _texts, "lines"
    ),
)  # fmt: skip


def texts_of(look: Brand) -> dict[str, str]:
    """A brand as its entries are typed."""
    lines = [f"{one.lang} | {one.sentence} | {one.text}" for one in look.texts]
    return {
        **dict(look.colours),
        **dict(look.links),
        "time_zone": look.time_zone,
        "texts": "\n".join(lines),
    }


def wanted(was: Brand, values: Mapping[str, Any], logo: bytes | None) -> Brand:
    """The brand that was typed. ``logo``: None leaves it; b"" is none any more. Raises
    :class:`BadSetting` for a picture that is none, or colours that cannot be read together.
    """
    picture = was.logo
    if logo is not None:
        picture = brand.read_logo(logo) if logo else None
    made = replace(
        was,
        colours=tuple((name, values[name]) for name in sorted(COLOURS) if values[name]),
        links=tuple((name, values[name]) for name in sorted(brand.LINKS) if values[name]),
        time_zone=values["time_zone"],
        texts=values["texts"],
        logo=picture,
    )
    brand.check(made)
    return made
