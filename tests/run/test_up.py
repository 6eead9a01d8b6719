"""``waitingroom up`` with real processes: what starts, what ends, and what is refused."""

import http.client
import json
import os
import signal
import socket
import stat
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from systems import PORTS, Folder, Run, eventually, gone

from waitingroom.run.embedded import EmbeddedStore

KEY = "ab" * 32
PARTS = {"keeper", "store", "worker", "console", "shop", "gate"}


def get(url: str) -> tuple[int, bytes]:
    """Status and body, (0, b"") when nobody answers."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def restarted(run: Run, part: str, pid: int) -> bool:
    """Whether another process than ``pid`` is the part now."""
    return run.note["pids"][part] not in (pid, 0)


def test_it_starts_every_part_says_where_and_commands_in_the_same_folder_find_it(
    folder: Folder,
) -> None:
    """One command, and all of it answers; what it writes is private."""
    run = folder.up()
    data = folder.path / ".waitingroom"
    assert set(run.note["pids"]) == PARTS
    for url in (run.note["gate_url"], run.note["console_url"], run.note["shop_url"]):
        assert get(url)[0] == 200
        assert run.says(url)
    assert [mode(data), mode(data / "run.json"), mode(data / "secrets.json")] == [
        0o700,
        0o600,
        0o600,
    ]
    made = folder.do("room", "create", "spring", "--opens-at", "+1h", "--json")
    assert json.loads(made.stdout)["phase"] == "early"
    assert "spring" in folder.do("room", "list").stdout


@pytest.mark.long
def test_a_shop_without_its_room_is_told_what_to_type(folder: Folder) -> None:
    """Else its address leads to a page that knows no such room; the line works as it stands."""
    first = folder.up()
    hint = first.says("The shop waits for a room “demo”; make it: waitingroom room create demo ")
    words = hint.partition("make it: waitingroom ")[2].split()
    assert folder.do(*words).returncode == 0
    assert first.interrupt() == 0
    again = folder.up()
    assert again.interrupt() == 0
    assert not any("waits for a room" in line for line in again.lines)


def test_no_secret_is_on_a_command_line_and_each_child_has_only_its_own(folder: Folder) -> None:
    """Everybody on a machine can read command lines; a broken shop must not hold master keys."""
    run = folder.up()
    secrets = json.loads((folder.path / ".waitingroom" / "secrets.json").read_text())
    told = []
    for process in run.descendants():
        with suppress(psutil.NoSuchProcess):  # a job's own, which is done
            told.append(" ".join(process.cmdline()))
    assert len(told) >= len(PARTS)
    assert not [words for words in told if any(secret in words for secret in secrets.values())]
    shop = psutil.Process(run.note["pids"]["shop"]).environ()
    worker = psutil.Process(run.note["pids"]["worker"]).environ()
    assert not any(secrets["secret_keys"] in value for value in shop.values())
    assert not any(secret in value for value in worker.values() for secret in secrets.values())


def test_ctrl_c_ends_every_child_in_order_and_only_ours(
    folder: Folder, embedded: EmbeddedStore
) -> None:
    """Another store on the machine goes on; the data stays; the note goes."""
    run = folder.up()
    children = run.descendants()
    parts = [psutil.Process(pid) for pid in run.note["pids"].values()]
    assert run.interrupt() == 0
    assert gone(parts)
    # What those had started was killed with them, and is being ended by the system.
    eventually(lambda: gone(children), "every child is gone", 10)
    assert embedded.answers()
    data = folder.path / ".waitingroom"
    assert not (data / "run.json").exists()
    assert (data / "store" / "appendonlydir").is_dir()
    assert "no waiting room runs from this folder" in folder.do("room", "list").stderr


def test_rooms_outlive_the_system(folder: Folder) -> None:
    """``up`` keeps its data and its secrets."""
    first = folder.up()
    folder.do("room", "create", "spring")
    keys = folder.do("room", "keys", "spring").stdout
    assert first.interrupt() == 0
    folder.up()
    assert "spring" in folder.do("room", "list").stdout
    assert folder.do("room", "keys", "spring").stdout == keys


def test_a_second_system_from_the_same_folder_is_refused_in_one_sentence(folder: Folder) -> None:
    """Two supervisors over one data folder would fight."""
    run = folder.up()
    second = folder.do("up")
    assert second.returncode == 1
    (said,) = second.stderr.splitlines()
    assert f"a system already runs from {folder.path}" in said
    assert f"process {run.process.pid}" in said
    assert "WAITINGROOM_DATA" in said
    assert run.process.poll() is None


@pytest.mark.parametrize("variable", PORTS)
def test_a_taken_port_is_one_sentence_with_the_variable_before_anything_starts(
    folder: Folder, variable: str
) -> None:
    """The sentence names the port and what to change; nothing is left behind."""
    port = int(folder.env[variable])
    with socket.create_server(("127.0.0.1", port)):
        refused = folder.do("up")
    assert refused.returncode == 1
    (said,) = refused.stderr.splitlines()
    assert f"port {port} " in said
    assert variable in said
    assert not (folder.path / ".waitingroom" / "store").exists()


def test_production_refuses_to_start_without_secrets(folder: Folder) -> None:
    """It names each variable, and how to make a secret; nothing was made or started."""
    refused = folder.do("up", WAITINGROOM_ENV="production")
    assert refused.returncode == 1
    keys, shop = refused.stderr.splitlines()
    assert "WAITINGROOM_SECRET_KEYS is not set" in keys
    assert "WAITINGROOM_SHOP_KEY is not set" in shop
    assert "`waitingroom secret`" in keys
    assert not (folder.path / ".waitingroom").exists()


@pytest.mark.long
def test_production_starts_with_secrets_and_makes_none(folder: Folder) -> None:
    """What ``waitingroom secret`` prints fits both variables."""
    made = folder.do("secret").stdout.strip()
    run = folder.up(
        WAITINGROOM_ENV="production", WAITINGROOM_SECRET_KEYS=KEY, WAITINGROOM_SHOP_KEY=made
    )
    assert not (folder.path / ".waitingroom" / "secrets.json").exists()
    assert run.interrupt() == 0


@pytest.mark.long
def test_keys_of_another_system_are_refused_and_not_printed(folder: Folder) -> None:
    """A second terminal may lack what the first was given; the wrong keys would help nobody."""
    folder.up(WAITINGROOM_SECRET_KEYS=KEY)
    folder.do("room", "create", "spring", "--origin", "http://127.0.0.1:8080")
    for words in (("room", "keys", "spring"), ("staff", "pass", "spring", "--name", "Ada")):
        said = folder.do(*words)
        assert (said.returncode, said.stdout) == (1, "")
        assert "has other secret keys; set WAITINGROOM_SECRET_KEYS" in said.stderr
        assert folder.do(*words, WAITINGROOM_SECRET_KEYS=KEY).returncode == 0
        rotated = f"{KEY},{'cd' * 32}"
        assert folder.do(*words, WAITINGROOM_SECRET_KEYS=rotated).returncode == 0


@pytest.mark.long
def test_a_settings_file_is_enough(folder: Folder) -> None:
    """``waitingroom up --config FILE``; commands need the same file to find a data folder of it."""
    (folder.path / "sale.toml").write_text('data = "elsewhere"\n')
    run = folder.start("up", "--config", "sale.toml")
    run.says("Ctrl-C ends it")
    assert (folder.path / "elsewhere" / "run.json").exists()
    assert folder.do("room", "list", "--config", "sale.toml").returncode == 0
    assert folder.do("room", "list").returncode == 1


@pytest.mark.long
def test_a_shop_that_cannot_start_is_shown_with_its_last_words_and_nothing_stays(
    folder: Folder,
) -> None:
    """The reason is on the terminal, not only in a log."""
    (folder.path / "badshop.py").write_text("raise RuntimeError('no such thing as a free shop')")
    run = folder.start("up", WAITINGROOM_SHOP="badshop:app")
    assert run.ends() == 1
    said = "\n".join(run.lines)
    assert "shop ended at once" in said
    assert "no such thing as a free shop" in said
    assert not (folder.path / ".waitingroom" / "run.json").exists()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the parent's death is told on Linux only")
def test_a_supervisor_killed_with_9_leaves_nothing_behind(folder: Folder) -> None:
    """No orphan keeps a port or the data; the next start just works."""
    run = folder.up()
    children = run.descendants()
    assert len(children) >= len(PARTS)
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    eventually(lambda: gone(children), "every child is gone", 20)
    assert "no waiting room runs from this folder" in folder.do("room", "list").stderr
    folder.up()


def test_a_store_that_is_killed_comes_back_and_the_rooms_with_it(folder: Folder) -> None:
    """The others go on meanwhile: the line goes on from disk."""
    run = folder.up()
    folder.do("room", "create", "spring")
    before = run.note["pids"]
    os.kill(before["store"], signal.SIGKILL)
    run.says("store ended (signal 9); starting it again in 0.5 s")
    eventually(lambda: restarted(run, "store", before["store"]), "another store")
    eventually(lambda: folder.do("room", "show", "spring").returncode == 0, "the room is there")
    assert {part: pid for part, pid in run.note["pids"].items() if part != "store"} == {
        part: pid for part, pid in before.items() if part != "store"
    }


def test_a_gate_that_is_killed_comes_back(folder: Folder) -> None:
    """Its workers end with it, so that the port is free for the next."""
    run = folder.up()
    before = run.note["pids"]["gate"]
    workers = psutil.Process(before).children()
    os.kill(before, signal.SIGKILL)
    eventually(lambda: restarted(run, "gate", before), "another gate")
    eventually(lambda: get(run.note["gate_url"])[0] == 200, "it answers")
    eventually(lambda: gone(workers), "its workers are gone", 10)


def test_a_data_folder_that_cannot_be_is_one_sentence(folder: Folder) -> None:
    """With the system's own reason and the variable to change."""
    (folder.path / "file").write_text("")
    refused = folder.do("up", WAITINGROOM_DATA="file/data")
    assert refused.returncode == 1
    (said,) = refused.stderr.splitlines()
    assert "Not a directory" in said
    assert "WAITINGROOM_DATA" in said


def test_a_store_of_ones_own_is_used_and_outlives_the_system(
    folder: Folder, embedded: EmbeddedStore
) -> None:
    """REDIS_URL: no store is started, and none is ended."""
    run = folder.up(REDIS_URL=embedded.url)
    assert set(run.note["pids"]) == PARTS - {"store"}
    assert run.interrupt() == 0
    assert embedded.answers()


def test_a_store_of_ones_own_that_is_away_is_one_sentence(folder: Folder) -> None:
    """With the variable that names it; nothing is started."""
    refused = folder.do("up", REDIS_URL="unix:///nowhere.sock")
    assert refused.returncode == 1
    (said,) = refused.stderr.splitlines()
    assert "REDIS_URL: the store does not answer" in said


def test_an_address_that_is_not_ours_names_the_address(folder: Folder) -> None:
    """Another port would not help."""
    refused = folder.do("up", WAITINGROOM_HOST="192.0.2.1")
    assert refused.returncode == 1
    assert "set WAITINGROOM_HOST to another" in refused.stderr
