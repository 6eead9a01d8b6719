"""Group commit: many single requests, few calls, everybody their own answer."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from waitingroom.store.groups import LARGEST_GROUP, Group


@dataclass
class Backend:
    """Answers ten times what it is asked, once it is let; remembers every group."""

    groups: list[list[int]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None

    async def send(self, asked: Sequence[int]) -> list[int]:
        """One call."""
        self.groups.append(list(asked))
        await self.gate.wait()
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return [10 * one for one in asked]


def run(test: Callable[[Backend, Group[int, int]], Coroutine[Any, Any, None]]) -> None:
    """Run a test in a loop of its own that complains of whatever is left behind."""
    complaints: list[Any] = []

    async def inside() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        backend = Backend()
        await test(backend, Group(backend.send))
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left

    asyncio.run(inside())
    gc.collect()
    assert not complaints


def asking(group: Group[int, int], *asked: int) -> list[asyncio.Future[int]]:
    """Requests that wait, one after another."""
    return [group.ask(one) for one in asked]


async def turns(count: int = 5) -> None:
    """Let everybody else go on."""
    for _ in range(count):
        await asyncio.sleep(0)


async def soon(answers: Awaitable[Any]) -> Any:
    """The answers, or a failure in place of a hang."""
    return await asyncio.wait_for(answers, 5)


def test_what_comes_while_a_call_is_under_way_goes_together_in_the_next() -> None:
    """The first goes alone; everybody gets their own answer, in order."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        tasks = asking(group, 1)
        await turns()
        tasks += asking(group, 2, 3, 4)
        await turns()
        assert backend.groups == [[1]]
        backend.gate.set()
        assert await soon(asyncio.gather(*tasks)) == [10, 20, 30, 40]
        assert backend.groups == [[1], [2, 3, 4]]

    run(test)


def test_a_crowd_goes_in_groups_that_are_not_too_large() -> None:
    """The store's one thread is free for others in between."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        backend.gate.set()
        count = 2 * LARGEST_GROUP + 7
        answers = await soon(asyncio.gather(*asking(group, *range(count))))
        assert answers == [10 * one for one in range(count)]
        assert [len(one) for one in backend.groups] == [LARGEST_GROUP, LARGEST_GROUP, 7]

    run(test)


def test_a_group_that_fails_fails_for_all_of_it_and_for_nobody_else() -> None:
    """Each gets the error; the next group is served."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        backend.fault = ConnectionError("gone")
        first = asking(group, 1, 2)
        await turns()
        second = asking(group, 3)
        await turns()
        backend.gate.set()
        results = await soon(asyncio.gather(*first, *second, return_exceptions=True))
        assert [type(one) for one in results] == [ConnectionError, ConnectionError, int]
        assert results[2] == 30

    run(test)


def test_an_asker_who_goes_away_before_the_call_is_not_sent() -> None:
    """Nobody waits for a place in their name."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        tasks = asking(group, 1)
        await turns()
        tasks += asking(group, 2, 3)
        await turns()
        tasks[1].cancel()
        await turns()
        backend.gate.set()
        assert await soon(asyncio.gather(tasks[0], tasks[2])) == [10, 30]
        assert backend.groups == [[1], [3]]

    run(test)


def test_an_asker_who_goes_away_during_the_call_strands_nobody() -> None:
    """Neither those of the same group nor those behind it; not in a failure either."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        for fault in (None, ConnectionError("gone")):
            backend.gate.clear()
            backend.fault = fault
            tasks = asking(group, 1, 2, 3)
            await turns()
            tasks += asking(group, 4)
            await turns()
            tasks[0].cancel()
            tasks[2].cancel()
            await turns()
            backend.gate.set()
            results = await soon(asyncio.gather(*tasks, return_exceptions=True))
            kinds = [type(one) for one in results]
            gone = asyncio.CancelledError
            assert kinds == [gone, ConnectionError if fault else int, gone, int]

    run(test)


def test_when_all_of_a_group_have_gone_there_is_no_call() -> None:
    """And the next asker is served."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        first = asking(group, 1)
        await turns()
        gone = asking(group, 2, 3)
        await turns()
        for task in gone:
            task.cancel()
        await turns()
        backend.gate.set()
        assert await soon(first[0]) == 10
        assert await soon(group.ask(4)) == 40
        assert backend.groups == [[1], [4]]

    run(test)


def test_answers_that_are_too_few_or_too_many_are_an_error_for_all() -> None:
    """Nobody gets their neighbour's answer, and nobody waits for ever."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        for answers in ([], [10], [10, 20, 30]):

            async def wrong(_: Sequence[int], answers: list[int] = answers) -> list[int]:
                return answers

            tasks = asking(Group(wrong), 1, 2)
            results = await soon(asyncio.gather(*tasks, return_exceptions=True))
            assert [type(one) for one in results] == [ValueError, ValueError]

    run(test)


def test_after_a_quiet_time_it_starts_again() -> None:
    """There is no task while nobody asks."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        backend.gate.set()
        for one in range(3):
            assert await soon(group.ask(one)) == 10 * one
            await turns()
            assert group._task is None

    run(test)


def test_an_asker_that_comes_with_the_last_answer_is_served() -> None:
    """Whoever was just answered asks again at once: no gap between two runs."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        backend.gate.set()

        async def insist(one: int) -> list[int]:
            return [await group.ask(one) for _ in range(20)]

        answers = await soon(asyncio.gather(*(insist(one) for one in range(8))))
        assert answers == [[10 * one] * 20 for one in range(8)]

    run(test)


@pytest.mark.parametrize("fault", [KeyError("x"), RuntimeError("y"), TimeoutError()])
def test_any_error_reaches_those_who_asked(fault: Exception) -> None:
    """As it was raised."""

    async def test(backend: Backend, group: Group[int, int]) -> None:
        backend.gate.set()
        backend.fault = fault
        with pytest.raises(type(fault)):
            await soon(group.ask(1))

    run(test)
