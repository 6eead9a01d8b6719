"""The alarms on the console are those of Prometheus: the same names, numbers, and cases."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from waitingroom.alarms import ALARMS, Alarm
from waitingroom.conditions import Reading, of_gate, of_room
from waitingroom.gate import counts
from waitingroom.history import Sample
from waitingroom.standing import KEEP_MS, AlarmNotice, Case, Kept, firing, step

PLACE = Path(__file__).parents[1] / "deploy" / "prometheus"
RULES, TESTS = ((PLACE / name).read_text("utf-8") for name in ("alerts.yml", "alerts_test.yml"))
UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000}
T0 = 1_700_000_000_000
EVERY_MS = 15_000


def rules() -> dict[str, str]:
    """The text of each rule by its alert's name."""
    return dict(re.findall(r"- alert: (\w+)\n(.*?)(?=\n      - alert|\n  - name|\Z)", RULES, re.S))


def ms(text: str) -> int:
    """``2m``, in milliseconds."""
    return int(text[:-1]) * UNITS[text[-1]]


def test_there_is_an_alarm_for_each_alert_and_no_other() -> None:
    """In the same order."""
    assert list(ALARMS) == list(rules())


@pytest.mark.parametrize(("name", "alarm"), ALARMS.items())
def test_an_alarm_has_the_numbers_of_its_rule(name: str, alarm: Alarm) -> None:
    """How long, how far back, how bad, and what it compares with; whether it is of a room."""
    rule = rules()[name]
    expr = rule.partition("for: ")[0].partition("expr:")[2]
    assert [ms(one) for one in re.findall(r"for: (\w+)", rule)] == [alarm.for_ms]
    assert re.findall(r"severity: (\w+)", rule) == [alarm.severity]
    windows = {ms(one) for one in re.findall(r"\[(\w+)\]", expr)}
    assert windows == ({alarm.over_ms} if alarm.over_ms else set())
    bare = re.sub(r'\[\w+\]|"[^"]*"|\{phase="open"\}\) == 1|[=>]= 0|> 0\)', "", expr)
    numbers = {float(one) for one in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", bare)}
    assert numbers == set(alarm.limits)
    assert ("by (room)" in expr) == alarm.room


def test_what_is_slow_is_counted_at_the_number_of_the_alarm() -> None:
    """The histograms have a bound there."""
    assert ALARMS["WaitingRoomGateSlow"].limits[1] in counts.REQUEST_SECONDS._upper_bounds
    assert ALARMS["WaitingRoomStoreSlow"].limits[1] in counts.STORE_SECONDS._upper_bounds


@dataclass
class Trial:
    """One case of ``alerts_test.yml``: series by name and labels, until when, and what fires."""

    name: str
    series: dict[tuple[str, str], list[float | None]]
    until_ms: int
    fires: list[str]


def values(text: str) -> list[float | None]:
    """Prometheus' own notation: ``0+5x8 40x200``, ``_x3``."""
    found: list[float | None] = []
    for part in text.split():
        if not (match := re.fullmatch(r"(_|[\d.]+)(?:([+-][\d.]+))?(?:x(\d+))?", part)):
            raise AssertionError(part)
        first, by, times = match.groups()
        for n in range(int(times or 0) + 1):
            found.append(None if first == "_" else float(first) + float(by or 0) * n)
        if first == "_":
            found.pop()
    return found


def trials() -> Iterator[Trial]:
    """All of them."""
    for text in re.split(r"\n  - name: ", TESTS)[1:]:
        rows = re.findall(r"- \{series: '(\w+)(?:\{(.*?)\})?', values: '([^']*)'\}", text)
        (until,) = re.findall(r"eval_time: (\w+)", text)
        yield Trial(
            text.split("\n", 1)[0],
            {(name, labels): values(told) for name, labels, told in rows},
            ms(until),
            re.findall(r'alertname="(\w+)"', text),
        )


UNSEEN = {"up", "waitingroom_store_up"}
"""What a keeper knows in other ways: tests/console/test_alarm_watch.py has those."""
TRIALS = [one for one in trials() if not UNSEEN.intersection(name for name, _ in one.series)]


def at(trial: Trial, nth: int, name: str, label: str = "") -> float | None:
    """The sum of a metric's series at a moment; None where there is none."""
    found = [
        told[nth] for (one, labels), told in trial.series.items() if one == name and label in labels
    ]
    known = [value for value in found if value is not None]
    return sum(known) if known else None


def sample(trial: Trial, nth: int) -> Sample:
    """The room of a case as a keeper would have seen it."""

    def of(name: str) -> int:
        return round(at(trial, nth, f"waitingroom_room_{name}") or 0)

    return Sample(
        at_ms=T0 + nth * EVERY_MS,
        epoch=1,
        rate_per_min=round(60 * (at(trial, nth, "waitingroom_room_rate_per_second") or 0)),
        capacity=of("capacity"),
        waiting=of("waiting"),
        inside=of("inside"),
        at_door=0,
        called=of("called_total"),
        entered=of("entered_total"),
        no_show=of("no_shows_total"),
        left=0,
        refused=of("refused_total"),
        shop_answers=of("shop_answers_total"),
        shop_failures=of("shop_failures_total"),
        stock=round(stock)
        if (stock := at(trial, nth, "waitingroom_room_stock")) is not None
        else -1,
    )


def reading(trial: Trial, nth: int) -> Reading:
    """The gate of a case as its keeper would have read it."""

    def of(name: str, label: str = "") -> float:
        return at(trial, nth, f"waitingroom_gate_{name}", label) or 0

    timed, asked = of("request_seconds_bucket", '"+Inf"'), of("store_seconds_bucket", '"+Inf"')
    workers = at(trial, nth, "waitingroom_gate_workers")
    refreshed_s = at(trial, nth, "waitingroom_gate_refreshed_timestamp_seconds")
    return Reading(
        at_ms=nth * EVERY_MS,
        workers_configured=round(of("workers_configured")),
        workers=None if workers is None else round(workers),
        refreshed_ms=None if refreshed_s is None else round(1000 * refreshed_s),
        requests=of("requests_total"),
        failures=of("requests_total", '"5xx"'),
        timed=timed,
        slow=timed - of("request_seconds_bucket", 'le="1.0"'),
        asked=asked,
        waited=asked - of("store_seconds_bucket", 'le="0.1"'),
        forged={"ticket": of("bad_credentials_total", '"forged"')},
    )


@pytest.mark.parametrize("trial", TRIALS, ids=[one.name for one in TRIALS])
def test_prometheus_cases_come_out_the_same_here(trial: Trial) -> None:
    """Each case that promtool tries, looked at each 15 s as it does."""
    kept: Kept = {}
    samples: list[Sample] = []
    readings: list[Reading] = []
    for nth in range(trial.until_ms // EVERY_MS + 1):
        samples.append(sample(trial, nth))
        readings.append(reading(trial, nth))
        is_open = at(trial, nth, "waitingroom_room_phase", '"open"') == 1
        judged = {Case(name, "spring"): v for name, v in of_room(samples, is_open=is_open).items()}
        judged |= {Case(name, "a:8003"): v for name, v in of_gate(readings).items()}
        kept, _ = step(kept, judged, T0 + nth * EVERY_MS)
    assert sorted(case.name for case, _ in firing(kept)) == sorted(trial.fires)


STILL = Case("WaitingRoomStandsStill", "spring")


def told(*held: bool | None, every_ms: int = 30_000, kept: Kept | None = None) -> list[AlarmNotice]:
    """What goes out over looks at one case: its condition holds, holds not, cannot be judged."""
    kept, notices = kept or {}, []
    for nth, holds in enumerate(held):
        judged = {} if holds is None else {STILL: 500.0 if holds else None}
        kept, new = step(kept, judged, T0 + nth * every_ms)
        notices += new
    return notices


def test_an_alarm_begins_once_and_ends_once() -> None:
    """However long it holds."""
    notices = told(*[True] * 20, *[False] * 20)
    assert [(one.began_ms - T0, one.ended_ms and one.ended_ms - T0) for one in notices] == [
        (120_000, 0),
        (120_000, 630_000),
    ]
    assert len({one.id for one in notices}) == 2
    assert notices[0].words == "Room spring: nothing moves, and 500 people wait"


def test_one_that_flickers_is_one_alarm_and_one_that_is_short_is_none() -> None:
    """It ends a minute after its condition last held."""
    assert len(told(*[True] * 5, *[False, True] * 10)) == 1
    assert told(*[True] * 4, False, *[True] * 4, False) == []


def test_what_cannot_be_judged_neither_begins_nor_ends() -> None:
    """A gap of the keeper's is no good news; one that was not yet an alarm begins anew after it."""
    assert len(told(*[True] * 5, *[None] * 10)) == 1
    assert told(*[True] * 4, *[None] * 3, *[True] * 4) == []
    assert KEEP_MS < 4 * 30_000


def test_counts_that_begin_anew_are_not_taken_for_less_than_nothing() -> None:
    """A gate that is started again counts from 0."""
    readings = [
        Reading(T0 + n * 15_000, 1, 1, T0 + n * 15_000, requests=r, failures=f)
        for n, (r, f) in enumerate([(9_000, 900), (9_100, 900), (50, 0), (150, 0)])
    ]
    assert of_gate(readings)["WaitingRoomGateErrors"] is None
