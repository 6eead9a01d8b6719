"""``waitingroom room brand``: how a room looks and speaks, where it shall be otherwise."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from waitingroom.brand import LARGEST_LOGO, LINKS, read_logo
from waitingroom.colours import ROLES, SCHEMES
from waitingroom.model import Brand, Saying


class Pair(click.ParamType[tuple[str, str]]):
    """An option's ``name=value``; without a value the name is taken back."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The two sides of the first ``=``."""
        name, sign, rest = str(value).partition("=")
        if not sign:
            self.fail(f"“{value}” is no pair; write it like name=value", param, ctx)
        return name, rest


OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--colour", {"type": Pair(), "multiple": True, "help": "A colour, like light-accent=#0b6b60; "
     f"schemes: {', '.join(SCHEMES)}; roles: {', '.join(ROLES)}."}),
    ("--link", {"type": Pair(), "multiple": True, "help": "A link below the page, like "
     f"imprint=https://shop.example/imprint; kinds: {', '.join(LINKS)}."}),
    ("--text", {"type": (str, str, str), "multiple": True, "metavar": "LANG SENTENCE TEXT",
     "help": "Say TEXT in LANG where the page would say SENTENCE (its English); an empty TEXT "
     "takes it back."}),
    ("--time-zone", {"help": "The shop's, like Europe/Warsaw: for pages that run no script."}),
    ("--logo", {"type": click.Path(path_type=Path, dir_okay=False, exists=True), "help": "An SVG "
     f"or PNG of at most {LARGEST_LOGO // 1024} KiB."}),
    ("--no-logo", {"is_flag": True, "help": "No logo any more."}),
    ("--plain", {"is_flag": True, "help": "As a new room looks, but for what else is said here."}),
)  # fmt: skip


def changed(brand: Brand, options: dict[str, Any]) -> tuple[Brand, bytes | None]:
    """``brand`` with what was typed, and the logo's bytes where they are other than before.

    Raises :class:`BadSetting` for a language or a sentence that the pages do not have, and for a
    logo that is none; the store's client looks at the rest.
    """
    was = Brand() if options["plain"] else brand
    body: bytes | None = b"" if options["plain"] or options["no_logo"] else None
    logo = None if options["no_logo"] else was.logo
    if options["logo"]:
        body = options["logo"].read_bytes()
        logo = read_logo(body)
    zone = options["time_zone"]
    wanted = replace(
        was,
        colours=_merged(was.colours, options["colour"]),
        links=_merged(was.links, options["link"]),
        texts=_said(was.texts, options["text"]),
        time_zone=was.time_zone if zone is None else zone,
        logo=logo,
    )
    return wanted, body


def _merged(
    was: Iterable[tuple[str, str]], typed: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    pairs = dict(was) | dict(typed)
    return tuple(sorted((name, value) for name, value in pairs.items() if value))


def _said(was: Iterable[Saying], typed: Iterable[tuple[str, str, str]]) -> tuple[Saying, ...]:
    said = {(one.lang, one.sentence): one.text for one in was}
    for lang, sentence, text in typed:
        if text:
            _check_saying(Saying(lang, sentence, text))
        said[lang, sentence] = text
    return tuple(Saying(*key, text) for key, text in sorted(said.items()) if text)


def _check_saying(saying: Saying) -> None:
    # The catalogues take a moment to read, which other commands need not wait for.
    from waitingroom.gate.sayings import check_saying

    check_saying(saying)
