"""A room's own colours, logo, links and sentences on its pages; and an operator's own templates."""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gates import LocalGate, RunningGate
from rooms import ACTOR, Room
from systems import eventually
from test_brand import PNG, SVG
from test_pages import EARLY, ROOM, Tags, data_of, every_page

from waitingroom.brand import read_logo
from waitingroom.gate.pages import Pages
from waitingroom.gate.stylesheet import stylesheet
from waitingroom.model import Brand, Saying

Rooms = Callable[..., Room]
BRAND = Brand(
    colours=(("dark-accent", "#ffcc00"), ("light-accent", "#003399")),
    links=(("help", "https://shop.example/help?a=1&b=2"), ("imprint", "https://shop.example/i")),
    texts=(
        Saying("de", "You are next", "Gleich <b>Sie</b>!"),
        Saying("de", "It is your turn", "Bitte eintreten"),
        Saying("de", "Sold out", "Alles weg"),
    ),
    time_zone="Europe/Warsaw",
)


def ours(name: str) -> str:
    """A template as it lies in the checkout."""
    return (Path(__file__).parents[2] / "templates/gate" / name).read_text("utf-8")


def brand(room: Room, wanted: Brand, logo: bytes = b"") -> None:
    if logo:
        wanted = replace(wanted, logo=read_logo(logo))
    version = room.status().version
    room.store.brand(room.name, wanted, logo=logo, version=version, actor=ACTOR)


def test_a_rooms_colours_come_from_a_stylesheet_of_its_own(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Behind ours, in both schemes; its address names its content, so it is kept for good."""
    room = make_room()
    brand(room, BRAND)
    page = Tags(gate.ask("GET", f"/{room.name}/en").body)
    _, style = (str(one["href"]) for one in page.of("link") if one.get("rel") == "stylesheet")
    answer = gate.ask("GET", style)
    assert answer.header("content-type") == "text/css; charset=utf-8"
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"
    light, _, dark = answer.body.decode().partition("@media (prefers-color-scheme:dark)")
    assert "--g:#003399" in light
    assert "--g:#ffcc00" in dark
    ours = gate.ask("GET", str(page.of("link")[0]["href"])).body.decode()
    assert "a,summary{color:var(--g)}" in ours, "the same name for it"
    assert gate.ask("GET", style, {"If-None-Match": answer.header("etag")}).status == 304
    brand(room, replace(BRAND, colours=(("light-accent", "#004400"),)))
    gate.refresh()
    assert style not in gate.ask("GET", f"/{room.name}/en").body.decode()


def test_a_room_without_a_brand_asks_for_nothing_more(gate: LocalGate, make_room: Rooms) -> None:
    """One stylesheet, no picture; and there is none."""
    room = make_room()
    page = Tags(gate.ask("GET", f"/{room.name}/en").body)
    assert len([one for one in page.of("link") if one.get("rel") == "stylesheet"]) == 1
    assert not page.of("img")
    for name in ("brand.css", "logo"):
        assert gate.ask("GET", f"/{room.name}/{name}").status == 404


@pytest.mark.parametrize(("logo", "kind"), [(SVG, "image/svg+xml"), (PNG, "image/png")])
def test_a_logo_is_a_picture_that_cannot_act(
    gate: LocalGate, make_room: Rooms, logo: bytes, kind: str
) -> None:
    """Also where somebody opens it by its own address."""
    room = make_room()
    brand(room, BRAND, logo)
    (picture,) = Tags(gate.ask("GET", f"/{room.name}/en").body).of("img")
    answer = gate.ask("GET", str(picture["src"]))
    assert (answer.body, answer.header("content-type")) == (logo, kind)
    policy = answer.header("content-security-policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("cache-control").endswith("immutable")


def test_another_logo_is_shown_within_a_second_by_every_worker(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """No gate is started anew, and the address changes with the picture."""
    room = make_room()
    for logo in (SVG, PNG):
        brand(room, BRAND, logo)
        address = f"/{room.name}/logo?v={read_logo(logo).etag}"

        def is_shown(address: str = address) -> bool:
            pages = [running_gate.ask("GET", f"/{room.name}/en").body.decode() for _ in range(8)]
            return all(address in page for page in pages)

        eventually(is_shown, "the logo is on the page")
        # A worker that has not heard yet answers with the one before, to be kept for a minute.
        eventually(
            lambda address=address, logo=logo: (  # type: ignore[misc]
                running_gate.ask("GET", address).body == logo
            ),
            "every worker has the picture",
        )


def test_a_page_never_names_what_another_worker_does_not_have(
    gate: LocalGate, gate_over: Callable[..., LocalGate], store_url: str, make_room: Rooms
) -> None:
    """Which hears of a first look half a second later, and reads it once where it is named."""
    room, slower = make_room(), gate_over(store_url)
    slower.refresh()
    brand(room, BRAND, SVG)
    gate.refresh()
    page = Tags(gate.ask("GET", f"/{room.name}/en").body)
    (_, style), (picture,) = page.of("link")[:2], page.of("img")
    assert not Tags(slower.ask("GET", f"/{room.name}/en").body).of("img")
    for address in (str(style["href"]), str(picture["src"])):
        answer = slower.ask("GET", address)
        assert answer.status == 200
        assert answer.header("cache-control").endswith("immutable")
        assert answer.body == gate.ask("GET", address).body


def test_made_up_addresses_of_looks_are_read_together(gate: LocalGate, make_room: Rooms) -> None:
    """Each is refused, and what a crowd of them asks the store is one look at a time."""
    room = make_room()
    gate.refresh()

    def reads() -> int:
        return int(room.store._redis.info("commandstats")["cmdstat_hget"]["calls"])

    paths = [f"/{room.name}/{one}?v={n}" for n in range(100) for one in ("brand.css", "logo")]
    gate.ask("GET", paths[0])
    before = reads()
    answers = gate.ask_all(*(gate.asking("GET", path) for path in paths))
    assert {one.status for one in answers} == {404}
    assert 0 < reads() - before < len(paths) / 4


def test_a_worker_that_knows_the_old_brand_lets_nobody_keep_it_under_another_address(
    gate: LocalGate, make_room: Rooms
) -> None:
    """A new one that is named is read, and served under its name; a made-up one is none."""
    room = make_room()
    before, after = BRAND, replace(BRAND, colours=(("light-accent", "#004400"),))
    addresses = []
    for wanted, logo in ((before, SVG), (after, PNG)):
        brand(room, wanted, logo)
        style = stylesheet(replace(wanted, logo=read_logo(logo)))
        assert style is not None
        addresses.append((f"brand.css?v={style.etag}", f"logo?v={read_logo(logo).etag}"))
        if wanted is before:
            gate.refresh()
            old = [gate.ask("GET", f"/{room.name}/{one}") for one in addresses[0]]
            assert all(one.header("cache-control").endswith("immutable") for one in old)
    early = [gate.ask("GET", f"/{room.name}/{one}") for one in addresses[1]]
    gate.refresh()
    new = [gate.ask("GET", f"/{room.name}/{one}") for one in addresses[1]]
    assert [one.body for one in early] == [one.body for one in new]
    assert not {one.body for one in new} & {one.body for one in old}
    assert all(one.header("cache-control").endswith("immutable") for one in early + new)
    other = [gate.ask("GET", f"/{room.name}/{one}?v=0") for one in ("brand.css", "logo")]
    other += [gate.ask("GET", f"/{room.name}/{one}") for one in addresses[0]]
    assert [one.body for one in other] == [one.body for one in new] * 2
    assert {one.header("cache-control") for one in other} == {"no-store"}


def test_a_new_picture_is_never_kept_as_the_one_before(gate: LocalGate, make_room: Rooms) -> None:
    """A worker that reads the picture after it changed, and before it has heard of that."""
    room = make_room()
    brand(room, BRAND, SVG)
    gate.refresh()
    brand(room, BRAND, PNG)
    old, new = (f"/{room.name}/logo?v={read_logo(logo).etag}" for logo in (SVG, PNG))
    for address, kept in ((old, "no-store"), (new, "public, max-age=31536000, immutable")):
        answer = gate.ask("GET", address)
        assert (answer.body, answer.header("content-type")) == (PNG, "image/png")
        assert answer.header("cache-control") == kept
    room.store.brand(room.name, Brand(), logo=b"", version=room.status().version, actor=ACTOR)
    assert gate.ask("GET", new).status == 404


def test_links_stand_below_every_page_in_its_language(gate: LocalGate, make_room: Rooms) -> None:
    """After our own page on cookies and privacy."""
    room = make_room()
    brand(room, BRAND)
    page = Tags(gate.ask("GET", f"/{room.name}/de").body)
    links = [str(link.get("href")) for link in page.of("a")]
    assert links[-2:] == ["https://shop.example/help?a=1&b=2", "https://shop.example/i"]
    assert "Hilfe" in page.text
    assert "Impressum" in page.text


def test_an_operators_sentence_is_said_wherever_ours_was() -> None:
    """With a script and without, as text, in that language alone."""
    pages, room = Pages(), replace(ROOM, brand=BRAND)
    texts, states = (data_of(pages.page(room, "de"))[part] for part in ("texts", "states"))
    assert texts["next"] == "Gleich <b>Sie</b>!"
    assert states["called"][2] == "Bitte eintreten"
    assert "Alles weg" in pages.rest(room, "de").body.decode()
    assert pages.rest(room, "de").etag != pages.rest(ROOM, "de").etag
    assert data_of(pages.page(room, "en"))["texts"]["next"] == "You are next"
    assert data_of(pages.page(ROOM, "de"))["texts"]["next"] != texts["next"]
    assert not any("<b>Sie" in html.decode() for html in every_page(pages, room, "de"))


def test_the_shops_own_time_stands_where_no_script_knows_the_shoppers() -> None:
    """And UTC beside it."""
    text = Tags(Pages().page(replace(EARLY, brand=BRAND), "en")).text
    assert "1 December 2026, 13:30 CET (12:30 UTC)" in text


def test_an_operators_own_template_comes_before_ours(tmp_path: Path) -> None:
    """One that is not there is ours; theirs may build on ours."""
    (tmp_path / "base.html").write_text(
        "<!doctype html><title>{{ title }}</title>own{% block body %}{% endblock %}"
    )
    pages = Pages(templates=tmp_path)
    for html in every_page(pages):
        assert html.startswith(b"<!doctype html><title>Winter sale</title>own") or b"own" in html


@pytest.mark.parametrize(
    "broken", ["{% if %}", "{{ nothing.at.all }}", "{% extends 'gone.html' %}", "\xff"]
)
def test_an_own_template_that_does_not_work_falls_back_to_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    """With a line in the log, and never a page that is missing."""
    (tmp_path / "page.html").write_bytes(broken.encode("latin-1"))
    pages = Pages(templates=tmp_path)
    with caplog.at_level(logging.ERROR):
        shown = [pages.page(replace(ROOM, title=str(n)), "de") for n in range(3)]
    assert shown == [Pages().page(replace(ROOM, title=str(n)), "de") for n in range(3)]
    assert len(re.findall("your template page.html does not work", caplog.text)) == 1


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("base.html", "{% block body %}{% endblock %}"),
        ("card.html", '<p id="lead">{{ lead }}</p>'),
        ("page.html", '<ol id="news-list"></ol>'),
    ],
)
def test_an_own_template_that_lacks_what_the_script_needs_falls_back_to_ours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, left_out: str
) -> None:
    """It renders, and whoever waits before it would never be let in: a block that is missing, an
    element that is."""
    assert left_out in ours(name)
    (tmp_path / name).write_text(ours(name).replace(left_out, ""))
    with caplog.at_level(logging.ERROR):
        assert Pages(templates=tmp_path).page(ROOM, "de") == Pages().page(ROOM, "de")
    assert "your template page.html does not work" in caplog.text
    assert "it has no element of the id" in caplog.text


def test_a_gate_reads_the_folder_that_its_settings_name(
    tmp_path: Path, store_url: str, gate_over: Callable[..., LocalGate], make_room: Rooms
) -> None:
    """From the setting to the page."""
    (tmp_path / "page.html").write_text(ours("page.html").replace("<section", "mine<section"))
    room = make_room(title="Sale")
    gate = gate_over(store_url, templates=tmp_path)
    assert b"mine<section" in gate.ask("GET", f"/{room.name}/en").body
