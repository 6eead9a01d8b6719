"""Rehearsals: begun, bounded, told as such, through with people, and gone without a trace."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from desks import Desk
from gates import eventually, running

from waitingroom import clock
from waitingroom.console.rehearsing import Rehearsing
from waitingroom.errors import BadSetting
from waitingroom.model import Phase, Settings, Snapshot
from waitingroom.operators import Role
from waitingroom.rehearsals import KEPT_MS, MOST_AT_ONCE, MOST_PEOPLE, Rehearsal, is_rehearsal
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.store.rehearsals import Rehearsals, TooManyRehearsals

People = dict[Role, str]
MINUTE_MS = 60_000


@pytest.fixture
def rehearsals(store: Store, room_id: str) -> Iterator[Rehearsals]:
    """Those of this test are gone afterwards."""
    made = Rehearsals(store)
    yield made
    for one in made.all():
        if one.of.startswith(room_id):
            made.clean_up(one)


@pytest.fixture
def real(store: Store, room_id: str) -> str:
    """A room whose line stands still, so that nothing of its own moves it."""
    settings = Settings(rate_per_min=0, capacity=9, opens_at_ms=clock.now_ms(), title="Fair",
                        origins=("https://shop.example.com",), join_limit=5)  # fmt: skip
    store.create(room_id, settings, actor="test")
    store.join(room_id, 5)
    store.act(room_id, "pause", actor="test")
    return room_id


def keys_of(store: Store, room: str) -> set[bytes]:
    return set(store._redis.scan_iter(f"wr:{{{room}}}:*", count=10_000))


def kept(store: Store, room: str) -> dict[bytes, bytes | None]:
    """Every key of a room, byte for byte."""
    return {key: store._redis.dump(key) for key in keys_of(store, room)}


def test_its_people_join_wait_enter_and_go_and_the_real_room_stays_byte_for_byte(
    embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory, store: Store, real: str,
    rehearsals: Rehearsals,
) -> None:  # fmt: skip
    """At the same gate and in the same store; cleaned up when its time is over."""
    with running(embedded.url, tmp_path_factory.mktemp("rehearsal")) as gate:
        gate.sees(real, lambda status: status["phase"] == "paused")
        before = kept(store, real)
        one = rehearsals.begin(real, 40, 2, actor="test")
        store.set(one.room, {"rate_per_min": 600}, actor="test")
        store.open(one.room, actor="test")
        keeper = Rehearsing(store, gate.origin)
        keeper.look(clock.now_ms())
        keeper.look(clock.now_ms())
        shown = store.status(one.room)
        assert shown.title == "REHEARSAL: Fair"
        assert "This is a rehearsal" in gate.status(one.room)["message"]
        eventually(
            lambda: store.status(one.room).counters.released >= 3, "people bought and went", 40
        )
        assert store.status(one.room).tail <= 40, "two keepers' looks sent one crowd"
        assert kept(store, real) == before
        rehearsals.end(one.room, actor="test")
        assert store.status(one.room).phase is Phase.CLOSED
        keeper.look(clock.now_ms() + KEPT_MS + 1000)
        eventually(
            lambda: all(store._redis.ttl(key) >= 0 for key in keys_of(store, one.room)),
            "no key is left for good", 20,
        )  # fmt: skip
        assert one.room not in store.rooms()
        eventually(
            lambda: gate.ask("GET", f"/{one.room}/status.json").status == 404,
            "the gate has forgotten it", 10,
        )  # fmt: skip
        assert kept(store, real) == before
    assert rehearsals.of(real) is None


def test_it_is_begun_and_ended_in_the_console(
    desk: Desk, people: People, store: Store, real: str, rehearsals: Rehearsals
) -> None:
    """Its page and the real one's lead to each other; who began and ended it is recorded."""
    desk.log_in(people[Role.OPERATOR])
    assert f'href="/rooms/{real}/rehearsal"' in desk.get(f"/rooms/{real}").text
    answer = desk.post(f"/rooms/{real}/rehearsal", {"people": "25", "minutes": "3"})
    one = rehearsals.of(real)
    assert one is not None
    assert (answer.status_code, answer.location) == (303, f"/rooms/{one.room}")
    assert "REHEARSAL: Fair" in desk.get(answer.location).text
    room = store.status(one.room)
    assert (room.capacity, room.join_limit, room.origins, room.tail) == (9, 0, (), 0)
    assert room.closes_at_ms - room.early_at_ms == 3 * MINUTE_MS
    assert "25 simulated people" in desk.get(f"/rooms/{real}/rehearsal").text
    again = desk.post(f"/rooms/{real}/rehearsal", {"people": "25", "minutes": "3"})
    assert again.status_code == 409
    assert "there is a rehearsal of" in again.text
    itself = desk.post(f"/rooms/{one.room}/rehearsal", {"people": "25", "minutes": "3"})
    assert itself.status_code == 409
    noted = next(entry for entry in store.record.newest("@system", 20) if entry.act == "rehearsal")
    assert noted.actor == f"console:{people[Role.OPERATOR]}"
    assert desk.post(f"/rooms/{real}/rehearsal/end", {}).status_code == 303
    assert store.status(one.room).phase is Phase.CLOSED
    rehearsals.end(one.room, actor="test")
    ends = [entry for entry in store.record.newest("@system", 20) if entry.act == "rehearsal_end"]
    assert [(entry.actor, entry.detail) for entry in ends if one.room in entry.detail] == [
        (noted.actor, f"{one.room}, of {real}")
    ], "once, though it was ended twice"
    assert store.status(real).phase is Phase.PAUSED


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            {"people": "501"},
            "People must be a whole number from 1 to 500, in digits alone; “501” is not.",
        ),
        ({"people": "-1"}, "People must be"),
        ({"minutes": "31"}, "Minutes must be a whole number from 2 to 30"),
        ({"minutes": "ten"}, "“ten” is not"),
    ],
)
def test_it_is_bounded_in_people_and_time(
    desk: Desk, people: People, real: str, rehearsals: Rehearsals, typed: dict[str, str], said: str
) -> None:
    """A sentence for each wrong field, and none is begun."""
    desk.log_in(people[Role.OPERATOR])
    answer = desk.post(f"/rooms/{real}/rehearsal", {"people": "9", "minutes": "9"} | typed)
    assert answer.status_code == 400
    assert said in answer.text
    assert rehearsals.of(real) is None
    with pytest.raises(BadSetting, match="people"):
        rehearsals.begin(real, MOST_PEOPLE + 1, 5, actor="test")


def test_there_are_only_so_many_at_once(store: Store, room_id: str, rehearsals: Rehearsals) -> None:
    """Each is work for the gate of the real sale, too."""
    names = [f"{room_id}-{n}" for n in range(MOST_AT_ONCE + 1)]
    for name in names:
        store.create(name, Settings(), actor="test")

    def begun() -> list[Rehearsal]:
        return [rehearsals.begin(name, 1, 2, actor="test") for name in names]

    with pytest.raises(TooManyRehearsals, match="end one first"):
        begun()
    assert len(rehearsals.all()) <= MOST_AT_ONCE


@pytest.mark.parametrize(("rooms", "begun"), [(1, 1), (8, MOST_AT_ONCE)])
def test_of_many_who_begin_one_at_the_same_moment_no_more_do_than_may(
    store: Store, room_id: str, rehearsals: Rehearsals, rooms: int, begun: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One of a room, and so many of a system; the others are told so, and nothing is left of it."""
    names = [f"{room_id}-{n % rooms}" for n in range(8)]
    for name in set(names):
        store.create(name, Settings(), actor="test")
    for one in rehearsals.all():
        rehearsals.clean_up(one)
    together, look, own = threading.Barrier(len(names)), store.status, threading.local()

    def looked(name: str) -> Snapshot:
        """Each has seen the room; from here on they race."""
        found = look(name)
        if not hasattr(own, "looked"):
            own.looked = True
            together.wait(20)
        return found

    monkeypatch.setattr(store, "status", looked)

    def begins(name: str) -> Rehearsal | TooManyRehearsals:
        try:
            return rehearsals.begin(name, 1, 2, actor="test")
        except TooManyRehearsals as refused:
            return refused

    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(begins, names))
    made = [one for one in answers if isinstance(one, Rehearsal)]
    assert len(made) == begun, answers
    assert rehearsals.all() == sorted(made, key=lambda one: one.room)
    there = {name for name in store.rooms() if is_rehearsal(name)}
    assert {one.room for one in made} <= there
    assert {name for name in there if name.startswith(room_id)} <= {one.room for one in made}


def test_looking_only_begins_none(
    desk: Desk, people: People, real: str, rehearsals: Rehearsals
) -> None:
    desk.log_in(people[Role.SUPPORT])
    assert "/rehearsal" not in desk.get(f"/rooms/{real}").text
    for path in ("rehearsal", "rehearsal/end"):
        answer = desk.post(f"/rooms/{real}/{path}", {"people": "9", "minutes": "9"})
        assert answer.status_code == 403
    assert rehearsals.of(real) is None


def test_an_id_of_a_rehearsal_is_never_used_twice(rehearsals: Rehearsals, real: str) -> None:
    """No ticket of one is good for the next: it would be of the same room and running."""
    first = rehearsals.begin(real, 1, 2, actor="test")
    rehearsals.clean_up(first)
    second = rehearsals.begin(real, 1, 2, actor="test")
    assert first.room != second.room
    assert re.fullmatch(r"[a-z0-9-]{1,40}", second.room)
