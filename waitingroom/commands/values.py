"""What people type for durations and times, as milliseconds."""

from datetime import UTC, datetime
from typing import Any

import click

from waitingroom import clock
from waitingroom.durations import duration_ms

LONGEST_NUMBER = 30
"""Digits; more is a slip of the paste."""


def time_ms(text: str, now_ms: int) -> int:
    """``now``, ``never`` (0), ``+30s``, or ISO 8601 with an offset. Raises ValueError."""
    if text == "now":
        return now_ms
    if text == "never":
        return 0
    if text.startswith("+"):
        return now_ms + duration_ms(text[1:])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"“{text}” is no time; write now, +30s or 2026-12-01T14:00+01:00"
        ) from None
    if moment.tzinfo is None:
        full = text if ":" in text else f"{text[:10]}T14:00"
        raise ValueError(
            f"“{text}” does not say in which time zone; add an offset, like {full}+01:00, "
            "or Z for UTC"
        )
    return round(moment.timestamp() * 1000)


def shown_time(at_ms: int) -> str:
    """A time for people: local, with its offset; ``-`` for none."""
    if not at_ms:
        return "-"
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().isoformat(" ", "seconds")


class Number(click.ParamType[int]):
    """An option's count."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """A whole number, 0 or more."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
            self.fail(f"“{text}” is no whole number from 0 on", param, ctx)
        return int(text)


class Origin(click.ParamType[str]):
    """An option's origin, as it is copied from a browser's address bar."""

    name = "url"

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> str:
        """Without the slash that stands for no path; checked with the other knobs."""
        return str(value).removesuffix("/")


class Duration(click.ParamType[int]):
    """An option's duration."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds."""
        try:
            return value if isinstance(value, int) else duration_ms(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Time(click.ParamType[int]):
    """An option's time."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds since 1970, UTC."""
        try:
            return value if isinstance(value, int) else time_ms(value, clock.now_ms())
        except ValueError as error:
            self.fail(str(error), param, ctx)
