"""What shoppers may need to see a page by, and whether it gives them that."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from werkzeug.serving import make_server

from waitingroom import clock
from waitingroom.gate.pages import Pages
from waitingroom.gate.preview import Preview
from waitingroom.model import Snapshot

SCHEMES = ("light", "dark")
MOVING = "document.getAnimations().some((one) => one.effect.getTiming().iterations == Infinity)"
EVERYTHING = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@contextmanager
def previewed(look: Snapshot | None = None, logo: bytes = b"") -> Iterator[str]:
    """``waitingroom preview`` on a free port: its address. ``look``, ``logo``: a room's brand."""
    app = Preview(Pages(), clock.now_ms, look, logo)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def is_open_to_all(page: Page, name: str = "") -> None:
    """No finding of axe in either scheme; nothing moves for who wants nothing to move."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        rules = {"runOnly": EVERYTHING if scheme == SCHEMES[0] else ["color-contrast"]}
        found = Axe().run(page, options={"resultTypes": ["violations"], **rules})
        assert not found.violations_count, f"{name} {scheme}: {found.generate_report()}"
        assert not page.evaluate(MOVING)


def opens_all(page: Page) -> None:
    """Every panel, and what it shows then."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")


def too_wide(page: Page) -> list[str]:
    """What is wider than its place, so that a word is cut off or the window scrolls sideways."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('html, #card, #card *, section *, footer *, nav *')]
          .filter((one) => getComputedStyle(one).display != 'inline')
          .filter((one) => one.scrollWidth > one.clientWidth + 1)
          .map((one) => one.id || one.tagName)"""
    )
    return found


def broken_figures(page: Page) -> list[str]:
    """Numbers and times that go on in another line, and so read as others."""
    found: list[str] = page.evaluate(
        """() => {
          const FIGURE = /\\d[\\d.,:–\\u00a0\\u202f\\u2060]*/g;
          return [...document.querySelectorAll('#big, #lead, dd')]
          .filter((one) => one.checkVisibility() && one.firstChild)
          .flatMap(({ firstChild: text }) => [...text.data.matchAll(FIGURE)]
            .filter(({ 0: { length }, index }) => {
              const range = document.createRange();
              range.setStart(text, index);
              range.setEnd(text, index + length);
              const lines = [...range.getClientRects()].map(({ top }) => Math.round(top));
              return new Set(lines).size > 1;
            }).map(([figure]) => figure)); }"""
    )
    return found


def out_of_reach(page: Page) -> list[str]:
    """What has words or can be pressed, and yet is not seen when it is scrolled to: too small,
    beside the window, cut off by what it stands in, or under something else."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(
            'h1, h2, header p, main p, dt, dd, li, summary, label, code, button, a, input, select')]
          .filter((one) => one.checkVisibility() && !one.closest('#polite, #alert'))
          .filter((one) => one.matches('input, select') || one.textContent.trim())
          .filter((one) => {
            one.scrollIntoView({ block: 'center', behavior: 'instant' });
            const [box] = one.getClientRects();
            const { left, right, top, bottom, width, height } = box;
            if (width < 5 || height < 5 || left < 0 || right > innerWidth) return true;
            const middle = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
            const seen = document.elementFromPoint((left + right) / 2, middle);
            return !seen || !(one.contains(seen) || seen.contains(one));
          })
          .map((one) => one.id || `${one.tagName}: ${one.textContent}`)"""
    )
    return found
