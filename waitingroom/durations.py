"""Durations as people type and read them. Pure."""

import re

UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)", re.ASCII)


def duration_ms(text: str) -> int:
    """``10s``, ``15m``, ``1h30m``, ``500ms``, or ``0``. Raises ValueError."""
    if text == "0":
        return 0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"“{text}” is no duration; write it like 10s, 15m or 1h30m")
    return sum(int(number) * UNIT_MS[unit] for number, unit in parts)


def shown_duration(ms: int) -> str:
    """A duration in the largest units that give it exactly, as it may be typed."""
    if not ms:
        return "0"
    shown = ""
    for unit in ("d", "h", "m", "s", "ms"):
        number, ms = divmod(ms, UNIT_MS[unit])
        shown += f"{number}{unit}" if number else ""
    return shown
