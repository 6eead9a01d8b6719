"""A visitor: a browser profile of its own, with a note of everything that must not happen."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
    expect,
)

PLAIN_HOST = "plain.test"
"""A host of this machine that browsers do not trust as they do 127.0.0.1: plain http."""
SWITCHES = [
    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""For Chromium: it runs as root in containers, and asks nobody but us."""
OF_AN_ANSWER = "Failed to load resource"
"""How the console says that an answer was an error; we note the answer itself."""


def hours_to_midday() -> int:
    """How far clocks are ahead of UTC where no day ends while a test lasts: pages show a time of
    another day with that day. Never none, since that zone has a name of its own."""
    return 12 - datetime.now(UTC).hour or 1


def zone_ahead(hours: int) -> str:
    """A time zone, by how far its clocks are ahead of UTC."""
    return f"Etc/GMT{-hours:+d}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and when it was made (monotonic seconds)."""

    method: str
    url: str
    at_s: float

    @property
    def path(self) -> str:
        """Without the query."""
        return urlsplit(self.url).path


@dataclass
class Watch:
    """What one visitor's browser did. ``tolerates``: statuses that are part of the test."""

    origins: Sequence[str]
    tolerates: tuple[int, ...] = ()
    asked: list[Asked] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def on(self, context: BrowserContext) -> None:
        """Begin."""
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", self._error)

    def _request(self, request: Request) -> None:
        self.asked.append(Asked(request.method, request.url, time.monotonic()))
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" not in self.origins:
            self.faults.append(f"somebody else was asked: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.tolerates:
            asked = f"{response.request.method} {response.url}"
            self.faults.append(f"{asked} was answered {response.status}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and OF_AN_ANSWER not in message.text:
            self.faults.append(f"the console says: {message.text}")

    def _error(self, error: WebError) -> None:
        self.faults.append(f"a script failed: {error.error}")

    def is_content(self) -> None:
        """Nothing happened that must not: no breach of the policy, no third party, no error."""
        assert not self.faults, "\n".join(self.faults)

    def times(self, method: str, end: str) -> list[float]:
        """When the paths that end so were asked."""
        return [one.at_s for one in self.asked if one.method == method and one.path.endswith(end)]

    def count(self, method: str, end: str) -> int:
        """How often they were."""
        return len(self.times(method, end))


class Visitor:
    """Somebody with a browser. ``watch`` goes by everything that it does.

    ``folder``: of the browser's profile, for who has a browser of their own.
    """

    def __init__(
        self,
        context: BrowserContext,
        origins: Sequence[str],
        tolerates: tuple[int, ...] = (),
        folder: Path | None = None,
    ) -> None:
        self.context = context
        self.folder = folder
        self.watch = Watch(origins, tolerates)
        self.watch.on(context)

    def opens(self, url: str) -> "Tab":
        """In a new tab."""
        tab = Tab(self.context.new_page())
        tab.page.goto(url)
        return tab

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """All processes of the browser stand still, as on a laptop that is closed."""
        found = [
            process
            for process in psutil.process_iter(["cmdline"])
            if f"--user-data-dir={self.folder}" in (process.info["cmdline"] or [])
        ]
        main = min(found, key=lambda process: process.create_time())
        processes = [main, *main.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()


@dataclass(eq=False)
class Tab:
    """A tab with the gate's page in it, or the shop's."""

    page: Page

    def text(self, part: str) -> str:
        """What stands in a part of the page now."""
        return self.page.locator(f"#{part}").inner_text()

    def shows(self, state: str) -> None:
        """Wait for a state of the page."""
        expect(self.page.locator("#card")).to_have_class(re.compile(rf"^{state}( away)?$"))

    def says(self, part: str, text: str | re.Pattern[str]) -> None:
        """Wait until a part of the page contains ``text``."""
        expect(self.page.locator(f"#{part}")).to_contain_text(text)

    def has_big(self, text: str | re.Pattern[str]) -> None:
        """Wait until the large figure is exactly this."""
        expect(self.page.locator("#big")).to_have_text(text)

    def arrives(self, url: str) -> None:
        """Wait until the tab is there, loaded."""
        self.page.wait_for_url(url)

    @property
    def number(self) -> int:
        """The own number, once there is one."""
        self.says("number dd", re.compile(r"\d"))
        return int(self.text("number dd").replace(",", ""))

    @property
    def ahead(self) -> int:
        """People ahead, as shown now."""
        figure = self.text("big").replace(",", "")
        return int(figure) if figure.isdigit() else 0

    def until(self, script: str, value: object = None) -> None:
        """Wait until ``script`` is true in the page. (Playwright's own way evaluates text there,
        which the page's policy forbids.)"""
        for _ in range(300):
            if self.page.evaluate(script, value):
                return
            self.wait(0.05)
        raise AssertionError(f"never true: {script}")

    def wait(self, seconds: float) -> None:
        """Let the browser go on for a while."""
        self.page.wait_for_timeout(seconds * 1000)
