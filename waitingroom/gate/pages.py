"""The shopper's pages, rendered to bytes: pure, from finished values.

``page`` is the same for everyone and may be cached. ``wait`` and ``notice`` are one shopper's own,
for browsers that run no script, and must not be. The script and the stylesheet are ``static``.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from waitingroom.brand import said_in, zone_of
from waitingroom.gate.assets import Asset, asset, read_assets
from waitingroom.gate.catalog import Catalog, fill
from waitingroom.gate.languages import LANGUAGES, translations
from waitingroom.gate.plain import Notice, WaitView
from waitingroom.gate.stylesheet import stylesheet
from waitingroom.gate.values import news, opens_in, page_values, query, wait_values
from waitingroom.gate.wording import at_once, because, later, rows
from waitingroom.model import Brand, Snapshot

log = logging.getLogger("waitingroom.gate")
_HERE = Path(__file__).parent
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
_SPARED = (
    (re.compile(rb">\n+<"), rb"><"),
    (re.compile(rb'( [\w-]+)="([\w/.:#-]+)"'), rb"\1=\2"),
    (re.compile(rb"</p>(?=</?(?:p|h2|div|dl|details|form|main|section|footer)\b)"), b""),
    (re.compile(rb"</?(?:head|body)>|</html>$"), b""),
)
"""What only a reader of the templates needs: line ends (a space that is seen is written as one),
quotes around a plain word, tags that another element makes plain. Texts of operators have no quotes
to lose: they are escaped."""
_MOST_KEPT = 256
"""Rendered pages kept: each is about 10 kB, one for each room, language and phase."""
_ID = re.compile(r'\sid="?([\w-]+)')


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept for ``seconds``. ``name``: a cookie's, "" where it is none."""

    kind: str
    name: str
    seconds: int


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


class Pages:
    """Everything that a shopper's browser shows. Built once; reads files only while it is built
    and at the first use of a template. ``prefix``: what stands before ``/{room}``, "" for none.
    ``templates``: an operator's folder, whose templates come before ours of the same name.
    """

    languages: tuple[str, ...] = LANGUAGES

    def __init__(self, *, prefix: str = "", templates: Path | None = None) -> None:
        self._prefix = prefix
        self._static = read_assets()
        self._voices: dict[tuple[str, Brand], Catalog] = {}
        self._kept: dict[tuple[object, ...], bytes] = {}
        self._ours = self._environment(_templates_folder())
        self._own = self._environment(templates, _templates_folder()) if templates else None
        self._broken: set[str] = set()
        self._whole: set[str] = set()

    def static(self, name: str) -> Asset | None:
        """The file ``name`` (no folders), or None."""
        return self._static.get(name)

    def page(self, snapshot: Snapshot, lang: str) -> bytes:
        """``GET /{room}/{lang}``: nothing of any one shopper; kept until the room changes."""
        key = (
            *(snapshot.room, lang, snapshot.phase, snapshot.opens_at_ms, snapshot.title),
            *(snapshot.message, snapshot.draw, snapshot.commitment, snapshot.brand),
            snapshot.reason,
        )
        if key not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            values = page_values(snapshot) | {"rest": self.rest(snapshot, lang).etag}
            html = self._render("page.html", snapshot, lang, values)
            for spare, left in _SPARED:
                html = spare.sub(left, html)
            self._kept[key] = html
        return self._kept[key]

    def rest(self, snapshot: Snapshot, lang: str) -> Asset:
        """``GET /{room}/{lang}/words.json``: the words of the states that the page came without."""
        text = self._filled("words.json", _words_of(self._voice(lang, snapshot.brand)))
        return asset(text, "application/json")

    def wait(self, view: WaitView, lang: str) -> bytes:
        """``GET /{room}/wait``: one shopper's place, on a page that asks again by itself."""
        values = wait_values(view, self._voice(lang, view.snapshot.brand))
        return self._render("wait.html", view.snapshot, lang, values)

    def notice(
        self,
        kind: Notice,
        snapshot: Snapshot | None,
        lang: str,
        *,
        retry_s: int = 0,
        refresh_s: int = 0,
        to: str = "",
        code: str = "",
    ) -> bytes:
        """A page that says why there is no place, and what helps. ``retry_s``: 0 where unknown.

        ``refresh_s``: when the page asks again by itself, 0 for never. ``snapshot``: None where no
        room is known; then there is nothing to press. ``code``: of the place that there was.
        """
        catalog = self._voice(lang, snapshot.brand if snapshot else Brand())
        values = {
            "kind": kind.value,
            "opens_in": opens_in(snapshot, catalog),
            "span": catalog.span(retry_s, retry_s),
            "new_place": kind.offers_a_new_place,
            "ask_again": kind.asking_again_helps,
            "knock": kind is Notice.BOUNCED,
            "figures": {"code": code} if code else {},
            "refresh_s": refresh_s,
            "to": to,
            "query": query(to),
            "news": news(snapshot, catalog),
        }
        return self._render("notice.html", snapshot, lang, values)

    def privacy(self, snapshot: Snapshot, lang: str, kept: Sequence[Kept]) -> bytes:
        """``GET /{room}/{lang}/privacy``: what is kept, and for how long."""
        catalog = self._voice(lang, snapshot.brand)
        values = {
            "cookies": {one.kind: one.name for one in kept},
            "spans": {one.kind: catalog.span(one.seconds, one.seconds) for one in kept},
        }
        return self._render("privacy.html", snapshot, lang, values)

    def index(
        self,
        scenes: Sequence[tuple[str, str, bool, bool]],
        shown: str,
        look: Snapshot,
        back: str = "",
    ) -> bytes:
        """What ``waitingroom preview`` begins with, leading to pages in the language ``shown``.

        ``scenes``: name, what it shows, whether there is a page with a script, and without.
        """
        values = {"scenes": scenes, "shown": shown, "languages": LANGUAGES}
        values |= {"home": self._prefix, "back": back}
        return self._render("preview.html", look, LANGUAGES[0], values)

    def _render(
        self, template: str, snapshot: Snapshot | None, lang: str, values: Mapping[str, object]
    ) -> bytes:
        """Fill ``template`` with what every page has, and ``values``."""
        catalog = self._voice(lang, snapshot.brand if snapshot else Brand())
        shared = _words_of(catalog) | {"title": catalog.gettext("Waiting room")}
        if snapshot is not None:
            shared |= self._branded(snapshot)
            shared |= {
                "room": snapshot.room,
                "base": f"{self._prefix}/{snapshot.room}",
                "title": snapshot.title or snapshot.room,
                "message": snapshot.message,
                "opens": catalog.moment(snapshot.opens_at_ms) if snapshot.opens_at_ms else "",
                "method": snapshot.draw.value,
            }
        return self._filled(template, shared | dict(values)).encode()

    def _filled(self, template: str, values: Mapping[str, object]) -> str:
        """``template`` with ``values``; the operator's own, or ours where theirs does not work."""
        if self._own is not None:
            try:
                text = self._own.get_template(template).render(values)
                self._check(template, text, values)
                return text
            except Exception:
                # Whatever is wrong with it: a crowd is at the door, and ours are at hand.
                if template not in self._broken:
                    log.exception(
                        "your template %s does not work; ours is used instead",
                        template,
                        extra={"event": "template_unusable"},
                    )
                self._broken.add(template)
        return self._ours.get_template(template).render(values)

    def _check(self, template: str, text: str, values: Mapping[str, object]) -> None:
        """Raise LookupError where an operator's ``text`` lacks an element that ours has: without it
        the script stops, and nobody is let in. Looked at once, at the first use of a template.
        """
        if template in self._whole:
            return
        ours = self._ours.get_template(template).render(values)
        if lacking := set(_ID.findall(ours)) - set(_ID.findall(text)):
            raise LookupError(f"it has no element of the id {', '.join(sorted(lacking))}")
        self._whole.add(template)

    def _voice(self, lang: str, brand: Brand) -> Catalog:
        """The words of ``lang``, with what an operator says instead."""
        key = (lang, brand)
        if key not in self._voices:
            if len(self._voices) >= _MOST_KEPT:
                self._voices.clear()
            self._voices[key] = Catalog(
                lang, translations(lang), said=said_in(brand, lang), zone=zone_of(brand.time_zone)
            )
        return self._voices[key]

    def _branded(self, snapshot: Snapshot) -> dict[str, object]:
        """Addresses of what a room's operator added to its pages."""
        base, brand = f"{self._prefix}/{snapshot.room}", snapshot.brand
        return {
            "links": brand.links,
            "style": f"{base}/brand.css?v={style.etag}" if (style := stylesheet(brand)) else "",
            "logo": f"{base}/logo?v={brand.logo.etag}" if brand.logo else "",
        }

    def _environment(self, *folders: Path) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals["asset"] = self._asset_url
        environment.filters["fill"] = fill
        environment.filters["because"] = because
        environment.filters["rows"] = rows
        environment.filters["at_once"] = at_once
        environment.filters["later"] = later
        environment.policies["json.dumps_kwargs"] = {
            "ensure_ascii": False,
            "separators": (",", ":"),
        }
        return environment

    def _asset_url(self, name: str) -> str:
        return f"{self._prefix}/static/{name}?v={self._static[name].etag}"


def _words_of(catalog: Catalog) -> dict[str, object]:
    """What every template is filled with, whatever it is about."""
    return {
        "lang": catalog.lang,
        "dir": catalog.direction,
        "_": catalog.gettext,
        "ngettext": catalog.ngettext,
        **{"links": (), "style": "", "logo": ""},
        "percent": catalog.percent,
    }
