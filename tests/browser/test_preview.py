"""Every state in every language, in a real Chromium: what ``waitingroom preview`` serves."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eyes import previewed, too_wide
from playwright.sync_api import Browser, Page, expect

from waitingroom.colours import SCHEMES, ratio
from waitingroom.gate.languages import LANGUAGES, translations
from waitingroom.gate.plain import Notice
from waitingroom.gate.scenes import SCENES, snapshot_of, view_of

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
SHOWN = {"en": "en-GB", "zh-Hans": "zh-CN", "hi": "hi-IN", "vi": "vi-VN"}
IN_TURN = [
    lang if lang in ("pl", "hi") else pytest.param(lang, marks=pytest.mark.long)
    for lang in LANGUAGES
]
"""All of them, the longest words and the tallest letters with every change."""
ENGLISH_CHIPS = ("Welcome", "In line", "Your turn", "Paused", "Stopped", "Closed", "Ending")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A preview of no room."""
    with previewed() as address:
        yield address


@pytest.fixture
def look(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens tabs in a given language, and sees to it that nothing went wrong in them."""
    wrong: list[str] = []
    contexts = []

    def one(lang: str, *, script: bool = True, zone: str = "Asia/Kolkata") -> Page:
        locale = SHOWN.get(lang, lang)
        context = browser.new_context(
            base_url=address,
            locale=locale,
            timezone_id=zone,
            java_script_enabled=script,
            viewport=NARROW,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        return page

    yield one
    for context in contexts:
        context.close()
    assert not wrong


def hex_of(colour: str) -> str:
    """#rrggbb, of what a browser computes: rgb(r, g, b)."""
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


@pytest.mark.parametrize("lang", IN_TURN)
def test_every_state_is_shown_by_the_pages_own_script_in_every_language(
    look: Callable[..., Page], lang: str
) -> None:
    """The state, the language, words of that language, and nothing wider than a small phone."""
    page = look(lang)
    scenes = {name: scene.state for name, scene in SCENES.items() if scene.script}
    for name, state in scenes.items():
        page.goto(f"/{name}/{lang}")
        expect(page.locator("#card")).to_have_class(re.compile(rf"^{state}( away)?$"))
        assert page.locator("html").get_attribute("lang") == lang
        chip = page.locator("#chip")
        expect(chip).not_to_be_empty()
        if state != "loading":
            expect(chip).not_to_have_text(translations(lang).gettext("Welcome"))
        if lang != "en":
            assert chip.inner_text() not in ENGLISH_CHIPS
        words = [page.locator(f"#{slot}").inner_text() for slot in ("chip", "label", "big")]
        assert not {*words} & {*scenes.values()}
        assert not re.search(r"\{\w+\}|undefined", page.locator("body").inner_text()), name
        assert not too_wide(page), name


@pytest.mark.parametrize("lang", IN_TURN)
def test_every_state_is_shown_without_a_script_in_every_language(
    look: Callable[..., Page], lang: str
) -> None:
    """The pages that the gate renders for one shopper."""
    page = look(lang, script=False)
    for name in SCENES:
        view = view_of(name, snapshot_of(name, None, 0))
        if view is None:
            continue
        answer = page.goto(f"/{name}/{lang}/plain")
        assert answer.status == 200
        state = view.value if isinstance(view, Notice) else view.state.value
        expect(page.locator("#card")).to_have_class(re.compile(rf"^{state}( away)?$"))
        assert page.locator("html").get_attribute("lang") == lang


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("path", "button"),
    [("/lapsed/de", "#again"), ("/entered/de", "#shop"), ("/waiting/de", "#ways summary")],
)
def test_whoever_goes_by_keyboard_sees_where_they_are(
    look: Callable[..., Page], scheme: str, path: str, button: str
) -> None:
    """The ring stands off from what is behind it (WCAG 1.4.11), on the card of a turn too."""
    page = look("de")
    page.emulate_media(color_scheme=scheme)
    page.goto(path)
    expect(page.locator(button)).to_be_visible()
    page.keyboard.press("Tab")
    page.locator(button).focus()
    ring, ground = page.evaluate(
        """(name) => {
          const one = document.querySelector(name);
          const behind = one.closest('#card, body');
          return [getComputedStyle(one).outlineColor, getComputedStyle(behind).backgroundColor];
        }""",
        button,
    )
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
    assert ratio(hex_of(ring), hex_of(ground)) >= 3


@pytest.mark.parametrize("lang", ["de", "hi"])
def test_the_figures_of_a_line_stand_in_one_row_on_a_small_phone(
    look: Callable[..., Page], lang: str
) -> None:
    """On one height, however long what stands above them."""
    page = look(lang)
    page.goto(f"/waiting/{lang}")
    expect(page.locator("#rate dd")).to_be_visible()
    boxes = [page.locator(f"#{name} dd").bounding_box() for name in ("number", "serving", "rate")]
    assert len({round(box["y"] + box["height"]) for box in boxes}) == 1
    assert [box["x"] for box in boxes] == sorted({box["x"] for box in boxes})


def test_the_index_leads_to_every_scene_in_every_language(look: Callable[..., Page]) -> None:
    """With a script and without; from language to language, and each says what it shows."""
    page = look("en")
    page.goto("/")
    for lang in LANGUAGES:
        page.get_by_role("link", name=lang, exact=True).click()
        expect(page.locator("[aria-current]")).to_have_text(lang)
        links = {link.get_attribute("href") for link in page.locator("section a").all()}
        assert {f"/{name}/{lang}" for name, one in SCENES.items() if one.script} <= links
        plain = {link for link in links if link.endswith("/plain")}
        assert len(plain) == len(SCENES) - 1  # all but the one that is inside
        assert f"/{next(iter(SCENES))}/{lang}/privacy" in links
    told = page.locator("section:has(h2)").all_inner_texts()
    assert all(one.shows in text for one, text in zip(SCENES.values(), told, strict=False))
    assert len({one.shows for one in SCENES.values()}) == len(SCENES)


def test_the_headings_of_the_privacy_page_fall_in_size(look: Callable[..., Page]) -> None:
    """The page's own name is not the smallest of them."""
    page = look("en")
    page.goto("/waiting/en/privacy")
    sizes = page.evaluate(
        """() => ['h1', 'h2', 'h3', 'h4'].map((name) =>
          parseFloat(getComputedStyle(document.querySelector(name)).fontSize))"""
    )
    assert sizes == sorted(set(sizes), reverse=True)


def test_every_state_that_the_pages_know_has_a_scene() -> None:
    """Those of the words that the page carries, that come later, and of the plain pages."""
    words = (Path(__file__).parents[2] / "templates/gate/words.html").read_text("utf-8")
    states = set(re.findall(r'^  "(\w+)": \{"chip"', words, re.MULTILINE))
    notices = {notice.value for notice in Notice}
    assert (states | notices) - {"loading"} <= {scene.state for scene in SCENES.values()}


@pytest.mark.parametrize(
    ("lang", "zone", "number", "wait", "time"),
    [
        ("en", "Europe/London", "1,347", r"20–30 minutes", r"\d{1,2}:\d\d"),
        ("pl", "Europe/Warsaw", "1347", r"20–30 minut\b", r"\d{1,2}:\d\d"),
        ("it", "Europe/Rome", "1347", r"20[-–]30 minuti", r"\d{1,2}:\d\d"),
        ("fr", "Europe/Paris", "1 347", r"20–30 minutes", r"\d{1,2}:\d\d"),
        ("vi", "Asia/Ho_Chi_Minh", "1.347", r"20[-–]30 phút", r"\d{1,2}:\d\d"),
        ("de", "Europe/Berlin", "1.347", r"20–30 Minuten", r"\d{1,2}:\d\d"),
        ("es", "Europe/Madrid", "1347", r"20[-–]30 minutos", r"\d{1,2}:\d\d"),
        ("zh-Hans", "Asia/Shanghai", "1,347", r"20[-–]30分钟", r"\d{1,2}:\d\d"),
        ("hi", "Asia/Kolkata", "1,347", r"20–30 मिनट", r"\d{1,2}:\d\d"),
    ],
)
def test_numbers_and_times_take_the_forms_of_the_language_in_the_shoppers_zone(
    look: Callable[..., Page], lang: str, zone: str, number: str, wait: str, time: str
) -> None:
    """As the browser's Intl has them: the number, the range, a countdown, and the local opening."""
    page = look(lang, zone=zone)
    page.goto(f"/waiting/{lang}")
    expect(page.locator("#card")).to_have_class("waiting")
    shown = page.locator("#number dd").inner_text()
    assert re.sub(r"\s", " ", shown) == number
    lead = page.locator("#lead").inner_text().replace("\u2060", "")
    assert re.search(wait, lead), lead
    assert re.search(time, lead), lead
    page.goto(f"/early/{lang}")
    expect(page.locator("#card")).to_have_class("early")
    expect(page.locator("#big")).to_have_text(re.compile(r"^2[45]:\d\d$"))
    # By the countdown, since the page may stand there for a while; a second later or sooner it may
    # be another hour.
    local = page.evaluate(
        """(lang) => {
          const [minutes, seconds] = big.textContent.split(':').map(Number);
          const form = new Intl.DateTimeFormat(lang, {hour: 'numeric', minute: '2-digit'});
          const opens_ms = Date.now() + (60 * minutes + seconds) * 1000;
          return [-3000, 3000].map((more) => form.format(opens_ms + more));
        }""",
        SHOWN.get(lang, lang),
    )
    lead = re.sub(r"\s", " ", page.locator("#lead").inner_text())
    hours = {re.sub(r"\s", " ", one).partition(":")[0] for one in local}
    assert any(f"{hour}:" in lead for hour in hours), (local, lead)
