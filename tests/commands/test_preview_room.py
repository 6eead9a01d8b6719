"""``waitingroom preview ID`` over a real store: which rooms it can look like."""

from pathlib import Path

import pytest

from waitingroom.cli import run
from waitingroom.model import Settings
from waitingroom.store.client import Store


def test_a_room_that_is_not_there_is_answered_with_those_that_are(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    store_url: str,
    room_id: str,
) -> None:
    """And with the way that needs none."""
    store = Store.connect(store_url, timeout_s=10)
    store.create(room_id, Settings(), actor="test")
    store.close()
    assert run(["preview", f"{room_id}x", "--port", "0"]) == 1
    said = capsys.readouterr().err
    assert f"there is no room “{room_id}x”" in said
    assert room_id in said.partition("rooms: ")[2].partition(".")[0].split(", ")
    assert "Without an ID" in said
