"""What an operator may put on the pages, and what is refused with a reason. Pure."""

import re
from pathlib import Path

import pytest

from waitingroom import colours
from waitingroom.brand import LARGEST_LOGO, check, dumps, loads, read_logo, zone_of
from waitingroom.console import charts
from waitingroom.errors import BadSetting
from waitingroom.model import Brand, Logo, Saying

STYLE = Path(__file__).parents[1] / "waitingroom/gate/static/page.css"
CONSOLE_STYLE = Path(__file__).parents[1] / "waitingroom/console/static/console.css"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
)
WITH_ENTITY = '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
BRAND = Brand(
    colours=(("dark-accent", "#ffcc00"), ("light-accent", "#003399")),
    links=(("imprint", "https://shop.example/imprint"),),
    texts=(Saying("de", "You are next", "Gleich!"),),
    time_zone="Europe/Warsaw",
    logo=Logo("image/svg+xml", "0123456789ab"),
)


def test_a_brand_is_read_back_as_it_was_written() -> None:
    """Nothing at all is no text at all, so that a room without a brand costs nothing."""
    assert loads(dumps(BRAND)) == BRAND
    assert dumps(Brand()) == ""
    assert loads("") == Brand()


def test_what_a_newer_version_wrote_beside_it_does_no_harm() -> None:
    """Old and new gates run side by side during an upgrade."""
    assert loads('{"colours": [["light-accent", "#003399"]], "font": "Fraktur"}').colours


def test_our_own_colours_are_those_of_the_stylesheet() -> None:
    """The checks compare with what the page really has."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE.read_text("utf-8"), re.DOTALL)
    for scheme, rules in (("light", light), ("dark", dark)):
        found = dict(re.findall(r"--([\w-]+): (#\w+);", rules))
        names = {"accent": "tint", "background": "ground"}
        for role, value in colours._OURS[scheme].items():
            assert found[names.get(role, role)] == value, (scheme, role)


def test_the_console_and_its_charts_have_the_colours_of_the_page() -> None:
    """Its stylesheet is another application's file, so they are written there once more."""
    sheets = [
        [dict(re.findall(r"--([\w-]+): (#\w+);", rules))
         for rules in re.findall(r":root \{(.*?)\}", path.read_text("utf-8"), re.DOTALL)]
        for path in (CONSOLE_STYLE, STYLE)
    ]  # fmt: skip
    for console, page in zip(*sheets, strict=True):
        assert len(console) >= 9
        assert console.items() <= page.items()
    for drawn, page in zip((charts.LIGHT, charts.DARK), sheets[1], strict=True):
        names = ("card", "ink", "soft", "edge", "tint")
        assert (*drawn[:4], drawn[4][0]) == tuple(page[name] for name in names)


def test_every_colour_that_follows_is_one_that_the_stylesheet_uses() -> None:
    """A name that the stylesheet does not know would change nothing."""
    style = STYLE.read_text("utf-8")
    for found in colours.look({}).values():
        assert not [name for name in found if f"var(--{name}" not in style]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_the_one_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    """WCAG's own well-known pairs, either way round."""
    assert colours.ratio(one, other) == pytest.approx(ratio, abs=0.005)
    assert colours.ratio(other, one) == colours.ratio(one, other)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"light-accent": "#ffcc00"}, "the accent on the light card has a contrast of 1.5:1"),
        ({"dark-accent": "#003399"}, "the accent on the dark card has a contrast of 1.5:1"),
        ({"light-background": "#888888"}, "the accent on the light background has a contrast of"),
        ({"light-accent": "#000", "dark-accent": "red"}, "“#000” is none; write it like #0b6b60"),
    ],
)
def test_a_colour_that_cannot_be_read_is_refused_with_its_ratio(
    chosen: dict[str, str], why: str
) -> None:
    """Text of ours must have 4.5:1 wherever it stands."""
    with pytest.raises(BadSetting, match=re.escape(why)):
        check(Brand(colours=tuple(chosen.items())))


@pytest.mark.parametrize("accent", ["#003399", "#8a0f2e", "#5b2a86", "#000000", "#0b6b60"])
def test_what_follows_from_an_accent_can_be_read(accent: str) -> None:
    """Buttons, chips and the card of whoever's turn it is, in both schemes."""
    for found in colours.look({"light-accent": accent}).values():
        assert colours.ratio(found["on-tint"], found["tint"]) >= colours.LEAST
        assert colours.ratio(found["tint"], found["wash"]) >= colours.LEAST
        assert colours.ratio("#ffffff", found["turn"]) >= 7
        assert colours.ratio("#d5ebe6", found["turn"]) >= colours.LEAST


@pytest.mark.parametrize(
    ("brand", "why"),
    [
        (Brand(colours=(("light-ink", "#000000"),)), "there is no “light-ink”"),
        (Brand(links=(("shop", "https://x.example"),)), "there is no “shop”"),
        (Brand(links=(("help", "http://x.example"),)), "begins with https://"),
        (Brand(links=(("help", "javascript:alert(1)"),)), "begins with https://"),
        (Brand(links=(("help", "https://"),)), "begins with https://"),
        (Brand(links=(("help", "https://[::"),)), "begins with https://"),
        (Brand(links=(("help", "https://me@x.example"),)), "begins with https://"),
        (Brand(links=(("help", "https://x.example/" + "a" * 500),)), "begins with https://"),
        (Brand(time_zone="Europe/Krakow"), "“Europe/Krakow” is none"),
        (Brand(time_zone="../../etc/passwd"), "is none"),
        (Brand(texts=(Saying("de", "You are next", "a\nb"),)), "no line breaks"),
        (Brand(texts=(Saying("de", "You are next", "a" * 501),)), "at most 500 characters"),
        (Brand(texts=tuple(Saying("de", str(n), "x") for n in range(201))), "200 at most"),
    ],
)
def test_what_pages_could_not_show_is_refused_with_a_reason(brand: Brand, why: str) -> None:
    """Before it is stored; what is stored is shown."""
    with pytest.raises(BadSetting, match=re.escape(why)):
        check(brand)


def test_a_whole_brand_is_taken() -> None:
    """Nothing is wrong with it."""
    check(BRAND)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(SVG, "image/svg+xml"), (b"\xef\xbb\xbf" + SVG, "image/svg+xml"), (PNG, "image/png")],
)
def test_a_logo_is_told_by_what_it_is(body: bytes, kind: str) -> None:
    """Not by its name; the same bytes have the same tag."""
    assert read_logo(body).content_type == kind
    assert read_logo(body) == read_logo(body)
    assert read_logo(body).etag != read_logo(body + b"\n").etag


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"GIF89a",
        PNG[:-1],
        PNG[:8] + b"not a picture",
        b"<html><svg/></html>",
        b"<svg",
        b"\xff\xfe<",
        WITH_ENTITY.encode(),
        WITH_ENTITY.encode("utf-16"),
        b"<?xml version='1.0' encoding='cp037'?>" + WITH_ENTITY.encode("cp037"),
        SVG + bytes(LARGEST_LOGO),
    ],
)
def test_any_other_file_is_no_logo(body: bytes) -> None:
    """Neither is a large one."""
    with pytest.raises(BadSetting, match="logo"):
        read_logo(body)


def test_a_time_zone_that_is_not_known_here_is_none() -> None:
    """The machine that renders may know fewer than the one that asked."""
    assert zone_of("Nowhere/Land") is None
    assert zone_of("") is None
    assert str(zone_of("Asia/Kolkata")) == "Asia/Kolkata"
