"""Group commit: what comes while a call is in flight goes in the next; nobody spoils another's."""

import asyncio

import pytest
from real import T0

from waitingroom.model import DrawMethod, Settings
from waitingroom.store.aclient import AsyncStore
from waitingroom.store.groups import LARGEST_GROUP, Group


class Counted:
    """Answers each request with its double, after the test lets it; keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, asked):
        self.sent.append(list(asked))
        await self.gate.wait()
        if 13 in asked:
            raise ValueError("unlucky")
        return [2 * one for one in asked]


def play(scenario):
    """Run the scenario with a group over a Counted."""

    async def main():
        counted = Counted()
        return await scenario(Group(counted.send), counted)

    return asyncio.run(asyncio.wait_for(main(), 10))


def test_what_arrives_during_a_call_goes_in_the_next_one_together():
    """One in flight, the others after it in one call, in their order; each gets its own answer."""

    async def scenario(group, counted):
        counted.gate.clear()
        asks = [asyncio.create_task(group.ask(one)) for one in range(5)]
        await asyncio.sleep(0)
        counted.gate.set()
        return await asyncio.gather(*asks), counted.sent

    answers, sent = play(scenario)
    assert answers == [0, 2, 4, 6, 8]
    assert [one for call in sent for one in call] == [0, 1, 2, 3, 4]
    assert len(sent) <= 2


def test_no_call_is_larger_than_the_store_can_do_in_a_moment():
    """A crowd is cut into calls of at most ``LARGEST_GROUP``."""

    async def scenario(group, counted):
        asked = range(100, 100 + 2 * LARGEST_GROUP + 7)
        answers = await asyncio.gather(*(group.ask(one) for one in asked))
        return answers == [2 * one for one in asked], [len(call) for call in counted.sent]

    right, sizes = play(scenario)
    assert right
    assert max(sizes) == LARGEST_GROUP
    assert sum(sizes) == 2 * LARGEST_GROUP + 7


@pytest.mark.parametrize("when", ["before", "during"])
def test_who_hangs_up_strands_nobody(when):
    """Gone before the call: not sent. Gone during it: its answer is dropped, the others' is not."""

    async def scenario(group, counted):
        counted.gate.clear()
        first = asyncio.create_task(group.ask(1))
        await asyncio.sleep(0.01)
        second, third = (asyncio.create_task(group.ask(one)) for one in (2, 3))
        await asyncio.sleep(0.01)
        (second if when == "before" else first).cancel()
        await asyncio.sleep(0.01)
        counted.gate.set()
        answers = await asyncio.gather(first, second, third, return_exceptions=True)
        return [one if isinstance(one, int) else "gone" for one in answers], counted.sent

    answers, sent = play(scenario)
    if when == "before":
        assert (answers, sent) == ([2, "gone", 6], [[1], [3]])
    else:
        assert (answers, sent) == (["gone", 4, 6], [[1], [2, 3]])


def test_a_failed_call_fails_its_own_group_and_no_later_one():
    """Everybody in it gets the error; who comes then is served."""

    async def scenario(group, counted):
        both = await asyncio.gather(group.ask(13), group.ask(1), return_exceptions=True)
        return both, await group.ask(2)

    both, later = play(scenario)
    assert [str(one) for one in both] == ["unlucky", "unlucky"]
    assert later == 4


def test_a_short_answer_is_a_fault_and_not_somebody_elses_place():
    """One answer to two requests: nobody is told a place that may be another's."""

    async def scenario():
        async def send(asked):
            return [1]

        group = Group(send)
        return await asyncio.gather(group.ask("a"), group.ask("b"), return_exceptions=True)

    answers = asyncio.run(scenario())
    assert all(isinstance(answer, ValueError) for answer in answers)


def test_a_crowd_joins_in_few_calls_and_each_gets_a_place_of_their_own(store, store_url, room_id):
    """Over the real store: two hundred at once, no place twice, in a handful of calls."""
    knobs = Settings(draw=DrawMethod.FIFO, opens_at_ms=T0, test_clock=True)
    store.create(room_id, knobs, actor="me", now_ms=T0)
    store._redis.config_resetstat()

    async def crowd():
        gate = AsyncStore.connect(store_url)

        async def send(asked):
            return (await gate.join(room_id, asked)).arrivals

        group = Group(send)
        arrivals = await asyncio.gather(*(group.ask(None) for _ in range(200)))
        await gate.close()
        return arrivals

    assert asyncio.run(crowd()) == list(range(1, 201))
    assert store._redis.info("commandstats")["cmdstat_fcall"]["calls"] <= 5
