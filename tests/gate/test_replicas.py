"""A store with a replica: nothing is handed out that the replica does not have (M5)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gates import PATIENCE_S, Answer, Browser, LocalGate
from replicas import Pair, Server, pair
from rooms import Room, make
from systems import eventually

Gates = Callable[..., LocalGate]
HASTY_S = 0.5
"""A worker's patience with a replica that says nothing: it waits half of it. With one that does it
has ``PATIENCE_S``, since a disk may be slow."""


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A primary and its replica."""
    with pair(tmp_path_factory.mktemp("pair")) as both:
        yield both


@pytest.fixture
def over_both(servers: Pair, gate_over: Gates) -> LocalGate:
    """A gate over the primary that waits for the replica; its room is ``sale``."""
    make(servers.primary.store, "sale")
    return gate_over(servers.primary.url, replicas=1)


def tail_of(server: Server) -> int:
    """How many tickets a server knows of."""
    return Room(server.store, "sale").status().tail


def state_of(server: Server) -> bytes:
    """The room as a server has it, without touching it."""
    found = server.client.get("wr:{sale}:state")
    assert isinstance(found, bytes)
    return found


def down(answer: Answer) -> None:
    """A refusal that hands nothing out."""
    assert answer.status == 503
    assert not answer.set_cookies
    assert "ticket" not in answer.json


def losing_again(servers: Pair, gate: LocalGate) -> LocalGate:
    """The gate, from whose primary each library that it loads is taken away at once."""
    client = gate.app._store._redis
    load = client.function_load

    async def in_vain(*words: Any, **options: Any) -> None:
        await load(*words, **options)
        servers.primary.client.function_flush("SYNC")

    client.function_load = in_vain  # type: ignore[method-assign]
    servers.primary.client.function_flush("SYNC")
    return gate


def test_what_a_shopper_holds_is_on_the_replica(servers: Pair, over_both: LocalGate) -> None:
    """At the moment of the answer, ticket and lease alike."""
    shopper = Browser(over_both, "sale")
    assert shopper.join().status == 201
    assert state_of(servers.replica) == state_of(servers.primary)
    assert shopper.enter().status == 200
    assert servers.replica.client.zscore("wr:{sale}:leases", "1") is not None
    assert servers.replica.client.getbit("wr:{sale}:spent", 1) == 1


def test_while_the_replica_says_nothing_nothing_is_handed_out(
    servers: Pair, over_both: LocalGate
) -> None:
    """Join, knock, knock again, express: 503. The status goes on. Then all goes on."""
    waiting, inside = Browser(over_both, "sale"), Browser(over_both, "sale")
    assert [waiting.join().status, inside.join().status, inside.enter().status] == [201, 201, 200]
    servers.replica.freeze()
    over_both.app._store._timeout_s = HASTY_S
    down(waiting.enter())
    ticket = {"Cookie": f"wr-ticket-sale={waiting.cookies['wr-ticket-sale']}"}
    at_once = [
        over_both.asking("POST", "/sale/ticket"),
        over_both.asking("POST", "/sale/ticket", {"Wr-Client": "native"}),
        over_both.asking("GET", "/sale/go", {"Cookie": "wr-round-sale=1"}),
        # In, as the primary has it; but the primary may be lost.
        over_both.asking("POST", "/sale/pass", ticket),
        over_both.asking("GET", "/sale/go", ticket),
    ]
    for answer in over_both.ask_all(*at_once):
        down(answer)
    over_both.refresh()
    assert not over_both.ask("GET", "/sale/status.json").json["stale"]
    servers.replica.thaw()
    over_both.app._store._timeout_s = PATIENCE_S
    eventually_same(servers)
    assert waiting.enter().status == 200
    assert waiting.join().json["arrival"] == 1
    assert Browser(over_both, "sale").join().json["arrival"] > 2


def test_a_pass_is_not_told_again_by_a_worker_that_wrote_nothing(
    servers: Pair, over_both: LocalGate, gate_over: Gates
) -> None:
    """WAIT speaks of its own connection's writes, and the lease was opened by another's."""
    shopper = Browser(over_both, "sale")
    shopper.join()
    other = gate_over(servers.primary.url, replicas=1)
    other.refresh()
    servers.replica.freeze()
    for worker in (over_both, other):
        worker.app._store._timeout_s = HASTY_S
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in shopper.cookies.items())}
    knocks = [worker.asking("POST", "/sale/pass", cookie) for worker in (over_both, other, other)]
    for answer in over_both.ask_all(*knocks):
        down(answer)
    servers.replica.thaw()
    other.app._store._timeout_s = PATIENCE_S
    eventually_same(servers)
    shopper.gate = other
    assert shopper.enter().status == 200


def test_no_number_is_given_twice_over_a_failover(
    servers: Pair, over_both: LocalGate, gate_over: Gates
) -> None:
    """The promoted replica has all that was handed out."""
    holders = [Browser(over_both, "sale") for _ in range(5)]
    places = [holder.join().json["arrival"] for holder in holders]
    servers.part()
    over_both.app._store._timeout_s = HASTY_S
    down(Browser(over_both, "sale").join())  # the primary counts a sixth
    servers.primary.kill()
    promoted = gate_over(servers.replica.url)
    for holder, place in zip(holders, places, strict=True):
        holder.gate = promoted
        again = holder.join()
        assert (again.status, again.json["arrival"]) == (200, place)
    assert Browser(promoted, "sale").join().json["arrival"] == 6


@pytest.mark.parametrize("way", ["join", "knock", "leave", "page"])
def test_a_ticket_that_the_promoted_replica_never_heard_of_raises_its_tail(
    servers: Pair, gate_over: Gates, way: str
) -> None:
    """Handed out by a gate that did not wait (or acknowledged by another replica): the ticket's
    signature is proof enough, and the place is not given again.
    """
    careless = gate_over(servers.primary.url)
    make(servers.primary.store, "sale", rate_per_min=0)
    Browser(careless, "sale").join()
    careless.refresh()
    servers.follows()
    eventually_same(servers)
    servers.part()
    holders = [Browser(careless, "sale") for _ in range(3)]
    assert [holder.join().json["arrival"] for holder in holders] == [2, 3, 4]
    servers.primary.kill()
    assert tail_of(servers.replica) == 1
    promoted = gate_over(servers.replica.url)
    last = holders[-1]
    last.gate = promoted
    asked = {"join": last.join, "knock": last.enter, "leave": last.leave,
             "page": lambda: last.go_to("/sale/wait")}[way]  # fmt: skip
    assert asked().status in (200, 204, 409)
    assert Browser(promoted, "sale").join().json["arrival"] == 5


def eventually_same(servers: Pair) -> None:
    """Wait until the replica has what the primary has."""
    # WAIT speaks of what its own connection wrote.
    with servers.primary.client.pipeline(transaction=False) as together:
        _, count = together.set("fence", "").execute_command("WAIT", 1, 5_000).execute()
    assert count == 1
    assert state_of(servers.replica) == state_of(servers.primary)


def test_a_primary_that_refuses_to_write_alone_is_503(servers: Pair, over_both: LocalGate) -> None:
    """min-replicas-to-write: the server itself says no; nothing is counted."""
    shopper = Browser(over_both, "sale")
    assert shopper.join().status == 201
    servers.primary.client.config_set("min-replicas-to-write", 1)
    servers.replica.kill()

    def alone() -> bool:
        return int(servers.primary.client.info("replication")["connected_slaves"]) == 0

    eventually(alone, "the primary notices")
    over_both.app._store._timeout_s = HASTY_S
    down(Browser(over_both, "sale").join())
    down(shopper.enter())
    servers.primary.client.config_set("min-replicas-to-write", 0)
    assert tail_of(servers.primary) == 1


def test_a_replica_in_the_primarys_place_is_503(
    servers: Pair, over_both: LocalGate, gate_over: Gates
) -> None:
    """An address that leads to a server that only reads: places are safe, nobody is served."""
    shopper = Browser(over_both, "sale")
    shopper.join()
    reading = gate_over(servers.replica.url, replicas=1)
    down(Browser(reading, "sale").join())
    shopper.gate = reading
    down(shopper.enter())


def test_with_replicas_the_stores_own_words_are_understood_as_well(
    servers: Pair, over_both: LocalGate
) -> None:
    """A library that it lost is loaded again, and a room that is gone is 404, not 503."""
    servers.primary.client.function_flush()
    shopper = Browser(over_both, "sale")
    assert shopper.join().status == 201
    assert Browser(losing_again(servers, over_both), "sale").join().json["arrival"] == 2
    servers.primary.client.delete("wr:{sale}:state")
    for answer in (Browser(over_both, "sale").join(), shopper.enter()):
        assert (answer.status, answer.error) == (404, "no_such_room")
