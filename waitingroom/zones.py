"""Times as people type and read them: in a zone that they name. Pure.

A clock that is put forward leaves out an hour, and one that is put back tells an hour twice.
Neither is guessed: the first is no time at all, and of the second people say which they mean.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from waitingroom.brand import zone_of

NOT_NAMED = ("posix/", "right/", "Etc/GMT", "SystemV/")
"""What the database has beside places: other clocks, and offsets with the sign turned round."""
LONGEST = 40
YEARS = range(1970, 2100)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?", re.ASCII)


class TwiceTold(ValueError):
    """A time that the clock shows twice. ``choices``: both as milliseconds since 1970, in order."""

    def __init__(self, sentence: str, choices: tuple[int, int]) -> None:
        super().__init__(sentence)
        self.choices = choices


@cache
def names() -> tuple[str, ...]:
    """All zones that may be chosen, by name; UTC first."""
    found = {name for name in available_timezones() if "/" in name}
    return ("UTC", *sorted(name for name in found if not name.startswith(NOT_NAMED)))


def zone(name: str) -> ZoneInfo:
    """Raises ValueError for a name that is none."""
    found = zone_of(name)
    if found is None:
        raise ValueError(f"“{name[:LONGEST]}” is no time zone; choose one like Europe/Warsaw")
    return found


def read(text: str, name: str, *, second: bool | None = None) -> int:
    """``2026-12-01T14:00`` in the zone of that ``name``, in milliseconds since 1970; "" is 0.

    ``second``: which one is meant of a time that there is twice. Raises ValueError for what is no
    time, or none in this zone; :class:`TwiceTold` where nobody said which.
    """
    here = zone(name)
    if not text:
        return 0
    typed = _plain(text)
    if typed.year not in YEARS:
        raise ValueError("must be a time from 1970 to 2099")
    first, later = (_ms(typed.replace(tzinfo=here, fold=fold)) for fold in (0, 1))
    clock = typed.isoformat(" ", "minutes")
    if first > later:
        raise ValueError(
            f"{clock} does not exist in {name}: clocks are put forward over it. Is it "
            f"{_spelt(_at(later, here))} or {_spelt(_at(first, here))}?"
        )
    if first != later and second is None:
        raise TwiceTold(
            f"{clock} is there twice in {name}, as clocks are put back. Say which one you mean",
            (first, later),
        )
    return later if second else first


def typed(at_ms: int, name: str) -> str:
    """A time as :func:`read` takes it, to the second; "" for none."""
    if not at_ms:
        return ""
    at = _at(at_ms, zone(name)).replace(tzinfo=None)
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def shown(at_ms: int, name: str) -> str:
    """``2026-12-01 14:00 Europe/Warsaw (+01:00), 13:00 UTC``."""
    there = _at(at_ms, UTC)
    if name == "UTC":
        return f"{_spelt(there)} UTC"
    here = _at(at_ms, zone(name))
    utc = _spelt(there) if there.date() != here.date() else _spelt(there).partition(" ")[2]
    return f"{_spelt(here)} {name} ({here.isoformat()[-6:]}), {utc} UTC"


def _ms(at: datetime) -> int:
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def _at(at_ms: int, here: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, here)


def _spelt(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ", "seconds" if at.second else "minutes")


def _plain(text: str) -> datetime:
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"“{text[:LONGEST]}” is no time; write it like 2026-12-01T14:00")
