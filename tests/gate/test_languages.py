"""Every sentence in every language: nothing missing, nothing left in English, plurals complete."""

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog as Messages
from babel.messages.extract import extract_from_dir
from test_pages import EARLY, ROOM, Tags, data_of, every_page

from waitingroom.gate.catalog import names_in
from waitingroom.gate.languages import LANGUAGES, choose, messages_of, sentences, translations
from waitingroom.gate.pages import Pages
from waitingroom.model import DrawMethod

ROOT = Path(__file__).parents[2]
FOREIGN = LANGUAGES[1:]
SAME: dict[str, set[str]] = {
    "fr": {"Contact", "Cookie {name}"},
    "it": {"Cookie {name}"},
    "vi": {"Cookie {name}"},
    "de": {"Cookie {name}"},
    "es": {"Cookie {name}"},
    "zh-Hans": {"Cookie {name}"},
}
"""Sentences that a language writes as English does."""
WORDS = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){2,}")
"""Three English-looking words in a row, for languages of other letters."""


def extracted() -> set[tuple[str, ...]]:
    """What templates and code say, as ``make messages`` finds it."""
    methods = [("templates/gate/**.html", "jinja2"), ("waitingroom/gate/**.py", "python")]
    found = extract_from_dir(ROOT, method_map=methods)
    return {text if isinstance(text, tuple) else (text,) for _, _, text, _, _ in found}


def sayings(lang: str) -> list[tuple[str, str]]:
    """Each English sentence with what ``lang`` has for it; a plural's last form."""
    plain = [one for one in messages_of(lang) if one.id]
    return [
        (one.id, one.string) if isinstance(one.id, str) else (one.id[1], one.string[-1])
        for one in plain
    ]


def ids(messages: Messages) -> set[tuple[str, ...]]:
    return {one.id if isinstance(one.id, tuple) else (one.id,) for one in messages if one.id}


@pytest.mark.parametrize("lang", FOREIGN)
def test_every_sentence_is_in_every_catalogue_and_no_other(lang: str) -> None:
    """To mend: ``make messages``, then translate what it left empty."""
    said = extracted()
    assert len(said) > 150
    assert ids(messages_of(lang)) == said


@pytest.mark.parametrize("lang", FOREIGN)
def test_every_sentence_is_translated(lang: str) -> None:
    """None empty, none a guess of a tool, none as in English that is not known to be so."""
    same = SAME.get(lang, set())
    for message in messages_of(lang):
        if not message.id:
            continue
        english = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert not message.fuzzy, message.id
        assert all(text.strip() for text in forms), message.id
        assert (forms[0] in english) == (english[0] in same), message.id


@pytest.mark.parametrize("lang", FOREIGN)
def test_every_translation_keeps_the_names_in_braces(lang: str) -> None:
    """Each as often as in English; a form for one alone may say it in words."""
    for message in messages_of(lang):
        if isinstance(message.id, str):
            assert names_in(message.string) == names_in(message.id), message.id
        elif message.id:
            *_, last = message.string
            assert names_in(last) == names_in(message.id[1]), message.id


@pytest.mark.parametrize("lang", FOREIGN)
def test_every_sentence_ends_with_its_languages_own_stop(lang: str) -> None:
    """Where English has one: a sentence stays one, a label stays a label."""
    stop = {"zh-Hans": "。", "hi": "।"}.get(lang, ".")
    for english, text in sayings(lang):
        assert text.endswith(stop) == english.endswith("."), english
        assert stop == "." or "." not in text, text


def test_chinese_sentences_have_full_width_signs() -> None:
    """Beside their own letters; between Latin ones they are Latin."""
    for _, text in sayings("zh-Hans"):
        assert not re.search(r"[\u4e00-\u9fff}][,;:!?.()]|[,;:!?.()][\u4e00-\u9fff{]", text), text


def test_french_signs_keep_their_space_and_their_line() -> None:
    """A colon after a no-break space, the other high signs after a narrow one."""
    for _, text in sayings("fr"):
        assert not re.search(r"(?<!\u00a0):|(?<!\u202f)[;!?]", text), text


@pytest.mark.parametrize("lang", ["pl", "de", "it", "fr", "es"])
def test_no_sentence_would_have_to_bend_a_span(lang: str) -> None:
    """CLDR's words stand in the nominative: after a colon, or after a word that leaves them so."""
    leaves = {"pl": "najwyżej", "de": "bis zu|höchstens|noch", "it": "fino a|tra"}
    leaves |= {"fr": "jusqu’à|dans", "es": "hasta|en"}
    for _, text in sayings(lang):
        if "{span}" in text:
            assert re.search(rf"(:[ \u00a0]|\b({leaves[lang]}) ?){{span}}", text), text


@pytest.mark.parametrize("lang", ["pl", "it", "es"])
def test_a_time_that_may_name_its_day_stands_by_itself(lang: str) -> None:
    """Past midnight it is *sabato 28 novembre alle 00:20*, which no *dalle* can go before."""
    for _, text in sayings(lang):
        assert "{time}" not in text or re.search(r"[(:] ?{time}", text), text


@pytest.mark.parametrize("lang", FOREIGN)
def test_every_plural_has_all_forms_of_its_language(lang: str) -> None:
    """As many as the rule names, and each number finds one."""
    messages = messages_of(lang)
    assert messages.num_plurals == {"pl": 3, "de": 2, "hi": 2, "vi": 1, "zh-Hans": 1}.get(lang, 3)
    several = [one for one in messages if one.id and not isinstance(one.id, str)]
    assert several
    for message in several:
        assert len(message.string) == messages.num_plurals
        for n in (1, 2, 5, 12, 22, 100, 1_000_000):
            assert translations(lang).ngettext(*message.id, n) in message.string


def test_polish_says_two_and_five_seconds_each_in_its_own_way() -> None:
    """The rule is Polish's own, not English's."""
    one, many = "This page looks again in a second.", "This page looks again every {n} seconds."
    said = [translations("pl").ngettext(one, many, n) for n in (1, 2, 5, 12, 22, 25)]
    ends = [text.rpartition(" ")[2] for text in said]
    assert ends == ["sekundę.", "sekundy.", "sekund.", "sekund.", "sekundy.", "sekund."]


@pytest.mark.parametrize("lang", FOREIGN)
def test_every_page_says_nothing_in_english(lang: str) -> None:
    """No sentence of ours, in no phase, state and notice, with or without a script."""
    pages = Pages()
    english = {text for text in sentences() if len(text) > 20 and "{" not in text}
    for room in (ROOM, replace(EARLY, draw=DrawMethod.FIFO)):
        for html in every_page(pages, replace(room, title="1"), lang):
            page = Tags(html)
            assert page.of("html") == [{"lang": lang, "dir": "ltr"}]
            shown = page.text + page.blocks.get("script", "")
            assert not [text for text in english if text in shown]
            if lang in ("zh-Hans", "hi"):
                assert not WORDS.search(page.text), WORDS.search(page.text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_words_that_come_later_complete_those_of_the_page(lang: str) -> None:
    """Each state once; the address of the rest names its content."""
    pages = Pages()
    data = data_of(pages.page(ROOM, lang))
    rest = pages.rest(ROOM, lang)
    assert data["rest"] == f"/demo/{lang}/words.json?v={rest.etag}"
    later = json.loads(rest.body)
    for part, name in (("states", "lapsed"), ("texts", "misfit")):
        assert name in later[part]
        assert later[part].keys() & data[part].keys() <= {"shuffle", "fifo", "unknown"}


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "en"),
        ("*", "en"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("zh", "zh-Hans"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-Hans-CN", "zh-Hans"),
        ("ZH-hans", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("pt", "en"),
        ("pt-BR, es;q=0.5", "es"),
        ("fr-CA", "fr"),
        ("fr-CA;q=0.4, it;q=0.5", "it"),
        ("de-AT;q=0", "en"),
        ("de-AT;q=0, de;q=0.1", "de"),
        ("hi-IN, en;q=0.5", "hi"),
        ("vi_VN", "vi"),
        ("pl;q=abc, it", "it"),
        (";;q=,", "en"),
        ("x" * 5000, "en"),
        ("en;q=1e9,\xff", "en"),
    ],
)
def test_the_language_is_the_best_that_the_browser_wants(header: str, lang: str) -> None:
    """A region makes no other language; what is not wanted at all (q=0) is not given."""
    assert choose(header) == lang


def test_reading_all_catalogues_costs_a_start_little() -> None:
    """All of them from text, every time: no compiled file that may be older than its source."""
    started = time.process_time()
    for lang in FOREIGN:
        translations.__wrapped__(lang)
    assert time.process_time() - started < 2
