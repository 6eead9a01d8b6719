"""The command line over a real store: exact options, one-sentence complaints, JSON everywhere."""

import io
import json
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

from waitingroom import clock
from waitingroom.__main__ import main
from waitingroom.cli import cli, run
from waitingroom.commands.knobs import KNOBS
from waitingroom.commands.values import Time, time_ms
from waitingroom.model import Settings
from waitingroom.run.supervisor import Interrupted
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring, RoomKeyring
from waitingroom.variables import SETTINGS

KEY = secrets.token_bytes(32)
Capture = pytest.CaptureFixture[str]
Told = tuple[tuple[str, ...], click.Command]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store_url: str) -> Path:
    """An empty folder, the run's store named by REDIS_URL, keys set."""
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS:
        monkeypatch.delenv(setting.env, raising=False)
    monkeypatch.setenv("REDIS_URL", store_url)
    monkeypatch.setenv("WAITINGROOM_SECRET_KEYS", KEY.hex())
    monkeypatch.setenv("WAITINGROOM_SHOP_KEY", "k" * 32)
    return tmp_path


def told(capsys: Capture, *words: str) -> Any:
    """What a command answers in JSON."""
    assert run([*words, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refused(capsys: Capture, *words: str, status: int = 1) -> str:
    """What a command complains about, on standard error; the same in JSON."""
    assert run(words) == status
    plain = capsys.readouterr()
    assert plain.out == ""
    assert run([*words, "--json"]) == status
    found = capsys.readouterr()
    complaint = json.loads(found.err)
    assert set(complaint) == {"error", "message"}
    assert complaint["message"] in plain.err
    return str(complaint["message"])


def test_a_room_is_made_with_every_option_that_the_protocol_knows(
    capsys: Capture, room_id: str
) -> None:
    """The line in the README works as it stands."""
    words = (
        "--rate 60 --burst 2 --capacity 0 --early-at now --opens-at 2099-12-01T14:00+01:00 "
        "--draw shuffle --call-timeout 10s --claim-grace 10m --session 15m --join-limit 0 "
        "--origin http://127.0.0.1:8080"
    )
    before_ms = clock.now_ms()
    room = told(capsys, "room", "create", room_id, *words.split())
    assert room["phase"] == "early"
    assert before_ms <= room["early_at_ms"] <= clock.now_ms()
    assert room["opens_at_ms"] == time_ms("2099-12-01T13:00Z", 0)
    assert (room["rate_per_min"], room["burst"], room["capacity"]) == (60, 2, 0)
    assert (room["call_timeout_ms"], room["claim_grace_ms"]) == (10_000, 600_000)
    assert (room["session_ms"], room["join_limit"]) == (900_000, 0)
    assert (room["draw"], room["origins"]) == ("shuffle", ["http://127.0.0.1:8080"])


def test_there_is_an_option_for_every_knob() -> None:
    """A new setting without its option would be a knob that nobody can turn."""
    assert {field for _, field, _ in KNOBS} == set(Settings.__dataclass_fields__) - {"test_clock"}


def test_a_room_without_options_has_the_defaults(capsys: Capture, room_id: str) -> None:
    """Whatever is not said is as in the table of knobs."""
    room = told(capsys, "room", "create", room_id)
    defaults = Settings()
    assert room["rate_per_min"] == defaults.rate_per_min
    assert room["session_ms"] == defaults.session_ms


def test_an_opening_in_thirty_seconds_is_counted_from_now(capsys: Capture, room_id: str) -> None:
    """``+30s``."""
    before_ms = clock.now_ms()
    room = told(capsys, "room", "create", room_id, "--opens-at", "+30s")
    assert before_ms <= room["opens_at_ms"] - 30_000 <= clock.now_ms()


def test_a_sale_from_opening_to_closing_and_anew(capsys: Capture, room_id: str) -> None:
    """Every act answers with the room as it then is."""
    phases = [
        told(capsys, "room", *words.split())["phase"]
        for words in (
            f"create {room_id} --opens-at +1h",
            f"open {room_id}",
            f"pause {room_id} --cause stock --reason stocktaking",
            f"show {room_id}",
            f"resume {room_id}",
            f"drain {room_id}",
            f"open {room_id}",
            f"close {room_id} --yes",
        )
    ]
    assert phases == ["early", "open", "paused", "paused", "open", "draining", "open", "closed"]
    again = told(
        capsys, "room", "reset", room_id, "--yes", "--opens-at", "+1h", "--cause", "mistake"
    )
    assert (again["phase"], again["epoch"]) == ("early", 2)
    news = [(line["code"], line["reason"], line["text"]) for line in again["news"]]
    assert ("paused", "stock", "stocktaking") in news
    assert news[-1] == ("reset", "mistake", "")


def test_only_the_knobs_that_are_named_are_turned(capsys: Capture, room_id: str) -> None:
    """And the version moves, so that two operators notice each other."""
    made = told(capsys, "room", "create", room_id, "--rate", "30", "--capacity", "5")
    after = told(capsys, "room", "set", room_id, "--rate", "90", "--no-joins")
    assert (after["rate_per_min"], after["capacity"], after["joins"]) == (90, 5, False)
    said = refused(
        capsys, "room", "set", room_id, "--rate", "10", "--based-on", str(made["version"])
    )
    assert "changed meanwhile" in said


def test_people_read_tables_and_words(capsys: Capture, room_id: str) -> None:
    """Not JSON, not milliseconds."""
    assert run(["room", "create", room_id, "--session", "90s"]) == 0
    assert "session       1m30s" in capsys.readouterr().out
    assert run(["room", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ROOM", "PHASE", "WAITING", "SERVING", "INSIDE", "RATE"]
    assert any(line.split()[:2] == [room_id, "early"] for line in lines)


def test_a_pause_is_told_in_every_phase(capsys: Capture, room_id: str) -> None:
    """Before the opening, too, and while draining: whoever pressed it must see that it holds."""
    acts = (("create",), ("pause", "--cause", "payments"), ("open",), ("drain",), ("resume",))
    seen = []
    for act, *words in acts:
        assert run(["room", act, room_id, *words]) == 0
        said = capsys.readouterr().out
        assert run(["room", "list"]) == 0
        phase = said.partition("\n")[0].partition(": ")[2]
        assert re.search(rf"^{room_id} +{phase} ", capsys.readouterr().out, re.MULTILINE)
        seen.append((phase, "trouble with payments" in said))
    assert seen == [
        ("early", False),
        ("early, paused", True),
        ("paused", True),
        ("draining, paused", True),
        ("draining", False),
    ]


def test_what_cannot_be_done_is_one_sentence_and_status_1(capsys: Capture, room_id: str) -> None:
    """Each names the room or the knob, and what to do where that is known."""
    told(capsys, "room", "create", room_id)
    assert "already a room" in refused(capsys, "room", "create", room_id)
    assert "no room “nowhere”" in refused(capsys, "room", "show", "nowhere")
    assert "not paused" in refused(capsys, "room", "resume", room_id)
    assert "not be shorter" in refused(
        capsys, "room", "set", room_id, "--claim-grace", "1s", "--call-timeout", "5s"
    )
    assert "no origin" in refused(capsys, "room", "set", room_id, "--origin", "shop")


def test_what_is_typed_wrongly_is_status_2(capsys: Capture, room_id: str) -> None:
    """Nothing was asked of the store."""
    room = ("room", "create", room_id)
    assert "time zone" in refused(capsys, *room, "--opens-at", "2026-12-01T14:00", status=2)
    assert "no duration" in refused(capsys, *room, "--session", "15", status=2)
    assert "cannot name a room; use" in refused(capsys, "room", "create", "My Room", status=2)
    assert "the gate has a page there" in refused(capsys, "room", "create", "api", status=2)
    assert "no whole number" in refused(capsys, *room, "--rate", "5.5", status=2)
    assert "nothing to set" in refused(capsys, "room", "set", room_id, status=2)
    assert "--ratte" in refused(capsys, *room, "--ratte", "1", status=2)
    assert "-1" in refused(capsys, *room, "--rate", "-1", status=2)


def test_a_complaint_about_a_knob_is_in_the_words_of_the_one_who_typed(
    capsys: Capture, room_id: str
) -> None:
    """The option's name, no milliseconds; in the range's own check and in the store's."""
    room = ("room", "create", room_id)
    for words, said in {
        ("--session", "0"): "--session: must be from 1s to 1d",
        ("--opens-at", "+3000000d"): "--opens-at: must be a time between 1970 and 2100",
        ("--rate", "9" * 25): "--rate: must be from 0 to 1000000",
        (
            "--opens-at",
            "+1h",
            "--early-at",
            "+2h",
        ): "--early-at: must not be later than the opening",
        (
            "--origin",
            "https://shop.example.com/path",
        ): '--origin: "https://shop.example.com/path" is',
    }.items():
        assert refused(capsys, *room, *words).startswith(said)
    told(capsys, *room)
    long = refused(capsys, "room", "pause", room_id, "--reason", "x" * 501)
    assert long == "--reason: must have at most 500 characters"


def test_an_origin_may_be_pasted_from_the_address_bar(capsys: Capture, room_id: str) -> None:
    """With the slash that browsers show."""
    room = told(capsys, "room", "create", room_id, "--origin", "https://shop.example.com/")
    assert room["origins"] == ["https://shop.example.com"]


def test_a_room_that_opens_now_is_open(capsys: Capture, room_id: str) -> None:
    """The answer does not say early."""
    assert told(capsys, "room", "create", room_id, "--opens-at", "now")["phase"] == "open"


def test_help_says_what_a_room_gets_without_an_option(capsys: Capture) -> None:
    """In the form in which it may be typed."""
    assert run(["room", "create", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for default in ("(60)", "(15m)", "(shuffle)", "(never)", "(joins)"):
        assert f"[default: {default}]" in shown
    assert run(["room", "set", "--help"]) == 0
    assert "default:" not in capsys.readouterr().out


def commands(command: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[Told]:
    """Every command and group, with the words that it is typed with."""
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))


GROUPS = [list(path) for path, command in commands() if isinstance(command, click.Group)]


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_lists_of_commands_cut_no_sentence_short(capsys: Capture, group: list[str]) -> None:
    """At 80 columns."""
    assert run([*group, "--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_every_help_explains_each_option_and_how_times_are_typed() -> None:
    """And a room is ID in all of them."""
    for path, command in commands():
        assert command.help, path
        for one in command.params:
            if isinstance(one, click.Option):
                assert one.help, (path, one.name)
            elif one.name in ("room_id", "room_ids"):
                assert "ID" in str(one.metavar), path
            if isinstance(one.type, Time):
                assert "ISO 8601" in command.help, (path, one.name)


def test_a_staff_pass_is_for_somebody_and_for_a_while(capsys: Capture, room_id: str) -> None:
    """A log without a name, or a pass that has ended before it begins, helps nobody."""
    told(capsys, "room", "create", room_id, "--origin", "http://127.0.0.1:8080")
    words = ("staff", "pass", room_id, "--name")
    assert "who it is for" in refused(capsys, *words, " ", status=2)
    for lasts in ("0", "59s", "999d"):
        assert "1m to 7d" in refused(capsys, *words, "Ada", "--for", lasts, status=2)
    for path in ("sale", "//evil.example", "https://evil.example/", "/a b"):
        assert "where in the shop" in refused(capsys, *words, "Ada", "--to", path, status=2)


def test_a_reset_wants_to_be_meant(capsys: Capture, room_id: str) -> None:
    """It ends every ticket; a script says --yes, a person is asked."""
    told(capsys, "room", "create", room_id, "--opens-at", "now")
    said = refused(capsys, "room", "reset", room_id, status=2)
    assert "--yes" in said
    assert "It opens at once" in said
    timed = ("room", "reset", room_id, "--opens-at", "+1h")
    said = refused(capsys, *timed, status=2)
    assert "It opens at once" not in said
    assert re.search(r"opens in (1 h|60 min|59 min)", said)
    for past in ("2024-03-01T14:00Z", "never"):
        said = refused(capsys, "room", "reset", room_id, "--yes", "--opens-at", past)
        assert "--opens-at: must be a time to come" in said
    assert told(capsys, "room", "show", room_id)["epoch"] == 1


class Terminal(io.StringIO):
    """Standard input with somebody at it, who answers what was typed ahead."""

    def isatty(self) -> bool:
        return True


def test_what_costs_people_their_places_is_asked_first(
    capsys: Capture, room_id: str, store_url: str
) -> None:
    """Closing, and opening what was closed, tell a script what they cost; nothing else asks."""
    told(capsys, "room", "create", room_id, "--opens-at", "+1h")
    with closing(Store.connect(store_url, timeout_s=10)) as store:
        store.join(room_id, 9)
    for words in ("open", "drain", "open", "close --yes"):
        for act, label, cost in (
            ("close", "Close", " people) is told so"),
            ("reset", "Reset", " people) loses their place"),
        ):
            said = refused(capsys, "room", act, room_id, status=2)
            assert said.startswith(f"{label} “{room_id}”: ")
            assert cost in said
            assert said.endswith("This cannot be undone. Say --yes if you mean it.")
        act, *yes = words.split()
        told(capsys, "room", act, room_id, *yes)
    assert "A new running begins" in refused(capsys, "room", "open", room_id, status=2)
    assert told(capsys, "room", "show", room_id)["phase"] == "closed"
    assert told(capsys, "room", "open", room_id, "--yes")["epoch"] == 2


def test_somebody_at_a_terminal_is_asked(
    capsys: Capture, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked about is what is done; a no changes nothing, a yes is taken."""
    told(capsys, "room", "create", room_id, "--opens-at", "now")
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert run(["room", "close", room_id]) == 130
    said = capsys.readouterr()
    assert (said.out, "Go on? [y/N]" in said.err) == ("", True)
    assert said.err.endswith("waitingroom: nothing was changed\n")
    assert told(capsys, "room", "show", room_id)["phase"] == "open"
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert told(capsys, "room", "close", room_id)["phase"] == "closed"
    assert "closed already" in refused(capsys, "room", "close", room_id)


def test_without_a_system_the_sentence_says_how_to_start_one(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first thing that everybody sees."""
    monkeypatch.delenv("REDIS_URL")
    said = refused(capsys, "room", "list")
    assert "no waiting room runs from this folder" in said
    assert "waitingroom up" in said


def test_a_store_that_is_away_is_said(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, without a traceback."""
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere.sock")
    assert "store does not answer" in refused(capsys, "room", "list")


def test_a_wrong_setting_is_said_by_every_command(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not ignored by those that would not need it."""
    monkeypatch.setenv("WAITINGROOM_GATE_PORT", "x")
    assert "WAITINGROOM_GATE_PORT is 'x'" in refused(capsys, "room", "list")


def test_waitingroom_toml_of_the_folder_counts(
    capsys: Capture, here: Path, monkeypatch: pytest.MonkeyPatch, store_url: str
) -> None:
    """So that ``up`` and the commands agree without being told twice."""
    monkeypatch.delenv("REDIS_URL")
    (here / "waitingroom.toml").write_text(f'redis_url = "{store_url}"\n')
    assert run(["room", "list"]) == 0
    capsys.readouterr()


def test_a_secret_is_new_each_time_and_long_enough(capsys: Capture) -> None:
    """It fits both variables as it is."""
    one, two = told(capsys, "secret")["secret"], told(capsys, "secret")["secret"]
    assert one != two
    assert len(bytes.fromhex(one)) == 32


def test_the_keys_of_a_room_are_what_a_guard_takes_and_no_more(
    capsys: Capture, room_id: str
) -> None:
    """They read passes of this room, and say nothing about the master key."""
    told(capsys, "room", "create", room_id)
    keys = told(capsys, "room", "keys", room_id)["keys"]
    assert RoomKeyring.parse(keys).room == room_id
    assert KEY.hex() not in keys
    assert "no room" in refused(capsys, "room", "keys", "nowhere")


def test_a_staff_pass_is_a_url_that_is_logged_and_revoked_with_all_others(
    capsys: Capture, room_id: str
) -> None:
    """Signed with the room's keys, for the shop's own address."""
    told(capsys, "room", "create", room_id)
    assert "--origin" in refused(capsys, "staff", "pass", room_id, "--name", "Ada")
    told(capsys, "room", "set", room_id, "--origin", "http://127.0.0.1:8080")
    made = told(capsys, "staff", "pass", room_id, "--name", "Ada", "--for", "1h")
    address, _, token = made["url"].partition("?wr_handover=")
    assert address == "http://127.0.0.1:8080/"
    keyring = Keyring([KEY]).room_keys(room_id)
    handover = keyring.read_handover(token, now_ms=clock.now_ms())
    assert handover.lease == made["lease"]
    assert handover.lease.startswith("s-")
    assert handover.pass_ends_at_ms - handover.issued_at_ms == 3_600_000
    log = told(capsys, "audit", "show", room_id)
    assert (log[0]["act"], log[0]["detail"]) == ("staff_pass", f"{made['lease']} for Ada")
    assert log[0]["actor"].startswith("cli:")
    assert told(capsys, "staff", "revoke", room_id)["staff_epoch"] == handover.epoch + 1


class PressedWhileImporting:
    """A finder of modules during whose search somebody presses Ctrl-C."""

    def find_spec(self, name: str, *_: object) -> None:
        """It comes with the command line."""
        if name == "waitingroom.cli":
            raise KeyboardInterrupt


def test_ctrl_c_in_the_first_moment_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of a start is importing."""
    monkeypatch.delitem(sys.modules, "waitingroom.cli")
    monkeypatch.setattr(sys, "meta_path", [PressedWhileImporting(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


@pytest.mark.parametrize(
    ("pressed", "says"),
    [
        (KeyboardInterrupt, "it may be done already"),
        (click.Abort, "nothing was changed"),
        (Interrupted, "interrupted while starting"),
    ],
)
def test_an_interruption_has_a_status_of_its_own(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, pressed: type[BaseException], says: str
) -> None:
    """Ctrl-C, the answer no, and Ctrl-C while a system starts; the first promises nothing."""

    def rooms(_store: Store) -> list[str]:
        raise pressed("interrupted while starting")

    monkeypatch.setattr(Store, "rooms", rooms)
    assert says in refused(capsys, "room", "list", status=130)


@pytest.mark.parametrize("words", [["--help"], ["room", "--help"], ["room", "create", "-h"]])
def test_help_is_there(capsys: Capture, words: list[str]) -> None:
    """And is no complaint."""
    assert run(words) == 0
    shown = capsys.readouterr().out
    assert "Usage: waitingroom" in shown
    assert ("exit status" in " ".join(shown.split())) is (words == ["--help"])
