"""Bodies of JSON, and what is none: above all what two readers could take for two things."""

import json
import math
import re
from typing import Any, NoReturn

from waitingroom.console.faults import Refused

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""What may begin half of a surrogate pair, as JSON escapes it."""


def strict(body: bytes) -> Any:
    """What ``body`` says. Unlike :func:`read` it takes no NaN, no number that is infinite to us, no
    other encoding than UTF-8 and no half of a surrogate pair.
    """
    try:
        text = body.decode()
    except ValueError:
        raise _none() from None
    found = _parsed(text, parse_constant=_no_number, parse_float=_finite)
    if _HALF.search(body):
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise _none() from None
    return found


def read(body: bytes) -> Any:
    """What ``body`` says. Raises :class:`Refused` where it is no JSON, or names a field twice."""
    return _parsed(body)


def _parsed(text: str | bytes, **how: Any) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, **how)
    except (ValueError, RecursionError):
        raise _none() from None


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in members:
        if name in found:
            raise Refused("bad_request", f"the body names “{name[:40]}” twice")
        found[name] = value
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _finite(digits: str) -> float:
    found = float(digits)
    return found if math.isfinite(found) else _no_number(digits)


def _none() -> Refused:
    return Refused("bad_request", "the body is no JSON")
