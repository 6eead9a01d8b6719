"""The data folder: one holder, a note of what runs, private files."""

import os
from pathlib import Path

import pytest

from waitingroom.config import ConfigError, load_config
from waitingroom.run import credentials, folder
from waitingroom.run.folder import AlreadyRuns, FolderUnfit, Running

NOBODY = 65_534
RUNNING = Running(
    1, {"gate": 2}, "unix:///s", "http://g", "http://s", "http://c", "/d", "up", "1", ["ab"]
)


def test_a_note_counts_only_while_its_folder_is_held(tmp_path: Path) -> None:
    """A crash leaves the note; nobody must believe it."""
    with folder.held(tmp_path):
        folder.write_note(tmp_path, RUNNING)
        assert folder.read_note(tmp_path) == RUNNING
    assert not (tmp_path / "run.json").exists()
    folder.write_note(tmp_path, RUNNING)
    assert folder.read_note(tmp_path) is None


def test_one_folder_has_one_holder(tmp_path: Path) -> None:
    """The second is told who holds it; after the first, anybody may."""
    with (
        folder.held(tmp_path),
        pytest.raises(AlreadyRuns, match=f"process {os.getpid()}"),
        folder.held(tmp_path),
    ):
        pass
    with folder.held(tmp_path):
        pass


def test_a_wiped_folder_keeps_only_its_lock_and_follows_no_link(tmp_path: Path) -> None:
    """The demo begins from nothing, and deletes nothing that is not its own."""
    mine, other = tmp_path / "demo", tmp_path / "other"
    other.mkdir()
    (other / "precious").write_text("x")
    folder.prepare(mine)
    with folder.held(mine):
        (mine / "store").mkdir()
        (mine / "store" / "old").write_text("x")
        (mine / "link").symlink_to(other)
        folder.wipe(mine)
        assert {entry.name for entry in mine.iterdir()} == {"run.lock", "log"}
        with pytest.raises(AlreadyRuns), folder.held(mine):
            pass
    assert (other / "precious").exists()


def test_a_folder_that_cannot_be_written_is_said_with_the_reason(tmp_path: Path) -> None:
    """Before anything starts in it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnfit, match=r"Not a directory; make room or set WAITINGROOM_DATA"):
        folder.prepare(tmp_path / "file" / "data")


def test_another_users_folder_is_said_to_be_one(tmp_path: Path) -> None:
    """Not that nothing runs there: somebody would start a second system."""
    data = tmp_path / "data"
    folder.prepare(data)
    with folder.held(data):
        root = os.geteuid() == 0
        data.chmod(0o700 if root else 0)
        tmp_path.chmod(0o755)
        if root:
            os.seteuid(NOBODY)
        try:
            with pytest.raises(FolderUnfit, match="is another user's"):
                folder.read_note(data)
        finally:
            if root:
                os.seteuid(0)
            data.chmod(0o700)


def test_a_private_file_is_whole_or_not_there_and_ours_alone(tmp_path: Path) -> None:
    """Readers of run.json never see half of it."""
    file = tmp_path / "secret"
    folder.write_private(file, "one")
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        folder.write_private(file, "two", replace=False)
    assert file.read_text() == "one"
    assert list(tmp_path.iterdir()) == [file]


def test_development_makes_its_secrets_once(tmp_path: Path) -> None:
    """Tickets of yesterday's run are still good today."""
    config = load_config({"WAITINGROOM_DATA": str(tmp_path)})
    made = credentials.complete(config, make=True)
    assert len(made.secret_keys[0]) == 32
    assert credentials.complete(config, make=True) == made
    assert credentials.complete(config, make=False) == made


def test_what_is_set_beats_what_was_made(tmp_path: Path) -> None:
    """One may be set and the other not."""
    config = load_config({"WAITINGROOM_DATA": str(tmp_path), "WAITINGROOM_SHOP_KEY": "k" * 32})
    assert credentials.complete(config, make=True).shop_key == ("k" * 32,)


def test_a_command_makes_no_secrets(tmp_path: Path) -> None:
    """Keys that no gate signs with would only confuse."""
    with pytest.raises(ConfigError, match="no secrets here"):
        credentials.complete(load_config({"WAITINGROOM_DATA": str(tmp_path)}), make=False)


@pytest.mark.parametrize("text", ["", "{}", '{"secret_keys": "ab", "shop_key": "cd"}', "[]"])
def test_spoilt_secrets_are_said_and_not_replaced(tmp_path: Path, text: str) -> None:
    """Fresh ones would end every ticket there is: that is for a person to decide."""
    (tmp_path / "secrets.json").write_text(text)
    with pytest.raises(ConfigError, match="holds no usable secrets"):
        credentials.complete(load_config({"WAITINGROOM_DATA": str(tmp_path)}), make=True)
