"""One real system for the run, a real Chromium before it, and rooms of each test's own."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from consoles import LONG_NAME, PASSWORD
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from sales import ITEMS, Sale, Site, now_ms, room_of
from scenes import PHONE
from systems import lacking, working_folder
from visitors import PLAIN_HOST, SWITCHES, Visitor

from waitingroom.operators import Operator, Role, hashed
from waitingroom.store.client import Store

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHELL = "chromium-headless-shell"
"""The same engine without windows, menus and notifications: a page costs it a third."""
PATIENCE_MS = 15_000
_ROOMS = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--screenshots FOLDER``: picture every state of the pages there."""
    parser.addoption("--screenshots", metavar="FOLDER", help="picture every state of the pages")


@pytest.fixture(scope="package")
def chromium_path() -> str:
    """Where Chromium is; without one the tests that want it cannot run."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        lacking("no Chromium: the browser tests need one (Debian: apt-get install chromium)")
    return str(found)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What drives it. Its event loop runs in this thread until it stops, and no test of ours that
    has a loop of its own could run meanwhile: so it lasts no longer than a file.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """One Chromium for a file's tests; each visitor has a profile of their own in it. It is the
    shell if there is one, else the whole browser."""
    path = shutil.which(SHELL) or chromium_path
    made = playwright.chromium.launch(executable_path=path, args=SWITCHES)
    yield made
    made.close()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """``waitingroom up`` with the shop that comes along; each item stands behind its own room."""
    folder = working_folder(tmp_path_factory.mktemp("site"))
    del folder.env["WAITINGROOM_SHOP"]
    folder.env["WAITINGROOM_GATE_WORKERS"] = "2"
    pairs = [f"/items/{item}={room_of(item)}" for item in ITEMS]
    folder.env["WAITINGROOM_ROOMS"] = " ".join(["/=front", *pairs])
    try:
        run = folder.up()
        store = Store.connect(run.note["store_url"], timeout_s=10)
        made = Site(run, store)
        # At once: a guard asks ever less often after a room that is not there, and so tells late
        # of its first checkouts.
        for item in ITEMS:
            Sale.made(made, room_of(item), f"/items/{item}", {})
        yield made
        store.close()
    finally:
        folder.clean()


@pytest.fixture(scope="package")
def other_shop(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The shop once more, on another host than the gate: its origin."""
    with site.shop_on("localhost", tmp_path_factory.mktemp("other") / "shop.log") as origin:
        yield origin


@pytest.fixture(scope="package")
def items() -> Iterator[str]:
    """Items that no test has used yet."""
    return iter(ITEMS)


@pytest.fixture
def make_sale(site: Site, items: Iterator[str]) -> Callable[..., Sale]:
    """Makes a room: of the shop's next item with ``item=True``, else one that no shop stands
    behind. Open and with an order by arrival unless said otherwise."""

    def one(*, item: bool = False, **knobs: object) -> Sale:
        if item:
            slug = next(items)
            sale = Sale(site, room_of(slug), f"/items/{slug}")
            if knobs:
                sale.set(**knobs)
                sale.is_heard()
            return sale
        site.rooms.append(f"room-{next(_ROOMS)}")
        return Sale.made(site, site.rooms[-1], "/healthz", knobs)

    site.forgets()
    return one


@pytest.fixture
def come(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Brings a visitor: a browser profile of their own, watched. See :class:`Visitor`.

    At the end nothing may have gone wrong behind the test's back.
    """
    with ExitStack() as leaving:
        came: list[Visitor] = []

        def one(*, tolerates: tuple[int, ...] = (), **options: object) -> Visitor:
            context = browser.new_context(**({"locale": "en-GB"} | options))
            leaving.callback(context.close)
            came.append(Visitor(context, site.origins, tolerates))
            return came[-1]

        yield one
        for visitor in came:
            visitor.watch.is_content()


@pytest.fixture
def come_with_a_browser(
    playwright: Playwright, chromium_path: str, site: Site, tmp_path: Path
) -> Iterator[Callable[..., Visitor]]:
    """Brings a visitor with a whole browser, not only a profile, of their own: with notifications,
    windows and tabs that hide each other, and settings (``preferences``: Chromium's own)."""
    with ExitStack() as leaving:
        came: list[Visitor] = []

        def one(*, preferences: object = None, tolerates: tuple[int, ...] = ()) -> Visitor:
            folder = tmp_path / f"profile{len(came)}"
            (folder / "Default").mkdir(parents=True)
            if preferences is not None:
                (folder / "Default" / "Preferences").write_text(json.dumps(preferences))
            context = playwright.chromium.launch_persistent_context(
                folder, executable_path=chromium_path, args=SWITCHES, locale="en-GB"
            )
            leaving.callback(context.close)
            came.append(Visitor(context, site.origins, tolerates, folder))
            return came[-1]

        yield one
        for visitor in came:
            visitor.watch.is_content()


@pytest.fixture(scope="package")
def console(site: Site) -> Iterator[str]:
    """Where it is; an operator of each role is there."""
    for role in Role:
        site.store.accounts.add(Operator(role, role, hashed(PASSWORD), now_ms()), actor="test")
    site.store.accounts.add(
        Operator(LONG_NAME, Role.OPERATOR, hashed(PASSWORD), now_ms()), actor="test"
    )
    yield str(site.run.note["console_url"])
    for name in (*Role, LONG_NAME):
        site.store.accounts.remove(name, actor="test")


@pytest.fixture
def operator(browser: Browser, console: str) -> Iterator[Callable[..., Page]]:
    """Brings somebody to the console, logged in; their tab. Nothing may go wrong in it unseen."""
    with ExitStack() as leaving:
        came: list[Visitor] = []

        def one(
            name: str = Role.OPERATOR,
            to: str = "/",
            tolerates: tuple[int, ...] = (),
            **options: object,
        ) -> Page:
            context = browser.new_context(**({"viewport": PHONE, "has_touch": True} | options))
            leaving.callback(context.close)
            came.append(Visitor(context, [console, f"http://{PLAIN_HOST}"], tolerates))
            page = came[-1].opens(console + to).page
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            expect(page).to_have_url(console + to)
            return page

        yield one
        for visitor in came:
            visitor.watch.is_content()
