"""docs/protocol.md's errors, both ways: every one is provoked, and none is left out."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gates import Answer, Browser, LocalGate
from protocol_text import quoted, tables
from rooms import MINUTE_MS, Room, make, now_ms

import waitingroom
from waitingroom.store.client import Store

SOURCE = Path(waitingroom.__file__).parent


def documented_errors() -> dict[str, set[int]]:
    """Every error code of the document's tables, and its statuses."""
    found: dict[str, set[int]] = {}
    for row in tables(""):
        if re.fullmatch(r"[45]\d\d", row[0]):
            for code in quoted(row[1]):
                found.setdefault(code, set()).add(int(row[0]))
    return found


def written_errors() -> set[str]:
    """Every error code in the gate's own source."""
    text = "\n".join(path.read_text("utf-8") for path in (SOURCE / "gate").glob("*.py"))
    refused = re.findall(r'Refusal\(\s*\d{3},\s*"(\w+)"', text)
    table = re.findall(r'EntryCode\.\w+: \(\d{3}, "(\w+)"', text)
    plain = re.findall(r'json_response\(\s*\d{3}, \{"error": "(\w+)"', text)
    return {*refused, *table, *plain, "no_such_room", "store_down"} - {"error"}


def test_the_document_lists_every_error_that_the_gate_knows_and_no_other() -> None:
    """Both ways."""
    assert set(documented_errors()) == written_errors()


@dataclass
class Stage:
    """Makes rooms and asks the gate, to provoke errors."""

    gate: LocalGate
    store: Store
    name: str
    count: int = 0

    def room(self, **knobs: Any) -> Room:
        """One more room."""
        self.count += 1
        return make(self.store, f"{self.name}-{self.count}", **knobs)

    def holder(self, **knobs: Any) -> tuple[Room, Browser]:
        """A room, and somebody with a ticket."""
        room = self.room(**knobs)
        shopper = Browser(self.gate, room.name)
        assert shopper.join().status == 201
        return room, shopper

    def post(self, body: bytes) -> Answer:
        """A join with this body."""
        return self.gate.ask("POST", f"/{self.room().name}/ticket", None, body)


def lapsed(stage: Stage) -> Answer:
    """Called, and too late."""
    room, shopper = stage.holder(call_timeout_ms=1_000, claim_grace_ms=1_000)
    room.wind_on(6_000)
    return shopper.enter()


def at_the_door(stage: Stage, **knobs: Any) -> Answer:
    """Called, and somebody else got the last credit or place."""
    room, late = stage.holder(burst=1, rate_per_min=1, call_timeout_ms=1_000)
    room.wind_on(4_000)
    quick = Browser(stage.gate, room.name)
    quick.join()
    stage.gate.refresh()
    assert quick.enter().status == 200
    if knobs:
        room.set(**knobs)
    return late.enter()


def bounced(stage: Stage) -> Answer:
    """To the shop with a pass three times, and back again."""
    _, shopper = stage.holder()
    for _ in range(3):
        assert shopper.ask("GET", f"/{shopper.room}/go").status == 303
    return shopper.ask("GET", f"/{shopper.room}/go")


def after(stage: Stage, *acts: str) -> Answer:
    """A knock after an operator's acts, on a gate that knows of them."""
    room, shopper = stage.holder()
    for act in acts:
        room.reset() if act == "reset" else room.act(act)
    stage.gate.refresh()
    return shopper.enter()


def spent(stage: Stage) -> Answer:
    """Entered, and out again."""
    room, shopper = stage.holder()
    shopper.enter()
    stage.store.release(room.name, ["1-1"])
    return shopper.enter()


def left(stage: Stage) -> Answer:
    """Given up."""
    _, shopper = stage.holder()
    shopper.leave()
    return shopper.enter()


def sold_out(stage: Stage, *, joins: bool = False) -> Answer:
    """A shop with nothing left, on a gate that knows of it."""
    room, shopper = stage.holder()
    stage.store.stock(room.name, 0, actor="test")
    stage.gate.refresh()
    return Browser(stage.gate, room.name).join() if joins else shopper.enter()


def too_slow(stage: Stage) -> Answer:
    """Declared, and hung up."""
    return stage.gate.ask("POST", f"/{stage.room().name}/ticket", {"Content-Length": "9"})


def too_many(stage: Stage) -> Answer:
    """One join allowed, and a second."""
    room, _ = stage.holder(join_limit=1)
    return Browser(stage.gate, room.name).join()


def not_yet(stage: Stage) -> Answer:
    """A minute before anybody may join."""
    later_ms = now_ms() + MINUTE_MS
    return join_after(stage, early_at_ms=later_ms, opens_at_ms=later_ms)


def join_after(stage: Stage, *acts: str, **knobs: Any) -> Answer:
    """A join in such a room."""
    room = stage.room(**knobs)
    for act in acts:
        room.act(act)
    return Browser(stage.gate, room.name).join()


def store_down(stage: Stage) -> Answer:
    """Over a store that is not there."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        nowhere = LocalGate.over(f"unix://{folder}/none.sock", stage.gate.runner)
        stack.callback(nowhere.close)
        return nowhere.ask("GET", "/demo/status.json")


PROVOKED: dict[tuple[int, str], Callable[[Stage], Answer]] = {
    (400, "bad_request"): lambda stage: stage.post(b"[]"),
    (400, "unknown_field"): lambda stage: stage.post(b'{"x": ""}'),
    (400, "bad_target"): lambda stage: stage.holder()[1].enter("//evil.example"),
    (401, "bad_ticket"): lambda stage: Browser(stage.gate, stage.room().name).enter(),
    (401, "no_pass"): lambda stage: stage.gate.ask("GET", f"/{stage.room().name}/check"),
    (403, "framed"): lambda stage: stage.gate.ask(
        "GET", f"/{stage.room().name}/en", {"Sec-Fetch-Dest": "iframe"}
    ),
    (403, "cross_site"): lambda stage: stage.gate.ask(
        "POST", f"/{stage.room().name}/ticket", {"Origin": "null"}
    ),
    (404, "no_such_room"): lambda stage: stage.gate.ask("GET", "/no-such-room/status.json"),
    (404, "not_found"): lambda stage: stage.gate.ask("GET", f"/{stage.room().name}/nothing"),
    (405, "bad_method"): lambda stage: stage.gate.ask("PUT", f"/{stage.room().name}/ticket"),
    (408, "too_slow"): too_slow,
    (413, "too_large"): lambda stage: stage.post(b"x" * (16 * 1024 + 1)),
    (503, "store_down"): store_down,
    (409, "not_yet"): not_yet,
    (409, "closed"): lambda stage: join_after(stage, "close"),
    (409, "sold_out"): lambda stage: sold_out(stage, joins=True),
    (410, "sold_out"): sold_out,
    (429, "too_many"): too_many,
    (409, "not_called"): lambda stage: stage.holder(rate_per_min=0)[1].enter(),
    (409, "bounced"): bounced,
    (409, "door"): at_the_door,
    (409, "full"): lambda stage: at_the_door(stage, capacity=1),
    (409, "paused"): lambda stage: after(stage, "pause"),
    (410, "lapsed"): lapsed,
    (410, "spent"): spent,
    (410, "left"): left,
    (410, "old_epoch"): lambda stage: after(stage, "reset"),
    (410, "closed"): lambda stage: after(stage, "close"),
}
"""How each error is brought about."""
WITH_A_TIME = {"not_yet", "too_many", "not_called", "door", "full", "paused", "store_down"}


def test_every_documented_error_is_provoked() -> None:
    """None is only talked about."""
    told = {(status, code) for code, statuses in documented_errors().items() for status in statuses}
    assert told == set(PROVOKED)


@pytest.mark.parametrize(("status", "code"), PROVOKED)
def test_an_error_is_what_the_document_says(
    store_url: str, store: Store, room_id: str, gate_runner: Any, status: int, code: str
) -> None:
    """Status, code, a message for people; and a time, in both forms, where waiting helps."""
    gate = LocalGate.over(store_url, gate_runner)
    try:
        answer = PROVOKED[status, code](Stage(gate, store, room_id))
    finally:
        gate.close()
    assert (answer.status, answer.error) == (status, code)
    more = {"not_called": {"ahead"}, "too_many": {"appointment", "appointment_ms"}}.get(code, set())
    more |= {"claim_by_ms", "extended"} if code in ("door", "full") else set()
    more |= {"retry_after_ms"} if code in WITH_A_TIME else set()
    assert set(answer.json) == {"error", "message"} | more
    waiting_ms = answer.json.get("retry_after_ms")
    assert answer.header("retry-after") == (str(-(-waiting_ms // 1000)) if waiting_ms else "")
    assert answer.header("cache-control") == "no-store"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """What operators use."""
    made = Store.connect(store_url, timeout_s=10)
    yield made
    made.close()


@pytest.fixture
def gate_runner() -> Iterator[Any]:
    """An event loop for the test."""
    with asyncio.Runner() as runner:
        yield runner
