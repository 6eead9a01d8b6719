"""Each request's id: believed, or made; in the answer, in every line of the log, and at hand."""

from flask import Flask, Response, request

from waitingroom.clients import Proxies
from waitingroom.request_ids import (
    CLIENT_KEY,
    CURRENT,
    ENVIRON_KEY,
    HEADER,
    NONE,
    ROOM_KEY,
    ROUTE_KEY,
    About,
    fresh,
    well_formed,
)
from waitingroom.room_ids import is_room_id

NO_ROUTE = "none"


def client_of(proxies: Proxies) -> str:
    """The address that the request comes from, as told by our proxies."""
    found = request.headers
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in found]
    return proxies.side_of(request.remote_addr or "", lines).client


def bearer() -> str:
    """What came as ``Authorization: Bearer``; "" for nothing, or for another scheme."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given if scheme.lower() == "bearer" else ""


def adopt() -> None:
    """Take the id that comes with the request: whoever sent it has shown that we may."""
    if given := well_formed(request.headers.get(HEADER, "")):
        _is(given)


def _is(request_id: str) -> None:
    asked = str((request.view_args or {}).get("room", ""))
    room = asked if is_room_id(asked) else ""
    request.environ |= {
        ENVIRON_KEY: request_id,
        ROOM_KEY: room,
        ROUTE_KEY: str(request.url_rule or NO_ROUTE),
    }
    CURRENT.set(About(request_id, room))


def register(app: Flask, proxies: Proxies) -> None:
    """First of all that is done for a request."""

    @app.before_request
    def _named() -> None:
        request.environ[CLIENT_KEY] = client_of(proxies)
        _is(fresh())
        if proxies.trusts(request.remote_addr or ""):
            adopt()

    @app.teardown_request
    def _over(_error: BaseException | None) -> None:
        CURRENT.set(NONE)

    @app.after_request
    def _told(response: Response) -> Response:
        response.headers[HEADER] = request.environ.get(ENVIRON_KEY) or fresh()
        return response
