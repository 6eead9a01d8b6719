"""A real Prometheus for tests: Debian's, on a port and in a folder of its own."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from systems import eventually, free_ports, lacking

DEPLOY = Path(__file__).parents[2] / "deploy"


def program(name: str) -> str:
    """``prometheus`` or ``promtool``; skips (in CI, fails) where it is not installed."""
    found = shutil.which(name)
    if found is None:
        lacking(f"no {name}: what it reads is not tested (Debian: apt-get install prometheus)")
    assert found is not None
    return found


def promtool(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run it in ``deploy/prometheus``."""
    return subprocess.run(
        [program("promtool"), *words],
        cwd=DEPLOY / "prometheus",
        input=given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


class Prometheus:
    """One that runs. ``base``: where."""

    def __init__(self, base: str) -> None:
        self.base = base

    def get(self, path: str, **query: str) -> Any:
        """The data of an answer."""
        with urlopen(f"{self.base}/api/v1/{path}?{urlencode(query)}", timeout=30) as answer:
            return json.load(answer)["data"]

    def ask(self, expression: str) -> list[float]:
        """The values of an expression now, those that are numbers."""
        values = [float(row["value"][1]) for row in self.get("query", query=expression)["result"]]
        return [value for value in values if value == value]


@contextmanager
def scraping(port: int, folder: Path) -> Iterator[Prometheus]:
    """Our own ``prometheus.yml``, but that it asks every second, and on that port."""
    settings = (DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8")
    for what, instead in (("127.0.0.1:8003", f"127.0.0.1:{port}"), (": 5s", ": 1s")):
        assert what in settings
        settings = settings.replace(what, instead)
    (folder / "prometheus.yml").write_text(settings, "utf-8")
    shutil.copy(DEPLOY / "prometheus" / "alerts.yml", folder)
    (own,) = free_ports(1)
    words = (
        "--config.file=prometheus.yml",
        f"--web.listen-address=127.0.0.1:{own}",
        "--storage.tsdb.path=data",
    )
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [program("prometheus"), *words], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    made = Prometheus(f"http://127.0.0.1:{own}")
    try:
        eventually(lambda: _answers(made), "Prometheus answers")
        yield made
    finally:
        process.terminate()
        process.wait(60)


def _answers(made: Prometheus) -> bool:
    try:
        return bool(made.get("status/buildinfo"))
    except OSError:
        return False
