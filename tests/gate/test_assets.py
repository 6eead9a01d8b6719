"""The files that pages load, as they are served, and that they come from those that we write."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from gates import LocalGate
from scripts import Map, files, script
from systems import lacking

from waitingroom.gate.assets import SCRIPTS, STATIC, read_assets

CHECKOUT = Path(__file__).parents[2]
MAKER = CHECKOUT / "deploy" / "scripts.py"
STALE = "the served script is not what the written one makes: run `make scripts`, commit the result"


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_served_was_made_of_what_is_written(name: str) -> None:
    """Its map holds the files that it was made of, to the letter."""
    assert Map.of(name).files() == files(name), STALE


@pytest.mark.long
def test_the_scripts_can_be_made_again_byte_by_byte(tmp_path: Path) -> None:
    """By the pinned terser: nobody has mended what is served by hand."""
    if not (CHECKOUT / "node_modules" / "terser").exists():
        lacking("no terser: the page's scripts are made with it (make scripts)")
    subprocess.run([sys.executable, MAKER, tmp_path], check=True, timeout=60)
    made = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert len(made) == 2 * len(SCRIPTS)
    assert made == {name: (STATIC / name).read_text("utf-8") for name in made}, STALE


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_error_in_what_is_served_leads_to_the_line_that_was_written(name: str) -> None:
    """By the map, as developer tools do it: every sentence-like text of the script is found."""
    served = (STATIC / f"{name}.js").read_text("utf-8").splitlines()
    assert served[-1] == f"//# sourceMappingURL={name}.js.map"
    for word in ("Retry-After", "retry_after_ms", "BroadcastChannel", "AudioContext", "SHA-256"):
        if word not in script(name):
            continue
        line = next(n for n, text in enumerate(served) if word in text)
        path, number = Map.of(name).find(line, served[line].index(word))
        assert word in files(name)[path].splitlines()[number - 1]


def test_the_gate_serves_the_maps_beside_the_scripts(gate: LocalGate) -> None:
    """Where developer tools look for them."""
    for name in SCRIPTS:
        answer = gate.ask("GET", f"/static/{name}.js.map")
        assert (answer.status, answer.header("content-type")) == (200, "application/json")
        assert Map(answer.json).files() == files(name)


def test_only_names_of_the_scripts_own_are_shortened() -> None:
    """What servers, pages and storage know by name is called the same in both forms."""
    for name in SCRIPTS:
        served = read_assets()[f"{name}.js"].body.decode()
        assert len(served) < 0.75 * len(script(name))
        fields = set(re.findall(r"(?<=[\w)\]]\.)\w+", re.sub(r"(?m)(^|\s)//.*$", "", script(name))))
        assert len(fields) > 20
        assert not {one for one in fields if not re.search(rf"\b{one}\b", served)}


def test_a_change_of_any_file_of_the_script_changes_its_tag() -> None:
    """The tag is of what is served, and the same for the same files."""
    first, again = read_assets(), read_assets()
    assert {name: asset.etag for name, asset in first.items()} == {
        name: asset.etag for name, asset in again.items()
    }
    assert len({asset.etag for asset in first.values()}) == 6
