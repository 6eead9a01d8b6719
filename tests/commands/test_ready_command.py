"""``waitingroom ready`` and ``waitingroom room load-test`` over a real store."""

import json
from pathlib import Path

import pytest

from waitingroom import clock
from waitingroom.alarms import ALARMS
from waitingroom.beats import Beat
from waitingroom.cli import run
from waitingroom.config import environment
from waitingroom.model import Settings
from waitingroom.readiness import ROWS
from waitingroom.standing import AlarmStanding, Case
from waitingroom.store.client import Store
from waitingroom.store.keys import ALARM_STANDINGS, KEEPERS

Capture = pytest.CaptureFixture[str]
DAY_MS = 86_400_000


@pytest.fixture
def store(here: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The run's store, whose system has just told of itself; secrets that this folder has."""
    monkeypatch.setenv("WAITINGROOM_ENV", "production")
    monkeypatch.setenv("WAITINGROOM_SECRET_KEYS", "ab" * 32)
    monkeypatch.setenv("WAITINGROOM_SHOP_KEY", "s" * 32)
    monkeypatch.setenv("WAITINGROOM_SHOP", "off")
    store = Store.connect(store_url, timeout_s=10)
    store.alarms.beat("a:8003", Beat(store.now_ms(), 0, 2, 2, 3, mails=1), [])
    yield store
    store.client.delete(KEEPERS)
    store.close()


def make(store: Store, name: str, **knobs: object) -> str:
    """A room that opens tomorrow."""
    settings = Settings(opens_at_ms=clock.now_ms() + DAY_MS, title="Spring", **knobs)
    store.create(name, settings, actor="test")
    return name


def test_it_says_row_by_row_what_is_to_be_mended_and_fails(
    store: Store, room_id: str, capsys: Capture
) -> None:
    """In words and in JSON, whose rows have the ids of the runbook."""
    room = make(store, room_id)
    assert run(["ready", room]) == 1
    said = capsys.readouterr().out
    assert "NOT READY The shop and its guard: The room does not know its shop" in said
    assert (
        f"To mend: `waitingroom room set {room} --origin https://shop.example.com` (docs/" in said
    )
    assert "docs/runbook.md#ready-shop" in said
    assert run(["ready", room, "--json", "--expected", "5000"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["room"], told["ready"]) == (room, False)
    states = {row["id"]: row["state"] for row in told["rows"]}
    assert list(states) == list(ROWS)
    assert [id for id, state in states.items() if state == "not ready"] == ["ready-shop"]


def test_a_room_that_is_ready_ends_it_with_success(
    store: Store, room_id: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each looked-at room is; notes do not count."""
    from waitingroom.console import probe
    from waitingroom.readiness import Asked, Door

    monkeypatch.setattr(probe, "ask", lambda url, *_, **__: Asked(Door.REFUSED, url))
    room = make(store, room_id, origins=("https://shop.example.com",))
    assert run(["ready", room]) == 0, capsys.readouterr().out
    assert "note      The last load test: None recorded." in capsys.readouterr().out


def test_a_room_or_a_system_that_is_not_there_is_said(store: Store, capsys: Capture) -> None:
    assert run(["ready", "none-such"]) == 1
    assert "there is no room “none-such”" in capsys.readouterr().err


def test_a_load_test_is_recorded_shown_and_part_of_the_record(
    store: Store, room_id: str, capsys: Capture
) -> None:
    """As the load tests call it."""
    room = make(store, room_id)
    words = ["room", "load-test", room, "--people", "2000", "--passed", "--about", "opening"]
    assert run([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: told[name] for name in ("room", "people", "passed", "about")} == {
        "room": room,
        "people": 2000,
        "passed": True,
        "about": "opening",
    }
    (entry,) = [one for one in store.record.newest(room, 5) if one.act == "load_test"]
    assert entry.text("detail") == "2000 people, passed: opening"
    run(["ready", room, "--json"])
    (found,) = json.loads(capsys.readouterr().out)
    (row,) = [one for one in found["rows"] if one["id"] == "ready-load-test"]
    assert "2,000 people (opening): passed." in row["says"]


@pytest.mark.parametrize(
    "words",
    [
        ("--people", "0", "--passed"),
        ("--people", "5"),
        ("--people", "many", "--passed"),
        ("--people", "5", "--passed", "--about", "two\nlines"),
        ("--people", "5", "--passed", "--about", "x" * 201),
    ],
)
def test_a_load_test_that_cannot_be_is_refused(
    store: Store, room_id: str, words: tuple[str, ...]
) -> None:
    """Nothing is kept."""
    room = make(store, room_id)
    assert run(["room", "load-test", room, *words]) == 2
    assert store.load_tests.last(room) is None


def test_a_load_test_of_no_room_leaves_nothing(store: Store, room_id: str) -> None:
    assert run(["room", "load-test", room_id, "--people", "5", "--passed"]) == 1
    assert store.load_tests.last(room_id) is None


def test_the_load_tests_record_their_verdict_by_that_command(
    store: Store, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, with this folder's settings."""
    from loadtests import scenarios
    from loadtests.run import Run, record

    room = make(store, room_id)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    assert environment()["REDIS_URL"]
    scenario = scenarios.load("opening")
    record(Run(scenario, workers=2, shop=True, record=room), passed=False)
    last = store.load_tests.last(room)
    assert last is not None
    assert (last.people, last.passed) == (scenario.crowd.shoppers, False)


def test_a_secret_for_webhooks_is_one(here: Path, capsys: Capture) -> None:
    """As the settings want it, and another each time."""
    from waitingroom.readers import webhook_secret

    made = []
    for _ in range(2):
        assert run(["secret", "--webhook"]) == 0
        made.append(capsys.readouterr().out.strip())
    assert [webhook_secret(one) for one in made] == made
    assert made[0] != made[1]


def test_alarms_that_hold_are_shown_with_what_to_do(store: Store, capsys: Capture) -> None:
    """Or that there are none."""
    store.client.delete(ALARM_STANDINGS)
    assert run(["alarms"]) == 0
    assert capsys.readouterr().out == "Nothing needs attention.\n"
    case, now_ms = Case("WaitingRoomGateSlow", "a:8003"), store.now_ms()
    standing = AlarmStanding(now_ms, now_ms, now_ms, 0.02)
    store.alarms.change(lambda _kept: ({case: standing}, []), lambda *_: None)
    assert run(["alarms"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Warning: One request in a hundred takes the gate on a:8003 more than")
    assert f"{ALARMS[case.name].to_do} (docs/runbook.md#waitingroomgateslow)" in said
    assert run(["alarms", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["name"] == case.name
    store.client.delete(ALARM_STANDINGS)
