"""docs/integrations.md's examples, as files."""

import re
from pathlib import Path

DOCUMENT = (Path(__file__).parents[2] / "docs" / "integrations.md").read_text("utf-8")
EXAMPLES = {
    (found[1], found[2]): found[3]
    for found in re.finditer(r"<!-- (\w+): (\S+) -->\n```\w+\n(.*?)```", DOCUMENT, re.DOTALL)
}


def write(kind: str, folder: Path) -> None:
    """All files of one kind of shop."""
    files = {name: text for (of, name), text in EXAMPLES.items() if of == kind}
    assert files, kind
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
