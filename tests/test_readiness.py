"""“Are we ready?”: what each row finds, and that each failing one says how to mend it."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from waitingroom import ready_system
from waitingroom.beats import SILENT_MS, Beat
from waitingroom.brand import LANGUAGES
from waitingroom.gate.scenes import SAMPLE
from waitingroom.model import Brand, Logo, Phase, Saying
from waitingroom.readiness import ROWS, Asked, Door, Facts, LoadTest, Row, Secrets, State
from waitingroom.ready import JUDGES, is_ready, rows

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
BEAT = Beat(NOW_MS, 20, 2, 2, 30, mails=1)
BRAND = Brand(
    colours=(("light-accent", "#0b6b60"),),
    links=(("imprint", "https://s.example/i"), ("privacy", "https://s.example/p")),
    time_zone="Europe/Warsaw",
    logo=Logo("image/png", "e"),
)
ROOM = replace(
    SAMPLE,
    room="spring",
    title="Spring sale",
    phase=Phase.SCHEDULED,
    now_ms=NOW_MS,
    opened_at_ms=0,
    opens_at_ms=NOW_MS + DAY_MS,
    brand=BRAND,
)
FACTS = Facts(
    room=ROOM,
    secrets=Secrets(1, made_here=False),
    beats={"a:8003": BEAT},
    asked=Asked(Door.REFUSED, "https://shop.example/", "status 303"),
    load_test=LoadTest(NOW_MS - DAY_MS, 5_000, passed=True),
    expected=5_000,
    now_ms=NOW_MS,
)
OK, NOTE, BAD = State.READY, State.NOTE, State.NOT_READY


def row(id: str, facts: Facts) -> Row:
    """One row."""
    return next(one for one in rows(facts) if one.id == id)


def a_room(**changes: object) -> Facts:
    """With another room."""
    return replace(FACTS, room=replace(ROOM, **changes))  # type: ignore[arg-type]


def branded(**changes: object) -> Facts:
    """With another brand."""
    return a_room(brand=replace(BRAND, **changes))  # type: ignore[arg-type]


def keepers(**beats: Beat) -> Facts:
    """With other systems."""
    return replace(FACTS, beats=beats)


def test_all_is_well() -> None:
    """Every row is there, in order, and finds nothing to mend."""
    found = rows(FACTS)
    assert [one.id for one in found] == list(ROWS) == list(JUDGES)
    assert {one.state for one in found} == {OK}, found
    assert [one.mend for one in found if one.mend] == []
    assert is_ready(found)


SAID = Saying("pl", "Your turn!", "Twoja kolej!")
NOTHING_SAID = replace(FACTS, expected=0)
CASES = [
    ("ready-secrets", replace(FACTS, secrets=Secrets(1, made_here=True)), BAD, "for itself"),
    ("ready-secrets", replace(FACTS, secrets=Secrets(1, False, ("x is y",))), BAD, "x is y"),
    ("ready-store", replace(FACTS, unfit="the store may evict"), BAD, "The store may evict"),
    ("ready-store", replace(FACTS, not_durable="the store keeps no"), BAD, "keeps no"),
    ("ready-store", replace(FACTS, appendfsync=None), NOTE, "does not tell"),
    ("ready-clocks", keepers(a=replace(BEAT, skew_ms=-2_001)), BAD, "The clock of a is 2.0 s"),
    ("ready-clocks", keepers(a=BEAT, b=replace(BEAT, gate_skew_ms=9_000)), BAD, "of b is 9.0 s"),
    ("ready-clocks", keepers(a=replace(BEAT, skew_ms=-2_000)), OK, "2.0 s"),
    ("ready-clocks", keepers(), BAD, "No keeper"),
    ("ready-workers", keepers(), BAD, "No keeper"),
    ("ready-workers", keepers(a=BEAT, b=replace(BEAT, workers=1)), BAD, "missing on b"),
    ("ready-workers", keepers(a=replace(BEAT, workers=None)), BAD, "missing on a"),
    ("ready-workers", replace(FACTS, expected=500_000), BAD, "want 7"),
    ("ready-workers", NOTHING_SAID, NOTE, "2 workers are up"),
    ("ready-shop", replace(FACTS, asked=Asked(Door.LET_IN, "u", "status 200")), NOTE, "no sale"),
    ("ready-shop", replace(FACTS, asked=Asked(Door.ELSEWHERE, "u", "d")), BAD, "this room’s page"),
    ("ready-shop", replace(FACTS, asked=Asked(Door.FAILED, "u", "status 500")), BAD, "status 500"),
    ("ready-shop", replace(FACTS, asked=Asked(Door.SILENT, "u", "d")), BAD, "does not answer"),
    ("ready-shop", replace(FACTS, asked=Asked(Door.NOT_ASKED, "u")), NOTE, "private address"),
    ("ready-shop", replace(FACTS, asked=Asked(Door.NO_ADDRESS)), BAD, "does not know its shop"),
    ("ready-opening", a_room(opens_at_ms=0), BAD, "No opening time"),
    ("ready-opening", a_room(paused=True), BAD, "but it is paused"),
    ("ready-opening", a_room(phase=Phase.CLOSED), BAD, "over"),
    ("ready-opening", a_room(phase=Phase.OPEN), OK, "the sale is on"),
    ("ready-opening", FACTS, OK, "Tue 22 Sep 2026 14:13 UTC, Tue 22 Sep 2026 16:13 in Europe"),
    ("ready-opening", branded(time_zone=""), OK, "in their own time zone"),
    ("ready-words", branded(texts=(SAID,)), BAD, "“Your turn!” has a text of yours, but not in"),
    ("ready-words", a_room(message="Hello"), NOTE, "in one language"),
    ("ready-brand", a_room(title=""), BAD, "no title"),
    ("ready-brand", branded(logo=None, links=()), NOTE, "no logo, no link to imprint, no link"),
    ("ready-load-test", replace(FACTS, load_test=None), NOTE, "None recorded"),
    ("ready-load-test", replace(FACTS, load_test=LoadTest(NOW_MS, 9, False)), BAD, "not every"),
    ("ready-load-test", replace(FACTS, load_test=LoadTest(NOW_MS, 9, True)), NOTE, "fewer people"),
    ("ready-load-test", replace(FACTS, load_test=LoadTest(0, 9_999, True)), NOTE, "long ago"),
    ("ready-alarms", keepers(a=replace(BEAT, mails=0)), NOTE, "a tells nobody"),
    ("ready-alarms", keepers(a=replace(BEAT, webhook=True)), OK, "1 address by mail, a receiver"),
    ("ready-alarms", keepers(a=replace(BEAT, at_ms=NOW_MS - SILENT_MS - 1)), BAD, "No keeper"),
]


@pytest.mark.parametrize(("id", "facts", "state", "says"), CASES)
def test_a_row_says_what_it_found_and_how_to_mend_it(
    id: str, facts: Facts, state: State, says: str
) -> None:
    """Each that is not simply ready has something to do."""
    found = row(id, facts)
    assert (found.state, says in found.says) == (state, True), found
    assert bool(found.mend) == (state is not OK)
    assert is_ready(rows(facts)) == (state is not BAD)


def test_a_shop_that_lets_everybody_in_during_a_sale_is_not_ready() -> None:
    """Before it, that may be meant."""
    asked = Asked(Door.LET_IN, "https://shop.example/", "status 200")
    for phase in (Phase.EARLY, Phase.OPEN, Phase.PAUSED):
        facts = replace(a_room(phase=phase), asked=asked)
        assert row("ready-shop", facts).state is BAD


def test_own_texts_in_every_language_are_ready() -> None:
    said = tuple(Saying(lang, "Your turn!", "!") for lang in LANGUAGES)
    assert row("ready-words", branded(texts=said)).says.endswith("1 of them is yours.")


def test_an_opening_that_is_missing_is_mended_by_the_command_as_it_stands_there() -> None:
    """A time in it that has passed would be refused."""
    found = re.search(r"--opens-at (\S+)`", row("ready-opening", a_room(opens_at_ms=0)).mend)
    assert found is not None
    assert datetime.fromisoformat(found[1]).timestamp() * 1000 > NOW_MS


def test_every_row_fails_in_some_case_or_at_least_notes_something() -> None:
    """A row that could not would be a promise."""
    assert {id for id, _, state, _ in CASES if state is not OK} == set(ROWS)


def test_what_a_worker_is_counted_on_for_is_less_than_it_did_on_the_bench() -> None:
    """Whoever measures anew and finds less sees it here."""
    table = (Path(__file__).parents[1] / "docs" / "benchmarks.md").read_text("utf-8")

    def measured(name: str) -> int:
        (told,) = re.findall(rf"^\| {name} \| ([\d,]+) \|", table, re.MULTILINE)
        return int(told.replace(",", ""))

    assert measured("join") >= ready_system.JOINS_A_SECOND
    assert measured("status") >= ready_system.READS_A_SECOND
