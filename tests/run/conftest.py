"""A real system, in a folder and on ports of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from systems import Folder, working_folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """An empty folder to run a system from; whatever runs there ends with the test."""
    made = working_folder(tmp_path)
    yield made
    made.clean()
