"""The wheel, built and installed outside the checkout, runs a whole system."""

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from systems import Folder

CHECKOUT = Path(__file__).parents[2]


def run(*words: str | Path, cwd: Path) -> str:
    """Run a program that must succeed; what it printed."""
    done = subprocess.run(
        list(map(str, words)), cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """``waitingroom`` of a fresh environment that holds the wheel.

    Its dependencies come from the environment of the tests, by a path that is searched later; so
    nothing is downloaded, and our own packages come from the wheel alone.
    """
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    built = tmp_path / "dist"
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", built)
    run(*pip, "wheel", *options, CHECKOUT, cwd=tmp_path)
    (wheel,) = built.glob("waitingroom-*.whl")
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=tmp_path)
    python = venv / "bin" / "python"
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    (ours,) = venv.glob("lib/python*/site-packages")
    theirs = next(path for path in sys.path if path.endswith("site-packages"))
    (ours / "dependencies.pth").write_text(theirs + "\n")
    where = run(python, "-c", "import waitingroom; print(waitingroom.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(venv)
    return venv / "bin" / "waitingroom"


def fetch(url: str) -> str:
    """A page, wherever it leads."""
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def test_the_wheel_runs_a_whole_system_from_an_empty_folder(
    folder: Folder, program: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Templates, the page's script, function library and the shop travel along."""
    del folder.env["WAITINGROOM_SHOP"]
    empty = Folder(tmp_path_factory.mktemp("empty"), folder.env, program=(str(program),))
    try:
        system = empty.up()
        gate, shop, api = (system.note[f"{part}_url"] for part in ("gate", "shop", "console"))
        made = empty.do("room", "create", "demo", "--opens-at", "+1h", "--origin", shop)
        assert made.returncode == 0, made.stderr
        assert "<html" in fetch(f"{gate}/demo")
        assert fetch(f"{gate}/demo").count("/static/") > 0
        assert fetch(f"{gate}/static/page.js").rstrip().endswith("page.js.map")
        assert fetch(f"{gate}/demo/de/words.json").startswith(
            '{"states":{"not_yet":["Noch nicht offen"'
        )
        assert "<html" in fetch(f"{shop}/")
        assert fetch(f"{api}/readyz")
        assert system.interrupt() == 0
    finally:
        empty.clean()
