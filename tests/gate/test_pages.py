"""The shopper's pages: what they hold, what they never hold, and that script and HTML agree."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from scripts import script

from waitingroom.gate.catalog import NO_BREAK
from waitingroom.gate.languages import LANGUAGES
from waitingroom.gate.pages import Pages, content_security_policy
from waitingroom.gate.plain import (
    LONGEST_REFRESH_S,
    SHORTEST_REFRESH_S,
    Notice,
    WaitState,
    WaitView,
    wait_view,
)
from waitingroom.model import Brand, Counters, DrawMethod, News, Phase, Snapshot
from waitingroom.reasons import Cause

MOST_BYTES = 30_000
MOST_BYTES_IN = {"hi": 34_000}
"""Where a letter takes three bytes; that is not more than 30,000 letters."""
DECISIONS = Path(__file__).parents[2] / "docs" / "decisions" / "page.md"
NOW_MS = 1_796_126_400_000  # 2026-12-01, 12:00 UTC
STATIC = ("page.js", "later.js", "page.css", "icon.svg")
NASTY = """<img src=x onerror="alert(1)"></script><script>alert('2')</script>&{span}"""
NASTY_TAGS = ("<img", "<script>alert", "</script><script>")
ROOM = Snapshot(
    room="demo",
    epoch=1,
    staff_epoch=1,
    version=1,
    phase=Phase.OPEN,
    now_ms=NOW_MS,
    early_at_ms=0,
    opens_at_ms=NOW_MS - 60_000,
    closes_at_ms=0,
    draw_at_ms=0,
    opened_at_ms=NOW_MS - 60_000,
    closed_at_ms=0,
    serving=12,
    lapsed=0,
    tail=2345,
    drawn=1204,
    rate_per_min=60,
    burst=2,
    capacity=0,
    session_ms=900_000,
    session_max_ms=0,
    call_timeout_ms=10_000,
    claim_grace_ms=600_000,
    join_limit=0,
    joins=True,
    draw=DrawMethod.SHUFFLE,
    commitment="3f" * 32,
    seed=None,
    read_by_ms=0,
    meter_ms=0,
    credit=0,
    door=0,
    leases=0,
    open_calls=0,
    at_door=0,
    counters=Counters(),
    title="Winter sale",
    origins=("https://shop.example",),
)
EARLY = replace(ROOM, phase=Phase.EARLY, opens_at_ms=NOW_MS + 1_800_000, opened_at_ms=0, drawn=None)


@pytest.fixture(scope="module")
def pages() -> Pages:
    """One set of pages for all tests: they hold no state but rendered bytes."""
    return Pages()


class Tags(HTMLParser):
    """Collects the elements of a page, with their attributes and the text right inside."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.blocks: dict[str, str] = {}
        self._inside = ""
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        self.blocks[self._inside] = self.blocks.get(self._inside, "") + data
        if self._inside != "script":
            self.text += data

    def ids(self) -> list[str]:
        return [value for _, attrs in self.found if (value := attrs.get("id"))]

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


def refreshes(page: Tags) -> list[str | None]:
    """After how many seconds it asks again by itself, if it does."""
    return [meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "refresh"]


def data_of(html: bytes) -> dict[str, Any]:
    """The script's data block."""
    found: dict[str, Any] = json.loads(Tags(html).blocks["script"])
    return found


def views() -> list[WaitView]:
    """One view of each state that a ticket's holder can be in."""
    door = {"door": WaitState.DOOR, "retry_s": 12}
    return [
        wait_view(ROOM, 1347, velocity_per_min=55, to="/sale?a=1&b=2"),
        wait_view(ROOM, 13),
        wait_view(replace(ROOM, rate_per_min=0), 57),
        wait_view(ROOM, 57, still=True),
        wait_view(EARLY, None),
        wait_view(replace(EARLY, opens_at_ms=0), None),
        wait_view(replace(EARLY, draw=DrawMethod.FIFO), 5),
        wait_view(ROOM, None),
        wait_view(ROOM, 3, to="https://shop.example/sale"),
        wait_view(ROOM, 3, **door),
        wait_view(ROOM, 3, door=WaitState.FULL, retry_s=3),
        wait_view(ROOM, 3, **door, claim_s=540),
        wait_view(ROOM, 3, **door, claim_s=1140, extended=True, to="/sale"),
        *(wait_view(replace(ROOM, phase=phase, pause_reason="Cards"), 57) for phase in Phase),
    ]


def every_page(pages: Pages, room: Snapshot = ROOM, lang: str = "en") -> list[bytes]:
    """All that can be rendered of ``room``, in every phase, state and notice."""
    return [
        *(pages.page(replace(room, phase=phase), lang) for phase in Phase),
        *(pages.wait(replace(view, to=room.title), lang) for view in views()),
        *(pages.notice(kind, room, lang, retry_s=5, to=room.title) for kind in Notice),
        pages.notice(Notice.NO_SUCH_ROOM, None, lang),
        pages.notice(Notice.STORE_DOWN, None, lang),
    ]


def test_what_operators_and_shoppers_write_is_never_html(pages: Pages) -> None:
    """Titles, messages, pause reasons and return targets are shown as text, whatever they hold."""
    room = replace(ROOM, title=NASTY, message=NASTY, pause_reason=NASTY)
    paused = wait_view(replace(room, phase=Phase.PAUSED), 57, to=NASTY)
    for html in [*every_page(pages, room), pages.wait(paused, "en")]:
        assert not any(tag in html.decode() for tag in NASTY_TAGS)
    assert NASTY in Tags(pages.wait(paused, "en")).text


def test_pages_without_a_script_tell_what_happened_and_why(pages: Pages) -> None:
    """As the page does with one; what an operator wrote stays as it was typed."""
    at_ms = ROOM.now_ms
    news = (
        News(at_ms, "paused", "older than five"),
        News(at_ms, "drawn", "6004"),
        News(at_ms, "opened", "", "stock"),
        News(at_ms, "of a newer version", ""),
        News(at_ms, "rate_per_min", "1200"),
        News(at_ms, "reset", NASTY, "mistake"),
        News(at_ms, "resumed", "2027"),
    )
    room = replace(ROOM, news=news, brand=Brand(time_zone="Europe/Warsaw"))
    place = pages.wait(wait_view(room, 57), "en")
    for html in (place, pages.notice(Notice.OLD_EPOCH, room, "en")):
        told = " ".join(Tags(html).text.split("News", 1)[1].split())
        assert told.startswith("13:00 CET The line goes on. 2027"), told
        assert f"The line was started afresh. Reason: a mistake of ours. {NASTY}" in told
        assert "Pace: up to 1,200 a minute." in told
        assert "The sale is open. Reason: a check of the stock." in told
        assert "older" not in told
    german = Tags(pages.wait(wait_view(room, 57), "de")).text
    assert "Der Verkauf läuft. Grund: Prüfung des Bestands." in german


def test_no_page_has_anything_inline(pages: Pages) -> None:
    """The content security policy forbids inline script and style, so no page relies on them."""
    for html in every_page(pages):
        page = Tags(html)
        assert not page.of("style")
        for tag, attrs in page.found:
            assert "style" not in attrs, tag
            assert not [name for name in attrs if name.startswith("on")], tag
        for one in page.of("script"):
            assert one.get("src") or one.get("type") == "application/json"


def test_no_page_asks_a_third_party(pages: Pages) -> None:
    """Whatever a page loads comes from the gate itself."""
    for html in every_page(pages):
        page = Tags(html)
        loaded = [*page.of("link"), *page.of("script"), *page.of("img")]
        urls = [attrs.get("href") or attrs.get("src") or "/" for attrs in loaded]
        assert all(url.startswith("/static/") or url == "/" for url in urls)


def test_no_sentence_keeps_its_braces(pages: Pages) -> None:
    """Every name in braces is filled in on the pages that no script finishes."""
    for html in every_page(pages):
        assert not re.search(r"\{\w+\}", Tags(html).text)


def test_ids_are_unique_and_labels_point_at_them(pages: Pages) -> None:
    """An id is there once, and what refers to one finds it."""
    for html in every_page(pages):
        page = Tags(html)
        ids = page.ids()
        assert len(ids) == len(set(ids))
        labels = [attrs.get("aria-labelledby") for _, attrs in page.found]
        assert {label for label in labels if label} <= set(ids)


DRAWN = {"check", "published", "commitment", "seed", "verdict", "by-command", "command"}


def test_the_script_finds_every_element_that_it_names(pages: Pages) -> None:
    """Script and HTML agree on ids; only the draw's are missing where nothing is drawn."""
    source = script("page") + script("later")
    named = set(re.findall(r"(?:\$|put|show)\('([a-z-]+)'", source))
    figures = set(re.findall(r"^    \['(\w+)', ", source, re.M))
    choices = set(re.findall(r"(\w+): '(?:checked|value)'", source))
    named |= figures | {"polite", "alert"} | choices
    assert len(named) > 20
    assert named <= set(Tags(pages.page(ROOM, "en")).ids())
    plain = set(Tags(pages.page(replace(ROOM, draw=DrawMethod.FIFO), "en")).ids())
    assert named - plain == DRAWN


def test_the_script_finds_every_sentence_that_it_names(pages: Pages) -> None:
    """Each state and text used is there, and each one that is there is used."""
    source = script("page") + script("later")
    data = data_of(pages.page(ROOM, "en"))
    rest = json.loads(pages.rest(ROOM, "en").body)
    states, texts = (data[part] | rest[part] for part in ("states", "texts"))
    by_name = set(re.findall(r"texts\.(\w+)", source)) | {method.value for method in DrawMethod}
    assert by_name == set(texts)
    quoted = set(re.findall(r"'([a-z_]+)'", source))
    phases = {"closed", "draining"}
    assert set(states) <= quoted | phases
    ended = set(re.findall(r"finish\('(\w+)'", source))
    waiting = {state.value for state in WaitState}
    assert ended | waiting <= set(states)
    assert {len(words) for words in states.values()} == {4}


def test_a_word_that_two_states_share_is_sent_once(pages: Pages) -> None:
    """The later one has the earlier one's name there, where that is shorter: never a name's."""
    rows = (
        data_of(pages.page(ROOM, "en"))["states"]
        | json.loads(pages.rest(ROOM, "en").body)["states"]
    )
    assert rows["sold_out"][1] == "closed"
    said = {
        kind: [rows[word][slot] if word in rows else word for slot, word in enumerate(row)]
        for kind, row in rows.items()
    }
    assert said["full"][:3] == ["Your turn", "At the door", "Please wait"]
    assert said["refused"][:3] == ["Stopped", "Something is in the way", "That did not work"]
    assert not {word for row in said.values() for word in row} & set(rows)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_has_a_sentence_of_its_own(pages: Pages, lang: str) -> None:
    """In each language, in the words that the script fetches: few rooms are ever paused."""
    found = json.loads(pages.rest(ROOM, lang).body)["texts"]["reasons"]
    assert list(found) == list(Cause)
    assert len(set(found.values())) == len(Cause)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("phase", [Phase.PAUSED, Phase.DRAINING, Phase.CLOSED])
def test_without_a_script_a_reason_is_told_in_the_readers_language(
    pages: Pages, lang: str, phase: Phase
) -> None:
    """With the operator's own words behind it; on the page before a ticket, and on one's own."""
    own = NASTY if lang == "en" else "Back at noon."
    codes = {"pause_code": "payments", "pause_reason": own}
    if phase is not Phase.PAUSED:
        codes = {"end_code": "payments", "end_reason": own}
    room = replace(ROOM, phase=phase, **codes)
    said = json.loads(pages.rest(ROOM, lang).body)["texts"]["reasons"]["payments"]
    for html in (pages.page(room, lang), pages.wait(wait_view(room, 57), lang)):
        assert f"{said} {own}" in Tags(html).text
    newer = replace(room, pause_code="hail", end_code="hail")
    text = Tags(pages.wait(wait_view(newer, 57), lang)).text
    assert own in text
    assert "hail" not in text


def test_every_news_that_the_store_tells_has_its_words(pages: Pages) -> None:
    """The codes of the function library's own news, so that a page never shows a bare code."""
    news = data_of(pages.page(ROOM, "en"))["texts"]["news"]
    told = {"opened", "drawn", "paused", "resumed", "rate_per_min", "message"}
    assert told | {"draining", "closed", "reset"} == set(news)


def test_the_script_never_makes_html_of_what_it_is_told(pages: Pages) -> None:
    """Text goes in as text: the ways to do otherwise are not used."""
    source = script("page") + script("later")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", source
    )


def loaded(pages: Pages, lang: str) -> tuple[list[str], list[str]]:
    """All that a shopper may come to load: what everybody does, and what some do, too.

    The page in its largest phase; what the operator adds (a name, a message …) comes on top.
    """
    rooms = [
        replace(room, draw=draw, phase=phase)
        for room in (ROOM, EARLY, replace(EARLY, opens_at_ms=0))
        for draw in DrawMethod
        for phase in Phase
    ]
    page = max((pages.page(room, lang) for room in rooms), key=len)
    rest = max((pages.rest(room, lang).body for room in rooms), key=len)
    files = {name: file.body.decode() for name in STATIC if (file := pages.static(name))}
    later = [files.pop("later.js"), rest.decode()]
    return [page.decode(), *files.values()], later


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_that_a_shopper_may_load_stays_small(pages: Pages, lang: str) -> None:
    """A crowd loads it at the worst moment: under 30 kB in all, before compression, with what the
    script asks for only where a shopper needs it."""
    first, later = loaded(pages, lang)
    assert size(*first) < MOST_BYTES
    assert size(*first, *later) < MOST_BYTES_IN.get(lang, MOST_BYTES)
    assert sum(map(len, [*first, *later])) < MOST_BYTES


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_of_sizes_is_true(pages: Pages, lang: str) -> None:
    """Of the document, to a tenth of a kilobyte or so."""
    (row,) = re.findall(rf"^\| {lang} \|(.*)\|$", DECISIONS.read_text("utf-8"), re.M)
    first, later = loaded(pages, lang)
    sizes = (size(first[0]), size(later[1]), size(*first), size(*first, *later))
    told = [float(figure) for figure in row.split("|")]
    assert told == pytest.approx([bytes_ / 1000 for bytes_ in sizes], abs=0.1), sizes


def size(*texts: str) -> int:
    """In bytes."""
    return sum(len(text.encode()) for text in texts)


def test_the_page_is_the_same_for_everyone(pages: Pages) -> None:
    """Nothing that moves with the line or the clock is in it, so a cache may hold it."""
    later = replace(ROOM, now_ms=NOW_MS + 5000, serving=99, tail=9999, leases=7, version=8)
    assert pages.page(later, "en") is pages.page(ROOM, "en")
    assert pages.page(replace(ROOM, title="Other"), "en") != pages.page(ROOM, "en")
    inputs = Tags(pages.page(ROOM, "en")).of("input")
    assert not [one for one in inputs if one.get("type") != "checkbox" or "value" in one]


def test_the_page_says_when_the_sale_opens_without_a_script(pages: Pages) -> None:
    """A shopper without JavaScript reads the time in UTC, and has a form to join with."""
    page = Tags(pages.page(EARLY, "en"))
    assert "1 December 2026, 12:30 UTC" in page.text
    assert [form["action"] for form in page.of("form")] == ["/demo/ticket"]


def test_a_closed_room_offers_no_place(pages: Pages) -> None:
    """Where nobody can join, no form pretends otherwise."""
    for phase in (Phase.CLOSED, Phase.DRAINING):
        assert not Tags(pages.page(replace(ROOM, phase=phase), "en")).of("form")


def test_pages_kept_are_bounded(pages: Pages) -> None:
    """An operator who edits the title all day does not fill the gate's memory."""
    fresh = Pages()
    for number in range(600):
        fresh.page(replace(ROOM, title=f"Sale {number}"), "en")
    assert len(fresh._kept) <= 256


def test_a_prefix_stands_before_every_link() -> None:
    """Behind a path of another site, every address carries the prefix."""
    pages = Pages(prefix="/queue")
    page = Tags(pages.page(ROOM, "en"))
    assert all(str(attrs["href"]).startswith("/queue/static/") for attrs in page.of("link"))
    assert page.of("form")[0]["action"] == "/queue/demo/ticket"
    assert data_of(pages.page(ROOM, "en"))["base"] == "/queue/demo"


def test_static_files_are_found_by_name_only(pages: Pages) -> None:
    """No folders, nothing beside the four files; the pages' URLs carry the content's tag."""
    for name in STATIC:
        asset = pages.static(name)
        assert asset is not None
        assert asset.content_type.split(";")[0] in ("text/javascript", "text/css", "image/svg+xml")
        assert f"/static/{name}?v={asset.etag}".encode() in pages.page(ROOM, "en")
    for name in ("", "..", "../pages.py", "static/page.js", "page.py", "PAGE.JS"):
        assert pages.static(name) is None


def test_the_policy_lets_a_form_lead_to_the_shop_and_nothing_else() -> None:
    """Origins go into form-action; what is not an origin stays out of the header."""
    policy = content_security_policy(("https://shop.example", "http://127.0.0.1:8080"))
    assert "form-action 'self' https://shop.example http://127.0.0.1:8080;" in policy
    assert "unsafe" not in policy
    odd = content_security_policy(
        ("https://a.example; script-src *", "*", "https://b.example/x\r\n")
    )
    assert odd == content_security_policy()


@pytest.mark.parametrize(
    ("room", "number", "door", "state"),
    [
        (ROOM, 57, None, WaitState.WAITING),
        (ROOM, 12, None, WaitState.CALLED),
        (ROOM, 12, WaitState.DOOR, WaitState.DOOR),
        (ROOM, 13, WaitState.DOOR, WaitState.WAITING),
        (ROOM, None, None, WaitState.DRAWING),
        (EARLY, None, None, WaitState.EARLY),
        (replace(ROOM, phase=Phase.SCHEDULED), 1, None, WaitState.EARLY),
        (replace(ROOM, phase=Phase.PAUSED), 3, None, WaitState.PAUSED),
        (replace(ROOM, phase=Phase.DRAINING), 3, None, WaitState.DRAINING),
        (replace(ROOM, phase=Phase.CLOSED), 3, None, WaitState.CLOSED),
    ],
)
def test_a_place_without_a_script_is_the_one_the_script_would_show(
    room: Snapshot, number: int | None, door: WaitState | None, state: WaitState
) -> None:
    """The rule of the page's ``state``, for those who cannot run it."""
    assert wait_view(room, number, door=door).state is state


def test_the_waiting_page_tells_place_and_time(pages: Pages) -> None:
    """People ahead, the range, the own number, the pace, and a way to leave."""
    html = pages.wait(wait_view(ROOM, 1347, velocity_per_min=55, to="/x?a=1&b=2"), "en")
    page = Tags(html)
    assert "1,334 ahead · Winter sale" in page.text
    assert f"Your turn comes in 20–{NO_BREAK}35 minutes." in page.text
    assert page.of("progress")[0]["value"] == "0"
    assert [form["action"] for form in page.of("form")] == ["/demo/leave"]
    assert [field["value"] for field in page.of("input")] == ["/x?a=1&b=2"]
    assert 'href="?to=%2Fx%3Fa%3D1%26b%3D2&amp;still=1"' in html.decode()


def test_a_called_shopper_has_a_button_and_time_to_press_it(pages: Pages) -> None:
    """Called, at the door or before a full shop: a form to enter."""
    for door in (None, WaitState.DOOR, WaitState.FULL):
        view = wait_view(ROOM, 3, door=door, retry_s=20, to="/x", still=True)
        page = Tags(pages.wait(view, "en"))
        assert [form["action"] for form in page.of("form")] == ["/demo/pass", "/demo/leave"]
        assert not refreshes(page)
        assert "Press the button" in page.text


def test_only_at_the_door_a_page_says_until_when_the_place_is_kept(pages: Pages) -> None:
    """And has a button to put that off, which is gone once it was."""
    known = {"door": WaitState.DOOR, "retry_s": 7, "claim_s": 599}
    page = Tags(pages.wait(wait_view(ROOM, 3, **known), "en"))
    assert "your place is kept for 9 minutes" in page.text
    actions = [form["action"] for form in page.of("form")]
    assert actions == ["/demo/pass", "/demo/more-time", "/demo/leave"]
    page = Tags(pages.wait(wait_view(ROOM, 3, **known, extended=True), "en"))
    assert "You have more time: if you turn away now, your place is kept for 9 minutes" in page.text
    assert [form["action"] for form in page.of("form")] == ["/demo/pass", "/demo/leave"]
    paused = wait_view(replace(ROOM, phase=Phase.PAUSED), 3, **known)
    assert "is kept for" not in Tags(pages.wait(paused, "en")).text


def test_at_the_door_a_page_comes_back_at_its_appointment(pages: Pages) -> None:
    """To the second: who misses it by 8 s gives the turn up. Nobody has to press anything."""
    for door in (WaitState.DOOR, WaitState.FULL):
        page = Tags(pages.wait(wait_view(ROOM, 3, door=door, retry_s=7, to="/x"), "en"))
        assert refreshes(page) == ["7"]
        assert "Press the button" not in page.text
    assert not refreshes(Tags(pages.wait(wait_view(ROOM, 3), "en")))


def test_a_notice_that_looks_again_says_so_and_can_stand_still(pages: Pages) -> None:
    """Looking again is what helps where the store is away; and nobody is hurried."""
    html = pages.notice(Notice.STORE_DOWN, ROOM, "en", retry_s=3, refresh_s=5, to="/x?a=1")
    page = Tags(html)
    assert refreshes(page) == ["5"]
    assert "looks again every 5 seconds" in page.text
    assert 'href="?to=%2Fx%3Fa%3D1&amp;still=1"' in html.decode()
    assert not refreshes(Tags(pages.notice(Notice.STORE_DOWN, ROOM, "en", retry_s=3)))


def test_a_page_refreshes_itself_ten_times_a_wait_within_bounds(pages: Pages) -> None:
    """Quick near the turn, slow far from it, and never for who wants it to stand still."""
    times = [wait_view(ROOM, number, velocity_per_min=60).refresh_s for number in (14, 400, 9000)]
    assert times == [SHORTEST_REFRESH_S, 36, LONGEST_REFRESH_S]
    assert wait_view(ROOM, 400, still=True).refresh_s == 0
    still = Tags(pages.wait(wait_view(ROOM, 400, still=True), "en"))
    assert not refreshes(still)
    assert "Look again" in still.text
    moving = Tags(pages.wait(wait_view(ROOM, 400, velocity_per_min=60), "en"))
    assert refreshes(moving) == ["36"]


def test_near_the_front_of_a_line_that_stands_still_a_page_asks_soon(pages: Pages) -> None:
    """It may go on any moment, and who is called then has ten seconds."""
    held = replace(ROOM, rate_per_min=0)
    for room in (held, replace(ROOM, phase=Phase.PAUSED), replace(ROOM, phase=Phase.DRAINING)):
        times = [wait_view(room, number).refresh_s for number in (13, 213, 9013)]
        assert times == [SHORTEST_REFRESH_S, 20, LONGEST_REFRESH_S]
    first = Tags(pages.wait(wait_view(replace(held, serving=0), 1), "en"))
    assert first.of("progress")[0]["value"] == "100"
    assert ["hidden" in one for one in first.of("div") if one.get("id") == "rate"] == [True]


@pytest.mark.parametrize("kind", Notice)
def test_every_notice_offers_what_helps(pages: Pages, kind: Notice) -> None:
    """A new place, another try or the shop's door; nothing where no room is known."""
    forms = Tags(pages.notice(kind, ROOM, "en", to="/x")).of("form")
    if kind.offers_a_new_place or kind.asking_again_helps:
        assert [form["action"] for form in forms] == ["/demo/ticket"]
    else:
        assert len(forms) == (kind is Notice.BOUNCED)
    assert not Tags(pages.notice(kind, None, "en")).of("form")


def test_a_page_of_no_room_says_once_what_it_is(pages: Pages) -> None:
    """Its heading is what stands above a room's title elsewhere."""
    page = Tags(pages.notice(Notice.NO_SUCH_ROOM, None, "en"))
    assert page.text.count("Waiting room") == 2  # the tab's title, and the heading
    assert Tags(pages.page(ROOM, "en")).text.count("Waiting room") == 1


def test_a_store_that_is_down_costs_no_place(pages: Pages) -> None:
    """The page says so, and when to try again; it says nothing of a place that may not be."""
    text = Tags(pages.notice(Notice.STORE_DOWN, ROOM, "en", retry_s=120)).text
    assert "A place once given is not lost." in text
    assert "our place" not in text
    assert "2 minutes" in text


def test_news_are_not_in_the_cached_page(pages: Pages) -> None:
    """They move with the status document, which the script reads."""
    room = replace(ROOM, news=(News(NOW_MS, "paused", "Cards"),), told=5)
    assert pages.page(room, "en") is pages.page(ROOM, "en")
