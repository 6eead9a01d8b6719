"""What a room's operator adds to its pages: ``GET /{room}/brand.css`` and ``GET /{room}/logo``."""

from waitingroom.gate.assets import Asset
from waitingroom.gate.context import Gate
from waitingroom.gate.http import Refusal, Response
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom
from waitingroom.gate.stylesheet import stylesheet
from waitingroom.gate.views import file

_NO_SCRIPTS = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'unsafe-inline'; sandbox",
)
"""Where somebody opens a logo by its own address, it is a page, and an SVG could act in it."""


async def style(_gate: Gate, request: Request, known: KnownRoom) -> Response:
    """The room's colours. 404 where they are ours."""
    return file(request, _there(stylesheet(known.snapshot.brand)))


async def logo(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """The room's logo; read from the store once per worker. 404 where it has none."""
    return file(request, _there(await gate.rooms.logo(known)), _NO_SCRIPTS)


def _there(found: Asset | None) -> Asset:
    if found is None:
        raise Refusal(404, "not_found", "there is nothing here")
    return found
