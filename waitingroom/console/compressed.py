"""Answers of the pages packed with gzip: an operator's phone at the start of a sale is slow.

Packing beside a secret lets whoever can make a browser ask for pages with words of theirs in them,
and sees how long the answers are, guess the secret (BREACH, 2013). What another site makes a
browser ask for here is the log-in page, as the session's cookie is ``SameSite=Strict``; and the one
secret in a page, the token of its forms, is signed anew with each second.
The API is left alone: its ETags name a room's version, and not the bytes.
"""

import gzip

from flask import Flask, Response, request

PACKED = frozenset(
    {"text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"}
)
LEAST_BYTES = 1_000
"""Less travels in one packet anyway."""
EFFORT = 5
"""Of 9. A page of 50 rooms (36 kB) is a thousandth smaller with more, an eighth larger with 1."""


def register(app: Flask) -> None:
    """Pack what the application answers."""
    app.after_request(_packed)


def _packed(response: Response) -> Response:
    if response.mimetype not in PACKED or request.path.startswith("/api/"):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings.quality("gzip") or response.status_code != 200:
        return response
    response.direct_passthrough = False  # of the static files, which are small
    body = response.get_data()
    if len(body) >= LEAST_BYTES:
        response.set_data(gzip.compress(body, EFFORT, mtime=0))
        response.content_encoding = "gzip"
        if (tag := response.get_etag()[0]) is not None:
            response.set_etag(tag, weak=True)
    return response
