"""``waitingroom audit`` over a real store: the record shown, exported, and verified by anybody."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from waitingroom.cli import run
from waitingroom.config import SETTINGS
from waitingroom.exports import FORMULA
from waitingroom.record import LogEntry, hash_of
from waitingroom.run import folder
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM, RoomKeys

Capture = pytest.CaptureFixture[str]
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store_url: str, room_id: str) -> str:
    """A room with a few acts, in a store that this empty folder's settings name."""
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS:
        monkeypatch.delenv(setting.env, raising=False)
    monkeypatch.setenv("REDIS_URL", store_url)
    for words in (
        ("create", room_id, "--opens-at", "now", "--why", "the spring sale"),
        ("set", room_id, "--rate", "90", "--why", "=1+1"),
        ("set", room_id, "--message", "Grüße, 你好"),
        ("pause", room_id, "--reason", "stocktaking"),
    ):
        assert run(["room", *words, "--json"]) == 0
    return room_id


@pytest.fixture
def store(store_url: str):
    made = Store.connect(store_url, timeout_s=10)
    yield made
    made.close()


def out(capsys: Capture, *words: str, status: int = 0) -> str:
    """What a command prints."""
    capsys.readouterr()
    assert run(["audit", *words]) == status
    return capsys.readouterr().out


def test_what_was_done_is_shown_newest_first(room: str, capsys: Capture) -> None:
    """Who, from which host, what, old and new, why; and the same in JSON."""
    shown = out(capsys, "show", room).splitlines()
    assert max(map(len, shown)) < 300
    assert shown[0].split() == ["WHEN", "WHO", "FROM", "WHAT", "DETAIL", "CHANGED", "WHY"]
    assert re.search(r"cli:\S+ .* pause +stocktaking +Phase: open → paused", shown[1])
    entries = json.loads(out(capsys, "show", room, "--json"))
    assert [entry["act"] for entry in entries] == ["pause", "set", "set", "opened", "create"]
    turned, made = entries[2], entries[4]
    assert json.loads(turned["before"]) == {"rate_per_min": 60}
    assert json.loads(turned["after"]) == {"rate_per_min": 90}
    assert (turned["why"], made["why"]) == ("=1+1", "the spring sale")
    assert turned["from"]
    assert turned["actor"].startswith("cli:")


def test_what_belongs_to_no_room_has_a_record_too(
    room: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is the one that is shown where no room is named."""
    name = f"ada.{room}"
    for words in (("add", name, "--password-stdin", "--why", "she is new"), ("remove", name)):
        monkeypatch.setattr(sys, "stdin", io.StringIO("a long enough password\n"))
        assert run(["operator", *words]) == 0
    removed, made = json.loads(out(capsys, "show", "--count", "2", "--json"))
    assert (made["act"], made["detail"], made["why"]) == ("operator_add", name, "she is new")
    assert (removed["act"], removed["detail"]) == ("operator_remove", name)
    assert json.loads(out(capsys, "show", SYSTEM, "--count", "2", "--json")) == [removed, made]


@pytest.mark.parametrize("why", ["x" * 501, "two\nlines"])
def test_a_reason_is_one_line(room: str, capsys: Capture, why: str) -> None:
    """And nothing is done without it."""
    before = out(capsys, "export", room)
    assert run(["room", "resume", room, "--why", why]) == 2
    assert "--why" in capsys.readouterr().err
    assert out(capsys, "export", room) == before


def test_anybody_can_verify_an_export_with_the_lines_in_the_document(
    room: str, capsys: Capture, tmp_path: Path
) -> None:
    """Python and nothing of ours; one changed sign in any line is found."""
    text = OPERATIONS.read_text("utf-8")
    (lines,) = re.findall(r"```python\n(import hashlib.*?)```", text, re.DOTALL)
    (tmp_path / "verify.py").write_text(lines, "utf-8")
    exported = out(capsys, "export", room)

    def verify(record: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "record.jsonl").write_text(record, "utf-8")
        argv = [sys.executable, "-I", "verify.py", "record.jsonl"]
        return subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)

    good = verify(exported)
    assert good.returncode == 0, good.stderr
    head = json.loads(exported.splitlines()[-1])
    assert good.stdout.split() == ["unedited", "up", "to", head["seq"], head["hash"]]
    for sign, other in (("stocktaking", "stockmaking"), ("90", "91"), ("Grüße", "Grüsse")):
        assert sign in exported
        assert verify(exported.replace(sign, other)).returncode == 1
    kept = exported.splitlines(keepends=True)
    for at in range(1, len(kept) - 1):
        assert verify("".join(kept[:at] + kept[at + 1 :])).returncode == 1


def test_a_table_for_a_spreadsheet_carries_nothing_out(room: str, capsys: Capture) -> None:
    """A reason that looks like a formula is text there."""
    rows = list(csv.DictReader(io.StringIO(out(capsys, "export", room, "--csv"))))
    assert [row["act"] for row in rows] == ["create", "opened", "set", "set", "pause"]
    assert rows[2]["why"] == "'=1+1"
    assert "Grüße, 你好" in rows[3]["after"]
    assert not any(FORMULA.search(cell) for row in rows for cell in row.values())
    assert run(["audit", "export", room, "--csv", "--json"]) == 2


def test_an_edit_is_told_in_a_sentence_and_by_the_exit_status(
    room: str, capsys: Capture, store: Store
) -> None:
    """Also for scripts; an unedited record tells its head, to be noted elsewhere."""
    fine = json.loads(out(capsys, "verify", room, "--json"))[room]
    assert (fine["ok"], fine["chained"], fine["findings"]) == (True, 5, [])
    assert fine["head"]["hash"] in out(capsys, "verify", room)
    keys = RoomKeys.of(room)
    second = store._redis.xrange(keys.log, count=2)[1][0]
    store._redis.xdel(keys.log, second)
    told = out(capsys, "verify", room, status=1)
    assert "EDITED" in told
    assert "removed: between entries 1 and 3, 2 to 2 are missing" in told
    found = json.loads(out(capsys, "verify", room, "--json", status=1))[room]
    assert (found["ok"], found["findings"][0]["edit"]) == (False, "removed")
    store._redis.xadd(keys.log, {"at_ms": "9" * 15, "actor": b"\xff", "act": "\u0663"})
    assert out(capsys, "show", room).splitlines()[1].split()[0] == "-"
    assert '"at_ms": "999999999999999"' in out(capsys, "export", room)


def test_all_records_are_verified_where_none_is_named(
    room: str, capsys: Capture, store: Store
) -> None:
    """One that is gone altogether does not escape by that."""
    assert {SYSTEM, room} <= set(json.loads(out(capsys, "verify", "--json")))
    store._redis.delete(RoomKeys.of(room).log, RoomKeys.of(room).head)
    found = json.loads(out(capsys, "verify", "--json", status=1))
    assert [name for name, verdict in found.items() if not verdict["ok"]] == [room]


def test_a_record_is_held_against_what_was_noted(
    room: str, capsys: Capture, tmp_path: Path
) -> None:
    """Lines of the keeper's log, among whatever else is in it."""
    fine = json.loads(out(capsys, "verify", room, "--json"))[room]
    line = f"2027-01-01 12:00:00,000 waitingroom.keeper INFO record {room} {{}} {{}}\n"
    noted = tmp_path / "keeper.log"
    good = line.format(fine["head"]["seq"], fine["head"]["hash"])
    noted.write_text(f"something else\n{good}{good}", "utf-8")
    assert "unedited" in out(capsys, "verify", room, "--against", str(noted))
    noted.write_text(line.format(2, "0" * 64) + good, "utf-8")
    told = out(capsys, "verify", room, "--against", str(noted), status=1)
    assert "changed: entry 2 is not the one that was noted" in told
    assert "nowhere: No such file" in told_how(capsys, room, "--against", tmp_path / "nowhere")


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_what_was_kept_may_come_through_a_pipe(room: str, capsys: Capture, form: str) -> None:
    """From another machine, say: ``--against <(ssh …)``. One that says nothing is no witness."""
    kept = out(capsys, "export", room, form)
    with piped(kept) as path:
        assert "unedited" in out(capsys, "verify", room, "--against", path)
    with piped("") as path:
        assert f"tells no hash of {room}" in told_how(capsys, room, "--against", path)


@contextmanager
def piped(text: str) -> Iterator[str]:
    """The path of a pipe that says so, and ends."""
    readable, writable = os.pipe()
    os.write(writable, text.encode())
    os.close(writable)
    yield f"/dev/fd/{readable}"
    os.close(readable)


def written_anew(store: Store, room: str) -> None:
    """What whoever can write to the store may do: another reason, and every hash fits again."""
    keys, prev = RoomKeys.of(room), ""
    found = list(store.record.entries(room))
    store._redis.delete(keys.log)
    for entry in found:
        fields = dict(entry.fields) | ({"prev": prev} if prev else {})
        fields |= {"why": "a reason that nobody gave"} if entry.act == "set" else {}
        prev = hash_of(LogEntry(entry.id, fields))
        store._redis.xadd(keys.log, fields | {"hash": prev}, id=entry.id)
    store._redis.set(keys.head, f"{found[-1].seq} {prev}")


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_a_record_that_was_written_anew_is_found_by_who_kept_an_export_or_a_hash(
    room: str, capsys: Capture, tmp_path: Path, store: Store, form: str
) -> None:
    """Acts that came since change nothing of that."""
    kept = tmp_path / "kept"
    kept.write_text(out(capsys, "export", room, form), "utf-8", newline="")
    head = json.loads(out(capsys, "verify", room, "--json"))[room]["head"]["hash"]
    ways = (("--against", str(kept)), ("--expect", head))
    assert run(["room", "resume", room]) == 0
    for way in ways:
        assert "unedited" in out(capsys, "verify", room, *way)
    written_anew(store, room)
    assert "unedited" in out(capsys, "verify", room), "by itself it looks as good as before"
    told = [out(capsys, "verify", room, *way, status=1) for way in ways]
    assert "changed: entry 3 is not the one that was noted" in told[0]
    assert "entry 2 is" not in told[0]
    assert f"changed: no entry has the hash that was noted, {head[:12]}…" in told[1]


def told_how(capsys: Capture, *words: str | Path) -> str:
    """What is said of a command that was typed wrongly."""
    capsys.readouterr()
    assert run(["audit", "verify", *map(str, words)]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_an_export_that_somebody_edited_is_no_witness(
    room: str, capsys: Capture, tmp_path: Path, form: str
) -> None:
    """Though the hashes in it are those of the record. What is made inert for a spreadsheet is no
    edit.
    """
    for why in ("=1+1", "'=1", "a;'=b;=c"):
        assert run(["room", "pause", room, "--why", why]) == 0
    kept = tmp_path / "kept"
    whole = out(capsys, "export", room, form)
    kept.write_text(whole, "utf-8", newline="")
    assert "unedited" in out(capsys, "verify", room, "--against", str(kept))
    kept.write_text(whole.replace("=1+1", "=1+2"), "utf-8", newline="")
    assert "kept was edited: what it tells of entry" in told_how(capsys, room, "--against", kept)


def test_what_says_nothing_of_a_record_is_not_taken_for_a_witness(
    room: str, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    """“Unedited” would be taken for its word. /dev/null is meant to say nothing."""
    other, export = tmp_path / "other", tmp_path / "export"
    for text in ("", "nothing\n", '{"hash": 1, "seq": []}\n', f"record else 1 {'0' * 64}\n"):
        other.write_text(text, "utf-8")
        assert f"tells no hash of {room}" in told_how(capsys, room, "--against", other)
    export.write_text(out(capsys, "export", room), "utf-8")
    for rooms in ((), (room, SYSTEM)):
        assert "of which one record" in told_how(capsys, *rooms, "--against", export)
        assert "of which one record" in told_how(capsys, *rooms, "--expect", "0" * 64)
    assert "is no hash" in told_how(capsys, room, "--expect", "head")
    assert "unedited" in out(capsys, "verify", room, "--against", "/dev/null")
    lines = export.read_text("utf-8").splitlines(keepends=True)
    export.write_text("".join(lines[:2]), "utf-8")
    monkeypatch.setattr("waitingroom.store.record.LOG_KEPT", 2)
    store._redis.xtrim(RoomKeys.of(room).log, maxlen=2, approximate=False)
    told = told_how(capsys, room, "--against", export)
    assert "ends with entry 2, which has made room" in told


def test_a_record_that_was_written_anew_is_found_by_the_log_of_what_runs_here(
    room: str,
    capsys: Capture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    store_url: str,
) -> None:
    """Without being told of it; where nothing runs from this folder, its old logs count not."""
    log = tmp_path / ".waitingroom" / "log" / "keeper.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"record {room} 2 {'0' * 64}\n", "utf-8")
    assert "unedited" in out(capsys, "verify", room)
    texts = dict.fromkeys(folder.Running.__dataclass_fields__, "")
    note = texts | {"pid": 1, "keys": [], "store_url": store_url, "data": str(log.parent.parent)}
    (log.parent.parent / folder.NOTE).write_text(json.dumps(note), "utf-8")
    monkeypatch.setattr(folder, "is_held", lambda data: data.name == ".waitingroom")
    told = out(capsys, "verify", room, status=1)
    assert "changed: entry 2 is not the one that was noted" in told


def test_no_room_has_no_record(room: str, capsys: Capture) -> None:
    for command in ("show", "export", "verify"):
        assert run(["audit", command, "nowhere"]) == 1
        assert "no room" in capsys.readouterr().err
        assert run(["audit", command, "No Such"]) == 2
