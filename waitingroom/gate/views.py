"""What is only looked at: the page, the page without JavaScript, the status document, files."""

from urllib.parse import quote

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from waitingroom.gate.context import Gate
from waitingroom.gate.http import NO_SNIFF, Refusal, Request, Response, redirect
from waitingroom.gate.rooms import KnownRoom

HTML_TYPE = (b"content-type", b"text/html; charset=utf-8")


def html_headers(known: KnownRoom | None, cache: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Headers of every page: nothing inline, nothing from elsewhere, in nobody's frame."""
    # Chromium applies form-action to where a post redirects to, so the shop's origins are in it.
    shops = " ".join(known.snapshot.origins) if known else ""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; form-action 'self' {shops}".rstrip()
        + "; frame-ancestors 'none'; base-uri 'none'"
    )
    return (
        HTML_TYPE,
        (b"cache-control", cache),
        (b"content-security-policy", policy.encode("ascii")),
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", b"DENY"),
        NO_SNIFF,
    )


def language_of(request: Request, known: tuple[str, ...]) -> str:
    """The best of our languages for this browser; English where it wants none of them."""
    wanted = parse_accept_header(request.header(b"accept-language"), LanguageAccept)
    return wanted.best_match(known, default=known[0]) or known[0]


async def choose_language(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """``GET /{room}``: on to the page in the browser's language, its query kept."""
    language = language_of(request, gate.pages.languages)
    query = request.scope["query_string"].decode("latin-1")
    kept = "?" + quote(query, safe="=&%+/:;,.-_~!*'()@$") if query else ""
    return redirect(f"/{known.snapshot.room}/{language}{kept}")


async def page(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """``GET /{room}/{lang}``: the same for everyone, so any cache may keep it for a moment."""
    language = request.path.rpartition("/")[2]
    body = gate.pages.page(known.snapshot, language)
    return Response(200, body, html_headers(known, b"public, max-age=0, s-maxage=5"))


async def status(_gate: Gate, _request: Request, known: KnownRoom) -> Response:
    """``GET /{room}/status.json``: ready-made twice a second."""
    return known.status


def static_file(gate: Gate, name: str) -> Response:
    """A stylesheet or script. Its address carries no version, so it is asked for again soon."""
    found = gate.pages.static(name)
    if found is None:
        raise Refusal(404, "not_found", "there is nothing here")
    body, content_type, etag = found
    headers = (
        (b"content-type", content_type.encode("ascii")),
        (b"cache-control", b"public, max-age=300"),
        (b"etag", etag.encode("ascii")),
        NO_SNIFF,
    )
    return Response(200, body, headers)
