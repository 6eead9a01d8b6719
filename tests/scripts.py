"""The page's scripts as they are written, and the way back to them from what is served."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waitingroom.gate.assets import STATIC

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def files(name: str) -> dict[str, str]:
    """The files of a script by their paths below ``static``, in the order in which they count."""
    found = sorted((STATIC / name).glob("*.js"))
    return {path.relative_to(STATIC).as_posix(): path.read_text("utf-8") for path in found}


def script(name: str) -> str:
    """A script as it is written: its files in their order."""
    return "\n".join(files(name).values())


@dataclass
class Map:
    """A source map (ECMA-426) as browsers read it."""

    held: dict[str, Any]

    @classmethod
    def of(cls, name: str, folder: Path = STATIC) -> "Map":
        """The one beside a script that is served."""
        return cls(json.loads((folder / f"{name}.js.map").read_text("utf-8")))

    def files(self) -> dict[str, str]:
        """What the script was made of, by path."""
        return dict(zip(self.held["sources"], self.held["sourcesContent"], strict=True))

    def find(self, line: int, column: int) -> tuple[str, int]:
        """File and line, from 1, of a place in what is served (both from 0), as an error has it."""
        at = [0, 0, 0, 0]  # column; file, line and column in it
        found = ("", 0)
        for number, group in enumerate(self.held["mappings"].split(";")):
            at[0] = 0
            for segment in filter(None, group.split(",")):
                at = [before + step for before, step in zip(at, steps(segment), strict=False)]
                if (number, at[0]) > (line, column):
                    return found
                found = (self.held["sources"][at[1]], at[2] + 1)
        return found


def steps(segment: str) -> list[int]:
    """The numbers of a segment, in base 64 by fives of bits, the sign last; a fifth is a name's."""
    numbers = []
    for digits in re.findall(r"[g-z0-9+/]*[A-Za-f]", segment):
        whole = sum((DIGITS.index(digit) & 31) << 5 * n for n, digit in enumerate(digits))
        numbers.append(-(whole >> 1) if whole & 1 else whole >> 1)
    return [*numbers, 0, 0, 0][:4]
