"""Whole systems to be broken: a gate of two workers, the embedded store, the room API."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems import Folder, working_folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """An empty folder to run a system from; whatever runs there ends with the test."""
    made = working_folder(tmp_path)
    made.env |= {"WAITINGROOM_SHOP": "off", "WAITINGROOM_GATE_WORKERS": "2"}
    if server := os.environ.get("WAITINGROOM_STORE_SERVER"):
        made.env["WAITINGROOM_STORE_SERVER"] = server
    yield made
    made.clean()
