"""A folder in which commands find the run's store."""

from pathlib import Path

import pytest

from waitingroom.config import SETTINGS


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store_url: str) -> Path:
    """An empty folder to command in, whose settings name the run's store and nothing else."""
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS:
        monkeypatch.delenv(setting.env, raising=False)
    monkeypatch.setenv("REDIS_URL", store_url)
    return tmp_path
