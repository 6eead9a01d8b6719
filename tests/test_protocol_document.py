"""docs/protocol.md, held to a running gate: every example, field and word of news."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gates import Answer, Browser, Native, RunningGate, running
from protocol_text import DOCUMENT, EXAMPLES, Example, quoted, tables
from rooms import EARLY, Room, make

import waitingroom
from waitingroom.config import GateConfig
from waitingroom.gate.credentials import HANDOVER_MS
from waitingroom.gate.request import BODY_WITHIN_S
from waitingroom.model import Phase
from waitingroom.reasons import Cause, Reason
from waitingroom.room_ids import RESERVED_IDS, ROOM_ID
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store

SOURCE = Path(waitingroom.__file__).parent
SHOP = "https://shop.example"
STAND_INS = {"TICKET": r"t1\.\S+?", "PASS": r"p1\.\S+?", "HANDOVER": r"h1\.\S+?", "…": ".*"}
STAND_INS["K7Q2-9MXD"] = r"[0-9A-Z]{4}-[0-9A-Z]{4}"


@dataclass
class Scene:
    """A room in which an example comes true, and whoever sends it. ``room``: its name there."""

    room: Room
    gate: RunningGate
    holder: Native

    def told(self, example: Example) -> Answer:
        """The answer to the example's request, with its stand-ins filled."""
        path = self.filled(example.path)
        headers = {name: self.filled(value) for name, value in example.headers.items()}
        return self.gate.ask(example.method, path, headers, example.body)

    def filled(self, text: str) -> str:
        """With this room's name and this holder's credentials."""
        text = re.sub(r"\bdemo\b", self.room.name, text)
        return text.replace("TICKET", self.holder.ticket).replace("PASS", self.holder.passed)

    def sees(self, **wanted: Any) -> None:
        """Wait until every worker's status says so."""
        self.gate.sees(
            self.room.name,
            lambda status: all(status[name] == value for name, value in wanted.items()),
        )


KNOBS: dict[str, dict[str, Any]] = {
    "early": EARLY,
    "opened": EARLY,
    "open": {},
    "held": {"rate_per_min": 6, "burst": 1},
    "at the door": {"burst": 1, "rate_per_min": 1, "call_timeout_ms": 1000},
    "limited": {"join_limit": 1},
    "inside": {},
    "bought": {},
}
"""What the room of a scene is like."""

SCENES = {
    ("POST /demo/ticket", "unknown_field"): "open",
    ("POST /demo/ticket", "201"): "early",
    ("POST /demo/ticket", "200"): "opened",
    ("POST /demo/ticket", "too_many"): "limited",
    ("GET /demo/status.json", "200"): "opened",
    ("POST /demo/pass", "200"): "open",
    ("POST /demo/pass", "not_called"): "held",
    ("POST /demo/pass", "spent"): "bought",
    ("POST /demo/pass", "door"): "at the door",
    ("POST /demo/more-time", "200"): "at the door",
    ("POST /demo/more-time", "not_called"): "held",
    ("DELETE /demo/ticket", "204"): "open",
    ("POST /demo/ticket", "303"): "open",
    ("GET /demo/go?to=%2Fsale", "303"): "open",
    ("GET /demo/check", "204"): "inside",
    ("GET /demo/check", "no_pass"): "open",
    ("GET /demo/check?hold=600", "204"): "inside",
    ("DELETE /demo/pass", "204"): "inside",
    ("GET /demo?to=%2Fsale", "303"): "open",
    ("GET /readyz", "200"): "open",
}
"""Where each example comes true."""


def set_up(scene: str, room: Room, gate: RunningGate) -> Scene:
    """The room, its story so far, and a ticket where the example shows one."""
    made = Scene(room, gate, Native(gate, room.name))
    if scene == "held":
        for _ in range(25):
            Native(gate, room.name).join()
    if scene != "early":
        made.holder.join()
    if scene == "at the door":
        room.wind_on(4000)
        quick = Native(gate, room.name)
        quick.join()
        quick.enter()
    if scene == "opened":
        room.open()
        made.sees(drawn=1)
    if scene in ("inside", "bought"):
        made.holder.enter()
    if scene == "bought":
        room.store.release(room.name, ["1-1"])
    return made


@pytest.fixture(scope="module")
def documented_gate(
    embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGate]:
    """Two workers, reached at the address that the examples name."""
    folder = tmp_path_factory.mktemp("documented")
    with running(embedded.url, folder, WAITINGROOM_GATE_URL="http://gate.example") as gate:
        yield gate


@pytest.fixture
def store(embedded: EmbeddedStore) -> Iterator[Store]:
    """What operators use."""
    made = Store.connect(embedded.url, timeout_s=10)
    yield made
    made.close()


def fits(documented: str, found: str, room: str) -> bool:
    """Whether a text is the documented one, up to stand-ins and the room's name."""
    pattern = re.escape(re.sub(r"\bdemo\b", room, documented))
    for name, stands_for in STAND_INS.items():
        pattern = pattern.replace(re.escape(name), stands_for)
    return re.fullmatch(pattern, found, re.DOTALL) is not None


def same_form(documented: Any, found: Any, room: str, where: str) -> None:
    """The same fields of the same types; flags, words and credentials as they are written."""
    assert type(documented) is type(found), f"{where}: {found!r}"
    if isinstance(documented, dict):
        assert list(documented) == list(found), where
        for name, value in documented.items():
            same_form(value, found[name], room, f"{where}.{name}")
    elif isinstance(documented, list):
        for value, other in zip(documented, found, strict=True):
            same_form(value, other, room, where)
    elif isinstance(documented, bool):
        assert documented == found, where
    elif isinstance(documented, str) and not documented.endswith("…") and not documented.isdigit():
        assert fits(documented, found, room), f"{where}: {found!r}"


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda one: f"{one.method}{one.path}-{one.code}-line-{one.line}"
)
def test_an_example_comes_true(
    documented_gate: RunningGate, store: Store, room_id: str, example: Example
) -> None:
    """Status, headers, the names, order and types of fields, and every word that is no number."""
    scene = SCENES[f"{example.method} {example.path}", example.code]
    origins = () if scene == "opened" else (SHOP,)
    room = make(store, f"{room_id}-x", origins=origins, **KNOBS[scene])
    answer = set_up(scene, room, documented_gate).told(example)
    assert answer.status == example.status, answer.body
    for name, value in example.answered:
        found = [given for key, given in answer.headers if key == name.lower()]
        if name == "Retry-After" and example.code in ("not_called", "door"):
            assert found == [str(-(-answer.json["retry_after_ms"] // 1000))]
        else:
            assert any(fits(value, given, room.name) for given in found), f"{name}: {found}"
    if example.value is None:
        assert answer.body == b""
    else:
        same_form(example.value, answer.json, room.name, "the answer")


def test_every_scene_is_an_example() -> None:
    """An example that was taken out leaves no scene behind."""
    told = {(f"{one.method} {one.path}", one.code) for one in EXAMPLES}
    assert told == set(SCENES)


def test_every_field_of_the_status_is_documented_and_the_other_way_round(
    documented_gate: RunningGate, store: Store, room_id: str
) -> None:
    """The table's rows, in any order; nested ones by the words in their rows."""
    room = make(store, f"{room_id}-status")
    status = documented_gate.status(room.name)
    rows = [row for row in tables("Waiting") if quoted(row[0])]
    assert {name for row in rows for name in quoted(row[0])} == set(status)
    text = {quoted(row[0])[0]: row[1] for row in rows}
    assert set(status["draw"]) <= set(quoted(text["draw"]))
    assert all(f"`{name}`" in text["poll"] for name in ("min_ms", "max_ms", "divisor", "spread_ms"))
    assert set(status["poll"]) == {"min_ms", "max_ms", "divisor", "spread_ms"}
    assert quoted(text["news"]) == ["{at_ms, code, text}"]
    assert set(status["news"][0]) == {"at_ms", "code", "text"}
    assert quoted(text["reason"]) == ["{code, text}"]


def test_a_reason_is_told_as_documented(
    documented_gate: RunningGate, store: Store, room_id: str
) -> None:
    """Beside the phase that it explains, and with its line of the news."""
    room = make(store, f"{room_id}-reason")
    store.act(room.name, "pause", reason=Reason("stock", "Back at noon."), actor="test")
    documented_gate.sees(room.name, lambda status: status["phase"] == "paused")
    status = documented_gate.status(room.name)
    assert status["reason"] == {"code": "stock", "text": "Back at noon."}
    assert set(status["news"][-1]) == {"at_ms", "code", "text", "reason"}
    (text,) = re.findall(r"^Codes of reasons: (.*?)\n\n", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert quoted(text) == list(Cause)


def test_every_field_of_a_place_is_documented(
    documented_gate: RunningGate, store: Store, room_id: str
) -> None:
    """What a native client gets; a browser gets no ticket in the JSON."""
    room = make(store, f"{room_id}-place")
    rows = [row for row in tables("Joining") if quoted(row[0]) and not row[0].isdigit()]
    documented = {name for row in rows for name in quoted(row[0])}
    assert documented == set(Native(documented_gate, room.name).join().json)
    assert documented == set(Browser(documented_gate, room.name).join().json) | {"ticket"}


def test_every_phase_is_documented() -> None:
    """In the row of the status table."""
    (text,) = (row[1] for row in tables("Waiting") if row[0] == "`phase`")
    assert quoted(text) == [str(phase) for phase in Phase]


def test_every_code_of_the_news_is_documented() -> None:
    """Those that the store's functions write; and a knob's own name, where a plan turned it."""
    source = "\n".join(path.read_text("utf-8") for path in (SOURCE / "store/room").glob("*.lua"))
    written = re.findall(r"(?<!function )tell\(keys, s, ([^,]+),", source)
    literal = {word.strip("'") for word in written if word.startswith("'")}
    (text,) = re.findall(r"^`news` codes: (.*?)\n\n", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert set(quoted(text)) == literal
    assert [word for word in written if not word.startswith("'")] == ["field"]


def test_the_numbers_in_the_text_are_those_in_the_code() -> None:
    """Limits and times that clients go by."""
    assert f"more than {GateConfig('', (), '').body_limit // 1024} KiB" in DOCUMENT
    assert f"within {BODY_WITHIN_S} seconds" in DOCUMENT
    assert f"for {HANDOVER_MS // 1000} seconds" in DOCUMENT
    assert f"`{ROOM_ID.pattern}`" in DOCUMENT
    assert all(f"`{name}`" in DOCUMENT for name in RESERVED_IDS)
    lua = (SOURCE / "store/room/1-state.lua").read_text("utf-8")
    (kept_ms,) = re.findall(r"local KEPT_WAITING = (\d+)", lua)
    assert f"misses that by {int(kept_ms) // 1000} s" in DOCUMENT
