"""The files that pages load, as they are served."""

import re

import pytest

from waitingroom.gate.assets import SCRIPTS, read_assets, script


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_served_whole_without_what_only_its_readers_need(name: str) -> None:
    """Every name, text and number of the source in its order; no comment, no indentation."""
    source, served = script(name), read_assets()[f"{name}.js"].body.decode()
    assert not re.search(r"^\s", served, re.M)
    assert "//" not in re.sub(r"'[^']*'|`[^`]*`", "", served)
    code = re.sub(r"(?m)(^|\s)//.*$|/\*.*?\*/", "", source)
    words = r"'[^'\n]*'|[\w$]+"
    assert re.findall(words, served) == re.findall(words, code)


def test_a_change_of_any_file_of_the_script_changes_its_tag() -> None:
    """The tag is of what is served, and the same for the same files."""
    first, again = read_assets(), read_assets()
    assert {name: asset.etag for name, asset in first.items()} == {
        name: asset.etag for name, asset in again.items()
    }
    assert len({asset.etag for asset in first.values()}) == 4
