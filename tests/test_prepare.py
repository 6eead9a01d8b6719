"""``deploy/prepare.py``: what is missing is installed, or said in one sentence, or fails in CI."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "deploy" / "prepare.py"
STEPS = ["browser", "curl", "php", "prometheus", "store", "database", "terser"]


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, on a machine with nothing, for a user who may do nothing."""
    spec = importlib.util.spec_from_file_location("prepare", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.shutil, "which", lambda _name: None)
    monkeypatch.setattr(module.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(module, "POSTGRES", Path("/nowhere"))
    monkeypatch.delenv("CI", raising=False)
    return module


@pytest.mark.parametrize("step", STEPS)
def test_a_missing_part_is_one_sentence_that_says_what_to_install(
    prepare: ModuleType, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    """The run goes on; the tests that need it say so themselves."""
    assert prepare.STEPS[step]() == 0
    (said,) = capsys.readouterr().err.splitlines()
    assert "apt-get install" in said


@pytest.mark.parametrize("step", STEPS)
def test_in_ci_a_missing_part_is_a_failure(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Nobody reads hints there."""
    monkeypatch.setenv("CI", "true")
    assert prepare.STEPS[step]() == 1


def test_root_installs_what_is_missing_without_starting_its_service(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Debian would start redis-server on the machine; the policy is gone again afterwards."""
    policy = tmp_path / "policy-rc.d"
    calls: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        assert policy.read_text().endswith("exit 101\n")
        calls.append(command)
        return subprocess.CompletedProcess(command, 0)

    have = {"apt-get": "/usr/bin/apt-get"}
    monkeypatch.setattr(prepare, "POLICY", policy)
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 0)
    monkeypatch.setattr(prepare.subprocess, "run", run)
    monkeypatch.setattr(
        prepare.shutil, "which", lambda name: have.get(name) or (calls and f"/usr/bin/{name}")
    )
    assert prepare.store() == 0
    assert [call[:2] for call in calls] == [["apt-get", "update"], ["apt-get", "install"]]
    assert calls[1][-1] == "redis-server"
    assert not policy.exists()


def test_where_there_is_a_browser_the_fonts_of_all_languages_are_taken(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What lacks, once; and who may install nothing goes on without."""
    taken: list[str] = []

    def install(*packages: str) -> bool:
        taken.extend(packages)
        return True

    monkeypatch.setattr(prepare, "DOCS", tmp_path)
    monkeypatch.setattr(prepare, "install", install)
    (tmp_path / "fonts-noto-core").mkdir()
    monkeypatch.setattr(prepare.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert prepare.browser() == 0
    assert taken == []
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 0)
    assert prepare.browser() == 0
    assert taken == ["fonts-noto-cjk"]


@pytest.mark.parametrize(("compiler", "why"), [(None, "no C compiler"), ("cc", "not be built")])
def test_without_the_parser_in_c_it_goes_on_with_a_sentence(
    prepare: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    compiler: str | None,
    why: str,
) -> None:
    """No compiler, or one that cannot build it: the gate is slower, not absent."""
    monkeypatch.setattr(prepare.shutil, "which", lambda _name: compiler)
    failed = subprocess.CompletedProcess[bytes]([], 1)
    monkeypatch.setattr(prepare.subprocess, "run", lambda *_, **__: failed)
    assert prepare.parser() == 0
    (said,) = capsys.readouterr().out.splitlines()
    assert why in said


def test_a_python_that_is_too_old_is_told_which_is_needed(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before pip says it in its own words."""
    monkeypatch.setattr(prepare.sys, "version_info", (3, 9, 1))
    with pytest.raises(SystemExit, match=r"3\.11 or newer is needed, this is 3\.9\.1"):
        prepare.python()


def test_the_script_runs_on_its_own() -> None:
    """With no package of ours or anybody's."""
    done = subprocess.run([sys.executable, "-I", "-S", str(SCRIPT), "python"], check=False)
    assert done.returncode == 0
