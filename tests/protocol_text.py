"""docs/protocol.md as values: its examples and its tables."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOCUMENT = (Path(__file__).parents[1] / "docs" / "protocol.md").read_text("utf-8")


@dataclass
class Example:
    """A request of the document and its answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    status: int
    answered: list[tuple[str, str]]
    value: Any
    line: int = field(default=0)

    @property
    def code(self) -> str:
        """What tells examples with the same request apart."""
        return str((self.value or {}).get("error", self.status))


def headers_of(lines: list[str]) -> list[tuple[str, str]]:
    """Header lines, parted."""
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def read_example(text: str, line: int) -> Example:
    """Request line and headers; perhaps a body; the status, headers and JSON of the answer."""
    asked, *body, answer = text.strip("\n").split("\n\n")
    (method, path), headers = asked.split("\n")[0].split(), headers_of(asked.split("\n")[1:])
    status, *rest = answer.split("\n")
    count = next((n for n, one in enumerate(rest) if one.startswith("{")), len(rest))
    value = json.loads("\n".join(rest[count:])) if rest[count:] else None
    raw = body[0].encode() if body else None
    answered = headers_of(rest[:count])
    return Example(method, path, dict(headers), raw, int(status), answered, value, line)


EXAMPLES = [
    read_example(found[1], DOCUMENT.count("\n", 0, found.start()) + 1)
    for found in re.finditer(r"```http\n(.*?)```", DOCUMENT, re.DOTALL)
]


def tables(heading: str) -> list[list[str]]:
    """The rows of all tables under a heading (up to the next), each as its cells."""
    section = DOCUMENT.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0] if heading else DOCUMENT
    rows = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows]


def quoted(cell: str) -> list[str]:
    """The words in a cell that stand in code type."""
    return re.findall(r"`([^`]+)`", cell)
