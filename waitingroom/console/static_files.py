"""Stylesheet, script and icon: a browser keeps them, since their addresses change as they do."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, request

MARK = "v"
KEPT = "private, max-age=31536000, immutable"


def register(app: Flask) -> None:
    """Put a mark of what is in a file into every address of it that a page holds."""
    marks = app.extensions[__name__] = {
        one.name: sha256(one.read_bytes()).hexdigest()[:12]
        for one in Path(str(app.static_folder)).iterdir()
    }

    @app.url_defaults
    def _marked(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values.get("filename") in marks:
            values.setdefault(MARK, marks[values["filename"]])


def may_be_kept(app: Flask) -> bool:
    """Whether this request is for a file as it is now; one with an old mark gets it just once."""
    name = (request.view_args or {}).get("filename")
    mark = app.extensions[__name__].get(name)
    return request.endpoint == "static" and mark is not None and request.args.get(MARK) == mark
