"""Whether a form is one of ours, as a whole: no field that it does not have, and none left out.

What is left out of a form would be taken for emptied: a room would lose its title and its shops to
a program that meant to send the message alone.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import request

from waitingroom.console.faults import Refused

LONGEST_SHOWN = 40
P = ParamSpec("P")
R = TypeVar("R")


def takes(*may: str, must: tuple[str, ...] = ()) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A view for forms that have no fields but these, and each of those in ``must``; else 400, and
    nothing is done. To be asked after who sends it.
    """
    known = {"csrf_token", *may, *must}

    def made(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            _check(known, must)
            return view(*args, **kwargs)

        return checked

    return made


def _check(known: set[str], must: tuple[str, ...]) -> None:
    given = {*request.form, *request.files}
    for name in sorted(given - known):
        raise Refused(
            "bad_request",
            f"there is no field “{name[:LONGEST_SHOWN]}” in this form; nothing was changed",
        )
    for name in must:
        if name not in given:
            raise Refused(
                "bad_request",
                f"this form is not whole, “{name}” is missing; nothing was changed. Open it again",
            )
