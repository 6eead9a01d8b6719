"""What a room's operator adds to its pages: ``GET /{room}/brand.css`` and ``GET /{room}/logo``."""

from collections.abc import Callable

from waitingroom.gate.assets import Asset
from waitingroom.gate.context import Gate
from waitingroom.gate.http import Refusal, Response
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom
from waitingroom.gate.stylesheet import stylesheet
from waitingroom.gate.views import file
from waitingroom.model import Brand, Logo

_NO_SCRIPTS = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'unsafe-inline'; sandbox",
)
"""Where somebody opens a logo by its own address, it is a page, and an SVG could act in it."""


async def style(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """The room's colours. 404 where they are ours."""
    brand = await _brand(gate, request, known, stylesheet)
    return file(request, _there(stylesheet(brand)))


async def logo(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """The room's logo; read from the store once per worker. 404 where it has none."""
    brand = await _brand(gate, request, known, lambda brand: brand.logo)
    found = await gate.rooms.logo(known.snapshot.room, brand.logo)
    return file(request, _there(found), _NO_SCRIPTS)


async def _brand(
    gate: Gate,
    request: Request,
    known: KnownRoom,
    part: Callable[[Brand], Asset | Logo | None],
) -> Brand:
    """As this worker knows it. Where the address names a ``part`` by another content, a page of a
    worker that heard of a change sooner may have made it: then as the store has it.
    """
    ours = part(known.snapshot.brand)
    if request.query.get("v") in (None, ours.etag if ours else None):
        return known.snapshot.brand
    return await gate.rooms.brand(known)


def _there(found: Asset | None) -> Asset:
    if found is None:
        raise Refusal(404, "not_found", "there is nothing here")
    return found
