"""``--json``: every command has it, and what it answers is JSON."""

import io
import json
from pathlib import Path

import click
import pytest

from waitingroom.cli import cli, run
from waitingroom.codes import Codes
from waitingroom.draw import commitment
from waitingroom.store.client import Store
from waitingroom.store.rehearsals import Rehearsals

TERMINALS = {"up", "demo", "preview"}
"""Commands that run until Ctrl-C, and print for whoever sits there."""
LINES = {"audit export"}
"""Commands that answer with an object a line, as it may be a lot."""
KEY = "ab" * 32
SEED = bytes(32)
PUBLISHED = (
    f"--room a --epoch 1 --drawn 0 --arrival 1 --seed {SEED.hex()} --commitment {commitment(SEED)}"
)
WORDS = f"""
    secret
    draw verify {PUBLISHED}
    room create ID --rate 60 --origin https://shop.example
    room list
    room show ID
    room load-test ID --people 9 --passed
    ready ID
    alarms
    room figures ID
    room history ID
    room keys ID
    room set ID --rate 30
    room set ID --rate 30 --what-if
    room undo ID
    room brand ID --time-zone Europe/Warsaw
    room ramp ID --rate 90 --over 10m
    room schedule ID
    room rehearse ID
    room rehearse ID --end
    room clone ID ID-clone
    room open ID
    room place ID CODE
    room pause ID --reason stocktaking
    room resume ID
    room drain ID
    room close ID --yes
    room reset ID --yes
    staff pass ID --name Ada
    staff list ID
    staff revoke ID
    room shop-key add ID --all-rooms
    room shop-key list
    room shop-key revoke ID
    operator add ID --password-stdin
    operator list
    operator role ID viewer
    operator password ID --password-stdin
    operator remove ID
    operator key add ID
    operator key list
    operator key revoke ID
    audit show ID
    audit export ID
    audit verify ID
"""
"""One after another; a new command wants a line. ID: a name that nobody else has. CODE: of the
first place in the room of that name.
"""
ELSEWHERE = {"room second-chance"}
"""Which takes a place that has lapsed: test_room_places.py."""


def leaves(command: click.Command = cli, path: str = "") -> dict[str, click.Command]:
    """Every command that does something, by the words that it is typed with."""
    if not isinstance(command, click.Group):
        return {path: command}
    return {
        name: found
        for word, inner in command.commands.items()
        for name, found in leaves(inner, f"{path} {word}".strip()).items()
    }


def name_of(words: list[str]) -> str:
    """Of the command that is typed so."""
    found = [name for name in leaves() if words[: len(name.split())] == name.split()]
    return max(found, key=len)


def test_every_command_answers_in_json_and_nothing_else(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    room_id: str,
    store_url: str,
) -> None:
    """On standard output; and it says so in its help."""
    monkeypatch.setenv("WAITINGROOM_SECRET_KEYS", KEY)
    monkeypatch.setenv("WAITINGROOM_SHOP_KEY", "k" * 32)
    code, tried = Codes([bytes.fromhex(KEY)]).of(room_id, 1, 1), set()
    store = Store.connect(store_url, timeout_s=10)
    for line in WORDS.strip().splitlines():
        words = line.replace("ID", room_id).replace("CODE", code).split()
        name = name_of(words)
        if name == "room place":
            store.join(room_id, 1)
        monkeypatch.setattr("sys.stdin", io.StringIO("a password that is long enough\n"))
        # A room that was just made is not ready, and says so by its status.
        assert run([*words, "--json"]) == int(name == "ready"), (line, capsys.readouterr().err)
        said = capsys.readouterr()
        documents = said.out.splitlines() if name in LINES else [said.out]
        told = [json.loads(document) for document in documents]
        assert told, line
        assert all(isinstance(one, dict | list) for one in told), line
        tried.add(name)
    there = Rehearsals(store)
    for one in there.all():
        if one.of == room_id:
            there.clean_up(one)
    store.close()
    assert tried == leaves().keys() - TERMINALS - ELSEWHERE


def test_no_command_that_runs_until_it_is_ended_promises_json() -> None:
    """It would print it for nobody; every other says so in its help."""
    without = {
        name
        for name, command in leaves().items()
        if not any("--json" in option.opts for option in command.params)
    }
    # The last reads its options itself, --json among them, since it must do without click.
    assert without == TERMINALS | {"draw verify"}
