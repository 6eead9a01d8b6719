"""The files that pages load: the scripts, the stylesheet, the icon. Read once, as a gate starts.

The scripts are small already: ``make scripts`` made them out of the folders of their names, which
are for people (docs/decisions/page.md). Their maps lead a browser's developer tools back to those.
The stylesheet loses its comments and spare white space here.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rcssmin import cssmin

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("page", "later")
"""``page.js`` is everybody's; ``later.js`` is fetched by whoever comes to need it."""
_SCRIPT_TYPE = "text/javascript; charset=utf-8"
_MAP_TYPE = "application/json"


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
        "page.css": asset(cssmin(_read("page.css")), "text/css; charset=utf-8"),
        "icon.svg": asset(_read("icon.svg"), "image/svg+xml"),
    }


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def asset(text: str, content_type: str) -> Asset:
    """``text`` as it is served."""
    body = text.encode()
    return Asset(body, content_type, hashlib.sha256(body).hexdigest()[:12])
