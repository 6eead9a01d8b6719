"""A page's colours: which an operator may choose, what follows, and whether it can be read.

Contrast as WCAG 2.2 defines it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio. Pure.
"""

import re
from collections.abc import Mapping

from waitingroom.errors import BadSetting

SCHEMES = ("light", "dark")
ROLES = ("accent", "background", "card")
LEAST = 4.5
"""The contrast that text needs (WCAG 2.2, level AA)."""
_OURS = {
    "light": {"accent": "#0b6b60", "background": "#f2f0ea", "card": "#fffefb"}
    | {"ink": "#1b2b2d", "soft": "#55666a"},
    "dark": {"accent": "#6fd0bc", "background": "#0f1617", "card": "#182224"}
    | {"ink": "#e8efed", "soft": "#a2b2b3"},
}
"""As the stylesheet has them; a test compares."""
_HEX = re.compile(r"#[0-9a-f]{6}")
_WHITE, _BLACK = "#ffffff", "#101010"
_TURN = 7.0
"""The contrast of white on the card of whoever's turn it is: its soft text needs some of it."""


def look(chosen: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The stylesheet's variables for each scheme, from colours by ``light-accent`` and so on.

    Raises :class:`BadSetting`, with the ratio, where a text would be hard to read.
    """
    return {scheme: _scheme(scheme, chosen) for scheme in SCHEMES}


def _scheme(scheme: str, chosen: Mapping[str, str]) -> dict[str, str]:
    ours = _OURS[scheme]
    found = ours | {role: _read(chosen.get(f"{scheme}-{role}", ours[role])) for role in ROLES}
    accent, card, background = found["accent"], found["card"], found["background"]
    # The chip's ground: as much of the accent as its own text allows.
    wash = next(
        (
            mixed
            for part in (0.12, 0.06)
            if ratio(accent, mixed := mix(accent, card, part)) >= LEAST
        ),
        card,
    )
    for text in ("accent", "ink", "soft"):
        for ground in ("card", "background"):
            _check(scheme, text, ground, ratio(found[text], found[ground]))
    return {
        "ground": background,
        "card": card,
        "tint": accent,
        "on-tint": max(_WHITE, _BLACK, key=lambda text: ratio(text, accent)),
        "wash": wash,
        "turn": _darkened(accent),
    }


def _check(scheme: str, text: str, ground: str, found: float) -> None:
    if found < LEAST:
        named = {"accent": "the accent", "ink": "our text", "soft": "our small text"}[text]
        raise BadSetting(
            "colour",
            f"{named} on the {scheme} {ground} has a contrast of {found:.1f}:1; "
            f"to be read it needs {LEAST}:1",
        )


def _darkened(colour: str) -> str:
    """The same colour, as dark as white text wants it."""
    for part in range(21):
        darker = mix(_BLACK, colour, part / 20)
        if ratio(_WHITE, darker) >= _TURN:
            return darker
    return _BLACK


def _read(text: str) -> str:
    if not _HEX.fullmatch(text.lower()):
        raise BadSetting("colour", f"“{text}” is none; write it like #0b6b60")
    return text.lower()


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, ground: str, part: float) -> str:
    """``part`` of ``colour`` over ``ground``."""
    pairs = zip(_parts(colour), _parts(ground), strict=True)
    return "#" + "".join(f"{round(over * part + under * (1 - part)):02x}" for over, under in pairs)


def ratio(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [part / 255 for part in _parts(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
