"""What pages with forms have in common: what was sent, fields, and what is shown once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from flask import g, render_template, request
from werkzeug.wrappers import Response

from waitingroom import zones
from waitingroom.console.access import CONSOLE, Access
from waitingroom.console.faults import Refused
from waitingroom.console.figures import moment
from waitingroom.errors import BadSetting, StoreDown
from waitingroom.model import Actor
from waitingroom.settings import LONGEST_WHY, check_why

LONGEST_NUMBER = 15
SHOWN = 200
"""Characters of what was typed that come back."""
T = TypeVar("T")
Page = str | tuple[str, int] | Response
"""What a form's view answers: a page, one with another status than 200, or the way on."""
Problems = Mapping[str, str]
"""A sentence by field; by "" one that is of no field."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field as a form shows it. ``kind``: ``text``, ``password`` (which never comes back),
    ``select`` with ``options`` (value, label), ``checkbox``. ``text``: what stands in it.
    """

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    text: str = ""
    problem: str = ""
    options: tuple[tuple[str, str], ...] = ()
    autocomplete: str = "off"


def typed(name: str, default: str = "", *, longest: int = SHOWN) -> str:
    """What stands in a field: as it was sent, or as it was before a log-in."""
    return request.values.get(name, default)[:longest]


def _why_typed() -> str:
    """What stands in the field for the record."""
    return typed("why", longest=LONGEST_WHY)


def context() -> dict[str, object]:
    """What every page knows."""
    about = {"why_typed": _why_typed, "why_problem": lambda: wrong_why().get("why", "")}
    return {"operator": g.get("operator"), **about}


def wrong_why() -> dict[str, str]:
    """A sentence where what was sent for the record cannot be; to be asked before ``acting``, where
    the form shall come back as it was typed.
    """
    try:
        check_why(sent("why"))
    except BadSetting as wrong:
        return {"why": f"Why may have {wrong.why}."}
    return {}


def sent(name: str) -> str:
    """What was sent, without blanks around it."""
    return request.form.get(name, "").strip()


def version() -> int:
    """What a form of ours is based on."""
    text = request.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise Refused("bad_request", "this form is not whole; nothing was changed. Open it again")
    return int(text)


def acting(access: Access) -> Actor:
    """Whoever sends this form, with their reason for the record. Raises ``BadSetting``."""
    why = sent("why")
    check_why(why)
    return access.actor(why)


def surely(change: Callable[[], T], where: str = "the room") -> T:
    """Do it, or say honestly that nobody knows whether it was done. ``where``: to look."""
    try:
        return change()
    except StoreDown as error:
        raise Refused(
            "store_down",
            f"the store did not say whether this was done. Look at {where} before you do it again",
        ) from error


def once(title: str, secret: str, sentences: tuple[str, ...], back: str) -> str:
    """The one page that ever shows a secret; it is nobody's but this answer's."""
    return render_template("once.html", title=title, secret=secret, told=sentences, back=back)


def ask(
    title: str, button: str, sentences: tuple[str, ...], back: str, **more: object
) -> str:  # fmt: skip
    """The page that asks before something ends. ``held``: hidden fields; ``problem``."""
    shown: Mapping[str, object] = {"held": {}, "problem": "", "why": typed("why")} | more
    return render_template(
        "ask.html", title=title, button=button, told=sentences, back=back, **shown
    )


def told_actor(actor: str) -> str:
    """An actor in a table: an operator by name, others as the record has them."""
    return actor.removeprefix(CONSOLE)


def told_moment(at_ms: int, zone: str) -> str:
    """``2026-11-26 14:05``, with its offset behind it but for UTC; a dash for never."""
    return moment(at_ms, zone, "minutes") if at_ms else "–"


def last_used(at_ms: int, zone: str) -> str:
    """Of a key, in a sentence."""
    return f"Last used: {zones.shown(at_ms, zone)}." if at_ms else "It was never used."


def is_me(name: str) -> bool:
    """Whether an account is that of whoever asks."""
    return bool(g.operator.name == name)
