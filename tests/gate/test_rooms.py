"""What a worker knows of the rooms: at once where they are new, and for a while without a store."""

import asyncio
import re
from collections.abc import Callable, Iterator

import pytest
import redis
from gates import Answer, Browser, LocalGate, Native, RunningGate
from rooms import ACTOR, EARLY, Room, make

from waitingroom.gate.rooms import LEAST_PAUSE_S, REFRESH_S, pause_s
from waitingroom.model import Settings
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store

Rooms = Callable[..., Room]
Gates = Callable[..., LocalGate]


def test_a_new_room_is_there_at_once_on_every_worker(
    running_gate: RunningGate, store: Store, room_id: str
) -> None:
    """Whoever makes a room opens its page in the same second; no worker says 404 meanwhile."""
    with running_gate.one_connection_each() as connections:
        for count in range(5):
            name = f"{room_id}-{count}"
            for connection in connections:
                missing = running_gate.ask_on(connection, "GET", f"/{name}/status.json")
                assert missing.status == 404
            make(store, name)
            for connection in connections:
                answer = running_gate.ask_on(connection, "POST", f"/{name}/ticket")
                assert answer.status == 201


def test_a_look_begins_twice_a_second_however_long_each_takes() -> None:
    """Of many rooms it takes a while, which must not come on top of the half second."""
    assert pause_s(0) == REFRESH_S
    assert pause_s(0.3) == pytest.approx(REFRESH_S - 0.3)
    assert pause_s(REFRESH_S) == pause_s(2) == LEAST_PAUSE_S > 0


def test_a_room_made_while_a_look_is_under_way_is_found(
    gate: LocalGate, store: Store, room_id: str
) -> None:
    """That look may have listed the rooms before: whoever asks now gets one that begins now."""

    async def made_meanwhile(turns: int, name: str) -> Answer:
        looking = asyncio.create_task(gate.app.gate.rooms.refresh_now())
        asking = asyncio.create_task(gate.asking("GET", "/no-such-room/en"))
        for _ in range(turns):
            await asyncio.sleep(0)
        store.create(name, Settings(), actor=ACTOR)
        answer = await gate.asking("GET", f"/{name}/status.json")
        await asyncio.gather(looking, asking)
        return answer

    for turns in range(12):
        answer = gate.runner.run(made_meanwhile(turns, f"{room_id}-{turns}"))
        assert answer.status == 200, turns


def test_a_crowd_that_asks_for_a_new_room_asks_the_store_together(
    gate: LocalGate, make_room: Rooms, store_url: str
) -> None:
    """And a flood of wrong names costs a few calls, whatever rooms there are."""
    room = make_room()
    gate.refresh()

    def calls() -> int:
        with redis.Redis.from_url(store_url) as client:
            stats = client.info("commandstats")
        return int(stats.get("cmdstat_smismember", {}).get("calls", 0))

    before = calls()
    answers = gate.ask_all(*(gate.asking("GET", f"/none-{n}/en") for n in range(100)))
    assert {answer.status for answer in answers} == {404}
    assert calls() - before <= 3
    assert gate.ask("GET", f"/{room.name}/status.json").status == 200


def test_what_operators_do_is_seen_by_every_worker_within_a_second(
    running_gate: RunningGate, make_room: Rooms
) -> None:
    """M7, as the status says it; the news has it in words."""
    room = make_room(**EARLY)
    running_gate.sees(room.name, lambda status: status["phase"] == "early")
    room.open()
    running_gate.sees(room.name, lambda status: status["phase"] == "open")
    room.act("pause", "a fire alarm")
    running_gate.sees(room.name, lambda status: status["phase"] == "paused")
    news = running_gate.status(room.name)["news"]
    assert [(line["code"], line["text"]) for line in news[-1:]] == [("paused", "a fire alarm")]
    room.set(message="Back at noon", rate_per_min=5)
    running_gate.sees(room.name, lambda status: status["message"] == "Back at noon")
    room.reset()
    running_gate.sees(room.name, lambda status: status["epoch"] == 2)


def test_a_status_that_lies_ready_is_the_one_that_the_route_would_give(
    gate: LocalGate, make_room: Rooms
) -> None:
    """A crowd asks for nothing else: it costs no routing. By any query the same."""
    path = f"/{make_room().name}/status.json"
    assert gate.ask("GET", path).status == 200, "found by its route"
    ready = gate.app.gate.rooms.ready
    assert path in ready
    quick = [gate.ask("GET", path), gate.ask("GET", f"{path}?to=%2Fsale")]
    del ready[path]
    assert quick == [gate.ask("GET", path)] * 2


def test_a_room_that_is_gone_is_404(gate: LocalGate, make_room: Rooms, store_url: str) -> None:
    """By the next look at the latest."""
    room = make_room()
    assert gate.ask("GET", f"/{room.name}/status.json").status == 200
    with redis.Redis.from_url(store_url) as client:
        client.srem("wr:rooms", room.name)
        client.delete(*client.keys(f"wr:{{{room.name}}}:*"))
    assert Browser(gate, room.name).join().status == 404
    gate.refresh()
    assert gate.ask("GET", f"/{room.name}/status.json").status == 404


@pytest.fixture
def own_store(
    tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedStore
) -> Iterator[EmbeddedStore]:
    """A server that the test may kill."""
    server = EmbeddedStore(tmp_path_factory.mktemp("store"), binary=embedded.binary)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def alone(own_store: EmbeddedStore, gate_over: Gates) -> LocalGate:
    """A gate over it, with a room ``sale``."""
    made = gate_over(own_store.url)
    store = Store.connect(own_store.url, timeout_s=10)
    make(store, "sale", origins=("https://shop.example",))
    store.close()
    made.refresh()
    return made


def down(answer: Answer) -> None:
    """A 503 that says when to ask again, and holds nothing."""
    assert (answer.status, answer.error) == (503, "store_down")
    assert 1_000 <= answer.json["retry_after_ms"] <= 3_000
    assert answer.header("retry-after") == str(-(-answer.json["retry_after_ms"] // 1000))
    assert answer.header("cache-control") == "no-store"
    assert not answer.set_cookies


def test_without_a_store_the_last_status_is_served_and_says_that_it_is_old(
    alone: LocalGate, own_store: EmbeddedStore
) -> None:
    """With the same headers: caches go on as before."""
    before = alone.ask("GET", "/sale/status.json")
    own_store.kill()
    alone.refresh()
    after = alone.ask("GET", "/sale/status.json")
    assert (before.json["stale"], after.json["stale"]) == (False, True)
    assert before.json | {"stale": True} == after.json
    assert before.header("cache-control") == after.header("cache-control")
    assert alone.ask("GET", "/sale/en").status == 200


def test_without_a_store_nothing_is_handed_out_and_nothing_half_done(
    alone: LocalGate, own_store: EmbeddedStore
) -> None:
    """Join, pass, leave: 503, before and after this worker has noticed. Then all goes on."""
    shopper, inside = Browser(alone, "sale"), Browser(alone, "sale")
    assert [shopper.join().status, inside.join().status, inside.enter().status] == [201, 201, 200]
    place = shopper.join().json
    own_store.kill()
    for _ in ("not noticed yet", "noticed"):
        down(Browser(alone, "sale").join())
        down(Native(alone, "sale").join())
        down(shopper.join())
        down(shopper.enter())
        down(shopper.leave())
        down(inside.enter())
        alone.refresh()
    own_store.start()
    alone.refresh()
    assert not alone.ask("GET", "/sale/status.json").json["stale"]
    again = shopper.join()
    assert (again.status, again.json) == (200, place)
    assert shopper.enter().status == 200
    assert Browser(alone, "sale").join().json["arrival"] == 3


def test_why_a_request_was_refused_is_logged_though_the_look_at_the_rooms_saw_nothing(
    alone: LocalGate, own_store: EmbeddedStore, caplog: pytest.LogCaptureFixture
) -> None:
    """With the driver's own reason; once in a while, and not for each request of a crowd."""
    own_store.kill()
    for _ in range(9):
        down(Browser(alone, "sale").join())
    told = [record for record in caplog.records if getattr(record, "event", "") == "store_refused"]
    assert [record.levelname for record in told] == ["WARNING"]
    assert re.search("the store does not answer: .+", told[0].getMessage())


def test_without_a_store_a_person_sees_a_page_that_says_so(
    alone: LocalGate, own_store: EmbeddedStore
) -> None:
    """Their place is safe; the page asks again by itself or is asked to."""
    shopper = Browser(alone, "sale")
    shopper.join()
    own_store.kill()
    alone.refresh()
    for answer in (shopper.go_to("/sale/wait"), shopper.submit("/sale/ticket"),
                   shopper.go_to("/sale/go"), shopper.submit("/sale/pass")):  # fmt: skip
        assert answer.status == 503
        assert answer.header("content-type") == "text/html; charset=utf-8"
        assert answer.header("retry-after")
        assert not answer.set_cookies


def test_without_a_store_newcomers_are_led_to_the_page(
    alone: LocalGate, own_store: EmbeddedStore
) -> None:
    """No express entry; the page waits with them."""
    own_store.kill()
    alone.refresh()
    newcomer = Browser(alone, "sale", {"wr-round-sale": "1"})
    answer = newcomer.go_to("/sale/go?to=%2F")
    assert (answer.status, answer.header("location")) == (303, "/sale/en?to=%2F")


def test_without_a_store_those_inside_go_on(alone: LocalGate, own_store: EmbeddedStore) -> None:
    """A proxy's question is answered from what the worker knows."""
    inside = Browser(alone, "sale")
    inside.join()
    inside.enter()
    own_store.kill()
    alone.refresh()
    assert inside.ask("GET", "/sale/check").status == 204
    assert Browser(alone, "sale").ask("GET", "/sale/check").status == 401


def test_without_a_store_the_process_is_up_but_not_ready(
    alone: LocalGate, own_store: EmbeddedStore
) -> None:
    """And a room that this worker never saw is 503, not 404: nobody knows."""
    own_store.kill()
    assert [alone.ask("GET", path).status for path in ("/healthz", "/readyz")] == [200, 200]
    alone.refresh()
    assert alone.ask("GET", "/healthz").status == 200
    not_ready = alone.ask("GET", "/readyz")
    down(not_ready)
    assert own_store.url.rpartition("/")[2] not in not_ready.body.decode()
    down(alone.ask("GET", "/other/status.json"))
    assert alone.ask("GET", "/static/page.css").status == 200


def test_a_gate_that_starts_before_its_store_is_ready_when_that_is(
    own_store: EmbeddedStore, gate_over: Gates
) -> None:
    """It does not give up; who asks meanwhile is told to come back."""
    own_store.kill()
    early = gate_over(own_store.url)
    early.refresh()
    down(early.ask("GET", "/sale/status.json"))
    own_store.start()
    store = Store.connect(own_store.url, timeout_s=10)
    make(store, "sale")
    store.close()
    early.refresh()
    assert early.ask("GET", "/sale/status.json").status == 200


def test_a_store_that_lost_its_functions_gets_them_again(
    alone: LocalGate, own_store: EmbeddedStore
) -> None:
    """Nobody notices."""
    with redis.Redis.from_url(own_store.url) as client:
        client.function_flush()
    assert Browser(alone, "sale").join().status == 201


def test_one_room_that_cannot_be_read_takes_no_other_with_it(
    alone: LocalGate, own_store: EmbeddedStore
) -> None:
    """A name without a room (a crash in the middle of making it), or a state that is none."""
    with redis.Redis.from_url(own_store.url) as client:
        client.sadd("wr:rooms", "half-made", "broken")
        client.set("wr:{broken}:state", b"x" * 2_000)
    alone.refresh()
    assert not alone.ask("GET", "/sale/status.json").json["stale"]
    assert Browser(alone, "sale").join().status == 201
    assert alone.ask("GET", "/half-made/status.json").status == 404


def test_one_room_of_a_newer_version_takes_no_other_with_it(
    alone: LocalGate, own_store: EmbeddedStore
) -> None:
    """During an upgrade an older worker goes on with the rooms that it understands."""
    store = Store.connect(own_store.url, timeout_s=10)
    make(store, "newer")
    store.close()
    with redis.Redis.from_url(own_store.url) as client:
        state = client.get("wr:{newer}:state")
        assert isinstance(state, bytes)
        client.set("wr:{newer}:state", b"\x00\x00\x00\x00\x00\x00\x59\x40" + state[8:])  # 100.0
    alone.refresh()
    assert not alone.ask("GET", "/sale/status.json").json["stale"]
    assert Browser(alone, "sale").join().status == 201
    down(Browser(alone, "newer").join())
