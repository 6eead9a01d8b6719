"""docs/api.md: every example is run as it stands, and what docs/operations.md has of the API; every
code that it lists is one of ours.
"""

import os
import re
import subprocess
from pathlib import Path

from callers import SHOP_KEY, Caller

from waitingroom.console.faults import HTTP_CODES, STATUS
from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.store.client import Store

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = (DOCS / "api.md").read_text("utf-8")


def blocks(text: str) -> list[str]:
    """The examples of a document that ask the API."""
    return [block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "curl" in block]


BLOCKS = blocks(DOCUMENT)
OPERATIONS = blocks((DOCS / "operations.md").read_text("utf-8"))


def test_every_example_does_what_it_says(
    url: str, store: Store, callers: dict[Role, Caller], room_id: str, tmp_path: Path
) -> None:
    """In order, with an operator's key, on an open room; ``curl -f`` fails where we refuse."""
    store.create(room_id, Settings(rate_per_min=60), actor="test")
    store.open(room_id, actor="test")
    env = os.environ | {"URL": url, "KEY": callers[Role.OPERATOR].key}
    env |= {"SHOP_KEY": SHOP_KEY, "WAITINGROOM_SHOP_KEY": SHOP_KEY}
    assert sum(block.count("curl") for block in BLOCKS) > 12
    assert OPERATIONS
    for block in BLOCKS + OPERATIONS:
        script = f"set -eu -o pipefail\n{block.replace('spring', room_id)}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    after = store.status(room_id)
    assert (after.phase, after.capacity, after.rate_per_min) == ("closed", 500, 60)
    assert after.stock is None, "as the line of docs/operations.md has it"
    acts = [entry.act for entry in store.record.entries(room_id)]
    assert acts[2:] == ["set", "undo", "plan", "plan", "set", "pause", "resume", "close"]
    whys = [entry.text("why") for entry in store.record.entries(room_id)]
    assert "the shop is bored" in whys
    assert (tmp_path / "record.csv").read_text("utf-8").startswith("id,seq,")


def test_every_code_that_is_listed_goes_out_with_its_status() -> None:
    """And every code that an operator's program may get is listed."""
    rows = re.findall(r"^\| ([0-9]{3}) \| (.+?) \|", DOCUMENT, re.MULTILINE)
    listed = {code: int(status) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    ours = {code: status for status, code in HTTP_CODES.items() if code != "bad_request"} | STATUS
    # A document with a field that cannot be, and here not a form.
    ours["bad_setting"] = 422
    shops = {"bad_token", "replayed", "old_epoch"}
    assert listed == {code: status for code, status in ours.items() if code not in shops}
