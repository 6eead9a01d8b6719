"""The shopper's pages, rendered to bytes: pure, from finished values.

``page`` is the same for everyone and may be cached. ``wait`` and ``notice`` are one shopper's own,
for browsers that run no script, and must not be. The script and the stylesheet are ``static``.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from waitingroom.gate.catalog import Catalog, fill
from waitingroom.gate.plain import Notice, WaitState, WaitView
from waitingroom.model import Phase, Snapshot

LANGUAGES = ("en",)
_HERE = Path(__file__).parent
_CONTENT_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
_MOST_KEPT = 256
"""Rendered pages kept: each is about 10 kB, one for each room, language and phase."""
_OVER = frozenset({Phase.CLOSED, Phase.DRAINING})


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file. ``etag``: of its content, without quotes; page URLs carry it as ``?v=``."""

    body: bytes
    content_type: str
    etag: str


def content_security_policy(origins: Iterable[str] = ()) -> str:
    """The header that all our pages carry: only our own files, nothing inline, in no frame.

    ``origins``: the room's shops. Chromium holds the redirect that answers a form to
    ``form-action``, and without JavaScript the way into the shop is such a redirect.
    """
    shops = "".join(f" {origin}" for origin in origins if _ORIGIN.fullmatch(origin))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'; form-action 'self'{shops}; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _templates_folder() -> Path:
    """In a wheel the templates travel inside the package; in a checkout they lie beside it."""
    packaged = _HERE.parent / "templates" / "gate"
    return packaged if packaged.is_dir() else _HERE.parents[1] / "templates" / "gate"


def _read_asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, _CONTENT_TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12])


class Pages:
    """Everything that a shopper's browser shows. Built once; reads files only while it is built
    and at the first use of a template. ``prefix``: what stands before ``/{room}``, "" for none.
    """

    languages: tuple[str, ...] = LANGUAGES

    def __init__(self, *, prefix: str = "") -> None:
        self._prefix = prefix
        self._static = {
            path.name: _read_asset(path)
            for path in (_HERE / "static").iterdir()
            if path.suffix in _CONTENT_TYPES
        }
        self._catalogs = {lang: Catalog(lang) for lang in LANGUAGES}
        self._environments = {
            lang: self._environment(catalog) for lang, catalog in self._catalogs.items()
        }
        self._kept: dict[tuple[object, ...], bytes] = {}

    def static(self, name: str) -> Asset | None:
        """The file ``name`` (no folders), or None."""
        return self._static.get(name)

    def page(self, snapshot: Snapshot, lang: str) -> bytes:
        """``GET /{room}/{lang}``: holds nothing of any one shopper, and is kept until it changes."""
        opens_at_ms = 0 if snapshot.opened_at_ms else snapshot.opens_at_ms
        # fmt: off
        key = (snapshot.room, lang, snapshot.phase, opens_at_ms, snapshot.title, snapshot.message,
               snapshot.draw, snapshot.commitment)
        # fmt: on
        if key not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = self._render_page(snapshot, lang, opens_at_ms)
        return self._kept[key]

    def _render_page(self, snapshot: Snapshot, lang: str, opens_at_ms: int) -> bytes:
        over = snapshot.phase in _OVER
        values = {
            "kind": snapshot.phase.value if over else "loading",
            "phase": snapshot.phase.value,
            "opens": self._catalogs[lang].moment(opens_at_ms, 0) if opens_at_ms else "",
            "joins": not over,
            "shuffled": snapshot.draw == "shuffle",
            "commitment": snapshot.commitment,
        }
        return self._render("page.html", snapshot, lang, values)

    def wait(self, view: WaitView, lang: str) -> bytes:
        """``GET /{room}/wait``: one shopper's place, which asks again by itself."""
        values = {
            "kind": view.state.value,
            "values": self._fillings(view, lang),
            "big": self._big(view, lang),
            "figures": self._figures(view, lang),
            "share": self._share(view),
            "enter": view.state in (WaitState.CALLED, WaitState.DOOR, WaitState.FULL),
            "leave": view.state not in (WaitState.CLOSED, WaitState.DRAINING),
            "refresh_s": view.refresh_s,
            "still": view.still,
            "to": view.to,
            "query": self._query(view.to),
        }
        return self._render("wait.html", view.snapshot, lang, values)

    def notice(
        self,
        kind: Notice,
        snapshot: Snapshot | None,
        lang: str,
        *,
        retry_s: int = 0,
        to: str = "",
    ) -> bytes:
        """A page that says why there is no place, and what helps. ``retry_s``: 0 where unknown.

        ``snapshot``: None where there is no room, or none is known; then nothing can be pressed.
        """
        catalog = self._catalogs[lang]
        when = {}
        if snapshot is not None and snapshot.opens_at_ms:
            at = catalog.moment(snapshot.opens_at_ms, snapshot.now_ms)
            when = {"when": fill(catalog.gettext("The sale opens at {time}."), {"time": at})}
        values = {
            "kind": kind.value,
            "values": {"span": catalog.span(retry_s, retry_s)} | when,
            "new_place": kind.offers_a_new_place and snapshot is not None,
            "ask_again": kind.asking_again_helps and snapshot is not None,
            "knock": kind is Notice.BOUNCED and snapshot is not None,
            "to": to,
        }
        return self._render("notice.html", snapshot, lang, values)

    def _fillings(self, view: WaitView, lang: str) -> dict[str, str]:
        """What the sentences of a state name in braces."""
        catalog, room = self._catalogs[lang], view.snapshot
        found = {"reason": room.pause_reason or catalog.gettext("The organisers have paused the line.")}
        if view.range_s:
            low_s, high_s = view.range_s
            found["span"] = catalog.span(low_s, high_s)
            found["time"] = catalog.between(room.now_ms, low_s, high_s)
        elif view.retry_s:
            found["span"] = catalog.span(view.retry_s, view.retry_s)
        if room.opens_at_ms:
            found["when"] = catalog.moment(room.opens_at_ms, room.now_ms)
        return found
