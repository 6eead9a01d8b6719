"""What a request says about itself: where it is, who asks, and which credentials it carries. Pure.

The headers read here choose the form of a refusal and the way back after it. None of them decides
whether a pass is needed.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_cookie
from werkzeug.wsgi import get_host

from waitingroom.links import split_handover
from waitingroom.request_ids import ENVIRON_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LONGEST_WAY_BACK = 2_000
"""Bytes. Proxies in front of a shop allow 4 to 8 kB of headers, and ``to`` is encoded again."""

_PATH_LETTERS = "/:@!$&'()*+,;=-._~"
_UNFIT = re.compile(r"[\x00-\x20\x7f-\uffff]")
"""What no client may write in an address, and no server can write in a header."""
_FOREIGN = re.compile(r"[^\x00-\x7f]")
"""Other software on the same host may set cookies in any encoding. Ours are ASCII."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, read as far as it is asked: most have a good pass, and need nothing more.

    ``shop``: the shop's own origin, or "". ``query`` is as it came, byte for byte, but for
    handovers; ``handover`` is the first of them.
    """

    environ: "WSGIEnvironment"
    shop: str
    query: str
    handover: str | None
    cookies: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, environ: "WSGIEnvironment", shop: str = "") -> "Visit":
        """Read a WSGI request."""
        handover, query = split_handover(environ.get("QUERY_STRING", ""))
        cookies = parse_cookie(_FOREIGN.sub("?", environ.get("HTTP_COOKIE", "")))
        return cls(environ, shop, query, handover, tuple(cookies.items(multi=True)))

    @property
    def method(self) -> str:
        """As the server has it; no header changes it."""
        return str(self.environ.get("REQUEST_METHOD", "GET"))

    @property
    def request_id(self) -> str:
        """As the guard, or whoever stands before it, has named it."""
        return str(self.environ.get(ENVIRON_KEY, ""))

    @property
    def origin(self) -> str:
        """The shop's own, else scheme and host as the server (or a ProxyFix) has them, or ""."""
        if self.shop:
            return self.shop
        host = get_host(self.environ)
        return f"{self.environ['wsgi.url_scheme']}://{host}" if host else ""

    @property
    def secure(self) -> bool:
        """Whether the shopper's side is https."""
        return self.origin.startswith("https:")

    @property
    def safe(self) -> bool:
        """Whether asking again does no harm."""
        return self.method in ("GET", "HEAD")

    @property
    def url(self) -> str:
        """This page's address without the handover: absolute, or a path where no host is known."""
        return self._at(self._path, self._fit_query)

    @property
    def bearer(self) -> list[str]:
        """The token that an app shows as a bearer; it may be one of the shop's own."""
        scheme, _, token = str(self.environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
        return [token.strip()] if scheme.lower() == "bearer" and token else []

    def cookie(self, name: str) -> list[str]:
        """Every value that came under ``name``."""
        return [value for found, value in self.cookies if found == name]

    def way_back(self, prefix: str) -> str:
        """Where the shopper should land once they have a pass: a page that is safe to GET.

        This page; after a form, the page with the form (``Referer``), if it is one of ours; else,
        and where the address is too long, the beginning of the room (``prefix``).
        """
        candidates = [self.url, self._at(self._path, "")] if self.safe else self._form_page()
        start = self._at(self._root + _encoded(prefix), "")
        return next((url for url in candidates if len(url) <= LONGEST_WAY_BACK), start)

    def _form_page(self) -> list[str]:
        origin, referrer = self.origin, self.environ.get("HTTP_REFERER", "")
        try:
            page = urlsplit(referrer)
        except ValueError:
            return []
        ours = origin and f"{page.scheme}://{page.netloc}" == origin
        if not ours or _UNFIT.search(referrer):
            return []
        return [self._at(page.path or "/", split_handover(page.query)[1])]

    @property
    def navigates(self) -> bool:
        """Whether somebody is looking at a page that this request would replace.

        Browsers say so (``Sec-Fetch-Mode``); where nothing is said, a client that likes HTML
        better than JSON is taken for one. ``*/*`` is not: that is what programs send.
        """
        if self.method not in ("GET", "HEAD", "POST"):
            return False
        mode = self.environ.get("HTTP_SEC_FETCH_MODE")
        if mode is not None:
            return bool(mode == "navigate")
        accept = parse_accept_header(self.environ.get("HTTP_ACCEPT", ""), MIMEAccept)
        return accept.quality("text/html") > accept.quality("application/json")

    @property
    def _root(self) -> str:
        return _encoded(self.environ.get("SCRIPT_NAME", ""))

    @property
    def _path(self) -> str:
        path = _encoded(self.environ.get("PATH_INFO", ""))
        # Some servers take a proxy's `GET http://host/x` for a path: it must not add to our host.
        return self._root + (path if path.startswith("/") else f"/{path}")

    @property
    def _fit_query(self) -> str:
        return _UNFIT.sub(lambda found: f"%{ord(found[0]):02X}", self.query)

    def _at(self, path: str, query: str) -> str:
        # Without an origin a path that begins with two slashes would name another host.
        origin = self.origin
        place = origin + path if origin else "/" + path.lstrip("/")
        return f"{place}?{query}" if query else place


def _encoded(path: str) -> str:
    """A path as WSGI has it (decoded, shown as latin-1), encoded for an address again."""
    return quote(path.encode("latin-1", "replace"), safe=_PATH_LETTERS)
