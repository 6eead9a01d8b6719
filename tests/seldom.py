"""Which variants of a test run each time, and which only in the long runs."""

from collections.abc import Iterable
from typing import Any

import pytest


def seldom(values: Iterable[Any], *often: Any) -> list[Any]:
    """As parameters of a test: ``often`` at each run, the others with the long tests. A tuple is
    several parameters.
    """
    found = list(values)
    assert set(often) <= set(found)
    return [one if one in often else _long(one) for one in found]


def _long(one: Any) -> Any:
    several = one if isinstance(one, tuple) else (one,)
    return pytest.param(*several, marks=pytest.mark.long)
