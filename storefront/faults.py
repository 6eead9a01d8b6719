"""What goes wrong, as pages; and the headers that every page carries."""

import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Response, make_response, render_template, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadRequest, HTTPException, LengthRequired

from waitingroom.guard import REQUEST_ID_KEY

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Words:
    """A page that says what happened, and what a shopper can do."""

    title: str
    text: str


WORDS = {
    400: Words("That request was not readable", "Go back to the items and try again."),
    403: Words(
        "That form came from another site",
        "For your safety we take orders from our own pages only. Open the item here and try again.",
    ),
    404: Words("There is nothing at this address", "It may have been mistyped."),
    405: Words("That does not work here", "Go back to the items and try again."),
    413: Words("That was too much to read", "Go back to the item and try again."),
    500: Words("Something went wrong on our side", "We have noted it. Please try again."),
    503: Words(
        "The shop is catching its breath",
        "Please try again in a moment. Sending an order form again is safe: it never buys twice.",
    ),
}


def add_faults(app: Flask) -> None:
    """Make every fault a page, with a status and no details."""

    @app.before_request
    def addressable() -> Response | None:
        # Flask builds no address for a host that cannot be, so none of our pages has its links.
        if isinstance(request.routing_exception, BadRequest):
            return Response(WORDS[400].title, 400, mimetype="text/plain")
        return None

    @app.before_request
    def measured() -> None:
        # The server reads chunks while we do, and one that is broken would be a fault of ours.
        if "Transfer-Encoding" in request.headers:
            raise LengthRequired

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        answer = page(error.code or 500)
        # Such as Allow with a 405.
        for name, value in error.get_headers(request.environ):
            if name.lower() not in ("content-type", "content-length"):
                answer.headers[name] = value
        return answer

    @app.errorhandler(DBAPIError)
    @app.errorhandler(PoolTimeout)
    def database(error: Exception) -> Response:
        # Without the statement and its values: an address has no place in a log.
        cause = getattr(error, "orig", None) or error
        _log.error("the database did not answer: %s: %s", type(cause).__name__, cause)
        answer = page(503)
        answer.headers["Retry-After"] = "3"
        return answer


def page(status: int) -> Response:
    """The page for a status."""
    words = WORDS.get(status) or WORDS[500 if status >= 500 else 400]
    return make_response(render_template("message.html", words=words), status)


def add_headers(app: Flask, gate: str) -> None:
    """Only our own files, nothing inline, in no frame; nothing kept by a cache but pictures.

    ``gate``: where the guard may send the answer to a form. Chromium holds such a redirect to
    ``form-action``.
    """
    forms = " ".join(["'self'", *([_origin(gate)] if gate else [])])
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )

    @app.after_request
    def add(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["X-Content-Type-Options"] = "nosniff"
        # Our own pages only: an order's address opens it. (The guard finds a form's page by it.)
        answer.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint != "static":
            answer.headers["Cache-Control"] = "no-store"
            # What the guard, and every log, calls this request.
            if named := request.environ.get(REQUEST_ID_KEY):
                answer.headers["X-Request-Id"] = named
        return answer


def is_foreign(public_url: str) -> bool:
    """Whether the request at hand, one that changes something, comes from another's page.

    Browsers say where from. Programs say nothing, and carry nobody's cookies.
    """
    origin = request.headers.get("Origin", "")
    if request.headers.get("Sec-Fetch-Site", "") in ("same-origin", "none"):
        return False
    ours = {request.host_url.rstrip("/"), public_url}
    if origin:
        return origin not in ours
    return "Sec-Fetch-Site" in request.headers


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
