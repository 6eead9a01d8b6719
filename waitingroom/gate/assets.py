"""The files that pages load: the script, the stylesheet, the icon. Read once, as a gate starts.

Scripts and stylesheet are written to be read, and served without comments and spare white space;
nothing is renamed, so what a browser shows as the source is still ours. A script lies in a folder
of its own, in files of one idea each, and is served as one: ``page.js`` to everybody, ``later.js``
to whoever comes to need it (docs/decisions/page.md).
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rcssmin import cssmin
from rjsmin import jsmin

_STATIC = Path(__file__).parent / "static"
SCRIPTS = ("page", "later")
_SCRIPT_TYPE = "text/javascript; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file. ``etag``: of what is served, without quotes; page URLs carry it as ``?v=``."""

    body: bytes
    content_type: str
    etag: str


def read_assets() -> dict[str, Asset]:
    """Every static file by the name that it is served under."""
    style = (_STATIC / "page.css").read_text(encoding="utf-8")
    return {
        **{f"{name}.js": asset(jsmin(script(name)), _SCRIPT_TYPE) for name in SCRIPTS},
        "page.css": asset(cssmin(style), "text/css; charset=utf-8"),
        "icon.svg": asset((_STATIC / "icon.svg").read_text(encoding="utf-8"), "image/svg+xml"),
    }


def script(name: str) -> str:
    """A script as it is written: the files of its folder in the order of their names."""
    files = sorted((_STATIC / name).glob("*.js"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def asset(text: str, content_type: str) -> Asset:
    """``text`` as it is served."""
    body = text.encode()
    return Asset(body, content_type, hashlib.sha256(body).hexdigest()[:12])
