"""The files that pages load: the scripts, the stylesheet, the icon. Read once, as a gate starts.

The scripts are small already: ``make scripts`` made them out of the folders of their names, which
are for people (docs/decisions/page.md). Their maps lead a browser's developer tools back to those.
The stylesheet loses its comments, spare white space and long names here.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_lowercase

from rcssmin import cssmin

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("page", "later")
"""``page.js`` is everybody's; ``later.js`` is fetched by whoever comes to need it."""
_SCRIPT_TYPE = "text/javascript; charset=utf-8"
_MAP_TYPE = "application/json"
_PROPERTY = re.compile(r"--([a-z][a-z-]*)(?=[:),])")


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file. ``etag``: of what is served, without quotes; page URLs carry it as ``?v=``."""

    body: bytes
    content_type: str
    etag: str


def read_assets() -> dict[str, Asset]:
    """Every static file by the name that it is served under."""
    return {
        **{f"{name}.js": asset(_read(f"{name}.js"), _SCRIPT_TYPE) for name in SCRIPTS},
        **{f"{name}.js.map": asset(_read(f"{name}.js.map"), _MAP_TYPE) for name in SCRIPTS},
        "page.css": stylesheet(_read("page.css")),
        "icon.svg": asset(_read("icon.svg"), "image/svg+xml"),
    }


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def stylesheet(text: str) -> Asset:
    """Rules as they are served: a custom property of ours goes by a letter, in each of them."""
    letters = _letters()
    lean = _PROPERTY.sub(lambda found: f"--{letters.get(found[1], found[1])}", cssmin(text))
    return asset(lean, "text/css; charset=utf-8")


@cache
def _letters() -> dict[str, str]:
    names = dict.fromkeys(_PROPERTY.findall(_read("page.css")))
    return dict(zip(names, ascii_lowercase, strict=False))


def asset(text: str, content_type: str) -> Asset:
    """``text`` as it is served."""
    body = text.encode()
    return Asset(body, content_type, hashlib.sha256(body).hexdigest()[:8])
