"""A gate of scenes: every state in every language, for who looks after a room. A WSGI app.

It needs no store and hands nothing out. It renders with what the gate renders with, and carries the
same headers; the console can mount it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from werkzeug.wrappers import Request, Response

from waitingroom.gate.assets import Asset
from waitingroom.gate.languages import LANGUAGES
from waitingroom.gate.pace import Pace
from waitingroom.gate.pages import Pages
from waitingroom.gate.plain import Notice
from waitingroom.gate.privacy import kept
from waitingroom.gate.scenes import CODE, SCENES, WAIT_MS, Answer, snapshot_of, ticket_of, view_of
from waitingroom.gate.status import document
from waitingroom.gate.stylesheet import stylesheet
from waitingroom.gate.views import html_headers
from waitingroom.gate.wait import GONE
from waitingroom.model import Snapshot

Start = Callable[..., Any]
Headers = Iterable[tuple[bytes, bytes]]
PACE = Pace(60)
NO_STORE = (b"cache-control", b"no-store")


class Preview:
    """The application. ``look``: a room whose title, message and brand the scenes have; ``logo``:
    its picture. ``clock``: now, in milliseconds. ``back``: where its first page leads back to.
    """

    def __init__(
        self,
        pages: Pages,
        clock: Callable[[], int],
        look: Snapshot | None = None,
        logo: bytes = b"",
        back: str = "",
    ) -> None:
        self._pages = pages
        self._clock = clock
        self._look = look
        self._logo = logo
        self._back = back

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """One request."""
        request = Request(environ)
        body, status, headers = self._answer(request)
        found = Response(body, status)
        found.headers.clear()
        for name, value in headers:
            found.headers.add(name.decode("ascii"), value.decode("latin-1"))
        return found(environ, start)

    def _answer(self, request: Request) -> tuple[bytes, int, Headers]:
        first, _, rest = request.path.lstrip("/").partition("/")
        if not first:
            shown = request.args.get("lang", LANGUAGES[0])
            return self._index(shown) if shown in LANGUAGES else _nothing()
        if first == "static":
            return _file(self._pages.static(rest))
        if first not in SCENES:
            return _nothing()
        snapshot = snapshot_of(first, self._look, self._clock())
        if request.method == "GET":
            return self._shown(first, rest, snapshot)
        return _json(self._told(first, request.method, rest, snapshot))

    def _shown(self, name: str, rest: str, snapshot: Snapshot) -> tuple[bytes, int, Headers]:
        if rest == "status.json":
            return self._status(name, snapshot)
        lang, _, part = rest.partition("/")
        if rest in ("brand.css", "logo") or part == "words.json":
            return _file(self._belonging(rest, lang, snapshot))
        page = self._page(name, lang, part, snapshot) if lang in LANGUAGES else None
        return _nothing() if page is None else (page, 200, html_headers(None, b"no-store"))

    def _status(self, name: str, snapshot: Snapshot) -> tuple[bytes, int, Headers]:
        if SCENES[name].away:
            return _json((503, {"error": "store_down", "retry_after_ms": WAIT_MS}))
        body = document(snapshot, PACE, stale=SCENES[name].stale)
        return body, 200, ((b"content-type", b"application/json"), NO_STORE)

    def _belonging(self, rest: str, lang: str, snapshot: Snapshot) -> Asset | None:
        logo = snapshot.brand.logo
        if rest == "brand.css":
            return stylesheet(snapshot.brand)
        if rest == "logo":
            return Asset(self._logo, logo.content_type, logo.etag) if logo else None
        return self._pages.rest(snapshot, lang) if lang in LANGUAGES else None

    def _page(self, name: str, lang: str, part: str, snapshot: Snapshot) -> bytes | None:
        if part == "privacy":
            return self._pages.privacy(snapshot, lang, kept(snapshot, secure=True))
        if part == "" and SCENES[name].script:
            return self._pages.page(snapshot, lang)
        view = view_of(name, snapshot)
        if part != "plain" or view is None:
            return None
        if isinstance(view, Notice):
            room = None if view is Notice.NO_SUCH_ROOM else snapshot
            code = CODE if view in GONE.values() else ""
            return self._pages.notice(view, room, lang, retry_s=WAIT_MS // 1000, code=code)
        return self._pages.wait(view, lang)

    def _told(self, name: str, method: str, rest: str, snapshot: Snapshot) -> Answer:
        if (method, rest) == ("POST", "ticket"):
            return ticket_of(name, snapshot)
        if (method, rest) == ("POST", "pass") and (knock := SCENES[name].knock):
            return knock
        if method == "DELETE":
            return 200, {}
        return 409, {"error": "not_called", "message": "", "retry_after_ms": WAIT_MS}

    def _index(self, shown: str) -> tuple[bytes, int, Headers]:
        scenes = [
            (name, scene.shows, scene.script, view_of(name, self._scene(name)) is not None)
            for name, scene in SCENES.items()
        ]
        first = self._scene(next(iter(SCENES)))
        body = self._pages.index(
            scenes, shown, first if self._look else replace(first, title="A new room"), self._back
        )
        return body, 200, html_headers(None, b"no-store")

    def _scene(self, name: str) -> Snapshot:
        return snapshot_of(name, self._look, self._clock())


def _json(answer: Answer) -> tuple[bytes, int, Headers]:
    status, value = answer
    return _encoded(value), status, ((b"content-type", b"application/json"), NO_STORE)


def _encoded(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()


def _file(found: Asset | None) -> tuple[bytes, int, Headers]:
    if found is None:
        return _nothing()
    return found.body, 200, ((b"content-type", found.content_type.encode("ascii")), NO_STORE)


def _nothing() -> tuple[bytes, int, Headers]:
    return _json((404, {"error": "not_found", "message": "there is nothing here"}))
