"""What is only looked at, and the same for everyone: the page, the status document, files."""

from urllib.parse import quote

from werkzeug.http import parse_etags, quote_etag

from waitingroom.gate import languages
from waitingroom.gate.assets import Asset
from waitingroom.gate.context import Gate
from waitingroom.gate.http import NO_SNIFF, Refusal, Response, redirect
from waitingroom.gate.pages import content_security_policy
from waitingroom.gate.request import Request
from waitingroom.gate.rooms import KnownRoom

HTML_TYPE = (b"content-type", b"text/html; charset=utf-8")
KEPT_FOR_GOOD = b"public, max-age=31536000, immutable"
KEPT_FOR_A_MOMENT = b"public, max-age=60"
NOT_KEPT = b"no-store"


def html_headers(known: KnownRoom | None, cache: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Headers of every page: nothing inline, nothing from elsewhere, in nobody's frame."""
    policy = content_security_policy(known.snapshot.origins if known else ())
    return (
        HTML_TYPE,
        (b"cache-control", cache),
        (b"content-security-policy", policy.encode("ascii")),
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", b"DENY"),
        (b"x-robots-tag", b"noindex"),
        NO_SNIFF,
    )


def language_of(request: Request) -> str:
    """The best of our languages for this browser."""
    return languages.choose(request.header(b"accept-language"))


async def choose_language(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """``GET /{room}``: on to the page in the browser's language, its query kept."""
    language = language_of(request)
    query = request.scope["query_string"].decode("latin-1")
    kept = "?" + quote(query, safe="=&%+/:;,.-_~!*'()@$") if query else ""
    return redirect(f"{gate.prefix}/{known.snapshot.room}/{language}{kept}")


async def page(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """``GET /{room}/{lang}``: the same for everyone, so any cache may keep it for a moment."""
    gate.refuse_framed(request)
    language = request.path.rpartition("/")[2]
    body = gate.pages.page(known.snapshot, language)
    return Response(200, body, html_headers(known, b"public, max-age=0, s-maxage=5"))


async def status(_gate: Gate, _request: Request, known: KnownRoom) -> Response:
    """``GET /{room}/status.json``: ready-made twice a second."""
    return known.status


def static_file(gate: Gate, request: Request, name: str) -> Response:
    """A stylesheet, script or picture of ours."""
    found = gate.pages.static(name)
    if found is None:
        raise Refusal(404, "not_found", "there is nothing here")
    return file(request, found)


async def words(gate: Gate, request: Request, known: KnownRoom) -> Response:
    """``GET /{room}/{lang}/words.json``: what the page's script reads when it needs it."""
    return file(request, gate.pages.rest(known.snapshot, request.path.split("/")[2]))


def file(request: Request, found: Asset, *more: tuple[bytes, bytes]) -> Response:
    """A file of ours: kept for good where the address names its content, a moment where it names
    none.

    Not at all where it names another: while a new version is rolled out this worker may be asked
    for what it does not have, and what it has must not be kept under that address.
    """
    named = request.query.get("v")
    kept = KEPT_FOR_GOOD if named == found.etag else NOT_KEPT if named else KEPT_FOR_A_MOMENT
    headers = (
        (b"cache-control", kept),
        (b"etag", quote_etag(found.etag).encode("ascii")),
        NO_SNIFF,
        *more,
    )
    if parse_etags(request.header(b"if-none-match")).contains_weak(found.etag):
        return Response(304, b"", headers)
    return Response(200, found.body, ((b"content-type", found.content_type.encode()), *headers))
